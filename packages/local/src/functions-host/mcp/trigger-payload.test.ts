import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readRequestHeaders } from '../http/http-request.js';
import { createCallMetadata, createHeaderMap, createTriggerPayload, type McpCall } from './trigger-payload.js';

/*
 * The shapes follow Azure/azure-functions-mcp-extension 1.6.0, src/Microsoft.Azure.Functions.Extensions.Mcp:
 * Abstractions/{ToolInvocationContext,ResourceInvocationContext,PromptInvocationContext,Transport}.cs for the names,
 * Serialization/McpJsonSerializerOptions.cs (WhenWritingNull), Trigger/Mcp*TriggerBinding.cs (BindAsync),
 * Trigger/McpTriggerTransportHelper.cs and its test/Extensions.Mcp.Tests/McpTriggerTransportHelperTests.cs.
 */

function receive(...rawHeaders: readonly string[]): ReadonlyMap<string, string> {
  const headers = readRequestHeaders(rawHeaders);
  assert.ok(typeof headers !== 'number');
  return createHeaderMap(rawHeaders, headers);
}

const call = (more: Partial<McpCall> = {}): McpCall => ({
  kind: 'tool',
  name: 'hello',
  arguments: undefined,
  headers: new Map(),
  ...more,
});
const read = (more: Partial<McpCall>): Readonly<Record<string, unknown>> =>
  JSON.parse(createTriggerPayload(call(more))) as Readonly<Record<string, unknown>>;

test('a tool gets name, arguments, session and transport, and no member without a value', () => {
  const headers = receive('Host', 'a', 'X-Test', 'abc', 'Mcp-Session-Id', 'session-123');
  assert.deepEqual(read({ headers, arguments: { who: 'Ann', n: 3, list: [null, true], o: { a: {} } } }), {
    name: 'hello',
    arguments: { who: 'Ann', n: 3, list: [null, true], o: { a: {} } },
    sessionid: 'session-123',
    transport: {
      name: 'http-streamable',
      sessionId: 'session-123',
      properties: { headers: { Host: 'a', 'X-Test': 'abc', 'Mcp-Session-Id': 'session-123' } },
    },
  });
  assert.deepEqual(read({}), {
    name: 'hello',
    transport: { name: 'http-streamable', properties: { headers: {} } },
  });
  assert.deepEqual(read({ arguments: {} })['arguments'], {});
});

test('a resource gets its URI and no arguments, and a prompt the same as a tool', () => {
  const transport = { name: 'http-streamable', properties: { headers: {} } };
  assert.deepEqual(read({ kind: 'resource', name: 'file://a', arguments: { a: 1 } }), { uri: 'file://a', transport });
  assert.deepEqual(read({ kind: 'prompt', arguments: { a: 1 } }), { name: 'hello', arguments: { a: 1 }, transport });
});

test('an empty session header is a session without a name, as in the extension', () => {
  const payload = read({ headers: receive('mcp-session-id', '') });
  assert.equal(payload['sessionid'], '');
  assert.deepEqual(payload['transport'], {
    name: 'http-streamable',
    sessionId: '',
    properties: { headers: { 'mcp-session-id': '' } },
  });
});

test("the transport is the request's, whatever the arguments contain", () => {
  const headers = receive('X-ARR-ClientCert', 'MIIA');
  fc.assert(
    fc.property(fc.dictionary(hostileNames(), fc.jsonValue({ maxDepth: 2 })), (given) => {
      const payload = JSON.parse(createTriggerPayload(call({ headers, arguments: given }))) as Record<string, unknown>;
      assert.deepEqual(Object.keys(payload), ['name', 'arguments', 'transport']);
      assert.deepEqual(payload['transport'], {
        name: 'http-streamable',
        properties: { headers: { 'X-ARR-ClientCert': 'MIIA' } },
      });
      assert.deepEqual(payload['arguments'], JSON.parse(JSON.stringify(given)));
    }),
  );
});

test('every header arrives once, with its first spelling and all of its values in order', () => {
  const name = fc.oneof(fc.constantFrom('X-ARR-ClientCert', 'x-arr-clientcert', '__PROTO__'), hostileNames(), tokens());
  const value = fc.stringMatching(/^[!-~]([ -~]{0,6}[!-~])?$/);
  const fields = fc.array(fc.tuple(name, value), { maxLength: 40 });
  fc.assert(
    fc.property(fields, (pairs) => {
      const own = pairs.filter(([each]) => each.toLowerCase() !== 'host');
      const payload = JSON.parse(createTriggerPayload(call({ headers: receive(...own.flat()) }))) as {
        transport: { properties: { headers: object } };
      };
      const seen = Object.entries(payload.transport.properties.headers);
      const keys = [...new Set(own.map(([each]) => each.toLowerCase()))];
      const expected = keys.map((key) => {
        const same = own.filter(([each]) => each.toLowerCase() === key);
        return [same[0]?.[0], same.map(([, text]) => text).join(',')];
      });
      // JSON.parse puts names that are integers first.
      assert.deepEqual(new Set(seen.map(String)), new Set(expected.map(String)));
      assert.equal(seen.length, expected.length);
    }),
  );
});

function hostileNames(): fc.Arbitrary<string> {
  return fc.constantFrom(
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'valueOf',
    'transport',
    'headers',
    'name',
  );
}

/** Tokens (RFC 9110 section 5.6.2). */
function tokens(): fc.Arbitrary<string> {
  return fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,8}$/);
}

test('metadata contains the context with the names of .NET, the payload, and the arguments as texts', () => {
  const tool = call({
    headers: receive('Mcp-Session-Id', 's'),
    arguments: { t: 'a', n: 1.5, y: true, z: false, nil: null, o: { b: [1] }, l: [] },
  });
  const metadata = createCallMetadata(tool, 'mcpToolTrigger1', '{"payload":1}', []);
  assert.deepEqual(Object.keys(metadata), ['mcptoolcontext', 'mcpToolTrigger1', 'mcpsessionid', 'mcptoolargs']);
  assert.deepEqual(JSON.parse(metadata['mcptoolcontext']?.json ?? ''), {
    Name: 'hello',
    Arguments: {
      t: { ValueKind: 3 },
      n: { ValueKind: 4 },
      y: { ValueKind: 5 },
      z: { ValueKind: 6 },
      nil: { ValueKind: 7 },
      o: { ValueKind: 1 },
      l: { ValueKind: 2 },
    },
    SessionId: 's',
    ClientInfo: null,
    Transport: { Name: 'http-streamable', SessionId: 's', Properties: { headers: { 'Mcp-Session-Id': 's' } } },
  });
  assert.deepEqual(metadata['mcpToolTrigger1'], { string: '{"payload":1}' });
  assert.deepEqual(metadata['mcpsessionid'], { string: 's' });
  assert.deepEqual(JSON.parse(metadata['mcptoolargs']?.json ?? ''), {
    t: 'a',
    n: '1.5',
    y: 'True',
    z: 'False',
    nil: '',
    o: '{"b":[1]}',
    l: '[]',
  });
});

test("metadata of a resource contains its URI, and its template's parameters, which may replace other members", () => {
  const resource = call({ kind: 'resource', name: 'user://7' });
  const plain = createCallMetadata(resource, 'binding', '{}', [['id', '7']]);
  assert.deepEqual(Object.keys(plain), ['mcpresourcecontext', 'binding', 'mcpresourceuri', 'id']);
  assert.deepEqual([plain['mcpresourceuri'], plain['id']], [{ string: 'user://7' }, { string: '7' }]);
  const replaced = createCallMetadata(resource, 'binding', '{}', [['MCPResourceURI', '7']]);
  assert.deepEqual(replaced['mcpresourceuri'], { string: '7' });
});
