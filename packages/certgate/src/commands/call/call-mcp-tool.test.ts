import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:https';
import { json } from 'node:stream/consumers';
import { TLSSocket } from 'node:tls';
import { after, before, describe, test } from 'node:test';
import { createTemporaryFolder } from '../../certificates/test-support/openssl.js';
import { runCertgate, type CommandRun } from '../certificate/test-support/run-certgate.js';
import { startTlsServer } from './test-support/tls-server.js';

interface McpReport {
  readonly status: number;
  readonly code: string | null;
  readonly certificate: { readonly subject: string } | null;
  readonly mcp: { readonly method: string; readonly result: unknown; readonly error: unknown };
}

interface Message {
  readonly id?: number;
  readonly method: string;
  readonly params?: { readonly name?: string; readonly arguments?: object; readonly protocolVersion?: string };
}

/**
 * A small MCP server (2025-06-18, streamable HTTP). Its tool `hello` answers only the caller with the certificate
 * `allowed`. The server keeps sessions, as the specification allows, and answers in events at one path and in JSON at
 * the other.
 */
async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const isJson = request.url === '/json?code=1';
  if (!isJson && request.url !== '/runtime/webhooks/mcp') return void response.writeHead(404).end('nothing here');
  assert.equal(request.method, 'POST');
  assert.match(request.headers.accept ?? '', /application\/json.*text\/event-stream/);
  assert.equal(request.headers['content-type'], 'application/json');
  const { id, method, params = {} } = (await json(request)) as Message;
  if (method === 'initialize') {
    if (request.headers['x-functions-key'] === 'wrong') return void response.writeHead(401).end();
    assert.equal(params.protocolVersion, '2025-06-18');
    response.setHeader('mcp-session-id', 'session-1');
  } else {
    assert.equal(request.headers['mcp-session-id'], 'session-1');
    assert.equal(request.headers['mcp-protocol-version'], '2025-03-26');
  }
  if (id === undefined) return void response.writeHead(202).end();
  const result =
    method === 'initialize'
      ? { protocolVersion: '2025-03-26', capabilities: { tools: {} }, serverInfo: { name: 'test', version: '1' } }
      : callTool(request, params);
  const reply = JSON.stringify({ jsonrpc: '2.0', id, ...(result === undefined ? unknownTool : { result }) });
  if (isJson) response.setHeader('content-type', 'application/json').end(reply);
  else response.setHeader('content-type', 'text/event-stream').end(`event: message\ndata: ${reply}\n\n`);
}

const unknownTool = { error: { code: -32602, message: "Unknown tool: 'other'" } };

function callTool({ socket }: IncomingMessage, { name, arguments: given }: NonNullable<Message['params']>): unknown {
  assert.ok(socket instanceof TLSSocket);
  const { subject } = socket.getPeerCertificate() as { subject?: { CN?: string } };
  const text = (words: string): object => ({ content: [{ type: 'text', text: words }] });
  if (name === 'picture') return { content: [{ type: 'image', data: 'AA==', mimeType: 'image/png' }] };
  if (name === 'broken') return { ...text('An error occurred.'), isError: true };
  if (name !== 'hello') return undefined;
  if (subject?.CN === 'allowed') return text(`${subject.CN} ${JSON.stringify(given)}`);
  const code = 'client_certificate_required';
  const problem = { type: `urn:certgate:problem:${code}`, title: 'no', code, correlationId: 'c1' };
  return { ...text(JSON.stringify(problem)), isError: true };
}

describe('certgate call --mcp-tool', () => {
  const folder = createTemporaryFolder();
  let server: Server;
  let origin: string;
  before(async () => {
    ({ server, origin } = await startTlsServer(folder, (request, response) => {
      serve(request, response).catch((fault: unknown) => response.writeHead(500).end(String(fault)));
    }));
  });
  after(() => {
    server.close();
    folder.remove();
  });

  const call = (args: readonly string[], path = '', input?: string): Promise<CommandRun> =>
    runCertgate(['call', `${origin}${path}`, '--cacert', 'server.crt', ...args], {
      cwd: folder.path,
      ...(input === undefined ? {} : { input }),
    });

  test("prints the tool's text and ends with 0 if it is allowed, and prints the refusal and ends with 1 if it is denied", async () => {
    for (const path of ['', '/', '/runtime/webhooks/mcp', '/json?code=1']) {
      const given = ['--mcp-tool', 'hello', '--mcp-arguments', '{"a":[1]}'];
      const allowed = await call([...given, '--certificate', 'allowed.pem'], path);
      assert.equal(allowed.exitCode, 0, allowed.stderr);
      assert.equal(allowed.stdout, 'allowed {"a":[1]}');
      assert.match(allowed.stderr, /^200 OK {2}tools\/call: result\nas CN=allowed, SHA-256 [0-9A-F]{64}\n$/);
    }
    const denied = await call(['--mcp-tool', 'hello', '--certificate', 'denied.pem']);
    assert.equal(denied.exitCode, 1);
    assert.match(denied.stdout, /"correlationId":"c1"/);
    assert.match(
      denied.stderr,
      /^200 OK {2}tools\/call: error result {2}code: client_certificate_required\nas CN=denied/,
    );
    const none = await call(['--mcp-tool', 'hello']);
    assert.equal(none.exitCode, 1);
    assert.match(none.stderr, /code: client_certificate_required\nwithout a client certificate\n$/);
  });

  test('reads arguments from a file and from standard input too', async () => {
    folder.file('arguments.json', '{"from":"file"}');
    const named = ['--mcp-tool', 'hello', '--certificate', 'allowed.pem', '--mcp-arguments'];
    assert.equal((await call([...named, '@arguments.json'])).stdout, 'allowed {"from":"file"}');
    assert.equal((await call([...named, '@-'], '', '{"from":"stdin"}')).stdout, 'allowed {"from":"stdin"}');
  });

  test('ends with 1 for an error of the tool or of MCP, and for an address that does not speak MCP', async () => {
    const cases: readonly (readonly [readonly string[], string, RegExp, RegExp])[] = [
      [['broken'], '', /^200 OK {2}tools\/call: error result\nwithout/, /^An error occurred\.$/],
      [['other'], '', /^200 OK {2}tools\/call: JSON-RPC error -32602, Unknown tool: 'other'\n/, /^$/],
      [['hello'], '/api/hello', /^404 Not Found {2}initialize: no MCP answer\n/, /^nothing here$/],
      [['hello', '-H', 'x-functions-key: wrong'], '', /^401 Unauthorized {2}initialize: no MCP answer\n/, /^$/],
    ];
    for (const [words, path, stderr, stdout] of cases) {
      const run = await call(['--mcp-tool', ...words], path);
      assert.equal(run.exitCode, 1, run.stderr);
      assert.match(run.stderr, stderr);
      assert.match(run.stdout, stdout);
    }
  });

  test('prints content that is not text as JSON', async () => {
    const run = await call(['--mcp-tool', 'picture']);
    assert.equal(run.exitCode, 0, run.stderr);
    assert.deepEqual(JSON.parse(run.stdout), { content: [{ type: 'image', data: 'AA==', mimeType: 'image/png' }] });
  });

  test('prints with --json the answer to the last request, and the MCP message in it', async () => {
    const report = async (...words: readonly string[]): Promise<McpReport> =>
      JSON.parse((await call(['--json', '--mcp-tool', ...words])).stdout) as McpReport;
    const denied = await report('hello', '--certificate', 'denied.pem');
    assert.equal(denied.status, 200);
    assert.equal(denied.code, 'client_certificate_required');
    assert.equal(denied.certificate?.subject, 'CN=denied');
    assert.equal(denied.mcp.method, 'tools/call');
    assert.equal((denied.mcp.result as { isError: boolean }).isError, true);
    const unknown = await report('other');
    assert.deepEqual(unknown.mcp, { method: 'tools/call', result: null, error: unknownTool.error });
    const refused = await report('hello', '-H', 'x-functions-key: wrong');
    assert.deepEqual([refused.status, refused.mcp], [401, { method: 'initialize', result: null, error: null }]);
  });

  test('sends nothing and ends with 2 if an argument cannot be used', async () => {
    const cases: readonly (readonly [readonly string[], RegExp])[] = [
      [['--mcp-arguments', '{}'], /requires --mcp-tool/],
      [['--mcp-tool', ' '], /the name of a tool/],
      [['--mcp-tool', 'hello', '--mcp-arguments', '[]'], /must be a JSON object.*--mcp-arguments @FILE/s],
      // Windows PowerShell 5.1 makes this of '{"city":"Oslo"}'.
      [['--mcp-tool', 'hello', '--mcp-arguments', '{city:Oslo}'], /not valid JSON.*--mcp-arguments @FILE/s],
      [['--mcp-tool', 'hello', '--data', '{}'], /cannot be used with option '-d, --data/],
      [['--mcp-tool', 'hello', '-X', 'POST'], /cannot be used with option '-X, --request/],
    ];
    for (const [args, message] of cases) {
      const run = await call(args);
      assert.equal(run.exitCode, 2, `${args.join(' ')}: ${run.stderr}`);
      assert.match(run.stderr, message);
      assert.equal(run.stdout, '');
    }
    const noAddress = await runCertgate(['call', 'localhost', '--mcp-tool', 'hello']);
    assert.equal(noAddress.exitCode, 2);
    assert.match(noAddress.stderr, /not an https URL/);
  });
});
