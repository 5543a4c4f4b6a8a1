import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import type { FunctionsHost, HostAnswer, HostLogLine } from '../functions-host.js';
import { commonJs, createSampleApp, shareSampleApp } from '../test-support/sample-app.js';
import { until } from '@certgate/x509/test-support/until.js';

/*
 * The expectations follow Azure/azure-functions-mcp-extension 1.6.0 (src/…/Http/StreamableHttpRequestHandler.cs,
 * McpWebJobsBuilderExtensions.cs, test/Extensions.Mcp.Tests/StreamableHttpRequestHandlerTests.cs,
 * test/Worker.Mcp.E2ETests/ProtocolTests) and the C# SDK v0.4.0-preview.3 (Server/McpServerImpl.cs,
 * McpSessionHandler.cs).
 */

const appText = `
const { arg, promptArg, McpContentBlock, McpImageContent } = require('@azure/functions');
class Refusal extends McpContentBlock {
  constructor() { super(); this.type = 'call_tool_result'; }
  toJSON() { return { content: [{ type: 'text', text: 'refused' }], isError: true }; }
}
app.mcpTool('hello', { toolName: 'hello', description: 'Says hello', toolProperties: { who: arg.string().describe('Whom') },
  handler: ({ arguments: given }) => 'hello ' + given.who });
app.mcpTool('echo', { toolName: 'echo', toolProperties: [], handler: (call, context) => ({ call, metadata: context.triggerMetadata }) });
app.mcpTool('image', { toolName: 'image', toolProperties: [], handler: () => new McpImageContent({ data: 'AQID', mimeType: 'image/png' }) });
app.mcpTool('nothing', { toolName: 'nothing', toolProperties: [], handler: () => undefined });
app.mcpTool('refuse', { toolName: 'refuse', toolProperties: [], handler: () => new Refusal() });
app.mcpTool('fail', { toolName: 'fail', toolProperties: [], handler: () => { throw new Error('the secret reason'); } });
app.mcpTool('stored', { toolName: 'stored', toolProperties: [], handler: () => 'ran',
  extraInputs: [input.storageBlob({ path: 'p', connection: 'c' })] });
app.mcpResource('readme', { uri: 'file://readme.md', resourceName: 'readme', mimeType: 'text/markdown', handler: ({ uri }) => 'of ' + uri });
app.mcpResource('user', { uri: 'user://{id}', resourceName: 'user', mimeType: 'a/b', handler: (call, context) => Buffer.from(String(context.triggerMetadata.id)) });
app.mcpResource('broken', { uri: 'file://broken', resourceName: 'broken', handler: () => ({ no: 'text' }) });
app.mcpPrompt('greet', { promptName: 'greet', promptArguments: { who: promptArg.describe('whom').isRequired() },
  handler: (call) => 'Greet ' + call.arguments.who + ' in ' + call.sessionId });
app.mcpPrompt('throws', { promptName: 'throws', promptArguments: [], handler: () => { throw new Error('the secret reason'); } });
app.get('plain', () => ({ body: 'of HTTP' }));`;

interface McpSample {
  readonly host: FunctionsHost;
  readonly logs: readonly HostLogLine[];
  readonly answers: HostAnswer[];
}

/** An app for the tests that need neither its reports nor an option of their own. */
const shared = shareSampleApp(commonJs(appText));

async function startSample(context: TestContext, text: string = appText, hostJson?: string): Promise<McpSample> {
  const sample = await createSampleApp(context, {
    ...commonJs(text),
    ...(hostJson === undefined ? {} : { 'host.json': hostJson }),
  });
  const answers: HostAnswer[] = [];
  const host = await sample.start({ onAnswer: (answer) => answers.push(answer) });
  return { host, logs: sample.logs, answers };
}

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

const usual = { accept: 'application/json, text/event-stream', 'content-type': 'application/json' };

async function send(
  { host }: Pick<McpSample, 'host'>,
  { method = 'POST', path = '', headers = usual, body }: Sent,
): Promise<Response> {
  return fetch(`${host.url}/runtime/webhooks/mcp${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
}

async function call(
  sample: Pick<McpSample, 'host'>,
  method: string,
  params?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ result?: unknown; error?: unknown }> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
  const response = await send(sample, { headers: { ...usual, ...headers }, body });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), 'text/event-stream');
  return readEvent(await response.text());
}

function readEvent(text: string): { result?: unknown; error?: unknown } {
  const event = /^event: message\ndata: (.+)\n\n$/.exec(text)?.[1];
  assert.ok(event !== undefined, text);
  const { id, jsonrpc, ...answer } = JSON.parse(event) as Record<string, unknown>;
  assert.deepEqual([id, jsonrpc], [1, '2.0']);
  return answer;
}

const client = { protocolVersion: '2025-03-26', capabilities: {}, clientInfo: { name: 't', version: '1' } };

test("initialize answers with versions, capabilities, the server's name, and a separate session for each client", async (context) => {
  const sample = shared;
  const initialize = async (more: object, headers: object = {}): Promise<[string | null, unknown]> => {
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { ...client, ...more } });
    const response = await send(sample, { headers: { ...usual, ...headers }, body });
    return [response.headers.get('mcp-session-id'), readEvent(await response.text()).result];
  };
  const expected = (protocolVersion: string): object => ({
    protocolVersion,
    capabilities: { logging: {}, prompts: {}, resources: {}, tools: {} },
    serverInfo: { name: 'Azure Functions MCP server', version: '1.0.0' },
  });
  for (const version of ['2024-11-05', '2025-03-26', '2025-06-18']) {
    assert.deepEqual((await initialize({ protocolVersion: version }))[1], expected(version));
  }
  assert.deepEqual((await initialize({ protocolVersion: '2025-11-25' }))[1], expected('2025-06-18'));
  const [[first], [second]] = [await initialize({}), await initialize({})];
  assert.ok(first !== null && second !== null && first !== second);
  assert.equal((await initialize({}, { 'mcp-session-id': first }))[0], null);

  const named = await startSample(
    context,
    appText,
    '{"version":"2.0","extensions":{"mcp":{"serverName":"Orders","serverVersion":"2.1.0","instructions":"Be kind."}}}',
  );
  assert.deepEqual((await call(named, 'initialize', client)).result, {
    ...expected('2025-03-26'),
    serverInfo: { name: 'Orders', version: '2.1.0' },
    instructions: 'Be kind.',
  });
});

test('sessions have no state: every method is served with a token, without one, and before initialize', async () => {
  const sample = shared;
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: client });
  const session = (await send(sample, { body })).headers.get('mcp-session-id') ?? '';
  const prompt = { name: 'greet', arguments: { who: 'Ann' } };
  const text = (greeting: string): object => ({
    result: { messages: [{ content: { type: 'text', text: greeting }, role: 'user' }] },
  });
  assert.deepEqual(
    await call(sample, 'prompts/get', prompt, { 'mcp-session-id': session }),
    text(`Greet Ann in ${session}`),
  );
  assert.deepEqual(await call(sample, 'prompts/get', prompt), text('Greet Ann in undefined'));
  assert.deepEqual(await call(sample, 'ping', undefined, { 'mcp-session-id': '' }), { result: {} });
  for (const token of ['x', 'a|b', `${session}x`, '__proto__']) {
    const response = await send(sample, { headers: { ...usual, 'mcp-session-id': token }, body });
    assert.equal(response.status, 400);
    assert.deepEqual(await response.json(), {
      error: { code: -32000, message: 'Invalid client state.' },
      id: '',
      jsonrpc: '2.0',
    });
  }
});

for (const setup of ['', 'app.setup({ enableHttpStream: true });']) {
  test(`tools, resources and prompts are called${setup === '' ? '' : ', with HTTP streaming'}`, async (context) => {
    const sample = setup === '' ? shared : await startSample(context, `${setup}${appText}`);
    assert.equal(sample.host.streaming, setup !== '');
    const { tools } = (await call(sample, 'tools/list')).result as { tools: { name: string }[] };
    assert.deepEqual(
      tools.map(({ name }) => name),
      ['echo', 'fail', 'hello', 'image', 'nothing', 'refuse', 'stored'],
    );
    const use = (name: string, given?: object): Promise<unknown> =>
      call(sample, 'tools/call', { name, arguments: given });
    const textOf = (text: string, more: object = {}): object => ({
      result: { content: [{ type: 'text', text }], ...more },
    });
    assert.deepEqual(await use('hello', { who: 'Ann' }), textOf('hello Ann'));
    assert.deepEqual(await use('HELLO', { who: 'Bob' }), textOf('hello Bob'));
    assert.deepEqual(await use('image'), {
      result: { content: [{ type: 'image', data: 'AQID', mimeType: 'image/png' }] },
    });
    assert.deepEqual(await use('nothing'), { result: { content: [] } });
    assert.deepEqual(await use('refuse'), textOf('refused', { isError: true }));
    assert.deepEqual(await use('fail'), textOf("An error occurred invoking 'fail'.", { isError: true }));
    const readOne = (uri: string): Promise<unknown> => call(sample, 'resources/read', { uri });
    assert.deepEqual(await readOne('FILE://readme.md'), {
      result: { contents: [{ uri: 'FILE://readme.md', mimeType: 'text/markdown', text: 'of FILE://readme.md' }] },
    });
    assert.deepEqual(await readOne('user://x7'), {
      result: { contents: [{ uri: 'user://x7', mimeType: 'a/b', blob: Buffer.from('x7').toString('base64') }] },
    });
    const failed = { error: { code: -32603, message: 'An error occurred.' } };
    assert.deepEqual(await readOne('file://broken'), failed);
    assert.deepEqual(await call(sample, 'prompts/get', { name: 'throws' }), failed);
    assert.equal(await (await fetch(`${sample.host.url}/api/plain`)).text(), 'of HTTP');
    const secret = sample.logs.filter(
      ({ level, message }) => level === 'error' && message.includes('the secret reason'),
    );
    assert.deepEqual(secret.map(({ functionName }) => functionName).sort(), ['fail', 'throws']);
  });
}

test('a mistake of a client is a JSON-RPC error, and no function is called', async (context) => {
  const sample = await startSample(context);
  const invalid = (message: string): object => ({ error: { code: -32602, message } });
  const failed = { error: { code: -32603, message: 'An error occurred.' } };
  const missing = 'are missing values. Please provide: who';
  const table: readonly (readonly [method: string, params: unknown, expected: object])[] = [
    ['tools/call', { name: 'nope' }, invalid("Unknown tool: 'nope'")],
    ['tools/call', { name: '__proto__' }, invalid("Unknown tool: '__proto__'")],
    ['tools/call', { name: 'greet' }, invalid("Unknown tool: 'greet'")],
    ['tools/call', undefined, invalid("Unknown tool: ''")],
    ['tools/call', null, invalid("Unknown tool: ''")],
    ['tools/call', {}, failed],
    ['tools/call', [], failed],
    ['tools/call', 'hello', failed],
    ['tools/call', { name: 1 }, failed],
    ['tools/call', { name: 'echo', arguments: [] }, failed],
    ['tools/call', { name: 'hello' }, invalid(`One or more required tool properties ${missing}`)],
    [
      'tools/call',
      { name: 'hello', arguments: { who: null } },
      invalid(`One or more required tool properties ${missing}`),
    ],
    [
      'tools/call',
      { name: 'hello', arguments: { Who: 'a' } },
      invalid(`One or more required tool properties ${missing}`),
    ],
    ['prompts/get', { name: 'greet' }, invalid(`One or more required prompt arguments ${missing}`)],
    ['prompts/get', { name: 'hello' }, invalid("Unknown prompt: 'hello'")],
    ['resources/read', { uri: 'file://other' }, invalid("Unknown resource: 'file://other'")],
    ['resources/read', { uri: 'other' }, failed],
    ['resources/read', { name: 'file://readme.md' }, failed],
    ['tools/list', [], failed],
    ['completion/complete', {}, { error: { code: -32601, message: "Method 'completion/complete' is not available." } }],
    ['toString', {}, { error: { code: -32601, message: "Method 'toString' is not available." } }],
    ['logging/setLevel', { level: 'debug' }, { result: {} }],
  ];
  for (const [method, params, expected] of table) {
    assert.deepEqual(await call(sample, method, params), expected, `${method} ${JSON.stringify(params)}`);
  }
  await until(() => sample.answers.length === table.length);
  assert.ok(sample.answers.every(({ functionName }) => functionName === undefined));
});

test('bodies that are not MCP messages are refused', async () => {
  const sample = shared;
  const ping = '{"jsonrpc":"2.0","id":1,"method":"ping"}';
  const statusOf = async (sent: Sent): Promise<number> => (await send(sample, sent)).status;
  for (const method of ['GET', 'DELETE', 'PUT', 'PATCH', 'OPTIONS'])
    assert.equal(await statusOf({ method }), 405, method);
  for (const accept of ['application/json', 'text/event-stream', 'text/html']) {
    const response = await send(sample, { headers: { ...usual, accept }, body: ping });
    assert.equal(response.status, 406, accept);
    const message = 'Not Acceptable: Client must accept both application/json and text/event-stream';
    assert.deepEqual(await response.json(), { error: { code: -32000, message }, id: '', jsonrpc: '2.0' });
  }
  assert.equal(await statusOf({ headers: { ...usual, accept: '*/*' }, body: ping }), 200);
  const nothing = await send(sample, { body: 'null' });
  assert.equal(nothing.status, 400);
  assert.match(await nothing.text(), /did not contain a valid JSON-RPC message/);
  for (const body of ['', '{', '[]', `[${ping}]`, '{"jsonrpc":"2.0","id":null,"method":"ping"}']) {
    assert.equal(await statusOf({ body }), 500, body);
  }
  assert.equal(await statusOf({ headers: { ...usual, 'content-type': 'text/plain' }, body: ping }), 500);
  const { clientInfo, ...unnamed } = client;
  assert.equal(clientInfo.name, 't');
  assert.equal(
    await statusOf({ body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: unnamed }) }),
    500,
  );
  assert.ok(
    sample.logs.some(({ level, message }) => level === 'warning' && message.includes('batches are not supported')),
  );
  const notified = await send(sample, { body: '{"jsonrpc":"2.0","method":"notifications/initialized"}' });
  assert.deepEqual([notified.status, notified.headers.get('content-type'), await notified.text()], [202, null, '']);
});

test('the legacy transport is refused with the reason, on every path on which the extension serves it', async () => {
  const sample = shared;
  const paths = [
    ['GET', '/sse'],
    ['POST', '/message?azmcpcs=x'],
    ['GET', '/SSE/'],
    ['POST', '/x/message'],
  ] as const;
  for (const [method, path] of paths) {
    const response = await send(sample, { method, path });
    assert.equal(response.status, 501, path);
    assert.match(await response.text(), /legacy SSE transport.*streamable HTTP/s);
  }
  const other = await send(sample, { path: '/other', body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' });
  assert.equal(other.status, 200);
});

test('an app without an MCP function has no endpoint', async (context) => {
  const sample = await startSample(context, `app.get('all', { route: '{*rest}', handler: () => ({}) });`);
  assert.equal((await send(sample, { body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' })).status, 404);
});

test('each answer is reported: what was called, which function ran, and whether it failed', async (context) => {
  const sample = await startSample(context);
  await call(sample, 'tools/call', { name: 'HELLO', arguments: { who: 'Ann' } });
  await call(sample, 'tools/call', { name: 'refuse' });
  await call(sample, 'resources/read', { uri: 'user://9' });
  await call(sample, 'tools/list');
  await call(sample, 'x'.repeat(500));
  await until(() => sample.answers.length === 5);
  const reported = sample.answers.map(({ method, path, status, functionName, mcp }) => {
    assert.deepEqual([method, path, status], ['POST', '/runtime/webhooks/mcp', 200]);
    return [functionName, mcp];
  });
  assert.deepEqual(reported, [
    ['hello', { method: 'tools/call', name: 'HELLO', failed: false }],
    ['refuse', { method: 'tools/call', name: 'refuse', failed: true }],
    ['user', { method: 'resources/read', name: 'user://9', failed: false }],
    [undefined, { method: 'tools/list', failed: false }],
    [undefined, { method: `${'x'.repeat(256)}…`, failed: true }],
  ]);
  assert.ok(sample.answers[0]?.correlationId !== undefined);
});

test("a function with an input that this host can't supply is not called", async () => {
  const sample = shared;
  const text = "An error occurred invoking 'stored'.";
  assert.deepEqual(await call(sample, 'tools/call', { name: 'stored' }), {
    result: { content: [{ type: 'text', text }], isError: true },
  });
  assert.ok(
    sample.logs.some(({ functionName, message }) => functionName === 'stored' && /extra input "blob"/.test(message)),
  );
});

test('functions are described with their MCP names and their policies', async (context) => {
  const marks = `
    const coverage = { functions: new Map([['hello', { name: 'hello', kind: 'mcp', policy: { kind: 'anonymous' } }]]) };
    globalThis[Symbol.for('certgate/function-coverage/v1')] = new WeakMap([[require('@azure/functions-core'), coverage]]);
    globalThis[Symbol.for('certgate/gate/v1')] = {};
    app.mcpTool('hello', { toolName: 'say-hello', toolProperties: [], handler: () => 'a' });
    app.mcpResource('user', { uri: 'user://{id}', resourceName: 'user', handler: () => 'a' });
    app.mcpPrompt('greet', { promptName: 'say', promptArguments: [], handler: () => 'a' });`;
  const { host } = await startSample(context, marks);
  const closed = { kind: 'certificate', roles: [] };
  const base = { http: false, covered: 'gate' };
  const inputSchema = { type: 'object', properties: {}, required: [] };
  assert.deepEqual(host.functions, [
    { name: 'greet', triggerType: 'mcpPromptTrigger', ...base, mcp: { kind: 'prompt', name: 'say' }, policy: closed },
    {
      name: 'hello',
      triggerType: 'mcpToolTrigger',
      ...base,
      mcp: { kind: 'tool', name: 'say-hello', inputSchema },
      policy: { kind: 'anonymous' },
    },
    {
      name: 'user',
      triggerType: 'mcpResourceTrigger',
      ...base,
      mcp: { kind: 'resource', name: 'user://{id}' },
      policy: closed,
    },
  ]);
});
