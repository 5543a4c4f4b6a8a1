import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { after, before, test } from 'node:test';
import { startGateway, type Gateway } from './gateway.js';
import { defaultGatewayLimits, type GatewayLimits } from './gateway-options.js';
import { connectTls, readUntil, sendBytes } from './test-support/clients.js';
import { OpensslFolder, type TestCertificate } from './test-support/openssl-certificates.js';
import { RawUpstream } from './test-support/upstreams.js';

const openssl = new OpensslFolder();
let client: TestCertificate;
let server: TestCertificate;
let upstream: RawUpstream;
before(async () => {
  client = openssl.makeSelfSigned('client');
  server = openssl.makeServerCertificate();
  upstream = await RawUpstream.start();
});
after(async () => {
  await upstream.close();
  openssl.remove();
});

async function withLimits(limits: Partial<GatewayLimits>, use: (gateway: Gateway) => Promise<void>): Promise<void> {
  upstream.forget();
  const gateway = await startGateway({ upstream: upstream.url, serverCertificate: server, limits });
  try {
    await use(gateway);
  } finally {
    await gateway.close();
  }
}

test('every default is finite', () => {
  for (const value of Object.values(defaultGatewayLimits)) assert.ok(Number.isSafeInteger(value) && value > 0);
});

test('a header section that trickles in (slowloris) ends with 408', async () => {
  await withLimits({ headersTimeoutMilliseconds: 300 }, async ({ port }) => {
    const socket = await connectTls(port, client);
    const answer = readUntil(socket);
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n');
    const trickle = setInterval(() => socket.write('X: y\r\n'), 50);
    assert.match(await answer, /^HTTP\/1\.1 408 /);
    clearInterval(trickle);
    assert.deepEqual(upstream.received, []);
  });
});

test('a silent connection ends: within TLS, before and after the handshake, and between requests', async () => {
  // Each limit is tested with its own gateway, so that the steps before it have more time.
  await withLimits({ handshakeTimeoutMilliseconds: 300 }, async ({ port }) => {
    const plain = connectTcp(port, '127.0.0.1').on('error', () => undefined);
    plain.resume();
    await once(plain, 'close');
  });
  await withLimits({ headersTimeoutMilliseconds: 300 }, async ({ port }) => {
    await readUntil(await connectTls(port, client));
  });
  await withLimits({ idleTimeoutMilliseconds: 300 }, async ({ port }) => {
    const used = await connectTls(port, client);
    used.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    assert.match(await readUntil(used), /^HTTP\/1\.1 200 OK/);
  });
});

test('a body that trickles in ends with 408, and never completes towards the app', async () => {
  await withLimits({ headersTimeoutMilliseconds: 300, requestTimeoutMilliseconds: 400 }, async ({ port }) => {
    const socket = await connectTls(port, client);
    const answer = readUntil(socket);
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
    const trickle = setInterval(() => socket.write('1\r\nx\r\n'), 50);
    assert.match(await answer, /^HTTP\/1\.1 408 /);
    clearInterval(trickle);
    assert.doesNotMatch(upstream.received[0] ?? '', /0\r\n\r\n$/);
  });
});

test('too many header bytes or fields get 431', async () => {
  await withLimits({ maxHeaderBytes: 2048 }, async ({ port }) => {
    const answer = await sendBytes(port, client, `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(4000)}\r\n\r\n`);
    assert.match(answer, /^HTTP\/1\.1 431 [^]*x-certgate-gateway: headers-too-large/);
  });
  await withLimits({}, async ({ port }) => {
    // Far more fields than the limit. The last one frames the body.
    const fields = 'a:\r\n'.repeat(1500);
    const answer = await sendBytes(
      port,
      client,
      `POST / HTTP/1.1\r\nHost: a\r\n${fields}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    );
    assert.match(answer, /^HTTP\/1\.1 431 [^]*x-certgate-gateway: headers-too-large/);
  });
  assert.deepEqual(upstream.received, []);
});

test('connections beyond the limit are dropped', async () => {
  await withLimits({ maxConnections: 1 }, async ({ port }) => {
    const first = await connectTls(port, client);
    const second = connectTcp(port, '127.0.0.1').on('error', () => undefined);
    second.resume();
    await once(second, 'close');
    first.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    assert.match(await readUntil(first), /^HTTP\/1\.1 200 OK/);
  });
});
