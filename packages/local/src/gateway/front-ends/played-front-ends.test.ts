import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { SecureVersion } from 'node:tls';
import { type FrontEndName, frontEndNames } from '@certgate/core/internal';
import { type FrontEndForm, frontEndForms } from '@certgate/core/test-support/front-end-forms.js';
import fc from 'fast-check';
import { type Gateway, startGateway } from '../gateway.js';
import { curl, sendBytes } from '../test-support/clients.js';
import { OpensslFolder, type TestCertificate } from '../test-support/openssl-certificates.js';
import { HttpUpstream } from '../test-support/upstreams.js';

const secret = 'of-the-front-end_0123456789.~+/=';

/** What the test expects of a front end. The fields that it writes for a certificate are in `frontEndForms`. */
interface Play {
  /** The front end's field names in its own spelling. */
  readonly spelling: readonly string[];
  /** The text for a certificate that it did not verify, and its fields if there is no certificate. */
  readonly unverified?: string;
  readonly without: readonly Field[];
  /** Which names with underscores are dropped: all of them, those that look like the front end's own, or none. */
  readonly dropsUnderscores: 'all' | 'its own' | 'none';
  /** Further fields of a client that are removed. */
  readonly removes?: RegExp;
  /**
   * Fields that also pass in the worst case. `place` is the index of the spelling: lower case, title case, underscores.
   */
  readonly open?: (field: string, place: number) => boolean;
}

const placeholder = '{http.request.tls.client.certificate_der_base64}';
const plays: Readonly<Record<FrontEndName, Play>> = {
  'app-service': {
    spelling: ['X-ARR-ClientCert'],
    without: [],
    dropsUnderscores: 'its own',
    removes: /^x.forwarded/i,
    open: (field) => field === 'x-arr-clientcert',
  },
  'application-gateway': {
    spelling: ['X-Client-Certificate', 'X-Client-Certificate-Verification'],
    unverified: 'PASSTHROUGH',
    without: [['X-Client-Certificate-Verification', 'NONE']],
    dropsUnderscores: 'its own',
    // A second field whose name starts like this, also with underscores.
    open: (field, place) => field.startsWith('x-client-certificate') && place > 0,
  },
  envoy: { spelling: ['x-forwarded-client-cert'], without: [], dropsUnderscores: 'none' },
  nginx: {
    spelling: ['SSL-Client-Cert', 'SSL-Client-Verify'],
    unverified: 'UNVERIFIED',
    without: [['SSL-Client-Verify', 'UNVERIFIED']],
    dropsUnderscores: 'all',
  },
  haproxy: {
    spelling: ['x-client-certificate', 'x-client-certificate-verification'],
    unverified: 'UNVERIFIED',
    without: [['x-client-certificate-verification', 'UNVERIFIED']],
    dropsUnderscores: 'none',
  },
  caddy: {
    spelling: ['X-Client-Certificate'],
    without: [['X-Client-Certificate', placeholder]],
    dropsUnderscores: 'all',
    open: (_, place) => place === 2,
  },
  traefik: {
    spelling: ['X-Forwarded-Tls-Client-Cert'],
    without: [],
    dropsUnderscores: 'its own',
    removes: /^x.forwarded.tls.client.cert.info$/i,
    open: (field, place) => field.startsWith('x-forwarded-tls') && place === 2,
  },
  rfc9440: { spelling: ['Client-Cert', 'Client-Cert-Chain'], without: [], dropsUnderscores: 'none' },
};

/** Every field that the gate reads from any front end, in lower case, and one field of Traefik's that is never read. */
const ownFields = frontEndForms.flatMap(({ frontEnd }) => frontEnd.fields);
const allFields = [...new Set([...ownFields, 'x-forwarded-tls-client-cert-info'])];
const toCanonical = (name: string): string => name.toLowerCase().replaceAll('_', '-');

type Field = readonly [name: string, value: string];
type Gateways = Readonly<Record<FrontEndName, Gateway>>;

const openssl = new OpensslFolder();
let upstream: HttpUpstream;
let gateways: Gateways;
let worstCase: Gateways;
/**
 * A certificate without further ones. Its base64 contains all characters that must be percent-encoded: `+`, `/` and
 * `=`.
 */
let alone: TestCertificate;
/** A certificate whose client also sends its issuer and an unrelated certificate. */
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
  options: { readonly maxVersion?: SecureVersion } = {},
): Promise<readonly Field[]> {
  upstream.seen.length = 0;
  const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const request = `GET /p HTTP/1.1\r\nHost: a\r\n${lines}Connection: close\r\n\r\n`;
  assert.match(await sendBytes(gateway.port, certificate, request, options), /^HTTP\/1\.1 200 OK/);
  const { rawHeaders } = upstream.seen[0]!;
  return rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [[name, rawHeaders[index + 1]!] as const] : []));
}

const keepCertificateFields = (fields: readonly Field[]): readonly Field[] =>
  fields.filter(([name]) => allFields.includes(toCanonical(name)));

/** The certificate at this position of a file, as openssl reads it. */
function readParts(name: string, position = 0): { der: Buffer; pem: string } {
  const blocks = readFileSync(join(openssl.folder, `${name}.pem`), 'utf8').match(/-----BEGIN[^]+?-----END.*\n/g);
  writeFileSync(join(openssl.folder, 'part.pem'), blocks?.[position] ?? '');
  openssl.run('x509', '-in', 'part.pem', '-outform', 'DER', '-out', 'part.der');
  const der = readFileSync(join(openssl.folder, 'part.der'));
  return { der, pem: encodeURIComponent(openssl.run('x509', '-in', 'part.pem')) };
}

/** Writes the names in the front end's spelling. */
function spell(name: FrontEndName, fields: ReturnType<FrontEndForm['write']>): Field[] {
  const { spelling } = plays[name];
  return Object.entries(fields).map(([field, value]) => [
    spelling.find((each) => each.toLowerCase() === field) ?? field,
    value,
  ]);
}

describe('the fields that a front end writes', () => {
  test('describe a certificate that came alone, and a missing one', async () => {
    for (const { frontEnd, verification, write } of frontEndForms) {
      const name = frontEnd.name as FrontEndName;
      const { unverified = '', without } = plays[name];
      const expected = spell(name, write(readParts('alone').der, []));
      if (verification !== undefined) expected.push(...spell(name, { [verification.field]: unverified }));
      assert.deepEqual(keepCertificateFields(await forward(gateways[name], alone)), expected, name);
      assert.deepEqual(keepCertificateFields(await forward(gateways[name], undefined)), without, name);
    }
  });

  test('contain further certificates in the order of the handshake, whether or not they fit', async () => {
    const [leaf, ...chain] = [0, 1, 2].map((position) => readParts('leaf', position).der);
    assert.ok(leaf !== undefined);
    for (const { frontEnd, write } of frontEndForms.filter(({ handsOnChain }) => handsOnChain)) {
      const name = frontEnd.name as FrontEndName;
      for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
        const fields = await forward(gateways[name], accompanied, [], { maxVersion });
        assert.deepEqual(keepCertificateFields(fields), spell(name, write(leaf, chain)), `${name} ${maxVersion}`);
      }
    }
  });

  test("contain the secret once, in place of a client's; App Service's front end sends none", async () => {
    for (const name of frontEndNames) {
      const fields = await forward(gateways[name], undefined, [
        ['X-Certgate-Front-End-Secret', 'x'.repeat(32)],
        ['x_certgate_front_end_secret', 'x'.repeat(32)],
      ]);
      const own = fields.filter(([field]) => /^x.certgate/i.test(field));
      assert.deepEqual(own, name === 'app-service' ? [] : [['x-certgate-front-end-secret', secret]], name);
    }
  });

  test("are the only ones added except by App Service's, and the client's own fields are kept", async () => {
    const sent: readonly Field[] = [
      ['X-Forwarded-For', '192.0.2.1'],
      ['X-Original-URL', '/x'],
    ];
    for (const name of frontEndNames) {
      if (name === 'app-service') continue;
      const fields = await forward(gateways[name], undefined, sent);
      const added = fields.filter(
        ([field]) => !allFields.includes(toCanonical(field)) && !/^x-certgate|^connection$/i.test(field),
      );
      assert.deepEqual(added, [['Host', 'a'], ...sent], name);
    }
  });

  test('are shown on the page for a browser, without the secret', async () => {
    const { output } = await curl(alone, '-H', 'Accept: text/html', `${gateways.nginx.url}/`);
    assert.match(output, /<td>nginx<\/td>/);
    assert.ok(output.includes(`SSL-Client-Cert: ${readParts('alone').pem}`), output);
    assert.match(output, /SSL-Client-Verify: UNVERIFIED/);
    assert.ok(!output.includes(secret) && !output.includes('x-certgate-front-end-secret'));
  });
});

describe('a field that the client sent', () => {
  const spellings = [
    (field: string): string => field,
    (field: string): string => field.replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase()),
    (field: string): string => field.replaceAll('-', '_'),
  ];
  const forgeries = allFields.flatMap((field) =>
    spellings.map((spellIt, place) => ({ field, place, name: spellIt(field) })),
  );
  const forged: readonly Field[] = forgeries.map(({ name }) => [name, 'forged']);
  /** The fields that reach the app. */
  const listSurvivors = ({ frontEnd }: FrontEndForm, worst: boolean): readonly Field[] => {
    const { dropsUnderscores, removes, open } = plays[frontEnd.name as FrontEndName];
    const survives = ({ field, place, name }: (typeof forgeries)[number]): boolean => {
      if (worst && open?.(field, place) === true) return true;
      const isOwn = frontEnd.fields.includes(field);
      if (removes?.test(name) === true || (isOwn && place < 2)) return false;
      return place < 2 || dropsUnderscores === 'none' || (dropsUnderscores === 'its own' && !isOwn);
    };
    return forgeries.filter(survives).map(({ name }) => [name, 'forged']);
  };
  const isForged = ([, value]: Field): boolean => value === 'forged';

  test("is replaced or removed if it is the front end's own, and passes otherwise", async () => {
    for (const form of frontEndForms) {
      const name = form.frontEnd.name as FrontEndName;
      const fields = await forward(gateways[name], undefined, forged);
      assert.deepEqual(fields.filter(isForged), listSurvivors(form, false), name);
    }
  });

  test("passes in the worst case only if the front end's documentation leaves that open", async () => {
    for (const form of frontEndForms) {
      const name = form.frontEnd.name as FrontEndName;
      const fields = await forward(worstCase[name], undefined, forged);
      assert.deepEqual(fields.filter(isForged), listSurvivors(form, true), name);
    }
  });

  test('property: the field that the app reads contains the presented certificate, or none', async () => {
    const name = fc.oneof(
      fc.constantFrom(...forged.map(([field]) => field), 'Connection'),
      fc.stringMatching(/^[A-Za-z][A-Za-z0-9_.-]{0,12}$/),
    );
    const value = fc.oneof(
      fc.constantFrom('SUCCESS', `close, ${allFields.join(', ')}`),
      fc.base64String({ maxLength: 40 }),
    );
    // Fields that decide whether the request is served at all. The refusals have their own tests.
    const changesFate = /^(?:host|content-length|transfer-encoding|upgrade|expect)$/i;
    const field = fc.tuple(name, value).filter(([key]) => !changesFate.test(key));
    const form = fc.constantFrom(...frontEndForms);
    await fc.assert(
      fc.asyncProperty(
        form,
        fc.array(field, { maxLength: 12 }),
        fc.boolean(),
        async ({ frontEnd }, fields, isThere) => {
          const certificate = isThere ? alone : undefined;
          const gateway = gateways[frontEnd.name as FrontEndName];
          const pick = (all: readonly Field[]): readonly Field[] =>
            all.filter(([each]) => frontEnd.fields.includes(each.toLowerCase()));
          const undisturbed = pick(await forward(gateway, certificate));
          assert.deepEqual(pick(await forward(gateway, certificate, fields)), undisturbed);
        },
      ),
      { numRuns: 60 },
    );
  });
});
