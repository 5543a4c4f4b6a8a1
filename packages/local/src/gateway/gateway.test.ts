import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { after, before, test } from 'node:test';
import { startGateway, type Gateway, type GatewayExchange, type GatewayOptions } from './gateway.js';
import { connectTls, curl, readUntil, sendBytes } from './test-support/clients.js';
import { OpensslFolder, type TestCertificate } from './test-support/openssl-certificates.js';
import { getValues, HttpUpstream } from './test-support/upstreams.js';

const openssl = new OpensslFolder();
let client: TestCertificate;
let server: TestCertificate;
let upstream: HttpUpstream;
before(async () => {
  client = openssl.makeSelfSigned('client');
  server = openssl.makeServerCertificate();
  upstream = await HttpUpstream.start();
});
after(async () => {
  await upstream.close();
  openssl.remove();
});

async function withGateway(options: Partial<GatewayOptions>, use: (gateway: Gateway) => Promise<void>): Promise<void> {
  upstream.seen.length = 0;
  const gateway = await startGateway({ upstream: upstream.url, serverCertificate: server, ...options });
  try {
    await use(gateway);
  } finally {
    await gateway.close();
  }
}
const seenCertificates = (): string[][] =>
  upstream.seen.map(({ rawHeaders }) => getValues(rawHeaders, 'x-arr-clientcert'));

test('in the default mode required, a certificate reaches the app, and a client without one gets 403 from the gateway', async () => {
  await withGateway({}, async ({ url }) => {
    assert.match((await curl(client, `${url}/a`)).output, /^HTTP\/1\.1 200 OK[^]*answer 1/);
    const { output } = await curl(undefined, `${url}/a`);
    assert.match(
      output,
      /^HTTP\/1\.1 403 Forbidden\r\nContent-Type: text\/html[^]*\r\nx-certgate-gateway: client-certificate-required\r\n/,
    );
    assert.deepEqual(seenCertificates(), [[client.base64Der]]);
  });
});

test('in mode required, a POST without a certificate gets its whole answer, and its body is discarded', async () => {
  await withGateway({}, async ({ url }) => {
    const { output, exitCode } = await curl(
      undefined,
      '-H',
      'Expect:',
      '--data-binary',
      `@${server.certificateFile}`,
      `${url}/a`,
    );
    assert.equal(exitCode, 0);
    assert.match(output, /^HTTP\/1\.1 403 Forbidden[^]*<\/html>\n$/);
    assert.equal(upstream.seen.length, 0);
  });
});

test('in mode optional, a certificate is requested but may be missing', async () => {
  await withGateway({ clientCertificateMode: 'optional' }, async ({ url }) => {
    assert.match((await curl(client, `${url}/a`)).output, /^HTTP\/1\.1 200/);
    assert.match((await curl(undefined, `${url}/a`)).output, /^HTTP\/1\.1 200/);
    assert.deepEqual(seenCertificates(), [[client.base64Der], []]);
  });
});

test("in mode ignore, a certificate is neither requested nor passed on, and the client's field is removed", async () => {
  const exchanges: GatewayExchange[] = [];
  await withGateway(
    { clientCertificateMode: 'ignore', onExchange: (exchange) => exchanges.push(exchange) },
    async ({ url }) => {
      assert.match((await curl(client, '-H', 'X-ARR-ClientCert: Zm9yZ2Vk', `${url}/a`)).output, /^HTTP\/1\.1 200/);
      assert.deepEqual(seenCertificates(), [[]]);
      assert.equal(exchanges[0]?.clientCertificateThumbprintSha256, undefined);
    },
  );
});

test('two requests on one connection carry its certificate, and another connection carries its own', async () => {
  const other = openssl.makeSelfSigned('other');
  await withGateway({}, async ({ port }) => {
    const get = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
    const first = await connectTls(port, client);
    first.write(get('/1'));
    await readUntil(first, /answer 1/);
    await sendBytes(port, other, get('/2', 'Connection: close\r\n'));
    const rest = readUntil(first);
    first.write(get('/3', 'Connection: close\r\n'));
    await rest;
    assert.deepEqual(seenCertificates(), [[client.base64Der], [other.base64Der], [client.base64Der]]);
  });
});

test("a browser's GET / gets the landing page, and every other client the app", async () => {
  const hostile = openssl.makeSelfSigned('hostile', '-subj', '/CN=<script>alert(1)<\\/script>');
  await withGateway({}, async ({ url }) => {
    const html = ['-H', 'Accept: text/html,*/*;q=0.8'];
    const { output } = await curl(hostile, ...html, `${url}/`);
    assert.match(output, /^HTTP\/1\.1 200 OK[^]*x-certgate-gateway: landing-page/);
    assert.match(output, /Content-Security-Policy: default-src 'none'/);
    assert.doesNotMatch(output, /<script/);
    assert.ok(output.includes('&#60;script'), output);
    assert.ok(output.includes(`X-ARR-ClientCert: ${hostile.base64Der}`));
    assert.equal(upstream.seen.length, 0);
    assert.match((await curl(undefined, ...html, `${url}/`)).output, /^HTTP\/1\.1 403/);
    for (const args of [
      [`${url}/`],
      [...html, `${url}/a`],
      [...html, '-X', 'POST', `${url}/`],
      [...html, '--head', `${url}/`],
    ]) {
      assert.doesNotMatch((await curl(client, ...args)).output, /landing-page/);
    }
    assert.equal(upstream.seen.length, 4);
  });
  await withGateway({ hasLandingPage: false }, async ({ url }) => {
    assert.match((await curl(client, '-H', 'Accept: text/html', `${url}/`)).output, /answer 1/);
  });
  await withGateway({ clientCertificateMode: 'optional', exclusionPaths: ['/x'] }, async ({ url }) => {
    const { output } = await curl(undefined, '-H', 'Accept: text/html', `${url}/`);
    const rows = [...output.matchAll(/<th scope="row">(.*?)<\/th><td>(.*?)<\/td>/gs)].map((row) => row.slice(1));
    assert.deepEqual(rows, [
      ['Front end', 'app-service'],
      ['Client certificate mode', 'optional'],
      ['Exclusion paths', '/x'],
      ['Worst case', 'off'],
      ['TLS', 'TLSv1.2'],
      ['App', upstream.url.origin],
      ['Client certificate', 'none presented'],
      ['Header for the app', 'none'],
    ]);
  });
});

test('options that are not valid are errors at the start', async () => {
  const base = { upstream: upstream.url, serverCertificate: server };
  const wrong: readonly (readonly [object, RegExp])[] = [
    [{ clientCertificateMode: 'Required' }, /must be one of required/],
    [{ frontEnd: 'lighttpd' }, /frontEnd must be one of app-service, application-gateway, envoy,/],
    [{ frontEnd: 'nginx', clientCertificateMode: 'required' }, /only App Service has client certificate modes/],
    [{ frontEnd: 'nginx', exclusionPaths: ['/public'] }, /only App Service has client certificate modes/],
    [{ frontEndSecret: 'a'.repeat(32) }, /App Service's front end sends no frontEndSecret/],
    [{ frontEnd: 'nginx', frontEndSecret: 'short' }, /frontEndSecret is not valid: .*32 to 256 characters/],
    [{ exclusionPaths: ['public'] }, /starts with "\/"/],
    [{ exclusionPaths: [''] }, /starts with "\/"/],
    [{ exclusionPaths: ['/a;/b'] }, /must be one path/],
    [{ host: '0.0.0.0' }, /unsafeListen/],
    [{ host: '::' }, /unsafeListen/],
    [{ host: '192.0.2.1' }, /unsafeListen/],
    [{ host: '127.0.0.1.example.test' }, /unsafeListen/],
    [{ host: '' }, /unsafeListen/],
    [{ host: '0.0.0.0', unsafeListen: 'true' }, /unsafeListen/],
    [{ port: 65_536 }, /port/],
    [{ upstream: new URL('https://127.0.0.1:1') }, /upstream/],
    [{ upstream: new URL('http://example.test:1') }, /upstream/],
    [{ upstream: new URL('http://127.0.0.1:1/path') }, /upstream/],
    [{ upstream: new URL('http://u:p@127.0.0.1:1') }, /upstream/],
    [{ serverCertificate: { ...server, certificatePem: 'x' } }, /certificatePem/],
    [{ serverCertificate: { ...server, privateKeyPem: 'x' } }, /privateKeyPem/],
  ];
  for (const [more, message] of wrong) {
    await assert.rejects(startGateway({ ...base, ...more }), message, JSON.stringify(more));
  }
});

test('a port that is taken makes the start reject', async () => {
  await withGateway({}, async ({ port }) => {
    await assert.rejects(startGateway({ upstream: upstream.url, serverCertificate: server, port }), {
      code: 'EADDRINUSE',
    });
  });
});

test('unsafeListen opens other addresses', async () => {
  await withGateway({ host: '0.0.0.0', unsafeListen: true }, async ({ port }) => {
    assert.match((await curl(client, `https://127.0.0.1:${port}/a`)).output, /^HTTP\/1\.1 200/);
  });
});

test('close ends connections in every state, resolves, and may be called again', async () => {
  const silent = await HttpUpstream.start(() => undefined);
  const gateway = await startGateway({ upstream: silent.url, serverCertificate: server });
  const idle = await connectTls(gateway.port, client);
  const waiting = await connectTls(gateway.port, client);
  const handshaking = connectTcp(gateway.port, '127.0.0.1').on('error', () => undefined);
  await once(handshaking, 'connect');
  handshaking.resume();
  waiting.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  const ends = Promise.all([readUntil(idle), readUntil(waiting), once(handshaking, 'close')]);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await Promise.all([gateway.close(), gateway.close()]);
  await ends;
  await assert.rejects(connectTls(gateway.port, client), { code: 'ECONNREFUSED' });
  await silent.close();
});

test('a listener that throws does not disturb the answer', async () => {
  const warned = once(process, 'warning');
  const onExchange = (): never => {
    throw new Error('listener');
  };
  await withGateway({ onExchange }, async ({ url }) => {
    assert.match((await curl(client, `${url}/a`)).output, /^HTTP\/1\.1 200/);
  });
  const [warning] = (await warned) as [Error];
  assert.match(warning.message, /onExchange threw Error: listener/);
});

test('a fault of the gateway itself ends the connection, and not the gateway', async () => {
  const warned = once(process, 'warning');
  let reads = 0;
  const faulty = Object.defineProperty(new URL(upstream.url), 'port', {
    get: () => {
      reads += 1;
      if (reads > 1) return upstream.url.port;
      throw new Error('no port');
    },
  });
  await withGateway({ upstream: faulty }, async ({ url }) => {
    assert.equal((await curl(client, `${url}/a`)).output, '');
    assert.match((await curl(client, `${url}/a`)).output, /^HTTP\/1\.1 200/);
  });
  const [warning] = (await warned) as [Error];
  assert.match(warning.message, /could not be handled[^]*Error: no port/);
});
