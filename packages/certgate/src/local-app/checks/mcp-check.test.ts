import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { type TestContext, describe, test } from 'node:test';
import type { HostDecision, HostedMcp } from '#local/functions-host/functions-host.js';
import { AnswerWatch } from '../answer-watch.js';
import { checkMcp, type CheckOutcome } from './mcp-check.js';

const tools = [
  { name: 'other', inputSchema: { type: 'object', properties: {}, required: [] } },
  {
    name: 'Hello',
    inputSchema: {
      type: 'object',
      properties: {
        who: { type: 'string' },
        count: { type: 'integer' },
        size: { enum: ['small', 'large'] },
        tags: { type: 'array', items: { type: 'string' } },
        also: { type: 'string' },
      },
      required: ['who', 'count', 'size', 'tags', 'unlisted'],
    },
  },
];
const lists: Readonly<Record<string, object>> = {
  initialize: { protocolVersion: '2025-06-18', capabilities: {}, serverInfo: { name: 'test', version: '1' } },
  'tools/list': { tools },
  'prompts/list': {
    prompts: [{ name: 'sum', arguments: [{ name: 'text', required: true }, { name: 'style', required: false }] }],
  }, // prettier-ignore
};

interface Received {
  readonly id?: number;
  readonly method: string;
  readonly params?: unknown;
}

/** Runs the check against a server that answers the last request with `reply`. */
async function check(
  context: TestContext,
  mcp: HostedMcp,
  reply: object,
  decision?: HostDecision,
): Promise<{ readonly outcome: CheckOutcome; readonly last: Received | undefined }> {
  const watch = new AnswerWatch();
  let last: Received | undefined;
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const message = (await json(request)) as Received;
    const { id, method } = (last = message);
    const traceId = String(request.headers['traceparent']).split('-')[1] ?? '';
    const base = { time: 0, durationMilliseconds: 1, status: 200, traceId, method: 'POST', path: '/' } as const;
    const isCall = id !== undefined && !Object.hasOwn(lists, method);
    // The host's reports on the other requests of the session name no function.
    if (isCall && decision !== undefined) watch.note({ ...base, functionName: 'F', correlationId: 'c2', decision });
    else watch.note(base);
    if (id === undefined) return void response.writeHead(202).end();
    const answer = isCall ? reply : { result: lists[method] };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ jsonrpc: '2.0', id, ...answer }));
  };
  const server = createServer((request, response) => {
    serve(request, response).catch((fault: unknown) => response.writeHead(500).end(String(fault)));
  });
  context.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const expectAnswer = watch.expect.bind(watch);
  return { outcome: await checkMcp(mcp, { url, expectAnswer }), last };
}

const hello: HostedMcp = { kind: 'tool', name: 'hello' };
const readme: HostedMcp = { kind: 'resource', name: 'file://{name}/readme.md' };
const content = (text: string): readonly object[] => [{ type: 'text', text }];
const refuse = (code: string): object => {
  const problem = { type: `urn:certgate:problem:${code}`, code, correlationId: 'c1' };
  return { result: { isError: true, content: content(JSON.stringify(problem)) } };
};

// Concurrent, because a test may wait for the host's report.
describe('the outcome of a call over MCP', { concurrency: true }, () => {
  for (const [what, reply, status, code] of [
    ['a result', { result: { content: content('hi') } }, 200, undefined],
    [
      "an error that is the tool's own answer",
      { result: { isError: true, content: content('no such city') } },
      200,
      undefined,
    ],
    [
      'a tool that failed',
      { result: { isError: true, content: content("An error occurred invoking 'hello'.") } },
      500,
      undefined,
    ],
    ['a certificate that is missing', refuse('client_certificate_required'), 401, 'client_certificate_required'],
    ['a role that is missing', refuse('forbidden'), 403, 'forbidden'],
    ['no decision', refuse('unavailable'), 503, 'unavailable'],
    ['a problem that the gate does not have', refuse('teapot'), 500, 'teapot'],
  ] as const)
    test(`is ${status} for ${what}`, async (context) => {
      const { outcome } = await check(context, hello, reply);
      assert.equal(outcome.status, status);
      assert.equal(outcome.refusal?.publicCode, code);
    });

  test('is unknown if the MCP extension answers itself', async (context) => {
    const { outcome } = await check(context, hello, { error: { code: -32602, message: 'Unknown tool' } });
    assert.deepEqual(
      [outcome.status, outcome.detail],
      [null, 'the MCP extension answered by itself: -32602 Unknown tool'],
    );
  });

  const failed = { error: { code: -32603, message: 'An error occurred.' } };

  test('of a resource is a refusal only if the host reports one', async (context) => {
    const denied = await check(context, readme, failed, { outcome: 'denied', code: 'role_missing' });
    assert.equal(denied.outcome.status, 403);
    assert.deepEqual(denied.outcome.refusal, {
      publicCode: 'forbidden',
      precise: 'role_missing',
      correlationId: 'c2',
    });
    for (const decision of [
      { outcome: 'allowed', code: 'allowed' },
      { outcome: 'denied', code: 'no_code_of_the_gate' },
    ] as const) {
      const { outcome } = await check(context, readme, failed, decision);
      assert.deepEqual([outcome.status, outcome.refusal], [500, undefined]);
    }
    // The extension's error is the same for a refusal and for a function that failed.
    const { outcome: unreported } = await check(context, readme, failed);
    assert.deepEqual([unreported.status, unreported.refusal], [null, undefined]);
    assert.match(unreported.detail ?? '', /^the host reported no decision in time/);
    // The gate's refusal of a tool has a form of its own.
    const { outcome: tool } = await check(context, hello, failed);
    assert.equal(tool.status, 500);
  });
});

test('sample arguments are given for what is required', async (context) => {
  const result = { result: {} };
  const { last: tool } = await check(context, hello, result);
  assert.deepEqual(tool?.params, {
    name: 'hello',
    arguments: { who: 'sample', count: 1, size: 'small', tags: [], unlisted: 'sample' },
  });
  const { last: prompt } = await check(context, { kind: 'prompt', name: 'sum' }, result);
  assert.deepEqual([prompt?.method, prompt?.params], ['prompts/get', { name: 'sum', arguments: { text: 'sample' } }]);
  const { last: resource } = await check(context, readme, result);
  assert.deepEqual([resource?.method, resource?.params], ['resources/read', { uri: 'file://sample/readme.md' }]);
});
