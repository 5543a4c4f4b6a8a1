import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { findMcpReply, findToolRefusal, isToolResult, listEventData, listTexts, type McpReply } from './mcp-reply.js';

const read = (body: string, contentType = 'application/json'): McpReply | undefined =>
  findMcpReply({ status: 200, headers: { 'content-type': contentType }, body }, 2);
const answer = (members: object): string => JSON.stringify({ jsonrpc: '2.0', id: 2, ...members });

test('a reply is found in JSON, and in one event among others', () => {
  const result = { content: [] };
  assert.deepEqual(read(answer({ result })), { kind: 'result', result });
  const progress = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/progress', params: {} });
  const other = JSON.stringify({ jsonrpc: '2.0', id: 1, result: { other: true } });
  for (const end of ['\n', '\r\n', '\r']) {
    const events = [progress, other, answer({ result })].map((data) => `event: message${end}data: ${data}${end}${end}`);
    assert.deepEqual(read(`: hello${end}${end}${events.join('')}`, 'text/event-stream; charset=utf-8'), {
      kind: 'result',
      result,
    });
  }
  assert.deepEqual(read(answer({ error: { code: -32602, message: 'Unknown tool' } })), {
    kind: 'error',
    code: -32602,
    message: 'Unknown tool',
  });
});

test('another id, another protocol and an event that is cut off are not a reply', () => {
  for (const body of [
    '',
    'null',
    '[]',
    '{',
    '"text"',
    '{"result":{}}',
    JSON.stringify({ jsonrpc: '2.0', id: 1, result: {} }),
    JSON.stringify({ jsonrpc: '2.0', id: '2', result: {} }),
    answer({ result: [] }),
    answer({ result: null }),
    answer({}),
  ])
    assert.equal(read(body), undefined, body);
  assert.equal(read(`data: ${answer({ result: {} })}\n`, 'text/event-stream'), undefined);
  assert.equal(read(answer({ result: {} }), 'text/event-stream'), undefined);
});

test('event data with any lines is read as it was written', () => {
  const line = fc.string({ unit: 'grapheme' }).filter((text) => !/[\r\n\uFEFF]/.test(text));
  const events = fc.array(fc.array(line, { minLength: 1, maxLength: 3 }), { maxLength: 4 });
  fc.assert(
    fc.property(events, fc.constantFrom('\n', '\r\n', '\r'), fc.boolean(), (written, end, hasBom) => {
      const stream = written
        .map((lines) => `id: 1${end}${lines.map((text) => `data: ${text}${end}`).join('')}${end}`)
        .join('');
      assert.deepEqual(
        listEventData(hasBom ? `\uFEFF${stream}` : stream),
        written.map((lines) => lines.join('\n')),
      );
    }),
  );
});

test("a refusal is found only if it is the gate's, and the only text of an error result", () => {
  const refusal = (publicCode: string, more: object = {}): string =>
    JSON.stringify({ type: `urn:certgate:problem:${publicCode}`, code: publicCode, correlationId: 'c1', ...more });
  const error = (...texts: readonly string[]): McpReply => ({
    kind: 'result',
    result: { isError: true, content: texts.map((text) => ({ type: 'text', text })) },
  });
  const found = findToolRefusal(error(refusal('forbidden', { development: { code: 'role_missing' } })));
  assert.deepEqual(found, { publicCode: 'forbidden', precise: 'role_missing', correlationId: 'c1' });
  for (const other of [
    error(),
    error('An error occurred.'),
    error(refusal('forbidden'), 'more'),
    error(JSON.stringify({ code: 'forbidden' })),
    { kind: 'result', result: { isError: true } } as const,
    { kind: 'result', result: { content: [{ type: 'text', text: refusal('forbidden') }] } } as const,
    { kind: 'error', code: 1, message: refusal('forbidden') } as const,
    undefined,
  ])
    assert.equal(findToolRefusal(other), undefined);
  assert.equal(isToolResult(error()), false);
  assert.equal(isToolResult(undefined), false);
  assert.equal(isToolResult({ kind: 'result', result: {} }), true);
});

test('texts are listed only if a result contains nothing else', () => {
  assert.deepEqual(listTexts({ content: [{ type: 'text', text: 'a' }] }), ['a']);
  assert.equal(listTexts({ content: [{ type: 'image', data: '' }] }), undefined);
  assert.equal(listTexts({ content: [{ type: 'text', text: 'a' }], structuredContent: {} }), undefined);
  assert.equal(listTexts({ content: [null] }), undefined);
  assert.equal(listTexts({}), undefined);
});
