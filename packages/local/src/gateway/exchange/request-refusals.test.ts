import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, beforeEach, test } from 'node:test';
import { startGateway, type Gateway, type GatewayExchange } from '../gateway.js';
import { connectTls, readUntil, sendBytes } from '../test-support/clients.js';
import { OpensslFolder, type TestCertificate } from '../test-support/openssl-certificates.js';
import { RawUpstream } from '../test-support/upstreams.js';

const openssl = new OpensslFolder();
let client: TestCertificate;
let upstream: RawUpstream;
let gateway: Gateway;
let exchanges: GatewayExchange[] = [];

before(async () => {
  client = openssl.makeSelfSigned('client');
  upstream = await RawUpstream.start();
  gateway = await startGateway({
    upstream: upstream.url,
    serverCertificate: openssl.makeServerCertificate(),
    onExchange: (exchange) => exchanges.push(exchange),
  });
});
after(async () => {
  await gateway.close();
  await upstream.close();
  openssl.remove();
});
beforeEach(() => {
  upstream.forget();
  exchanges = [];
});

/** Sent after every refused request. It would reach the app only if the gateway took it for another request. */
const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
const get = 'GET / HTTP/1.1\r\nHost: a\r\n';
const post = 'POST / HTTP/1.1\r\nHost: a\r\n';

/** Node's parser and the gateway both refuse these. Which of the two does it first depends on Node's version. */
const eitherWord = 'malformed-request|transfer-encoding-invalid';

/** The name, the bytes, the gateway's reason, and its status. */
const refused: readonly (readonly [string, string, word?: string, status?: number])[] = [
  [
    'Content-Length before Transfer-Encoding',
    `${post}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  [
    'Transfer-Encoding before Content-Length',
    `${post}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n`,
  ],
  ['two Content-Length that differ', `${post}Content-Length: 0\r\nContent-Length: 37\r\n\r\n`],
  ['two Content-Length that agree', `${post}Content-Length: 0\r\nContent-Length: 0\r\n\r\n`],
  ['a list as Content-Length', `${post}Content-Length: 0, 0\r\n\r\n`],
  ['a signed Content-Length', `${post}Content-Length: +0\r\n\r\n`],
  ['an endless Content-Length', `${post}Content-Length: 99999999999999999999\r\n\r\n`],
  ['Content-Length beyond exact numbers', `${post}Content-Length: 9999999999999999\r\n\r\n`, 'content-length-invalid'],
  ['gzip, chunked', `${post}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`, 'transfer-encoding-invalid'],
  ['identity', `${post}Transfer-Encoding: identity\r\n\r\n`, eitherWord],
  ['chunked twice in one', `${post}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n`, eitherWord],
  ['chunked twice', `${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['chunked then identity', `${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n`],
  ['vertical tab before chunked', `${post}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n`],
  [
    'chunked in HTTP/1.0',
    'POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'transfer-encoding-invalid',
  ],
  ['obs-fold', `${get}X-A: a\r\n X-ARR-ClientCert: b\r\n\r\n`],
  ['obs-fold in Transfer-Encoding', `${post}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n`],
  ['bare LF after the request line', 'GET / HTTP/1.1\nHost: a\n\n'],
  ['bare LF after a field', `${get}X: a\nX-ARR-ClientCert: b\r\n\r\n`],
  ['bare CR in a field', `${get}X: a\rX-ARR-ClientCert: b\r\n\r\n`],
  ['NUL in a field', `${get}X: a\0b\r\n\r\n`],
  ['white space in a name', `${get}X ARR: b\r\n\r\n`],
  ['white space before the colon', `${get}X-ARR-ClientCert : b\r\n\r\n`],
  ['no name', `${get}: b\r\n\r\n`],
  ['a name with a byte above ASCII', `${get}X\x85: b\r\n\r\n`],
  ['white space before the first field', 'GET / HTTP/1.1\r\n Host: a\r\n\r\n'],
  ['two Host fields', `${get}Host: b\r\n\r\n`, 'host-invalid'],
  ['two equal Host fields', `${get}Host: a\r\n\r\n`, 'host-invalid'],
  ['no Host', 'GET / HTTP/1.1\r\n\r\n', 'host-invalid'],
  ['no Host in HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n', 'host-invalid'],
  ['a Host with a path', 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n', 'host-invalid'],
  ['a Host with user information', 'GET / HTTP/1.1\r\nHost: a@b\r\n\r\n', 'host-invalid'],
  ['absolute-form', 'GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n', 'request-target-invalid'],
  ['authority-form', 'GET b:80 HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['asterisk-form', 'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n', 'request-target-invalid'],
  ['a fragment', 'GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n', 'request-target-invalid'],
  ['a control character in the target', 'GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['HTTP/2.0 in the request line', 'GET / HTTP/2.0\r\nHost: a\r\n\r\n', 'http-version-not-supported', 505],
  ['HTTP/0.9', 'GET /\r\n\r\n', 'http-version-not-supported', 505],
  ['HTTP/1.2', 'GET / HTTP/1.2\r\nHost: a\r\n\r\n'],
  ['the HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['a lower-case method', 'get / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['CONNECT', 'CONNECT b:80 HTTP/1.1\r\nHost: a\r\n\r\n', 'method-not-supported', 501],
  ['TRACE', 'TRACE / HTTP/1.1\r\nHost: a\r\n\r\n', 'method-not-supported', 501],
  ['WebSocket', `${get}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`, 'upgrade-not-supported', 501],
  [
    'h2c',
    `${get}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n`,
    'upgrade-not-supported',
    501,
  ],
  ['an unknown protocol', `${get}Connection: upgrade\r\nUpgrade: x\r\n\r\n`, 'upgrade-not-supported', 501],
  [
    'Upgrade with a body',
    `${post}Connection: upgrade\r\nUpgrade: h2c\r\nContent-Length: 3\r\n\r\nabc`,
    'upgrade-not-supported',
    501,
  ],
  ['Upgrade that Connection does not name', `${get}Upgrade: h2c\r\n\r\n`, 'upgrade-not-supported', 501],
  ['Connection: host', `${get}Connection: Host\r\n\r\n`, 'connection-field-invalid'],
  [
    'Connection: content-length',
    `${post}Connection: keep-alive, content-length\r\nContent-Length: 1\r\n\r\nx`,
    'connection-field-invalid',
  ],
  ['an unknown expectation', `${post}Expect: 200-ok\r\nContent-Length: 0\r\n\r\n`, 'expectation-not-supported', 417],
  [
    'an expectation with company',
    `${post}Expect: 100-continue, x\r\nContent-Length: 0\r\n\r\n`,
    'expectation-not-supported',
    417,
  ],
];

for (const [name, bytes, word = 'malformed-request', status = 400] of refused) {
  test(`refused, and nothing behind it read: ${name}`, async () => {
    const answer = await sendBytes(gateway.port, client, bytes + smuggled);
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), answer);
    assert.match(answer, new RegExp(`\\r\\nx-certgate-gateway: (?:${word})\\r\\n`));
    assert.equal(answer.match(/HTTP\/1\.1 \d/g)?.length, 1, 'one answer, then the end');
    assert.deepEqual(upstream.received, []);
    assert.match(exchanges.map(({ reason }) => reason).join(), new RegExp(`^(?:${word})$`));
  });
}

/** Errors within a body. The app may have received the head already, but must never receive a complete request. */
const brokenBodies: readonly (readonly [string, string])[] = [
  ['a chunk size in another notation', '0x1\r\nx\r\n0\r\n\r\n'],
  ['a chunk size with a trailing blank', '1 \r\nx\r\n0\r\n\r\n'],
  ['bare LF after a chunk size', '1\nx\r\n0\r\n\r\n'],
  ['bare LF after a chunk extension', '1;a\nx\r\n0\r\n\r\n'],
  ['a chunk longer than announced', '1\r\nxy\r\n0\r\n\r\n'],
];
for (const [name, body] of brokenBodies) {
  test(`never completes the request to the app: ${name}`, async () => {
    const answer = await sendBytes(gateway.port, client, `${post}Transfer-Encoding: chunked\r\n\r\n${body}${smuggled}`);
    assert.match(answer, /^HTTP\/1\.1 400 /);
    for (const received of upstream.received) {
      assert.doesNotMatch(received, /\r\n0\r\n\r\n$/);
      assert.doesNotMatch(received, /smuggled/);
    }
  });
}

test('a legal chunked body is framed again without extensions and trailers', async () => {
  const body = '3;a="0"\r\nabc\r\n0\r\nX-ARR-ClientCert: forged\r\n\r\n';
  const answer = await sendBytes(
    gateway.port,
    client,
    `${post}TE: trailers\r\nTrailer: X-ARR-ClientCert\r\nConnection: close\r\nTransfer-Encoding: Chunked\r\n\r\n${body}`,
  );
  assert.match(answer, /^HTTP\/1\.1 200 OK/);
  assert.match(upstream.received[0]!, /\r\n\r\n3\r\nabc\r\n0\r\n\r\n$/);
  assert.doesNotMatch(upstream.received[0]!, /forged|railer/);
});

test('requests sent ahead are handled in the same way, one after another, each on its own connection to the app', async () => {
  const bytes = ['/1', '/2', '/3']
    .map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\nX-ARR-ClientCert: forged\r\n\r\n`)
    .join('');
  const answer = await sendBytes(
    gateway.port,
    client,
    `${bytes}GET /4 HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\n\r\n${smuggled}`,
  );
  assert.deepEqual(answer.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 200', 'HTTP/1.1 501']);
  assert.deepEqual(
    upstream.received.map((text) => text.split(' ')[1]),
    ['/1', '/2', '/3'],
  );
  for (const text of upstream.received) {
    assert.deepEqual(text.match(/^x-arr-clientcert: .*$/gim), [`X-ARR-ClientCert: ${client.base64Der}\r`.trimEnd()]);
  }
});

test('garbage after a good request ends the connection when the request is answered', async () => {
  const answer = await sendBytes(gateway.port, client, `${get}\r\n\x16\x03garbage\r\n\r\n${smuggled}`);
  assert.match(answer, /^HTTP\/1\.1 200 OK/);
  assert.equal(answer.match(/HTTP\/1\.1 \d/g)?.length, 1);
  assert.equal(upstream.received.length, 1);
});

test('CONNECT after a request that is still being answered closes the connection without mixing answers', async () => {
  const answer = await sendBytes(gateway.port, client, `${get}\r\nCONNECT b:80 HTTP/1.1\r\nHost: a\r\n\r\n${smuggled}`);
  assert.ok(answer === '' || /^HTTP\/1\.1 200 OK/.test(answer), answer);
  assert.doesNotMatch(answer, /501/);
  assert.ok(upstream.received.length <= 1);
});

test('more requests ahead than the limit end the connection when those before are answered', async () => {
  const bytes = Array.from({ length: 40 }, (_, index) => `GET /${index} HTTP/1.1\r\nHost: a\r\n\r\n`).join('');
  const answer = await sendBytes(gateway.port, client, bytes);
  assert.ok((answer.match(/HTTP\/1\.1 200/g) ?? []).length <= 17);
  assert.ok(upstream.received.length <= 17);
});

test('HTTP/1.0 with a Host is served, and its expectation is ignored', async () => {
  const socket = await connectTls(gateway.port, client);
  const answer = readUntil(socket);
  socket.write('POST / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi');
  await once(socket, 'close');
  assert.match(await answer, /^HTTP\/1\.1 200 OK/);
  assert.doesNotMatch(upstream.received[0]!, /expect/i);
});
