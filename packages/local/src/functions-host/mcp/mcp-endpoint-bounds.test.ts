import assert from 'node:assert/strict';
import { request as openRequest } from 'node:http';
import { connect } from 'node:net';
import { test, type TestContext } from 'node:test';
import { createFrontEndToken } from '../http/request-sender.js';
import { HttpServer } from '../http/http-server.js';
import { commonJs, createSampleApp } from '../test-support/sample-app.js';
import { AppContext } from '../worker/app-context.js';
import type { FunctionMetadata, ProgrammingModel } from '../worker/core-types.js';
import type { HostAnswer } from '../worker/host-protocol.js';
import { McpCatalog } from './mcp-catalog.js';
import { createMcpEndpoint } from './mcp-endpoint.js';
import { until } from '@certgate/x509/test-support/until.js';

const usual = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' };
const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}';

test('bodies come with their length or in chunks, and none is read beyond its limit', async (context) => {
  const text = `app.mcpTool('size', { toolName: 'size', toolProperties: [], handler: (call) => String(call.arguments.a.length) });`;
  const { url } = await (await createSampleApp(context, commonJs(text))).start();
  const post = (body: string): Promise<number> => postTo(`${url}/runtime/webhooks/mcp`, [body], true);
  assert.equal(await postTo(`${url}/runtime/webhooks/mcp`, [ping.slice(0, 5), ping.slice(5)], false), 200);
  const params = { name: 'size', arguments: { a: 'a'.repeat(3_000_000) } };
  assert.equal(await post(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })), 200);
  const tooLarge = ' '.repeat(4_194_305);
  assert.equal(await post(tooLarge), 413);
  assert.equal(await postTo(`${url}/runtime/webhooks/mcp`, [tooLarge], false), 413);
  // The connection isn't closed within the body, because the sender could then lose the answer.
  const chunks = Array.from({ length: 12 }, () => ' '.repeat(1_000_000));
  assert.equal(await postTo(`${url}/runtime/webhooks/mcp`, chunks, false), 413);
});

function postTo(url: string, chunks: readonly string[], hasLength: boolean): Promise<number> {
  const framing = hasLength ? { 'content-length': Buffer.byteLength(chunks.join('')) } : {};
  return new Promise((resolve, reject) => {
    const request = openRequest(url, { method: 'POST', headers: { ...usual, ...framing } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.once('error', reject);
    for (const chunk of chunks) request.write(chunk);
    request.end();
  });
}

/** Starts only the endpoint, with a tool that answers when the test tells it to. */
async function startWaiting(
  context: TestContext,
  maximumOpenRequests: number,
): Promise<{ readonly url: string; readonly answers: HostAnswer[]; readonly waiting: (() => void)[] }> {
  const app = new AppContext('/', () => undefined);
  const waiting: (() => void)[] = [];
  const bindings = { call: { type: 'mcpToolTrigger', direction: 'in', toolName: 'wait' } };
  const metadata: FunctionMetadata = { name: 'wait', bindings };
  app.functions.set('wait', { metadata, callback: () => new Promise<void>((resolve) => waiting.push(resolve)) });
  app.programmingModel = waitingModel;
  const answers: HostAnswer[] = [];
  const server = new HttpServer((answer) => answers.push(answer));
  const port = await server.listen(0, { frontEndToken: createFrontEndToken(), unsafeDirectHeader: true });
  context.after(() => {
    server.close();
  });
  const catalog = new McpCatalog(app.functions.values());
  const own = { serverName: 'a', serverVersion: '1' };
  const mcp = createMcpEndpoint(catalog, own, { app, durable: undefined }, maximumOpenRequests);
  server.serve({ app, routes: [], streamingUri: undefined, mcp });
  return { url: `http://127.0.0.1:${port}/runtime/webhooks/mcp`, answers, waiting };
}

const waitingModel: ProgrammingModel = {
  name: 'test',
  version: '1',
  getInvocationModel: () => ({
    getArguments: () => Promise.resolve({ context: {}, inputs: [] }),
    invokeFunction: (_context, _inputs, handler) => Promise.resolve(handler()),
    getResponse: () => Promise.resolve({ returnValue: null }),
  }),
};

const wait = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"wait"}}';

test('more open requests than allowed are refused until some have ended', async (context) => {
  const { url, waiting } = await startWaiting(context, 2);
  const post = (body: string, signal?: AbortSignal): Promise<Response> =>
    fetch(url, { method: 'POST', headers: { ...usual, connection: 'close' }, body, signal: signal ?? null });
  const open = [post(wait), post(wait)];
  await until(() => waiting.length === 2);
  assert.equal((await post(ping)).status, 429);
  for (const answer of waiting.splice(0)) answer();
  assert.deepEqual(
    (await Promise.all(open)).map(({ status }) => status),
    [200, 200],
  );
  assert.equal((await post(ping)).status, 200);
});

test('a client that leaves within its body is no longer an open request', async (context) => {
  const { url, answers } = await startWaiting(context, 1);
  const { host, port } = new URL(url);
  const head = `POST /runtime/webhooks/mcp HTTP/1.1\r\nHost: ${host}\r\nAccept: */*\r\nContent-Type: application/json`;
  const bodies = ['Transfer-Encoding: chunked\r\n\r\n5\r\n{"jso\r\n', 'Content-Length: 1000\r\n\r\n{"jso'];
  for (const [index, body] of bodies.entries()) {
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => undefined).end(`${head}\r\n${body}`);
    await until(() => answers.length === index * 2 + 1);
    assert.equal(answers.at(-1)?.status, 'cut');
    assert.equal(await postTo(url, [ping], true), 200);
    await until(() => answers.length === index * 2 + 2);
  }
});

test('a client that leaves is reported, and its call stays open until the function has ended', async (context) => {
  const { url, waiting, answers } = await startWaiting(context, 1);
  const leaving = new AbortController();
  const post = (body: string, signal: AbortSignal | null): Promise<Response> =>
    fetch(url, { method: 'POST', headers: usual, body, signal });
  const gone = post(wait, leaving.signal).catch(() => undefined);
  await until(() => waiting.length === 1);
  leaving.abort();
  await gone;
  await until(() => answers.length === 1);
  assert.equal(answers[0]?.status, 'cut');
  assert.deepEqual(
    [answers[0].functionName, answers[0].mcp],
    ['wait', { method: 'tools/call', name: 'wait', failed: false }],
  );
  assert.equal((await post(ping, null)).status, 429);
  for (const answer of waiting.splice(0)) answer();
  assert.equal((await post(ping, null)).status, 200);
});
