import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { connect as connectTcp, createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { Agent, request as undiciRequest } from 'undici';
import { startGateway, type Gateway, type GatewayExchange } from './gateway.js';
import { maxBodyBytesBeforeRenegotiation } from './tls-renegotiation.js';
import { connectTls, curl, readUntil, runProgram, sendBytes } from './test-support/clients.js';
import { OpensslFolder, type TestCertificate } from './test-support/openssl-certificates.js';
import { getValues, HttpUpstream } from './test-support/upstreams.js';

const openssl = new OpensslFolder();
let client: TestCertificate;
let upstream: HttpUpstream;
/** A gateway in mode `required` with an exclusion path. */
let gateway: Gateway;
let interactive: Gateway;
/** Like `gateway`, but with a short limit for clients that never answer. */
let impatient: Gateway;
let exchanges: GatewayExchange[] = [];

before(async () => {
  client = openssl.makeSelfSigned('client');
  upstream = await HttpUpstream.start();
  const options = {
    upstream: upstream.url,
    serverCertificate: openssl.makeServerCertificate(),
    onExchange: (exchange: GatewayExchange): void => void exchanges.push(exchange),
    exclusionPaths: ['/public'],
  };
  gateway = await startGateway(options);
  impatient = await startGateway({ ...options, limits: { handshakeTimeoutMilliseconds: 1000 } });
  interactive = await startGateway({ ...options, exclusionPaths: [], clientCertificateMode: 'optional-interactive' });
});
after(async () => {
  await gateway.close();
  await impatient.close();
  await interactive.close();
  await upstream.close();
  openssl.remove();
});
beforeEach(() => {
  upstream.seen.length = 0;
  exchanges = [];
});

/** Calls `gateway` with openssl and the client's certificate. */
const runClient = (
  more: readonly string[],
  inputs: Parameters<typeof runProgram>[2],
): ReturnType<typeof runProgram> => {
  const files = ['-cert', client.certificateFile, '-key', client.keyFile];
  return runProgram('openssl', ['s_client', '-connect', `127.0.0.1:${gateway.port}`, ...files, ...more], inputs);
};
const seenCertificates = (): string[] =>
  upstream.seen.flatMap(({ rawHeaders }) => getValues(rawHeaders, 'x-arr-clientcert'));

test('curl, openssl, Node and undici answer the renegotiation with their certificate', async () => {
  assert.match((await curl(client, `${gateway.url}/a`)).output, /^HTTP\/1\.1 200/);
  const { output } = await runClient(
    ['-ign_eof'],
    [{ when: /---\n[^]*---\n/, write: 'GET /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n' }],
  );
  assert.match(output, /HTTP\/1\.1 200/);
  const tls = { cert: client.certificatePem, key: client.privateKeyPem, rejectUnauthorized: false };
  const status = await new Promise((resolve, reject) => {
    httpsRequest(`${gateway.url}/c`, { ...tls, agent: false, method: 'POST' }, (response) => {
      response.resume().on('end', () => {
        resolve(response.statusCode);
      });
    })
      .on('error', reject)
      .end(Buffer.alloc(50_000));
  });
  assert.equal(status, 200);
  const agent = new Agent({ connect: tls });
  const response = await undiciRequest(`${gateway.url}/d`, {
    dispatcher: agent,
    method: 'POST',
    body: Buffer.alloc(maxBodyBytesBeforeRenegotiation, 'x'),
  });
  assert.equal(response.statusCode, 200);
  await response.body.dump();
  await agent.close();
  assert.deepEqual(
    upstream.seen.map(({ url, body }) => [url, body.length]),
    [
      ['/a', 0],
      ['/b', 0],
      ['/c', 50_000],
      ['/d', 100_000],
    ],
  );
  assert.deepEqual(seenCertificates(), Array<string>(4).fill(client.base64Der));
});

test('a client without a certificate gets 403 from the gateway, and the app gets nothing', async () => {
  const { output } = await curl(undefined, `${gateway.url}/a`);
  assert.match(output, /^HTTP\/1\.1 403 Forbidden\r\n/);
  assert.match(output, /\r\nx-certgate-gateway: client-certificate-required\r\n/);
  assert.equal(upstream.seen.length, 0);
});

test('on an excluded path, a certificate is neither requested nor passed on, even after a request to another path', async () => {
  assert.match((await curl(undefined, `${gateway.url}/PUBLICadmin`)).output, /^HTTP\/1\.1 200/);
  assert.match((await curl(client, `${gateway.url}/public`)).output, /^HTTP\/1\.1 200/);
  assert.equal(exchanges[1]?.clientCertificateThumbprintSha256, undefined, 'not asked for');
  assert.deepEqual(seenCertificates(), []);
  const get = (path: string, more = ''): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
  const bytes = get('/public/1') + get('/2') + get('/public/3') + get('/4', 'Connection: close\r\n');
  await sendBytes(gateway.port, client, bytes, { maxVersion: 'TLSv1.2' });
  assert.deepEqual(
    upstream.seen.slice(2).map(({ url, rawHeaders }) => [url, getValues(rawHeaders, 'x-arr-clientcert').length]),
    [
      ['/public/1', 0],
      ['/2', 1],
      ['/public/3', 0],
      ['/4', 1],
    ],
  );
});

test('TLS 1.3 is not offered', async () => {
  const { output } = await runProgram('openssl', ['s_client', '-connect', `127.0.0.1:${gateway.port}`, '-tls1_3']);
  assert.match(output, /alert protocol version/);
});

for (const coding of ['Content-Length', 'chunked']) {
  test(`a body over the limit gets 403 (${coding})`, async () => {
    const file = join(openssl.folder, 'large');
    writeFileSync(file, Buffer.alloc(maxBodyBytesBeforeRenegotiation + 1));
    const fields = coding === 'chunked' ? ['-H', 'Transfer-Encoding: chunked'] : [];
    const { output } = await curl(client, '-H', 'Expect:', ...fields, '--data-binary', `@${file}`, `${gateway.url}/a`);
    assert.match(output, /^HTTP\/1\.1 403 Forbidden\r\n/);
    assert.match(output, /x-certgate-gateway: request-body-too-large-for-renegotiation/);
    assert.equal(upstream.seen.length, 0);
  });
}

test("Azure's two ways around the limit work: Expect, and an earlier HEAD request", async () => {
  const file = join(openssl.folder, 'large');
  writeFileSync(file, Buffer.alloc(3_000_000));
  const expecting = await curl(client, '-H', 'Expect: 100-continue', '--data-binary', `@${file}`, `${gateway.url}/a`);
  assert.match(expecting.output, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200/);
  const files = ['--cert', client.certificateFile, '--key', client.keyFile];
  const second = ['--next', '-sk', '-i', ...files, '-H', 'Expect:', '--data-binary', `@${file}`, `${gateway.url}/b`];
  const afterHead = await curl(client, '--head', `${gateway.url}/h`, ...second);
  assert.match(afterHead.output, /HTTP\/1\.1 200[^]*HTTP\/1\.1 200/);
  assert.deepEqual(
    upstream.seen.map(({ url, body }) => [url, body.length]),
    [
      ['/a', 3_000_000],
      ['/h', 0],
      ['/b', 3_000_000],
    ],
  );
  assert.deepEqual(seenCertificates(), Array<string>(3).fill(client.base64Der));
});

test('an excluded path takes a large body', async () => {
  const file = join(openssl.folder, 'large');
  writeFileSync(file, Buffer.alloc(300_000));
  assert.match(
    (await curl(undefined, '-H', 'Expect:', '--data-binary', `@${file}`, `${gateway.url}/public`)).output,
    /^HTTP\/1\.1 200/,
  );
  assert.equal(upstream.seen[0]!.body.length, 300_000);
});

test('a client that refuses to renegotiate is cut off, and never served', async () => {
  const { output } = await runClient(
    ['-no_renegotiation', '-ign_eof'],
    [{ when: /---\n[^]*---\n/, write: 'GET /a HTTP/1.1\r\nHost: a\r\n\r\n' }],
  );
  assert.match(output, /alert handshake failure/);
  assert.equal(upstream.seen.length, 0);
  assert.deepEqual(
    exchanges.map(({ status, reason }) => [status, reason]),
    [[499, 'client-aborted']],
  );
});

test('a client that starts its own renegotiation is cut off, before and after being asked', async () => {
  for (const path of ['/public', '/a']) {
    const { output } = await runClient(
      [],
      [
        { when: /---\n[^]*---\n/, write: `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n` },
        { when: /answer \d/, write: 'R\n' },
        { when: /RENEGOTIATING/, write: 'GET /again HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n' },
      ],
    );
    assert.match(output, /RENEGOTIATING/);
  }
  assert.deepEqual(
    upstream.seen.map(({ url }) => url),
    ['/public', '/a'],
  );
});

test('a client that ignores the request for a certificate gets 403 when its time is over', async (context) => {
  // A proxy between client and gateway, which drops what the client sends once the gateway has asked.
  let armed = false;
  let swallowing = false;
  const between = createServer((fromClient) => {
    const toGateway = connectTcp(impatient.port, '127.0.0.1');
    fromClient.on('data', (chunk) => swallowing || toGateway.write(chunk)).on('error', () => undefined);
    toGateway.on('data', (chunk) => {
      swallowing = armed;
      fromClient.write(chunk);
    });
    toGateway.on('error', () => undefined).on('close', () => fromClient.destroy());
  });
  between.listen(0, '127.0.0.1');
  await once(between, 'listening');
  context.after(() => between.close());
  const socket = await connectTls((between.address() as AddressInfo).port, client);
  context.after(() => socket.destroy());
  const closed = readUntil(socket);
  armed = true;
  socket.write('GET /a HTTP/1.1\r\nHost: a\r\n\r\n');
  await closed;
  assert.equal(swallowing, true);
  assert.equal(upstream.seen.length, 0);
  assert.deepEqual(
    exchanges.map(({ status, reason }) => [status, reason]),
    [[403, 'renegotiation-failed']],
  );
});

test('in optional-interactive, clients other than browsers are asked, and nobody must answer', async () => {
  const browser = ['-A', 'Mozilla/5.0 (X11; Linux x86_64)'];
  assert.match((await curl(client, `${interactive.url}/a`)).output, /^HTTP\/1\.1 200/);
  assert.match((await curl(undefined, `${interactive.url}/b`)).output, /^HTTP\/1\.1 200/);
  assert.match((await curl(client, ...browser, `${interactive.url}/c`)).output, /^HTTP\/1\.1 200/);
  assert.deepEqual(
    upstream.seen.map(({ url, rawHeaders }) => [url, getValues(rawHeaders, 'x-arr-clientcert')]),
    [
      ['/a', [client.base64Der]],
      ['/b', []],
      ['/c', []],
    ],
  );
});
