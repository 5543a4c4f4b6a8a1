import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { startGateway, type Gateway, type GatewayExchange } from './gateway.js';
import { curl, runProgram, sendBytes } from './test-support/clients.js';
import { OpensslFolder, type TestCertificate } from './test-support/openssl-certificates.js';
import { getValues, HttpUpstream } from './test-support/upstreams.js';

const openssl = new OpensslFolder();
let server: TestCertificate;
let client: TestCertificate;
let upstream: HttpUpstream;
let gateway: Gateway;
const exchanges: GatewayExchange[] = [];

before(async () => {
  server = openssl.makeServerCertificate();
  client = openssl.makeSelfSigned('client');
  upstream = await HttpUpstream.start();
  gateway = await startGateway({
    upstream: upstream.url,
    serverCertificate: server,
    onExchange: (exchange) => exchanges.push(exchange),
  });
});
after(async () => {
  await gateway.close();
  await upstream.close();
  openssl.remove();
});

function clientFiles(certificate: TestCertificate): string[] {
  return ['-cert', certificate.certificateFile, '-key', certificate.keyFile];
}
const target = (): string[] => ['-connect', `127.0.0.1:${gateway.port}`];

for (const version of ['-tls1_2', '-tls1_3']) {
  test(`openssl s_client ${version}: a certificate is requested, and no issuer is named`, async () => {
    const { output } = await runProgram('openssl', ['s_client', ...target(), version, ...clientFiles(client)]);
    assert.match(output, /No client certificate CA names sent/);
    assert.match(output, /Requested Signature Algorithms/);
  });

  test(`openssl s_client ${version}: a saved session is not resumed`, async () => {
    const session = join(openssl.folder, `session${version}.pem`);
    const request = [{ when: /---|SSL-Session/, write: 'GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n' }];
    const first = await runProgram(
      'openssl',
      ['s_client', ...target(), version, ...clientFiles(client), '-ign_eof', '-sess_out', session],
      request,
    );
    assert.match(first.output, /New, TLS/);
    assert.match(first.output, /answer/);
    // Tried with and without the certificate, because a resumed session would carry the certificate of the first.
    for (const files of [clientFiles(client), []]) {
      const second = await runProgram(
        'openssl',
        ['s_client', ...target(), version, ...files, '-ign_eof', '-sess_in', session],
        request,
      );
      assert.match(second.output, /New, TLS/);
      assert.doesNotMatch(second.output, /Reused/);
      assert.match(second.output, files.length > 0 ? /answer/ : /client-certificate-required/);
    }
  });
}

test('no session ticket is sent in TLS 1.2', async () => {
  const first = connectTls({ host: '127.0.0.1', port: gateway.port, rejectUnauthorized: false, maxVersion: 'TLSv1.2' });
  await once(first, 'secureConnect');
  assert.equal(first.getTLSTicket(), undefined);
  first.destroy();
});

test('TLS below 1.2 is refused, and ALPN offers only HTTP/1.1', async () => {
  const old = await runProgram('openssl', ['s_client', ...target(), '-tls1_1', '-cipher', 'ALL:@SECLEVEL=0']);
  assert.match(old.output, /alert protocol version|no protocols available|unsupported protocol/);
  const both = await runProgram('openssl', ['s_client', ...target(), '-alpn', 'h2,http/1.1']);
  assert.match(both.output, /ALPN protocol: http\/1\.1/);
  const h2 = await runProgram('openssl', ['s_client', ...target(), '-alpn', 'h2']);
  assert.match(h2.output, /no application protocol/);
});

test('a client can use a renegotiation neither to lose its certificate nor to change it', async () => {
  const { output } = await runProgram(
    'openssl',
    ['s_client', ...target(), '-tls1_2', ...clientFiles(client)],
    [
      { when: /---\n[^]*---\n/, write: 'R\n' },
      { when: /RENEGOTIATING/, write: 'GET /renegotiated HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n' },
    ],
  );
  assert.doesNotMatch(output, /HTTP\/1\.1 200/);
  assert.equal(
    upstream.seen.some(({ url }) => url === '/renegotiated'),
    false,
  );
});

test('only possession of the key is checked: expired, CA, wrong-usage and weak certificates arrive unchanged', async () => {
  openssl.makeSelfSigned('authority');
  const certificates = [
    openssl.makeDated('expired', '20200101000000Z', '20200102000000Z'),
    openssl.makeDated('early', '20990101000000Z', '20990102000000Z'),
    openssl.makeSelfSigned('serverauth', '-addext', 'extendedKeyUsage=serverAuth'),
    openssl.makeSelfSigned('critical', '-addext', '1.2.3.4=critical,DER:0500'),
    openssl.makeSelfSigned('authority'),
    openssl.makeIssued('issued', 'authority'),
  ];
  for (const certificate of certificates) {
    const seenBefore = upstream.seen.length;
    const { output } = await curl(certificate, `${gateway.url}/any`);
    assert.match(output, /^HTTP\/1\.1 200/);
    assert.deepEqual(getValues(upstream.seen[seenBefore]!.rawHeaders, 'x-arr-clientcert'), [certificate.base64Der]);
  }
});

test('plain HTTP on the port reaches nothing', async () => {
  const seenBefore = upstream.seen.length;
  const socket = connectTcp(gateway.port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')));
  socket.on('error', () => undefined);
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  await once(socket, 'close');
  assert.doesNotMatch(answer, /HTTP\//);
  assert.equal(upstream.seen.length, seenBefore);
});

test('the exchange names the certificate by its SHA-256 thumbprint', async () => {
  await runProgram('openssl', ['x509', '-in', client.certificateFile, '-noout', '-fingerprint', '-sha256']).then(
    async ({ output }) => {
      const thumbprint = output.split('=')[1]!.replace(/[:\s]/g, '');
      exchanges.length = 0;
      await sendBytes(gateway.port, client, 'GET /t?code=secret HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
      const { milliseconds, ...exchange } = exchanges[0]!;
      assert.ok(milliseconds > 0);
      assert.deepEqual(exchange, {
        method: 'GET',
        path: '/t',
        status: 200,
        answeredBy: 'upstream',
        clientCertificateThumbprintSha256: thumbprint,
      });
    },
  );
});
