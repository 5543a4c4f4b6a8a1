import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { TLSSocket } from 'node:tls';
import { startGateway, type Gateway, type GatewayExchange, type GatewayOptions } from './gateway.js';
import { connectTls, readUntil, sendBytes } from './test-support/clients.js';
import { OpensslFolder, type TestCertificate } from './test-support/openssl-certificates.js';
import { HttpUpstream, RawUpstream } from './test-support/upstreams.js';

const openssl = new OpensslFolder();
let client: TestCertificate;
let server: TestCertificate;
before(() => {
  client = openssl.makeSelfSigned('client');
  server = openssl.makeServerCertificate();
});
after(() => {
  openssl.remove();
});

interface House {
  readonly gateway: Gateway;
  readonly exchanges: GatewayExchange[];
  nextExchange(): Promise<GatewayExchange>;
}

async function withGateway(
  upstream: URL,
  use: (house: House) => Promise<void>,
  more: Partial<GatewayOptions> = {},
): Promise<void> {
  const exchanges: GatewayExchange[] = [];
  let notify: (() => void) | undefined;
  const gateway = await startGateway({
    upstream,
    serverCertificate: server,
    onExchange: (exchange) => {
      exchanges.push(exchange);
      notify?.();
    },
    ...more,
  });
  const nextExchange = async (): Promise<GatewayExchange> => {
    while (exchanges.length === 0) await new Promise<void>((resolve) => (notify = resolve));
    return exchanges.shift()!;
  };
  try {
    await use({ gateway, exchanges, nextExchange });
  } finally {
    await gateway.close();
  }
}

async function withHttpUpstream(
  listener: (request: IncomingMessage, response: ServerResponse) => void,
  use: (house: House) => Promise<void>,
  more?: Partial<GatewayOptions>,
): Promise<void> {
  const upstream = await HttpUpstream.start(listener);
  try {
    await withGateway(upstream.url, use, more);
  } finally {
    await upstream.close();
  }
}

async function withRawUpstream(
  answer: string,
  use: (house: House, upstream: RawUpstream) => Promise<void>,
  closeAfterAnswer = true,
): Promise<void> {
  const upstream = await RawUpstream.start(answer, { closeAfterAnswer });
  try {
    await withGateway(upstream.url, (house) => use(house, upstream));
  } finally {
    await upstream.close();
  }
}

const get = 'GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

test('a response reaches the client as it comes, before its end', async () => {
  let finish: (() => void) | undefined;
  await withHttpUpstream(
    (_request, response) => {
      response.write('data: 1\n\n');
      finish = () => response.end('data: 2\n\n');
    },
    async ({ gateway }) => {
      const socket = await connectTls(gateway.port, client);
      socket.write(get);
      assert.match(await readUntil(socket, /data: 1/), /^HTTP\/1\.1 200/);
      const rest = readUntil(socket);
      finish!();
      assert.match(await rest, /data: 2/);
    },
  );
});

test('a request reaches the app as it comes, before its end', async () => {
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

/** What the gateway takes in while the other side stands still: kernel and stream buffers, never the whole. */
const tolerableBytes = 24 * 1024 * 1024;
const largeBytes = 256 * 1024 * 1024;

async function writeUntilFull(socket: TLSSocket, total: number): Promise<number> {
  const chunk = Buffer.alloc(1024 * 1024);
  let written = 0;
  while (written < total) {
    written += chunk.length;
    if (!socket.write(chunk) && (await Promise.race([once(socket, 'drain'), delay(1500, 'full')])) === 'full') break;
  }
  return written;
}

test('backpressure towards the app: a body nobody reads is not taken in', async () => {
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

test('backpressure towards the client: a response nobody reads is not taken in', async () => {
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
      socket.on('data', (chunk: Buffer) => (received += chunk.length));
      await once(socket, 'end');
      socket.destroy();
      assert.ok(received >= largeBytes);
    },
  );
});

test('Expect: 100-continue goes all the way: no body before the app says so', async () => {
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

test('Expect: a refusal of the app comes instead of 100, without the body, and ends the connection', async () => {
  await withRawUpstream('', async ({ gateway }, upstream) => {
    // The answer is written by hand: this app refuses on sight of the head.
    const socket = await connectTls(gateway.port, client);
    socket.write('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n');
    await delay(50);
    assert.match(upstream.received[0] ?? '', /\r\nExpect: 100-continue\r\n/);
    socket.destroy();
  });
  await withRawUpstream(
    'HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno',
    async ({ gateway, nextExchange }) => {
      const bytes = 'POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';
      const answer = await sendBytes(
        gateway.port,
        client,
        `${bytes}GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
      );
      assert.match(answer, /^HTTP\/1\.1 401 Unauthorized\r\n/);
      assert.doesNotMatch(answer, /100 Continue/);
      assert.deepEqual(await nextExchange().then(({ status, answeredBy }) => [status, answeredBy]), [401, 'upstream']);
    },
  );
});

test('Expect: the gateway refuses without a certificate before any body, and before the app', async () => {
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

test('an early answer to a large body is received whole, and ends the connection', async () => {
  await withHttpUpstream(
    (_request, response) => {
      response.writeHead(413, { Connection: 'close' }).end('too large');
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
  await withHttpUpstream(
    (request, response) => {
      response.once('close', () => {
        assert.equal(request.complete, false);
        resolveAborted();
      });
      request.resume();
    },
    async ({ gateway, nextExchange }) => {
      const socket = await connectTls(gateway.port, client);
      socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc');
      await delay(100);
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

test('502 when the app is down, 502 when it speaks no HTTP, 504 when it is silent', async () => {
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
    { limits: { upstreamTimeoutMilliseconds: 200 } },
  );
});

test("response fields: hop-by-hop ones end here, the gateway's own word can't be faked, the rest arrives as it was", async () => {
  const answer = [
    'HTTP/1.1 299 My Reason',
    'Set-Cookie: a=1',
    'set-cookie: b=2',
    'X-Certgate-Gateway: client-certificate-required',
    'x_certgate_gateway: fake',
    'Connection: close, X-Private',
    'X-Private: 1',
    'Keep-Alive: timeout=9',
    'Proxy-Authenticate: Basic',
    'Trailer: X-Late',
    'Transfer-Encoding: chunked',
    'X-Bytes: \xe9',
    '',
    '3',
    'abc',
    '0',
    'X-Late: 1',
    '',
    '',
  ].join('\r\n');
  await withRawUpstream(answer, async ({ gateway }) => {
    const received = await sendBytes(gateway.port, client, get);
    assert.match(received, /^HTTP\/1\.1 299 My Reason\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nX-Bytes: \xe9\r\n/);
    assert.doesNotMatch(received, /certgate.gateway|private|timeout=9|proxy-auth|trailer|late/i);
    assert.match(received, /\r\n\r\n3\r\nabc\r\n0\r\n\r\n$/);
    assert.doesNotMatch(received, /\r\nDate:/);
  });
});

test('HEAD, 204, 304 and HTTP/1.0 are framed for their client', async () => {
  await withRawUpstream('HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n', async ({ gateway }) => {
    const received = await sendBytes(gateway.port, client, get.replace('GET', 'HEAD'));
    assert.match(received, /^HTTP\/1\.1 200 OK\r\nContent-Length: 1234\r\n[^]*\r\n\r\n$/);
  });
  for (const status of ['204 No Content', '304 Not Modified']) {
    await withRawUpstream(`HTTP/1.1 ${status}\r\nETag: "x"\r\n\r\n`, async ({ gateway }) => {
      const received = await sendBytes(gateway.port, client, get);
      assert.match(received, new RegExp(`^HTTP/1\\.1 ${status}\\r\\nETag: "x"\\r\\n`));
      assert.doesNotMatch(received, /chunked|\r\n\r\n./);
    });
  }
  await withRawUpstream(
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n',
    async ({ gateway }) => {
      const received = await sendBytes(gateway.port, client, 'GET / HTTP/1.0\r\nHost: a\r\n\r\n');
      assert.doesNotMatch(received, /chunked/i);
      assert.match(received, /\r\n\r\nabc$/);
    },
  );
});
