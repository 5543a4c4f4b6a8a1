import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatAnswer, internalError, parseMessage } from './json-rpc.js';

const nested = (depth: number): string => `${'{"a":'.repeat(depth - 1)}{}${'}'.repeat(depth - 1)}`;

function faultOf(text: string): string {
  const message = parseMessage(text);
  return typeof message === 'string' ? message : assert.fail(`A message: ${text.slice(0, 80)}`);
}

function isRequest(message: ReturnType<typeof parseMessage>): boolean {
  return typeof message === 'object' && message?.kind === 'request';
}

/**
 * The expectations follow `JsonRpcMessage.Converter` of the C# SDK (v0.4.0-preview.3,
 * src/ModelContextProtocol.Core/Protocol/JsonRpcMessage.cs).
 */
const table: readonly (readonly [text: string, expected: unknown])[] = [
  ['{"jsonrpc":"2.0","id":1,"method":"ping"}', { kind: 'request', id: 1, method: 'ping', params: undefined }],
  ['{"jsonrpc":"2.0","id":"","method":"a","params":{}}', { kind: 'request', id: '', method: 'a', params: {} }],
  ['{"jsonrpc":"2.0","id":1,"method":"a","params":1,"PARAMS":2}', { kind: 'request', id: 1, method: 'a', params: 2 }],
  [
    '{"jsonrpc":"2.0","method":"notifications/initialized"}',
    { kind: 'notification', method: 'notifications/initialized' },
  ],
  ['{"jsonrpc":"2.0","id":1,"result":{}}', { kind: 'notification', method: undefined }],
  ['{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}}', { kind: 'notification', method: undefined }],
  ['null', null],
  ['', /not JSON/],
  ['{', /not JSON/],
  ['[]', /batches/],
  ['[{"jsonrpc":"2.0","id":1,"method":"ping"}]', /batches/],
  ['"text"', /not a JSON object/],
  ['{"id":1,"method":"ping"}', /"jsonrpc"/],
  ['{"jsonrpc":2.0,"id":1,"method":"ping"}', /"jsonrpc"/],
  ['{"jsonrpc":"1.0","id":1,"method":"ping"}', /"jsonrpc"/],
  ['{"jsonrpc":"2.0","id":1}', /"method"/],
  ['{"jsonrpc":"2.0"}', /"method"/],
  ['{"jsonrpc":"2.0","id":1,"method":1}', /"method"/],
  ['{"jsonrpc":"2.0","id":null,"method":"ping"}', /"id"/],
  ['{"jsonrpc":"2.0","id":1.5,"method":"ping"}', /"id"/],
  ['{"jsonrpc":"2.0","id":{},"method":"ping"}', /"id"/],
  ['{"__proto__":{"jsonrpc":"2.0","id":1,"method":"ping"}}', /"jsonrpc"/],
  [`{"jsonrpc":"2.0","id":1,"method":"a","params":${nested(63)}}`, 'request'],
  [`{"jsonrpc":"2.0","id":1,"method":"a","params":${nested(64)}}`, /deeper than 64/],
];
for (const [text, expected] of table) {
  test(`the message is read: ${text.slice(0, 80)}`, () => {
    const message = parseMessage(text);
    if (expected instanceof RegExp) {
      assert.ok(typeof message === 'string');
      assert.match(message, expected);
    } else if (expected === 'request') assert.ok(isRequest(message));
    else assert.deepEqual(message, expected);
  });
}

test('a message that is nested as deep as its length permits is refused without a crash', () => {
  assert.match(faultOf(`{"jsonrpc":"2.0","id":1,"method":"a","params":${nested(500_000)}}`), /deeper/);
});

test('members that the app added to Object.prototype are not read as part of a message', (context) => {
  const polluted: Record<string, unknown> = { jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'x' } };
  for (const [name, value] of Object.entries(polluted)) {
    Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true });
  }
  context.after(() => {
    for (const name of Object.keys(polluted)) Reflect.deleteProperty(Object.prototype, name);
  });
  assert.match(faultOf('{}'), /"jsonrpc"/);
  assert.match(faultOf('{"jsonrpc":"2.0"}'), /"method"/);
  assert.deepEqual(parseMessage('{"jsonrpc":"2.0","method":"a"}'), { kind: 'notification', method: 'a' });
});

test('no text crashes the reader, and every request is read as it was written', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
      const message = parseMessage(text);
      assert.ok(message === null || typeof message === 'string' || typeof message.kind === 'string');
    }),
  );
  const ids = fc.oneof(fc.string(), fc.maxSafeInteger());
  fc.assert(
    fc.property(ids, fc.string(), fc.jsonValue({ maxDepth: 3 }), (id, method, params) => {
      const expected = JSON.parse(JSON.stringify({ kind: 'request', id, method, params })) as object;
      assert.deepEqual(parseMessage(JSON.stringify({ jsonrpc: '2.0', id, method, params })), expected);
    }),
  );
});

test('an answer is one line, whatever it contains', () => {
  const text = formatAnswer('a\nb\r', { result: { text: 'one\ntwo\r\n\ndata: three' } });
  assert.ok(!/[\r\n]/.test(text));
  assert.deepEqual(JSON.parse(formatAnswer(1, internalError)), {
    error: { code: -32603, message: 'An error occurred.' },
    id: 1,
    jsonrpc: '2.0',
  });
});
