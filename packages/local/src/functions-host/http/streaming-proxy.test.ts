import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as sendRequest, type IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { commonJs, shareSampleApp } from '../test-support/sample-app.js';
import { until } from '@certgate/x509/test-support/until.js';

const app = shareSampleApp(
  commonJs(`
  app.setup({ enableHttpStream: true });
  app.http('echo', { route: 'echo/{id}', methods: ['GET', 'POST', 'PUT'], handler: async (request, context) => ({
    status: 201, headers: { 'x-own': 'yes' }, cookies: [{ name: 'a', value: '1' }, { name: 'b', value: '2' }],
    jsonBody: { url: request.url, method: request.method, id: request.params.id, query: [...request.query],
      arr: request.headers.get('x-arr-clientcert'), invocation: context.invocationId, body: await request.text() } }) });
  app.http('size', { methods: ['GET', 'DELETE'], handler: async (request) => ({ jsonBody: {
    size: (await request.text()).length, method: request.method } }) });
  app.post('upper', (request) => ({ body: request.body.pipeThrough(new TransformStream({
    transform(chunk, controller) { controller.enqueue(Buffer.from(Buffer.from(chunk).toString().toUpperCase())); } })) }));
  app.http('throws', { handler: () => { throw new Error('boom'); } });
  app.http('nothing', { handler: () => undefined });
  app.http('text', { handler: () => 'text' });
  app.generic('noReturn', { trigger: { type: 'httpTrigger', name: 'req', authLevel: 'anonymous' }, handler: () => ({ body: 'lost' }) });
  let fail;
  const failing = new Promise((resolve, reject) => { fail = reject; });
  failing.catch(() => undefined);
  app.http('broken', { handler: () => ({ body: new ReadableStream({ start(c) { c.enqueue(Buffer.from('part')); failing.catch((e) => c.error(e)); } }) }) });
  app.http('break', { handler: () => { fail(new Error('midway')); return {}; } });
  app.hook.preInvocation((c) => {
    if (c.inputs[0].query.has('deny')) c.functionHandler = () => ({ status: 401 });
    if (c.inputs[0].query.has('fail')) throw new Error('hook');
  });
  app.http('fine', { handler: () => ({ body: 'fine' }) });
  app.http('arr', { handler: (request) => ({ body: String(request.headers.get('x-arr-clientcert')) }) });
  const seen = new Map();
  require('node:diagnostics_channel').subscribe('http.server.request.start', ({ request }) => {
    if (request.headers['x-ms-invocation-id']) seen.set(request.headers['x-ms-invocation-id'], request.headers['x-arr-clientcert']);
  });
  app.http('received', { handler: (request, context) => ({ body: seen.get(context.invocationId) }) });
  app.http('endless', { handler: () => ({ body: new ReadableStream({ async pull(c) { await new Promise((r) => setTimeout(r, 5)); c.enqueue(Buffer.from('x')); } }) }) });`),
);

test('with HTTP streaming, requests and responses are proxied to the worker', async () => {
  const { host } = app;
  assert.equal(host.streaming, true);
  const response = await fetch(`${host.url}/api/echo/a%20b?q=1&q=2`, {
    method: 'POST',
    body: 'text',
    headers: {
      'X-ARR-ClientCert': 'A',
      'x-ms-invocation-id': 'forged',
      'x-forwarded-host': 'forged.test',
      'x-forwarded-proto': 'https',
    },
  });
  assert.equal(response.status, 201);
  assert.equal(response.headers.get('x-own'), 'yes');
  assert.deepEqual(response.headers.getSetCookie(), ['a=1', 'b=2']);
  const seen = (await response.json()) as Record<string, unknown>;
  assert.equal(seen['url'], `https://127.0.0.1:${host.port}/api/echo/a%20b?q=1&q=2`);
  assert.equal(seen['method'], 'POST');
  assert.equal(seen['id'], 'a b');
  assert.deepEqual(seen['query'], [
    ['q', '1'],
    ['q', '2'],
  ]);
  assert.equal(seen['arr'], 'A');
  assert.notEqual(seen['invocation'], 'forged');
  assert.equal(seen['body'], 'text');
});

test('a body is framed whatever the method is, so that it is never read as the next request', async () => {
  const { host } = app;
  const second = 'GET /smuggled HTTP/1.1\r\nHost: h\r\nx-ms-invocation-id: forged\r\n\r\n';
  for (const [method, size] of [
    ['GET', 0],
    ['DELETE', second.length],
  ] as const) {
    for (const headers of [{ 'content-length': second.length }, { 'transfer-encoding': 'chunked' }]) {
      const outgoing = sendRequest(`${host.url}/api/size`, { method, headers });
      outgoing.end(second);
      const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
      assert.equal(incoming.statusCode, 200);
      const chunks = await incoming.toArray();
      assert.deepEqual(JSON.parse(Buffer.concat(chunks as Buffer[]).toString()), { size, method });
    }
  }
});

test('bodies stream in both directions', async () => {
  const { host } = app;
  const outgoing = sendRequest(`${host.url}/api/upper`, { method: 'POST' });
  outgoing.write('first');
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
  const chunks: string[] = [];
  incoming.on('data', (chunk: Buffer) => chunks.push(chunk.toString()));
  await until(() => chunks.join('') === 'FIRST');
  outgoing.end('second');
  await once(incoming, 'end');
  assert.equal(chunks.join(''), 'FIRSTSECOND');
});

test('a handler that throws or returns nothing gets a 500, and nothing hangs', async () => {
  const { host } = app;
  for (const name of ['throws', 'nothing', 'text', 'noReturn', 'fine?fail']) {
    const response = await fetch(`${host.url}/api/${name}`);
    assert.deepEqual([response.status, await response.text()], [500, ''], name);
    const withBody = await fetch(`${host.url}/api/${name}`, { method: 'POST', body: '{"a":1}' });
    assert.equal(withBody.status, 500, name);
  }
  const broken = await fetch(`${host.url}/api/broken`);
  const reader = broken.body?.getReader();
  assert.equal(Buffer.from((await reader?.read())?.value ?? []).toString(), 'part');
  await fetch(`${host.url}/api/break`);
  await assert.rejects(async () => reader?.read());
  assert.equal((await fetch(`${host.url}/api/fine?deny`)).status, 401);
  assert.equal(await (await fetch(`${host.url}/api/fine`)).text(), 'fine');
});

test("a caller's values hide the headers in trigger metadata, as behind the real host", async () => {
  const { host } = app;
  const headers = { 'X-ARR-ClientCert': 'true one', 'content-type': 'application/json' };
  const viaBody = await fetch(`${host.url}/api/arr`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ Headers: { 'x-arr-clientcert': 'forged' } }),
  });
  assert.equal(await viaBody.text(), 'forged');
  const lowerCase = await fetch(`${host.url}/api/arr`, { method: 'POST', headers, body: '{ "headers": {} }' });
  assert.equal(await lowerCase.text(), 'null');
  const query = new URLSearchParams({ Headers: '{"x-arr-clientcert":"forged"}' });
  const viaQuery = await fetch(`${host.url}/api/arr?${query.toString()}`, { headers });
  assert.equal(await viaQuery.text(), 'forged');
  assert.equal(await (await fetch(`${host.url}/api/arr`, { headers })).text(), 'true one');
});

test('the true header reaches the server that the library opened', async () => {
  const { host } = app;
  const response = await fetch(`${host.url}/api/received?Headers={}`, { headers: { 'X-ARR-ClientCert': 'true one' } });
  assert.equal(await response.text(), 'true one');
});

test('a client that leaves while its answer streams causes no failure', async () => {
  const { host } = app;
  const leaving = new AbortController();
  const response = await fetch(`${host.url}/api/endless`, { signal: leaving.signal });
  await response.body?.getReader().read();
  leaving.abort();
  assert.equal(await (await fetch(`${host.url}/api/fine`)).text(), 'fine');
});
