import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RpcTypedData } from '../worker/core-types.js';
import { UnreadableResult } from './content-block.js';
import {
  bindPlainPromptResult,
  bindPlainToolResult,
  bindPromptResult,
  bindResourceResult,
  bindToolResult,
} from './return-value.js';

/*
 * The cases follow Azure/azure-functions-mcp-extension 1.6.0, test/Extensions.Mcp.Tests/:
 * ToolReturnValueBinderTests.cs, SimpleToolReturnValueBinderTests.cs, ResourceReturnValueBinderTests.cs,
 * PromptReturnValueBinderTests.cs and SimplePromptReturnValueBinderTests.cs. Content is written again as by the C# SDK
 * (v0.4.0-preview.3, Protocol/ContentBlock.cs).
 */

type Envelope = { type?: unknown; content?: unknown; structuredContent?: unknown };
const wrap = (envelope: Envelope): RpcTypedData => ({ string: JSON.stringify(envelope) });
const envelope = (type: string, content: unknown, structured?: unknown): RpcTypedData =>
  wrap({
    type,
    content: JSON.stringify(content),
    ...(structured === undefined ? {} : { structuredContent: JSON.stringify(structured) }),
  });

const text = { type: 'text', text: 'hello' };
const image = { type: 'image', data: 'AQID', mimeType: 'image/png' };
const audio = { type: 'audio', data: 'AQID', mimeType: 'audio/mpeg' };
const link = { type: 'resource_link', uri: 'https://example.com', name: 'Example', size: 1234 };
const embedded = { type: 'resource', resource: { uri: 'urn:example', mimeType: 'text/plain', text: '' } };

const toolResults: readonly (readonly [value: RpcTypedData | null, expected: object])[] = [
  [envelope('text', text), { content: [text] }],
  [envelope('TEXT', text), { content: [text] }],
  [envelope('audio', audio), { content: [audio] }],
  [envelope('image', image), { content: [image] }],
  [envelope('resource', embedded), { content: [embedded] }],
  [envelope('resource_link', link), { content: [link] }],
  // The type of the block decides, not the type of the envelope.
  [envelope('anything', text), { content: [text] }],
  [envelope('text', text, { a: [1] }), { content: [text], structuredContent: { a: [1] } }],
  [envelope('multi_content_result', [text, image, link]), { content: [text, image, link] }],
  [envelope('call_tool_result', { content: [text, image] }), { content: [text, image] }],
  [envelope('Call_Tool_Result', { content: [text], isError: true }), { content: [text], isError: true }],
  [envelope('call_tool_result', { CONTENT: [], ISERROR: false }), { content: [], isError: false }],
  [envelope('call_tool_result', {}), { content: [] }],
  [
    envelope('call_tool_result', { content: [text], structuredContent: { a: 1 }, _meta: { m: 1 }, other: 1 }),
    { content: [text], structuredContent: { a: 1 }, _meta: { m: 1 } },
  ],
  [
    { string: '{"TYPE":"text","CONTENT":"{\\"type\\":\\"text\\",\\"text\\":\\"a\\"}"}' },
    { content: [{ type: 'text', text: 'a' }] },
  ],
  // Members that the SDK doesn't know are dropped. `_meta` and annotations are kept.
  [
    envelope('text', { ...text, other: 1, _meta: { a: 1 }, annotations: { priority: 1 } }),
    { content: [{ ...text, _meta: { a: 1 }, annotations: { priority: 1 } }] },
  ],
  [null, { content: [] }],
];
for (const [value, expected] of toolResults) {
  test(`a tool's envelope is read: ${value?.string ?? 'null'}`, () => {
    assert.deepEqual(bindToolResult(value), expected);
  });
}

const unreadable: readonly (readonly [what: string, value: RpcTypedData])[] = [
  ['a number', { int: 123 }],
  ['JSON instead of text', { json: '{"type":"text"}' }],
  ['no JSON', { string: 'not-json' }],
  ['a list', { string: '[]' }],
  ['no type', wrap({ content: '{}' })],
  ['no content', wrap({ type: 'text' })],
  ['content of null', wrap({ type: 'text', content: null })],
  ['content "null"', wrap({ type: 'text', content: 'null' })],
  ['content that is not JSON', wrap({ type: 'text', content: '{invalid-json}' })],
  ['content that is an object', wrap({ type: 'text', content: text })],
  ['an unknown type', envelope('random_type', 'ignored')],
  ['no blocks', envelope('multi_content_result', [])],
  ['one block of an unknown type', envelope('multi_content_result', [text, { type: 'unknown_type', foo: 1 }])],
  ['no list of blocks', envelope('multi_content_result', text)],
  ['text without a text', envelope('text', { type: 'text' })],
  ['image without a type', envelope('image', { type: 'image', data: 'AQID' })],
  ['a text that is a number', envelope('text', { type: 'text', text: 1 })],
  ['a link with a bad size', envelope('resource_link', { ...link, size: 'x' })],
  ['an embedded resource without contents', envelope('resource', { type: 'resource', resource: { uri: 'a' } })],
  ['isError that is a text', envelope('call_tool_result', { content: [text], isError: 'true' })],
  ['call_tool_result that is null', envelope('call_tool_result', null)],
];
for (const [what, value] of unreadable) {
  test(`a tool's envelope fails the call: ${what}`, () => {
    assert.throws(() => bindToolResult(value), UnreadableResult);
  });
}

test('a tool without an envelope returns one text, as .NET writes the value', () => {
  const bind = (value: RpcTypedData | null | undefined): unknown =>
    (bindPlainToolResult(value) as { content: { text: string }[] }).content.map((block) => block.text);
  assert.deepEqual(bindPlainToolResult({ string: 'hi' }), { content: [{ type: 'text', text: 'hi' }] });
  assert.deepEqual([bind(null), bind(undefined), bind({ json: 'null' })], [[], [], []]);
  assert.deepEqual(bind({ string: '' }), ['']);
  assert.deepEqual([bind({ int: 3 }), bind({ double: 1.5 }), bind({ json: 'true' })], [['3'], ['1.5'], ['True']]);
  assert.deepEqual(bind({ json: '{"a":[1]}' }), ['{\n  "a": [\n    1\n  ]\n}']);
  assert.deepEqual(bind({ bytes: new Uint8Array(2) }), ['System.Byte[]']);
  // An envelope is only a text here, so it can't make an error either.
  assert.deepEqual(bind(envelope('call_tool_result', { isError: true })), [
    envelope('call_tool_result', { isError: true }).string,
  ]);
});

test('a resource is a text, bytes, or an envelope', () => {
  const uri = 'test://resource/1';
  const bind = (value: RpcTypedData | null, mimeType?: string): unknown =>
    (bindResourceResult(value, uri, mimeType) as { contents: unknown }).contents;
  const written = (contents: unknown): RpcTypedData => ({
    string: JSON.stringify({ content: JSON.stringify(contents) }),
  });
  assert.deepEqual(bind(null), []);
  assert.deepEqual(bind({ string: 'Hello' }, 'text/plain'), [{ uri, mimeType: 'text/plain', text: 'Hello' }]);
  // The SDK writes a missing type as null, although clients may expect a text.
  assert.deepEqual(bind({ string: '' }), [{ uri, mimeType: null, text: '' }]);
  assert.deepEqual(bind({ bytes: Uint8Array.of(1, 2, 3, 4, 5) }, 'a/b'), [{ uri, mimeType: 'a/b', blob: 'AQIDBAU=' }]);
  assert.deepEqual(bind({ bytes: new Uint8Array() }, 'a/b'), [{ uri, mimeType: 'a/b', blob: '' }]);
  const own = { uri: 'test://other', mimeType: 'text/html', text: 'Custom' };
  assert.deepEqual(bind(written(own), 'text/plain'), [own]);
  assert.deepEqual(bind(written({ blob: 'AQ==' }), 'a/b'), [{ uri, mimeType: 'a/b', blob: 'AQ==' }]);
  assert.deepEqual(bind(written({ uri: null, mimeType: '', text: 'x' }), 'a/b'), [{ uri, mimeType: 'a/b', text: 'x' }]);
  for (const plain of [
    '{ invalid json }',
    '{"content":"some content"}',
    '{"content":1}',
    '[]',
    'null',
    '{}',
    '{"content":"[]"}',
  ]) {
    assert.deepEqual(bind({ string: plain }, 'a/b'), [{ uri, mimeType: 'a/b', text: plain }], plain);
  }
  for (const faulty of [{ int: 123 }, { json: '{"a":1}' }, { string: '{"content":"null"}' }, written({ uri })]) {
    assert.throws(() => bind(faulty), UnreadableResult, JSON.stringify(faulty));
  }
});

test('a prompt is a text as one message of the user, or an envelope', () => {
  assert.deepEqual(bindPlainPromptResult(null), { messages: [] });
  const message = { content: text, role: 'user' };
  assert.deepEqual(bindPlainPromptResult({ string: 'hello' }), { messages: [message] });
  assert.deepEqual(bindPromptResult(null), { messages: [] });
  const answer = { content: text, role: 'assistant' };
  const full = { description: 'Test prompt', messages: [message, answer] };
  assert.deepEqual(bindPromptResult(envelope('get_prompt_result', full)), full);
  assert.deepEqual(bindPromptResult(envelope('get_prompt_result', {})), { messages: [] });
  assert.deepEqual(bindPromptResult(envelope('get_prompt_result', { description: 'd', messages: [] })), {
    description: 'd',
    messages: [],
  });
  assert.deepEqual(bindPromptResult(envelope('Prompt_Messages', [{ content: text }])), { messages: [message] });
  for (const faulty of [
    envelope('not_a_known_type', {}),
    wrap({ type: 'get_prompt_result', content: null }),
    { int: 1 },
    { string: 'no' },
    envelope('prompt_messages', {}),
    envelope('prompt_messages', [{ role: 'system', content: text }]),
    envelope('get_prompt_result', null),
  ]) {
    assert.throws(() => bindPromptResult(faulty), UnreadableResult, JSON.stringify(faulty));
  }
});
