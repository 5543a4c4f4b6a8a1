import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { after, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { connectTls, readUntil, sendBytes } from './test-support/clients.js';
import { withGateway, withHttpUpstream, withRawUpstream } from './test-support/house.js';
import { OpensslFolder, type TestCertificate } from './test-support/openssl-certificates.js';
import { HttpUpstream } from './test-support/upstreams.js';

const openssl = new OpensslFolder();
const client: TestCertificate = openssl.makeSelfSigned('client');
after(() => {
  openssl.remove();
});

const get = 'GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

test('response headers over 16 KiB reach the client', async () => {
  const value = 'a'.repeat(40_000);
  await withHttpUpstream(
    (_request, response) => response.writeHead(200, { 'X-Large': value }).end('body'),
    async ({ gateway }) => {
      const socket = await connectTls(gateway.port, client);
      socket.write(get);
      const answer = await readUntil(socket, /body/);
      assert.match(answer, /^HTTP\/1\.1 200/);
      assert.ok(answer.includes(`X-Large: ${value}\r\n`));
    },
  );
});

test('a request reaches the app while the client still sends it', async () => {
  await withHttpUpstream(
    (request, response) => {
      request.on('data', (chunk: Buffer) => response.write(`saw ${chunk.toString()};`));
      request.on('end', () => response.end('end'));
    },
    async ({ gateway }) => {
      const socket = await connectTls(gateway.port, client);
      socket.write('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n');
      await readUntil(socket, /saw ab;/);
      socket.write('2\r\ncd\r\n');
      await readUntil(socket, /saw cd;/);
      const rest = readUntil(socket);
      socket.write('0\r\n\r\n');
      assert.match(await rest, /end/);
    },
  );
});

/**
 * How many bytes the gateway may take in while the other side does not read. Buffers of the kernel and of streams need
 * some, but the whole body must not fit.
 */
const tolerableBytes = 24 * 1024 * 1024;
const largeBytes = 64 * 1024 * 1024;

async function writeUntilFull(socket: TLSSocket, total: number): Promise<number> {
  const chunk = Buffer.alloc(1024 * 1024);
  let written = 0;
  while (written < total) {
    written += chunk.length;
    if (!socket.write(chunk) && (await Promise.race([once(socket, 'drain'), delay(1500, 'full')])) === 'full') break;
  }
  return written;
}

test('a body that the app does not read is not taken in from the client', async () => {
  let received = 0;
  let read: (() => void) | undefined;
  await withHttpUpstream(
    (request, response) => {
      read = () => {
        request.on('data', (chunk: Buffer) => (received += chunk.length));
        request.on('end', () => response.end('read'));
      };
    },
    async ({ gateway }) => {
      const socket = await connectTls(gateway.port, client);
      const total = 64 * 1024 * 1024;
      socket.write(`POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${total}\r\n\r\n`);
      const stuckAt = await writeUntilFull(socket, total);
      assert.ok(stuckAt < tolerableBytes, `took in ${stuckAt} bytes`);
      const answer = readUntil(socket);
      read!();
      for (let rest = total - stuckAt; rest > 0; rest -= 1024 * 1024) socket.write(Buffer.alloc(1024 * 1024));
      assert.match(await answer, /read$/);
      assert.equal(received, total);
    },
  );
});

test('a response that the client does not read is not taken in from the app', async () => {
  let sent = 0;
  await withHttpUpstream(
    (_request, response) => {
      const chunk = Buffer.alloc(1024 * 1024);
      const send = (): void => {
        while (sent < largeBytes) {
          sent += chunk.length;
          if (!response.write(chunk)) {
            response.once('drain', send);
            return;
          }
        }
        response.end();
      };
      send();
    },
    async ({ gateway }) => {
      const socket = await connectTls(gateway.port, client);
      socket.pause();
      socket.write(get);
      await delay(1500);
      assert.ok(sent > 0 && sent < tolerableBytes, `took in ${sent} bytes`);
      let received = 0;
      const ended = once(socket, 'end');
      socket.on('data', (chunk: Buffer) => (received += chunk.length)).resume();
      await ended;
      socket.destroy();
      assert.ok(received >= largeBytes);
    },
  );
});

test("with Expect: 100-continue, the body is sent only after the app's 100", async () => {
  let sawExpectation: string | undefined;
  await withHttpUpstream(
    (request, response) => {
      sawExpectation = request.headers.expect;
      request.resume().on('end', () => response.end('got it'));
    },
    async ({ gateway }) => {
      const socket = await connectTls(gateway.port, client);
      socket.write(
        'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n',
      );
      assert.equal(await readUntil(socket, /\r\n\r\n/), 'HTTP/1.1 100 Continue\r\n\r\n');
      const rest = readUntil(socket);
      socket.write('hi');
      assert.match(await rest, /^HTTP\/1\.1 200 OK[^]*got it/);
      assert.equal(sawExpectation, '100-continue');
    },
  );
});

test('with Expect, a refusal of the app comes instead of 100, before any body, and ends the connection', async () => {
  const refuse = (_request: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(401).end('no');
  };
  const upstream = await HttpUpstream.start(refuse, { checkContinue: refuse });
  await withGateway(upstream.url, async ({ gateway, nextExchange }) => {
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1000000\r\n\r\n';
    const answer = await sendBytes(gateway.port, client, head);
    assert.match(answer, /^HTTP\/1\.1 401 Unauthorized\r\n[^]*\r\nConnection: close\r\n[^]*no/);
    const { status, answeredBy } = await nextExchange();
    assert.deepEqual({ status, answeredBy }, { status: 401, answeredBy: 'upstream' });
  });
  await upstream.close();
});

test('with Expect, the gateway refuses a client without a certificate before any body, and before the app', async () => {
  await withRawUpstream('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', async ({ gateway }, upstream) => {
    const answer = await sendBytes(
      gateway.port,
      undefined,
      'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1000000\r\n\r\n',
    );
    assert.match(answer, /^HTTP\/1\.1 403 Forbidden\r\n/);
    assert.deepEqual(upstream.received, []);
  });
});
