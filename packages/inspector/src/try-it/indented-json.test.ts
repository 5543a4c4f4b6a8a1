import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { indentBody, indentJson } from './indented-json.js';

it('indented JSON has the same value as before, in the form of JSON.stringify', () => {
  fc.assert(
    fc.property(fc.oneof(fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue())), (value) => {
      assert.equal(indentJson(JSON.stringify(value)), JSON.stringify(value, null, 2));
    }),
  );
});

it('indenting changes no token: long numbers, escapes and repeated members stay', () => {
  assert.equal(
    indentJson('{"id":12345678901234567890,"a":1.00,"a":"\\u00e9 {[,:]}","e":{ },"f":[ ]}'),
    '{\n  "id": 12345678901234567890,\n  "a": 1.00,\n  "a": "\\u00e9 {[,:]}",\n  "e": {},\n  "f": []\n}',
  );
});

it('a text that is not one complete JSON object or array is not indented', () => {
  for (const text of ['', 'hello', '12', 'null', '"{}"', '{"a":1', '{"a":1} x', '<p>{}</p>']) {
    assert.equal(indentBody(text), undefined, text);
  }
});

it('a text that would become so long that a browser hangs is not indented', () => {
  const nest = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
  assert.equal(indentBody(nest(300))?.length, 180_000);
  for (const depth of [1_500, 10_000, 32_768]) assert.equal(indentBody(nest(depth)), undefined);
  assert.equal(indentBody(`data: ${nest(600)}\n`.repeat(50)), undefined);
});

it('the data of server-sent events is indented', () => {
  assert.equal(
    indentBody('event: message\ndata: {"id":1}\n\ndata: done\n'),
    'event: message\ndata: {\n  "id": 1\n}\n\ndata: done\n',
  );
});
