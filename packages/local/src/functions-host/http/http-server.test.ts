import assert from 'node:assert/strict';
import { createConnection } from 'node:net';
import { test } from 'node:test';
import type { FunctionsHost } from '../functions-host.js';
import { commonJs, createSampleApp, shareSampleApp } from '../test-support/sample-app.js';
import { until } from '@certgate/x509/test-support/until.js';

const echo = `async (request, context) => ({ jsonBody: {
  url: request.url, method: request.method, params: { ...request.params }, query: [...request.query],
  headers: Object.fromEntries(request.headers), body: await request.text() } })`;

const usual = shareSampleApp(
  commonJs(`
  app.http('h', { methods: ['head', 'GET'], handler: () => ({ body: 'x', headers: { 'x-own': '1' } }) });
  app.get('g', () => ({}));
  app.get('echo', ${echo});
  app.post('size', async (request) => {
    const bytes = Buffer.from(await request.arrayBuffer());
    return { jsonBody: [bytes.length, bytes.subarray(0, 3).toString('hex')] };
  });
  const results = {
    full: () => ({ status: 418, body: 'pot', headers: { 'x-own': 'own', 'transfer-encoding': 'chunked', 'content-length': '999' }, cookies: [
      { name: 'a', value: "c;d'!", sameSite: 'Strict', secure: true, httpOnly: true, maxAge: 60, domain: 'example.test', path: '/x', expires: new Date(0 + 1e12) },
      { name: 'plain', value: '1' }] }),
    bytes: () => ({ body: Buffer.from([0, 255]) }),
    nothing: () => undefined,
    empty: () => ({}),
    unchanged: () => ({ status: 304 }),
    text: () => 'not an object',
    status: () => ({ status: 99 }),
    beyondAscii: () => ({ headers: { 'x-own': 'é' } }),
    cookieName: () => ({ cookies: [{ name: 'a b', value: '' }] }),
    cookieAge: () => ({ cookies: [{ name: 'a', value: '', maxAge: -1 }] }),
    thrown: () => { throw new Error('secret detail'); },
    frozen: () => { throw Object.freeze(new Error('frozen')); },
    rejected: async () => { throw 'a string'; } };
  for (const [name, handler] of Object.entries(results)) app.get(name, handler);
  let release;
  const gate = new Promise((resolve) => { release = resolve; });
  app.get('slow', async () => { console.log('slow runs'); await gate; return { body: 'slow' }; });
  app.get('open', () => { release(); return { body: 'open' }; });`),
);
/** A function that takes every path below the prefix. */
const catchingAll = shareSampleApp(commonJs(`app.http('echo', { route: '{*rest}', handler: ${echo} });`));

test('the host itself answers what no function serves', async (context) => {
  const sample = await createSampleApp(context, {
    ...commonJs(`app.get('a', { route: '{*rest}', handler: () => ({ body: 'caught' }) });`),
    'host.json': '{ "version": "2.0", "extensions": { "http": { "routePrefix": "" } } }',
  });
  const host = await sample.start();
  const statusAndBody = async (path: string, method = 'GET'): Promise<[number, string]> => {
    const response = await fetch(host.url + path, { method });
    return [response.status, await response.text()];
  };
  assert.deepEqual(await statusAndBody('/some/where'), [200, 'caught']);
  assert.deepEqual(await statusAndBody('/some/where', 'POST'), [404, '']);
  for (const path of [
    '/admin',
    '/admin/host/status',
    '/ADMIN/x',
    '/runtime/webhooks/x',
    '/%61dmin/x',
    '/x/../admin/y',
  ]) {
    assert.deepEqual(await statusAndBody(path), [404, ''], path);
  }
  assert.deepEqual(await statusAndBody('/administrators'), [200, 'caught']);
});

test('the home page is at the root, and HEAD is served only if the methods allow it', async () => {
  const { host } = usual;
  assert.equal((await fetch(host.url)).status, 200);
  const head = await fetch(`${host.url}/api/h`, { method: 'HEAD' });
  assert.deepEqual([head.status, head.headers.get('x-own'), await head.text()], [200, '1', '']);
  assert.equal((await fetch(`${host.url}/api/g`, { method: 'HEAD' })).status, 404);
});

test('headers arrive as the real host passes them on', async () => {
  const { host } = usual;
  const raw = await exchangeRaw(
    host,
    'GET /api/echo HTTP/1.1\r\nHost: example.test\r\nX-ARR-ClientCert: A\r\nx-arr-clientcert:   B \r\nX-Empty:\r\nX-Empty: A\r\n' +
      'Authorization: one\r\nAuthorization: two\r\n__proto__: p\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n',
  );
  const seen = JSON.parse(raw.slice(raw.indexOf('\r\n\r\n'))) as { url: string; headers: Record<string, string> };
  assert.equal(seen.url, 'https://example.test/api/echo');
  assert.equal(seen.headers['x-arr-clientcert'], 'A,B');
  assert.equal(seen.headers['x-empty'], ',A');
  assert.equal(seen.headers['authorization'], 'one,two');
});

test('requests that the real server refuses never reach a function', async () => {
  const { host } = catchingAll;
  const status = async (head: string): Promise<string> =>
    (await exchangeRaw(host, `${head}\r\nConnection: close\r\n\r\n`)).slice(9, 12);
  const many = Array.from({ length: 100 }, (_, index) => `X-${index}: 1`).join('\r\n');
  assert.equal(await status('GET /api/x HTTP/1.1\r\nHost: h'), '200');
  assert.equal(await status(`GET /api/x HTTP/1.1\r\nHost: h\r\n${many}`), '431');
  assert.equal(await status(`GET /api/${'x'.repeat(8192)} HTTP/1.1\r\nHost: h`), '414');
  assert.equal(await status(`GET /api/${'x'.repeat(8000)} HTTP/1.1\r\nHost: h\r\nX: ${'x'.repeat(32_000)}`), '200');
  assert.equal(await status(`GET /api/x HTTP/1.1\r\nHost: h\r\nX: ${'x'.repeat(33_000)}`), '431');
  assert.equal(await status('GET /api/%00 HTTP/1.1\r\nHost: h'), '400');
  assert.equal(await status('GET /api/x HTTP/1.1\r\nHost: h/evil'), '400');
  assert.equal(await status('GET /api/x HTTP/1.1\r\nHost: a\r\nHost: b'), '400');
  assert.equal(await status('GET /x/../api/%2e%2E/admin/host HTTP/1.1\r\nHost: h'), '404');
  assert.equal(await status('GET /api/x HTTP/1.1\r\nHost: h\r\nX: \xff'), '400');
  assert.equal(await status('POST /api/x HTTP/1.1\r\nHost: h\r\nContent-Length: 104857601'), '500');
  assert.equal(await status('GET http://h/api/x HTTP/1.1\r\nHost: h:80'), '200');
  assert.equal(await status('GET http://other/api/x HTTP/1.1\r\nHost: h'), '400');
});

test('a header value with line breaks is refused with an explanation in the answer and in the log', async () => {
  const { host, logs } = catchingAll;
  for (const lineEnd of ['\n', '\r\n']) {
    const before = logs.length;
    const certificate = ['MIIBszCC', 'AVmgAwIB', 'AgIUQ2Vy'].join(lineEnd);
    const answer = await exchangeRaw(
      host,
      `GET /api/x HTTP/1.1\r\nHost: h\r\nX-ARR-ClientCert: ${certificate}\r\n\r\n`,
    );
    assert.match(answer, /^HTTP\/1\.1 400 [\s\S]*line breaks[\s\S]*certgate certificate header <file>/);
    const lines = logs.slice(before).map(({ message }) => message);
    assert.match(lines.join('\n'), /400 Bad Request: .*no function got it.*line breaks.*HPE_/);
    assert.doesNotMatch(lines.join('\n') + answer, /MIIB/);
  }
});

test('bodies arrive as bytes, large ones too, and chunked ones as empty, as from the real host', async () => {
  const { host } = usual;
  const post = async (body: Uint8Array | ReadableStream): Promise<unknown> =>
    (await fetch(`${host.url}/api/size`, { method: 'POST', body, duplex: 'half' })).json();
  assert.deepEqual(await post(Buffer.from('00ff80', 'hex')), [3, '00ff80']);
  assert.deepEqual(await post(Buffer.alloc(20_000_000, 1)), [20_000_000, '010101']);
  assert.deepEqual(await post(new Blob(['abc']).stream()), [0, '']);
  await until(() => usual.logs.some(({ message }) => message.includes('chunked')));
});

test("responses have the app's status, headers and cookies, and a missing or wrong result is handled", async () => {
  const { host, logs } = usual;
  const get = (name: string): Promise<Response> => fetch(`${host.url}/api/${name}`);
  const full = await get('full');
  assert.equal(full.status, 418);
  assert.equal(await full.text(), 'pot');
  assert.equal(full.headers.get('x-own'), 'own');
  assert.deepEqual(full.headers.getSetCookie(), [
    'a=c%3Bd%27%21; expires=Sun, 09 Sep 2001 01:46:40 GMT; max-age=60; domain=example.test; path=/x; secure; samesite=strict; httponly',
    'plain=1; path=/',
  ]);
  assert.deepEqual(new Uint8Array(await (await get('bytes')).arrayBuffer()), new Uint8Array([0, 255]));
  assert.equal((await get('nothing')).status, 204);
  assert.equal((await get('empty')).status, 200);
  assert.equal((await get('unchanged')).status, 304);
  for (const name of ['text', 'status', 'beyondAscii', 'cookieName', 'cookieAge', 'thrown', 'frozen', 'rejected']) {
    const failed = await get(name);
    assert.deepEqual([failed.status, await failed.text()], [500, ''], name);
  }
  await until(() =>
    logs.some(
      ({ source, level, functionName, message }) =>
        source === 'host' && level === 'error' && functionName === 'thrown' && message.includes('secret detail'),
    ),
  );
});

test("concurrent requests don't wait for each other, and a client that leaves disturbs no other", async () => {
  const { host, logs } = usual;
  const leaving = new AbortController();
  const left = fetch(`${host.url}/api/slow`, { signal: leaving.signal });
  const slow = fetch(`${host.url}/api/slow`);
  await until(() => logs.filter(({ message }) => message === 'slow runs').length === 2);
  leaving.abort();
  await assert.rejects(left);
  assert.equal(await (await fetch(`${host.url}/api/open`)).text(), 'open');
  assert.equal(await (await slow).text(), 'slow');
});

/** Sends the request as the gateway does, so that `Host` may be anything. */
async function exchangeRaw({ port, frontEndField }: FunctionsHost, text: string): Promise<string> {
  const socket = createConnection(port, '127.0.0.1');
  const fromFrontEnd = text.replace('\r\n', `\r\n${frontEndField.name}: ${frontEndField.value}\r\n`);
  socket.write(Buffer.from(fromFrontEnd, 'latin1'));
  let answer = '';
  for await (const chunk of socket as AsyncIterable<Buffer>) answer += chunk.toString('latin1');
  return answer;
}
