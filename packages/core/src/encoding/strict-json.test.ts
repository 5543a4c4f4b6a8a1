import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { findDuplicateKey } from './strict-json.js';

/** Text → where a key stands twice. JSON.parse first, as the function's contract says. */
const findPath = (json: string): string | undefined => {
  JSON.parse(json);
  return findDuplicateKey(json)?.path;
};

describe('findDuplicateKey', () => {
  for (const [json, path] of [
    ['{"a":1,"a":2}', 'a'],
    ['{"a":1,"b":{},"a":2}', 'a'],
    ['{"a":{"b":1,"c":[],"b":2}}', 'a.b'],
    ['{"x":[0,{"a":1},{"a":1,"a":1}]}', 'x[2].a'],
    ['[[{"a":0,"a":0}]]', '[0][0].a'],
    ['{"a":1,"\\u0061":2}', 'a'],
    ['{"\\u0061":1,"\\u0061":2}', 'a'],
    ['{"\\n":1,"\\u000a":2}', '\n'],
    ['{"\\/":1,"/":2}', '/'],
    ['{"\u{1f600}":1,"\\ud83d\\ude00":2}', '\u{1f600}'],
    ['{"":1,"":2}', ''],
    ['{"__proto__":1,"__proto__":2}', '__proto__'],
    ['{"constructor":1,"constructor":2}', 'constructor'],
    [' {\n"a" :\t1 ,\r\n "a" : 2 } ', 'a'],
    ['{"a":"{","a":"}"}', 'a'],
    ['{"a":"\\"","a":1}', 'a'],
    ['{"a":"\\\\","a":1}', 'a'],
    ['{"a":[{"b":{"c":{}}}],"a":null}', 'a'],
  ] as const) {
    test(`finds it in ${JSON.stringify(json)}`, () => {
      assert.equal(findPath(json), path);
    });
  }

  for (const json of [
    '{}',
    '[]',
    '"a"',
    '1',
    'null',
    '{"a":"a"}',
    '{"a":{"a":{"a":1}}}',
    '[{"a":1},{"a":1}]',
    '{"a":["a","a","a"]}',
    '{"a":"{\\"a\\":1,\\"a\\":2}"}',
    '{"a":"\\\\\\"","b":","}',
    '{"a":"]","b":"[","c":"{"}',
    '{"toString":1,"valueOf":2,"__proto__":3}',
    '{"a":1,"A":2}',
    '{"a":[],"b":[{"a":1},[{"a":1}]],"c":{}}',
  ]) {
    test(`finds none in ${JSON.stringify(json)}`, () => {
      assert.equal(findPath(json), undefined);
    });
  }

  test('finds none in what JSON.stringify wrote, whatever the value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.nat({ max: 3 }), (value, indent) => {
        assert.equal(findPath(JSON.stringify(value, null, indent)), undefined);
      }),
      { numRuns: 500 },
    );
  });

  test('finds a key put in a second time anywhere', () => {
    const object = fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue(), { minKeys: 1 });
    fc.assert(
      fc.property(object, fc.jsonValue(), (value, other) => {
        const [key = ''] = Object.keys(value);
        const json = `${JSON.stringify(value).slice(0, -1)},${JSON.stringify(key)}:${JSON.stringify(other)}}`;
        assert.notEqual(findPath(`[0,${json}]`), undefined);
      }),
    );
  });

  test('a text of 30 million characters does not exhaust the stack', () => {
    const long = 'x'.repeat(30_000_000);
    assert.equal(findPath(`{"a":"${long}","a":1}`), 'a');
    assert.equal(findPath(`{"a":"${'\\n'.repeat(3_000_000)}","a":1}`), 'a');
  });

  test('deep nesting does not exhaust the stack', () => {
    assert.equal(findPath(`${'['.repeat(5000)}{"a":1,"a":2}${']'.repeat(5000)}`)?.endsWith('[0].a'), true);
  });

  test('a text of megabytes is scanned to its end', () => {
    const items = Array.from({ length: 80_000 }, (_, index) => `{"name":"caller ${index}","roles":["a","b"]}`);
    assert.equal(findPath(`[${items.join()}]`), undefined);
    assert.equal(findPath(`[${items.join()},{"name":1,"name":2}]`), '[80000].name');
  });
});
