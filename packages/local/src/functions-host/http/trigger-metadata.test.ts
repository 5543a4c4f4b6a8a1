import assert from 'node:assert/strict';
import { test } from 'node:test';
import { receiveRequest } from './http-request.js';
import { createTriggerMetadata } from './trigger-metadata.js';

function metadata(
  target: string,
  routeValues: Readonly<Record<string, string | undefined>>,
  body?: string,
): Record<string, unknown> {
  const request = receiveRequest('POST', target, new Map([['x-own', '1']]), 'host.test');
  assert.ok(request !== undefined);
  const bytes = body === undefined ? undefined : Buffer.from(body);
  return { ...createTriggerMetadata(request, new Map(Object.entries(routeValues)), bytes) };
}

test('query and headers are included together with route values, and the function key is left out', () => {
  assert.deepEqual(metadata('/api/a?q=1&q=2&code=key', { id: '7' }), {
    q: { string: '2' },
    id: { string: '7' },
    Query: { json: '{"q":"2","code":"key"}' },
    Headers: { json: '{"x-own":"1"}' },
  });
});

test('route values replace query values, and query values replace members of the body, without regard to case', () => {
  const body = JSON.stringify({ A: 'body', B: 'body', c: 1, d: true, e: { f: 1 }, g: [1], h: null });
  assert.deepEqual(metadata('/api?b=query&a=query', { a: 'route' }, body), {
    A: { string: 'route' },
    B: { string: 'query' },
    c: { string: '1' },
    d: { string: 'True' },
    e: { json: '{"f":1}' },
    Query: { json: '{"b":"query","a":"query"}' },
    Headers: { json: '{"x-own":"1"}' },
  });
});

test('a name that the caller has used is not replaced by the true headers', () => {
  assert.deepEqual(metadata('/api?headers=forged', {})['headers'], { string: 'forged' });
  assert.equal(metadata('/api?headers=forged', {})['Headers'], undefined);
});

test('a body that is not a JSON object adds nothing', () => {
  for (const body of ['', 'text', '[1]', '"x"', 'null', '{']) {
    assert.deepEqual(Object.keys(metadata('/api', {}, body)), ['Query', 'Headers'], body);
  }
});

test('a route parameter without a value removes its name from the query, and from the headers too', () => {
  assert.deepEqual(metadata('/api/a?id=1', { ID: undefined, headers: undefined }), { Query: { json: '{"id":"1"}' } });
});
