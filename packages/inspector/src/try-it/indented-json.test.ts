import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { indentBody, indentJson } from './indented-json.js';

it('shows the same value: as JSON.stringify writes it, where that can write it', () => {
  fc.assert(
    fc.property(fc.oneof(fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue())), (value) => {
      assert.equal(indentJson(JSON.stringify(value)), JSON.stringify(value, null, 2));
    }),
  );
});

it('changes no token: neither long numbers, nor escapes, nor members that appear there twice', () => {
  assert.equal(
    indentJson('{"id":12345678901234567890,"a":1.00,"a":"\\u00e9 {[,:]}","e":{ },"f":[ ]}'),
    '{\n  "id": 12345678901234567890,\n  "a": 1.00,\n  "a": "\\u00e9 {[,:]}",\n  "e": {},\n  "f": []\n}',
  );
});

it('leaves alone what is not a JSON object or array, or was cut', () => {
  for (const text of ['', 'hello', '12', 'null', '"{}"', '{"a":1', '{"a":1} x', '<p>{}</p>']) {
    assert.equal(indentBody(text), undefined, text);
  }
});

it('leaves alone what would become so long that a browser hangs', () => {
  const nest = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
  assert.equal(indentBody(nest(300))?.length, 180_000);
  for (const depth of [1_500, 10_000, 32_768]) assert.equal(indentBody(nest(depth)), undefined);
  assert.equal(indentBody(`data: ${nest(600)}\n`.repeat(50)), undefined);
});

it('indents the data of server-sent events', () => {
  assert.equal(
    indentBody('event: message\ndata: {"id":1}\n\ndata: done\n'),
    'event: message\ndata: {\n  "id": 1\n}\n\ndata: done\n',
  );
});
