import type { Answer, Row } from '../row.js';

const path = 'POST /runtime/webhooks/mcp';
const accept = ['Accept', 'application/json, text/event-stream'] as const;
const json = ['Content-Type', 'application/json'] as const;
/** In Azure, every MCP call needs the system key `mcp_extension`. */
const key = ['x-functions-key', 'the-system-key'] as const;

const ask = (method: string, params?: unknown): string => JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
const use = (name: string, given?: unknown): string => ask('tools/call', { name, arguments: given });

/** With streamable HTTP, each answer is one event. A call that failed also gets status 200. */
const answer = (members: object): Answer => ({ status: 200, event: { ...members, id: 1, jsonrpc: '2.0' } });
const result = (members: object): Answer => answer({ result: members });
const text = (words: string, more: object = {}): Answer =>
  result({ content: [{ type: 'text', text: words }], ...more });
const error = (code: number, message: string): Answer => answer({ error: { code, message } });
const refused = (status: number, message: string): Answer => ({
  status,
  sees: { error: { code: -32000, message }, id: '', jsonrpc: '2.0' },
});

const failed = error(-32603, 'An error occurred.');
const client = { protocolVersion: '2025-03-26', capabilities: {}, clientInfo: { name: 'client', version: '1' } };
const welcome = (protocolVersion: string): Answer =>
  result({
    protocolVersion,
    capabilities: { logging: {}, prompts: {}, resources: {}, tools: {} },
    serverInfo: { name: 'Orders', version: '1.0.0' },
    instructions: 'Ask first.',
  });
const hello = {
  name: 'Hello',
  description: 'Says hello',
  inputSchema: { type: 'object', properties: { who: { type: 'string', description: 'Whom' } }, required: ['who'] },
  _meta: { kind: 'greeting' },
};
const plain = (name: string): object => ({ name, inputSchema: { type: 'object', properties: {}, required: [] } });
const contents = (uri: string, mimeType: string | null, words: string): Answer =>
  result({ contents: [{ uri, mimeType, text: words }] });

// prettier-ignore
const rows: readonly (Omit<Row, 'app' | 'send'> & { readonly send?: string })[] = [
  // The endpoint.
  { name: 'MCP initializes with a version that both know', body: ask('initialize', client), azure: welcome('2025-03-26'), from: ['mcpOptions', 'sdkServer'] },
  { name: 'MCP initializes with a version that is too new', body: ask('initialize', { ...client, protocolVersion: '2025-11-25' }), azure: welcome('2025-06-18'), from: ['mcpOptions', 'sdkSession'] },
  { name: 'MCP initializes without a client', body: ask('initialize', { protocolVersion: '2025-03-26' }), azure: { status: 500, text: '' }, from: ['mcpEndpoint', 'sdkPost'] },
  { name: 'an MCP notification', body: '{"jsonrpc":"2.0","method":"notifications/initialized"}', azure: { status: 202, headers: { 'content-type': null }, text: '' }, from: 'mcpEndpoint' },
  { name: 'an MCP answer is a stream of events', body: ask('ping'), azure: { ...result({}), headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-cache,no-store' } }, from: ['mcpEndpoint', 'sdkServer'] },
  { name: 'MCP by GET', send: 'GET /runtime/webhooks/mcp', azure: { status: 405, text: '' }, from: 'mcpEndpoint' },
  { name: 'MCP by DELETE, which ends no session', send: 'DELETE /runtime/webhooks/mcp', azure: { status: 405, text: '' }, from: 'mcpEndpoint' },
  { name: 'MCP below its address', send: `${path}/other`, body: ask('ping'), azure: result({}), from: 'mcpRouting' },
  { name: 'MCP for a client that takes JSON alone', headers: [key, json, ['Accept', 'application/json']], body: ask('ping'), azure: refused(406, 'Not Acceptable: Client must accept both application/json and text/event-stream'), from: 'mcpEndpoint' },
  { name: 'MCP of another content type', headers: [key, accept, ['Content-Type', 'text/plain']], body: ask('ping'), azure: { status: 500, text: '' }, from: 'mcpEndpoint' },
  { name: 'MCP in chunks', body: { chunks: [ask('ping').slice(0, 9), ask('ping').slice(9)] }, azure: result({}), from: 'mcpEndpoint' },
  { name: 'MCP without JSON', body: 'a', azure: { status: 500, text: '' }, from: ['mcpEndpoint', 'sdkMessage'] },
  { name: 'MCP with null', body: 'null', azure: refused(400, 'Bad Request: The POST body did not contain a valid JSON-RPC message.'), from: 'mcpEndpoint' },
  { name: 'MCP in a batch', body: `[${ask('ping')}]`, azure: { status: 500, text: '' }, from: ['mcpEndpoint', 'sdkMessage'] },
  { name: 'MCP with an id of null', body: '{"jsonrpc":"2.0","id":null,"method":"ping"}', azure: { status: 500, text: '' }, from: 'sdkMessage' },
  { name: 'MCP with a token that is none', headers: [key, accept, json, ['Mcp-Session-Id', 'none']], body: ask('ping'), azure: { status: 500 }, from: ['mcpEndpoint', 'mcpState'], here: { ...refused(400, 'Invalid client state.'), difference: 'mcp-session-token' } },
  { name: 'MCP without the system key', headers: [accept, json], body: ask('ping'), azure: { status: 401 }, from: 'hostController', here: { ...result({}), difference: 'mcp-system-key' } },
  { name: 'a large message of MCP', body: { length: 4_194_305 }, azure: { status: 500 }, from: 'mcpEndpoint', here: { status: 413, difference: 'mcp-message-size' } },
  { name: 'the legacy transport of MCP', send: 'GET /runtime/webhooks/mcp/sse', azure: { status: 200, headers: { 'content-type': 'text/event-stream' } }, from: 'mcpSse', here: { status: 501, headers: { 'content-type': 'text/plain; charset=utf-8' }, difference: 'mcp-legacy-transport' } },
  { name: 'a method that MCP does not have here', body: ask('completion/complete', {}), azure: error(-32601, "Method 'completion/complete' is not available."), from: 'sdkSession' },

  // Tools, resources and prompts: the lists, and calls.
  { name: 'the list of tools', body: ask('tools/list'), azure: result({ tools: [
    ...['Header'].map(plain), hello, ...['Nothing', 'Number', 'Payload', 'Refused', 'Stored', 'Structured', 'Throws'].map(plain)] }), from: ['mcpTools', 'mcpSchema'] },
  { name: 'the list of resources', body: ask('resources/list'), azure: result({ resources: [
    { uri: 'file://object', name: 'Object' }, { uri: 'file://readme.md', name: 'Readme', mimeType: 'text/markdown' }, { uri: 'file://untyped', name: 'Untyped' }] }), from: 'mcpResources' },
  { name: 'the list of templates', body: ask('resources/templates/list'), azure: result({ resourceTemplates: [{ uriTemplate: 'user://{id}', name: 'User', mimeType: 'text/plain' }] }), from: 'mcpResources' },
  { name: 'the list of prompts', body: ask('prompts/list'), azure: result({ prompts: [{ name: 'Greet', description: 'Makes a greeting', arguments: [{ name: 'who', description: 'Whom', required: true }] }] }), from: 'mcpPrompts' },
  { name: 'a tool', body: use('Hello', { who: 'Ann' }), azure: text('hello Ann'), from: ['mcpMethods', 'mcpToolResult'] },
  { name: 'a tool in other letters', body: use('hello', { who: 'Ann' }), azure: text('hello Ann'), from: 'mcpTools' },
  { name: 'a tool by parameters in other letters', body: ask('tools/call', { NAME: 'Hello', Arguments: { who: 'Ann' } }), azure: text('hello Ann'), from: 'sdkJson' },
  { name: 'a tool that is not there', body: use('Other'), azure: error(-32602, "Unknown tool: 'Other'"), from: 'mcpMethods' },
  { name: 'a tool without its name', body: ask('tools/call', {}), azure: failed, from: ['sdkSession', 'sdkJson'] },
  { name: 'a tool without what it requires', body: use('Hello', { who: null }), azure: error(-32602, 'One or more required tool properties are missing values. Please provide: who'), from: 'mcpSchema' },
  { name: 'a tool and its structured content', body: use('Structured'), azure: text('one', { structuredContent: { count: 1 } }), from: 'mcpToolResult' },
  { name: 'a tool that returns nothing', body: use('Nothing'), azure: result({ content: [] }), from: 'mcpToolListener' },
  { name: 'a tool that says that it failed', body: use('Refused'), azure: text('refused', { isError: true }), from: 'mcpToolResult' },
  { name: 'a tool that throws', body: use('Throws'), azure: text("An error occurred invoking 'Throws'.", { isError: true }), from: ['mcpToolListener', 'sdkServer'] },
  { name: 'a tool with an input beside its trigger', body: use('Stored'), azure: text('ran'), from: 'libraryModel', here: { ...text("An error occurred invoking 'Stored'.", { isError: true }), difference: 'extra-bindings' } },
  { name: "a tool's payload", body: use('Payload', { a: 1 }), azure: text('{"name":"Payload","arguments":{"a":1},"transport":"http-streamable"}'), from: ['mcpBinding', 'mcpContext'] },
  { name: "a payload's session is its token as it was sent", headers: [key, accept, json, ['MCP-Session-Id', '']], body: use('Payload'), azure: text('{"name":"Payload","sessionid":"","transport":"http-streamable"}'), from: ['mcpBinding', 'mcpTransport'] },
  { name: 'a header of a payload, sent twice', headers: [key, accept, json, ['X-Own', 'a'], ['x-own', 'b']], body: use('Header', { like: 'x-own' }), azure: text('X-Own: a,b'), from: ['mcpTransport', 'kestrelHeaderNames'] },
  { name: 'a header of a payload, in a spelling that Kestrel does not keep', headers: [key, accept, json, ['uSER-aGENT', 'a']], body: use('Header', { like: 'user-agent' }), azure: text('User-Agent: a'), from: ['mcpTransport', 'kestrelHeaderNames'], here: { ...text('uSER-aGENT: a'), difference: 'mcp-header-names' } },
  { name: 'a number that JavaScript does not have', body: '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"Number","arguments":{"n":1e999}}}', azure: text('Infinity'), from: 'mcpContext', here: { ...text('null'), difference: 'mcp-numbers' } },
  { name: 'a resource', body: ask('resources/read', { uri: 'file://readme.md' }), azure: contents('file://readme.md', 'text/markdown', 'text of file://readme.md'), from: 'mcpResourceResult' },
  { name: 'a resource without a type', body: ask('resources/read', { uri: 'file://untyped' }), azure: contents('file://untyped', null, 'text'), from: ['mcpResourceResult', 'sdkContents'] },
  { name: 'a resource of a template', body: ask('resources/read', { uri: 'USER://x7' }), azure: contents('USER://x7', 'text/plain', 'user x7'), from: ['mcpResources', 'mcpUris'] },
  { name: 'a resource that is an object', body: ask('resources/read', { uri: 'file://object' }), azure: failed, from: ['mcpResourceResult', 'sdkSession'] },
  { name: 'a resource that is not there', body: ask('resources/read', { uri: 'file://other' }), azure: error(-32602, "Unknown resource: 'file://other'"), from: 'mcpMethods' },
  { name: 'a resource by what is not a URI', body: ask('resources/read', { uri: 'other' }), azure: failed, from: ['mcpUris', 'sdkSession'] },
  { name: 'a prompt', body: ask('prompts/get', { name: 'greet', arguments: { who: 'Ann' } }), azure: result({ messages: [{ content: { type: 'text', text: 'Greet Ann' }, role: 'user' }] }), from: 'mcpPromptResult' },
  { name: 'a prompt without what it requires', body: ask('prompts/get', { name: 'Greet' }), azure: error(-32602, 'One or more required prompt arguments are missing values. Please provide: who'), from: 'mcpPromptListener' },
];

export const mcp: readonly Row[] = rows.map((row) => ({
  headers: [key, accept, json],
  send: path,
  ...row,
  app: 'mcp',
}));
