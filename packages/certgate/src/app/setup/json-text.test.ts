import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { JsonFileText } from './json-text.js';

const read = (text: string): JsonFileText => new JsonFileText('file.json', text, 'json-with-comments');

describe('JsonText', () => {
  const additions: readonly (readonly [string, string])[] = [
    ['{ "a": { "b": 1 } }', '{\n  "a": {\n    "b": 1,\n    "c": "x"\n  }\n}'],
    ['{\n  "a": {\n    "b": 1\n  }\n}', '{\n  "a": {\n    "b": 1,\n    "c": "x"\n  }\n}'],
    ['{\n  "a": {\n    "b": 1 // one\n  }\n}', '{\n  "a": {\n    "b": 1,\n    "c": "x" // one\n  }\n}'],
    ['{\n  "a": {\n    "b": 1, /* two */\n  }\n}', '{\n  "a": {\n    "b": 1,\n    "c": "x", /* two */\n  }\n}'],
    ['{\n  "a": {}\n}', '{\n  "a": {\n    "c": "x"\n  }\n}'],
    ['{\n  "a": {\n    // none\n  }\n}', '{\n  "a": {\n    "c": "x"\n    // none\n  }\n}'],
    ['{\r\n\t"a": {\r\n\t\t"b": 1\r\n\t}\r\n}', '{\r\n\t"a": {\r\n\t\t"b": 1,\r\n\t\t"c": "x"\r\n\t}\r\n}'],
  ];
  for (const [before, after] of additions) {
    it(`adds a property to ${JSON.stringify(before)}`, () => {
      assert.equal(read(before).addProperty(['a'], 'c', 'x').text, after);
    });
  }

  const items: readonly (readonly [string, string])[] = [
    ['{ "a": ["y"] }', '{\n  "a": [\n    "x",\n    "y"\n  ]\n}'],
    ['{\n  "a": [\n    "y"\n  ]\n}', '{\n  "a": [\n    "x",\n    "y"\n  ]\n}'],
    ['{\n  "a": [ // first\n    "y",\n  ]\n}', '{\n  "a": [\n    "x", // first\n    "y",\n  ]\n}'],
    ['{\n  "a": []\n}', '{\n  "a": [\n    "x"\n  ]\n}'],
  ];
  for (const [before, after] of items) {
    it(`adds an item to ${JSON.stringify(before)}`, () => {
      assert.equal(read(before).prependItem(['a'], 'x').text, after);
    });
  }

  it('keeps everything else as it is', () => {
    const indent = fc.constantFrom(0, 2, 4, '\t');
    const name = fc.string({ minLength: 1 }).filter((each) => each !== 'added');
    // An assignment to `__proto__` makes no property, so a file with that name is refused, as the last test shows.
    const value = fc
      .json()
      .filter((each) => !each.includes('__proto__'))
      // A value as JSON can express it: no negative zero, no object without a prototype.
      .map((each): unknown => JSON.parse(JSON.stringify(JSON.parse(each))));
    const object = fc.dictionary(
      name.filter((each) => each !== '__proto__'),
      value,
    );
    fc.assert(
      fc.property(object, value, indent, (inner, added, space) => {
        const text = JSON.stringify({ inner }, null, space);
        const edited = read(text).addProperty(['inner'], 'added', added);
        assert.deepEqual(JSON.parse(edited.text), {
          inner: { ...(JSON.parse(text) as { inner: object }).inner, added },
        });
      }),
    );
  });

  it('refuses text that it cannot read, and a path that does not exist', () => {
    assert.throws(() => read('{ "a": }'), /not valid JSON at line 1/);
    assert.throws(() => read('[]'), /must hold a JSON object/);
    assert.throws(() => new JsonFileText('package.json', '{ } // c', 'json'), /not valid JSON/);
    assert.throws(() => read('{ "a": 1 }').addProperty(['a'], 'b', 1), /"a" in file\.json is not an object/);
    assert.throws(() => read('{ "a": { "__proto__": [] } }').addProperty(['a'], 'b', 1), /changed safely/);
    assert.throws(() => read('{ "a": "b", "a": {} }').addProperty(['a'], 'b', 1), /changed safely|is not an object/);
  });
});
