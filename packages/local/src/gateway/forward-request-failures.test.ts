import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { until } from '@certgate/x509/test-support/until.js';
import { connectTls, readUntil, sendBytes } from './test-support/clients.js';
import { withGateway, withHttpUpstream, withRawUpstream } from './test-support/house.js';
import { OpensslFolder, type TestCertificate } from './test-support/openssl-certificates.js';
import { RawUpstream } from './test-support/upstreams.js';

const openssl = new OpensslFolder();
const client: TestCertificate = openssl.makeSelfSigned('client');
after(() => {
  openssl.remove();
});

const get = 'GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

test('an early answer to a large body is received completely, and ends the connection', async () => {
  await withHttpUpstream(
    (_request, response) => {
      response.writeHead(413).end('too large');
    },
    async ({ gateway }) => {
      const socket = await connectTls(gateway.port, client);
      const answer = readUntil(socket);
      socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8000000\r\n\r\n');
      for (let index = 0; index < 8; index += 1) socket.write(Buffer.alloc(1_000_000));
      assert.match(await answer, /^HTTP\/1\.1 413 Payload Too Large\r\n[^]*\r\nConnection: close\r\n[^]*too large/);
    },
  );
});

test('a client that leaves ends the request to the app', async () => {
  let resolveAborted: () => void = () => undefined;
  const aborted = new Promise<void>((resolve) => (resolveAborted = resolve));
  let isAsked = false;
  await withHttpUpstream(
    (request, response) => {
      isAsked = true;
      response.once('close', () => {
        assert.equal(request.complete, false);
        resolveAborted();
      });
      request.resume();
    },
    async ({ gateway, nextExchange }) => {
      const socket = await connectTls(gateway.port, client);
      socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc');
      await until(() => isAsked);
      socket.destroy();
      await aborted;
      const { status, reason, answeredBy } = await nextExchange();
      assert.deepEqual(
        { status, reason, answeredBy },
        { status: 499, reason: 'client-aborted', answeredBy: 'gateway' },
      );
    },
  );
});

test("an app that breaks off within its response breaks off the client's, without a false end", async () => {
  for (const head of ['Content-Length: 10\r\n\r\n', 'Transfer-Encoding: chunked\r\n\r\n3\r\n']) {
    await withRawUpstream(`HTTP/1.1 200 OK\r\n${head}abc`, async ({ gateway, nextExchange }) => {
      const answer = await sendBytes(gateway.port, client, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      assert.match(answer, /^HTTP\/1\.1 200 OK/);
      assert.doesNotMatch(answer, /\r\n0\r\n\r\n/);
      const { status, reason, answeredBy } = await nextExchange();
      assert.deepEqual(
        { status, reason, answeredBy },
        { status: 200, reason: 'upstream-aborted', answeredBy: 'upstream' },
      );
    });
  }
});

test('the answer is 502 if the app is down or does not send HTTP, and 504 if it is silent', async () => {
  const gone = await RawUpstream.start();
  const { url } = gone;
  await gone.close();
  await withGateway(url, async ({ gateway }) => {
    const answer = await sendBytes(gateway.port, client, get);
    assert.match(
      answer,
      /^HTTP\/1\.1 502 Bad Gateway\r\n[^]*x-certgate-gateway: upstream-unreachable\r\n[^]*is it running/,
    );
  });
  for (const nonsense of [
    'SSH-2.0-x\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx',
    'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n',
    'HTTP/1.1 200 OK\nX: y\n\n',
    'HTTP/1.1 099 Low\r\nContent-Length: 0\r\n\r\n',
  ]) {
    await withRawUpstream(nonsense, async ({ gateway }) => {
      const answer = await sendBytes(gateway.port, client, get);
      assert.match(answer, /^HTTP\/1\.1 502 Bad Gateway\r\n[^]*x-certgate-gateway: upstream-malformed\r\n/, nonsense);
    });
  }
  await withHttpUpstream(
    () => undefined,
    async ({ gateway, nextExchange }) => {
      const answer = await sendBytes(gateway.port, client, get);
      assert.match(answer, /^HTTP\/1\.1 504 Gateway Timeout\r\n[^]*x-certgate-gateway: upstream-timeout\r\n/);
      assert.equal((await nextExchange()).reason, 'upstream-timeout');
    },
    { limits: { upstreamTimeoutMilliseconds: 200 } },
  );
});

test('an app that falls silent within its response is cut off', async () => {
  await withHttpUpstream(
    (_request, response) => response.write('begun'),
    async ({ gateway, nextExchange }) => {
      assert.match(await sendBytes(gateway.port, client, get), /begun/);
      assert.equal((await nextExchange()).reason, 'upstream-aborted');
    },
    // The beginning of the answer must arrive within this limit.
    { limits: { upstreamTimeoutMilliseconds: 1_000 } },
  );
});
