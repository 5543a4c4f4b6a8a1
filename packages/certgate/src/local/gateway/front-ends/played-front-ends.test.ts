import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type FrontEndName, frontEndNames } from '@certgate/core/internal';
import fc from 'fast-check';
import { type Gateway, startGateway } from '../gateway.js';
import { curl, sendBytes } from '../test-support/clients.js';
import { OpensslFolder, type TestCertificate } from '../test-support/openssl-certificates.js';
import { HttpUpstream } from '../test-support/upstreams.js';

const secret = 'of-the-front-end_0123456789.~+/=';

/** Every field that any front end writes, and what passes for one. */
const certificateFields = /^(?:x.arr.clientcert|ssl.client|x.client.cert|x.forwarded.client.cert|client.cert)/i;

type Field = readonly [name: string, value: string];
type Gateways = Readonly<Record<FrontEndName, Gateway>>;

const openssl = new OpensslFolder();
let upstream: HttpUpstream;
let gateways: Gateways;
let worstCase: Gateways;
/** Its base64 has all that is percent-encoded: `+`, `/` and `=`. */
let alone: TestCertificate;
/** Sends its issuer and then a certificate that has nothing to do with either. */
let accompanied: TestCertificate;

before(async () => {
  do alone = openssl.makeSelfSigned('alone');
  while (!['+', '/', '='].every((character) => alone.base64Der.includes(character)));
  openssl.makeSelfSigned('issuer');
  const unrelated = openssl.makeSelfSigned('unrelated');
  const issued = openssl.makeIssued('leaf', 'issuer');
  writeFileSync(issued.certificateFile, issued.certificatePem + unrelated.certificatePem);
  accompanied = openssl.read('leaf');
  upstream = await HttpUpstream.start();
  gateways = await startGateways(false);
  worstCase = await startGateways(true);
});
after(async () => {
  for (const gateway of [...Object.values(gateways), ...Object.values(worstCase)]) await gateway.close();
  await upstream.close();
  openssl.remove();
});

async function startGateways(isWorstCase: boolean): Promise<Gateways> {
  const serverCertificate = openssl.makeServerCertificate();
  const started: [string, Gateway][] = [];
  for (const frontEnd of frontEndNames) {
    const options = { upstream: upstream.url, serverCertificate, worstCase: isWorstCase };
    const more =
      frontEnd === 'app-service' ? { clientCertificateMode: 'optional' as const } : { frontEndSecret: secret };
    started.push([frontEnd, await startGateway({ ...options, ...more, frontEnd })]);
  }
  return Object.fromEntries(started) as unknown as Gateways;
}

async function forward(
  gateway: Gateway,
  certificate: TestCertificate | undefined,
  fields: readonly Field[] = [],
): Promise<readonly Field[]> {
  upstream.seen.length = 0;
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const request = `GET /p HTTP/1.1\r\nHost: a\r\n${lines}Connection: close\r\n\r\n`;
  assert.match(await sendBytes(gateway.port, certificate, request), /^HTTP\/1\.1 200 OK/);
  const { rawHeaders } = upstream.seen[0]!;
  return rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [[name, rawHeaders[index + 1]!] as const] : []));
}

const keepCertificateFields = (fields: readonly Field[]): readonly Field[] =>
  fields.filter(([name]) => certificateFields.test(name));

/** The certificate at this place of a file, as openssl itself prints it. */
function readParts(name: string, position = 0): { base64: string; pem: string; sha256: string } {
  const blocks = readFileSync(join(openssl.folder, `${name}.pem`), 'utf8').match(/-----BEGIN[^]+?-----END.*\n/g);
  writeFileSync(join(openssl.folder, 'part.pem'), blocks?.[position] ?? '');
  const pem = openssl.run('x509', '-in', 'part.pem');
  openssl.run('x509', '-in', 'part.pem', '-outform', 'DER', '-out', 'part.der');
  const base64 = openssl.run('base64', '-A', '-in', 'part.der');
  const sha256 = openssl.run('dgst', '-sha256', '-r', 'part.der').split(' ')[0] ?? '';
  // By another implementation than the gateway's: JavaScript escapes the same characters of PEM, and a hyphen not.
  return { base64, pem: encodeURIComponent(pem), sha256 };
}

describe('what a front end writes', () => {
  test('of a certificate that came alone, and of none', async () => {
    const { base64, pem, sha256 } = readParts('alone');
    const unverified = ['X-Client-Certificate-Verification', 'PASSTHROUGH'] as const;
    const expected: Readonly<Record<FrontEndName, readonly [readonly Field[], readonly Field[]]>> = {
      'app-service': [[['X-ARR-ClientCert', base64]], []],
      'application-gateway': [
        [['X-Client-Certificate', pem], unverified],
        [['X-Client-Certificate-Verification', 'NONE']],
      ],
      envoy: [[['x-forwarded-client-cert', `Hash=${sha256};Cert="${pem}";Chain="${pem}"`]], []],
      nginx: [
        [
          ['SSL-Client-Cert', pem],
          ['SSL-Client-Verify', 'UNVERIFIED'],
        ],
        [['SSL-Client-Verify', 'UNVERIFIED']],
      ],
      haproxy: [
        [
          ['x-client-certificate', base64],
          ['x-client-certificate-verification', 'UNVERIFIED'],
        ],
        [['x-client-certificate-verification', 'UNVERIFIED']],
      ],
      caddy: [
        [['X-Client-Certificate', base64]],
        [['X-Client-Certificate', '{http.request.tls.client.certificate_der_base64}']],
      ],
      rfc9440: [[['Client-Cert', `:${base64}:`]], []],
    };
    for (const name of frontEndNames) {
      const [withOne, without] = expected[name];
      assert.deepEqual(keepCertificateFields(await forward(gateways[name], alone)), withOne, name);
      assert.deepEqual(keepCertificateFields(await forward(gateways[name], undefined)), without, name);
    }
  });

  test('of certificates that came with it: in the order of the handshake, whether or not they fit', async () => {
    const [leaf, issuer, unrelated] = [0, 1, 2].map((position) => readParts('leaf', position));
    assert.ok(leaf !== undefined && issuer !== undefined && unrelated !== undefined);
    const chain = leaf.pem + issuer.pem + unrelated.pem;
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      upstream.seen.length = 0;
      for (const name of ['envoy', 'rfc9440'] as const) {
        const bytes = 'GET /p HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
        await sendBytes(gateways[name].port, accompanied, bytes, { maxVersion });
      }
      const [envoy = [], rfc9440 = []] = upstream.seen.map(({ rawHeaders }) => rawHeaders);
      assert.equal(
        envoy[envoy.indexOf('x-forwarded-client-cert') + 1],
        `Hash=${leaf.sha256};Cert="${leaf.pem}";Chain="${chain}"`,
      );
      assert.equal(rfc9440[rfc9440.indexOf('Client-Cert') + 1], `:${leaf.base64}:`);
      assert.equal(rfc9440[rfc9440.indexOf('Client-Cert-Chain') + 1], `:${issuer.base64}:, :${unrelated.base64}:`);
    }
  });

  test("the secret, once, in place of any that a client sends; App Service's sends none", async () => {
    for (const name of frontEndNames) {
      const fields = await forward(gateways[name], undefined, [
        ['X-Certgate-Front-End-Secret', 'x'.repeat(32)],
        ['x_certgate_front_end_secret', 'x'.repeat(32)],
      ]);
      const own = fields.filter(([field]) => /^x.certgate/i.test(field));
      assert.deepEqual(own, name === 'app-service' ? [] : [['x-certgate-front-end-secret', secret]], name);
    }
  });

  test("nothing else but for App Service's: the client's own fields go on", async () => {
    const sent: readonly Field[] = [
      ['X-Forwarded-For', '192.0.2.1'],
      ['X-Original-URL', '/x'],
    ];
    for (const name of frontEndNames) {
      if (name === 'app-service') continue;
      const fields = await forward(gateways[name], undefined, sent);
      const added = fields.filter(
        ([field]) => !certificateFields.test(field) && !/^x-certgate|^connection$/i.test(field),
      );
      assert.deepEqual(added, [['Host', 'a'], ...sent], name);
    }
  });

  test('on the page for a browser, without the secret', async () => {
    const { output } = await curl(alone, '-H', 'Accept: text/html', `${gateways.nginx.url}/`);
    assert.match(output, /<td>nginx<\/td>/);
    assert.ok(output.includes(`SSL-Client-Cert: ${readParts('alone').pem}`), output);
    assert.match(output, /SSL-Client-Verify: UNVERIFIED/);
    assert.ok(!output.includes(secret) && !output.includes('x-certgate-front-end-secret'));
  });
});

describe('what becomes of a field that the client sent', () => {
  const forge = (...names: readonly string[]): readonly Field[] => names.map((name) => [name, 'forged']);
  const forged = forge(
    'x-client-certificate',
    'X-Client-Certificate',
    'X-CLIENT-CERTIFICATE-VERIFICATION',
    'X_Client_Certificate',
    'SSL-Client-Cert',
    'ssl-client-verify',
    'SSL_CLIENT_CERT',
    'X-Forwarded-Client-Cert',
    'X_Forwarded_Client_Cert',
    'Client-Cert',
    'client-cert-chain',
    'Client_Cert',
    'X-ARR-ClientCert',
  );
  /** Of `forged`, those that still stand there, by their beginning. */
  const survivors: Readonly<Record<FrontEndName, RegExp>> = {
    'app-service': /^(?:x.client|ssl|client)/i,
    'application-gateway': /^(?:ssl|x.forwarded|client|x.arr)/i,
    envoy: /^(?:x.client|ssl|x_forwarded|client|x.arr)/i,
    nginx: /^(?:x-client|x-forwarded|client-|x-arr)/i,
    haproxy: /^(?:x_client|ssl|x.forwarded|client|x.arr)/i,
    caddy: /^(?:x-client-certificate-|ssl-|x-forwarded|client-|x-arr)/i,
    rfc9440: /^(?:x.client|ssl|x.forwarded|client_cert|x.arr)/i,
  };
  /** What is open in its documentation, and passes in the worst case. */
  const open: Partial<Readonly<Record<FrontEndName, readonly string[]>>> = {
    'app-service': ['X-ARR-ClientCert'],
    'application-gateway': ['X-Client-Certificate', 'X_Client_Certificate'],
    caddy: ['X_Client_Certificate', 'SSL_CLIENT_CERT', 'X_Forwarded_Client_Cert', 'Client_Cert'],
  };
  const isForged = ([, value]: Field): boolean => value === 'forged';

  test('its own are replaced or removed; others are none of its business', async () => {
    for (const name of frontEndNames) {
      const expected = forged.filter(([field]) => survivors[name].test(field));
      const fields = await forward(gateways[name], undefined, forged);
      assert.deepEqual(fields.filter(isForged), expected, name);
    }
  });

  test('in the worst case, what its documentation leaves open passes as well, and nothing else', async () => {
    for (const name of frontEndNames) {
      const expected = forged.filter(([field]) => survivors[name].test(field) || open[name]?.includes(field));
      const fields = await forward(worstCase[name], undefined, forged);
      assert.deepEqual(fields.filter(isForged), expected, name);
    }
  });

  test('property: the field that the app reads holds the presented certificate, or none', async () => {
    const own: Readonly<Record<FrontEndName, RegExp>> = {
      'app-service': /^x-arr-clientcert$/i,
      'application-gateway': /^x-client-certificate(?:-verification)?$/i,
      envoy: /^x-forwarded-client-cert$/i,
      nginx: /^ssl-client-(?:cert|verify)$/i,
      haproxy: /^x-client-certificate(?:-verification)?$/i,
      caddy: /^x-client-certificate$/i,
      rfc9440: /^client-cert(?:-chain)?$/i,
    };
    const name = fc.oneof(
      fc.constantFrom(...forged.map(([field]) => field), 'Connection'),
      fc.stringMatching(/^[A-Za-z][A-Za-z0-9_.-]{0,12}$/),
    );
    const value = fc.oneof(
      fc.constantFrom('SUCCESS', 'close, SSL-Client-Cert, x-client-certificate, Client-Cert, x-forwarded-client-cert'),
      fc.base64String({ maxLength: 40 }),
    );
    // These change whether the request is served at all; the refusals have their own tests.
    const changesFate = /^(?:host|content-length|transfer-encoding|upgrade|expect)$/i;
    const field = fc.tuple(name, value).filter(([key]) => !changesFate.test(key));
    const frontEnd = fc.constantFrom(...frontEndNames);
    await fc.assert(
      fc.asyncProperty(frontEnd, fc.array(field, { maxLength: 12 }), fc.boolean(), async (played, fields, isThere) => {
        const certificate = isThere ? alone : undefined;
        const pick = (all: readonly Field[]): readonly Field[] => all.filter(([each]) => own[played].test(each));
        const undisturbed = pick(await forward(gateways[played], certificate));
        assert.deepEqual(pick(await forward(gateways[played], certificate, fields)), undisturbed);
      }),
      { numRuns: 150 },
    );
  });
});
