import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { findJsonFault } from './json-fault.js';
import { JsonList } from './json-pieces.js';
import { type JsonReading, parseJsonInSteps } from './strict-json.js';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';

const parse = (json: string | Uint8Array, pieceLength?: number): JsonReading => {
  const steps = parseJsonInSteps(json, pieceLength);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
};

/** Piece lengths that cut a text everywhere, and the usual length. */
const pieceLengths = [1, 2, 3, 7, 20, undefined];

/** Converts what was read from bytes, with its lists, to plain values. */
const readWhole = (value: unknown): unknown => {
  if (value instanceof JsonList || Array.isArray(value)) return Array.from(value as Iterable<unknown>, readWhole);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, readWhole(member)]));
};

/** Parses a text that JSON.parse accepts, and returns the path of the first duplicate key. */
const findPath = (json: string): string | undefined => {
  JSON.parse(json);
  const paths = pieceLengths.map((pieceLength) => {
    const reading = parse(json, pieceLength);
    assert.ok(reading.ok, 'no JSON');
    return reading.duplicateKey?.path;
  });
  assert.equal(new Set(paths).size, 1, `pieces differ: ${String(paths)}`);
  return paths[0];
};

describe('a key that appears twice', () => {
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
    test(`is found in ${JSON.stringify(json)}`, () => {
      assert.equal(findPath(json), path);
    });
  }

  for (const json of [
    '{"a":"{\\"a\\":1,\\"a\\":2}"}',
    '{"a":"\\\\\\"","b":","}',
    '{"a":"]","b":"[","c":"{"}',
    '{"toString":1,"valueOf":2,"__proto__":3}',
    '{"a":1,"A":2}',
  ]) {
    test(`is not found in ${JSON.stringify(json)}`, () => {
      assert.equal(findPath(json), undefined);
    });
  }

  test('is not found in what JSON.stringify wrote, whatever the value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 5 }), fc.nat({ max: 3 }), (value, indent) => {
        assert.equal(findPath(JSON.stringify(value, null, indent)), undefined);
      }),
      { numRuns: countRuns(100) },
    );
  });

  test('is found wherever a key is added a second time', () => {
    const object = fc.dictionary(fc.string({ minLength: 1 }), fc.jsonValue(), { minKeys: 1 });
    fc.assert(
      fc.property(object, fc.jsonValue(), (value, other) => {
        const [key = ''] = Object.keys(value);
        const json = `${JSON.stringify(value).slice(0, -1)},${JSON.stringify(key)}:${JSON.stringify(other)}}`;
        assert.notEqual(findPath(`[0,${json}]`), undefined);
      }),
    );
  });

  test('is looked for in a text of millions of characters without exhausting the stack', () => {
    const long = 'x'.repeat(4_000_000);
    assert.equal(findPath(`{"a":"${long}","a":1}`), 'a');
    assert.equal(findPath(`{"a":"${'\\n'.repeat(1_000_000)}","a":1}`), 'a');
  });

  test('is looked for in deep nesting without exhausting the stack', () => {
    assert.equal(findPath(`${'['.repeat(5000)}{"a":1,"a":2}${']'.repeat(5000)}`)?.endsWith('[0].a'), true);
  });

  test('is looked for to the end of a text of megabytes', () => {
    const items = Array.from({ length: 20_000 }, (_, index) => `{"name":"caller ${index}","roles":["a","b"]}`);
    assert.equal(findPath(`[${items.join()}]`), undefined);
    assert.equal(findPath(`[${items.join()},{"name":1,"name":2}]`), '[20000].name');
  });
});

/** Compares with JSON.parse: both read the same value or both refuse, however the text is cut into pieces. */
function assertAgrees(text: string): 'accepted' | 'refused' {
  let expected: unknown;
  let isJson = true;
  try {
    // An intended difference: a byte order mark in front is accepted.
    expected = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch {
    isJson = false;
  }
  // A second reader of the same grammar: `findJsonFault` must find a fault exactly if the text is not JSON.
  assert.equal(findJsonFault(text.replace(/^\ufeff/, '')) === undefined, isJson, JSON.stringify(text));
  for (const pieceLength of pieceLengths) {
    const reading = parse(text, pieceLength);
    assert.equal(reading.ok, isJson, `pieces of ${String(pieceLength)}: ${JSON.stringify(text)}`);
    if (reading.ok && reading.duplicateKey === undefined) assert.deepEqual(reading.value, expected);
    // Half a surrogate pair can't be encoded as bytes.
    if (/\p{Surrogate}/u.test(text)) continue;
    const read = parse(Buffer.from(text), pieceLength);
    if (!read.ok || !reading.ok) assert.deepEqual(read, reading);
    else {
      assert.deepEqual(read.duplicateKey, reading.duplicateKey);
      // Reads twice, because it must be possible to iterate over a list again.
      if (read.duplicateKey === undefined)
        for (let time = 0; time < 2; time += 1) assert.deepEqual(readWhole(read.value), expected);
    }
  }
  return isJson ? 'accepted' : 'refused';
}

describe('the parser agrees with JSON.parse', () => {
  for (const text of [
    '',
    ' ',
    '{a:[1,2]}',
    "{'a':[1,2]}",
    '{"a\nb":[1,2]}',
    '{"a\\u12":[1,2]}',
    '{"a\\x":[1,2],"b":1}',
    '{"a":{"b":1,"c":2],"d":3}',
    '{"a":{"b":1,"c":2}}}',
    '["a',
    '["a\\',
    '["a\\"',
    '[1,2] x',
    'x [1,2]',
    '[1,2]\u00a0',
    '\u00a0[1,2]',
    '[1,\u2028[2,3]]',
    '[01,2]',
    '[+1,2]',
    '[1.,2]',
    '[NaN,Infinity]',
    '[undefined,1]',
    '[true,false,nul]',
    '["\t",1]',
    '/**/[1,2]',
    '[1,2]//',
  ]) {
    test(`and refuses ${JSON.stringify(text)}`, () => {
      assert.equal(assertAgrees(text), 'refused');
    });
  }
  for (const text of [
    ' [ [ ] , { } , [ [ ] ] ] ',
    '{"a":[1,2],"b":{"c":[3,4],"d":5},"e":[]}',
    '[[1,2],[3,[4,5]],{"a":[6,7]}]',
    '{"__proto__":[1,2],"constructor":{"__proto__":{"a":1,"b":2},"c":1}}',
    '{"2":[1,2],"1":[3,4],"b":[5,6],"a":[7,8]}',
    '{"\\u0061\\\\":[1,2,3],"\\"":[4,5,6]}',
    '[1e400,-0,1E+2,123456789012345678901234567890,[0.1,2]]',
    '["\ud800",["\\ud800","\\udfff"],{"\ud83d":[1,2]}]',
    '["],[","}{",{"],":"[1,2]"}]',
    '\r\n\t [1,\r[2,3]\t,4 ]\n',
  ]) {
    test(`and reads ${JSON.stringify(text)}`, () => {
      assert.equal(assertAgrees(text), 'accepted');
    });
  }

  test('whatever the value and the indentation are', () => {
    const indent = fc.constantFrom(undefined, 1, '\t', '\r\n ');
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), indent, (value, space) => {
        assert.equal(assertAgrees(JSON.stringify(value, null, space)), 'accepted');
      }),
      { numRuns: countRuns(300) },
    );
  });

  test('whatever replaces a part of the text', () => {
    const scrap = fc.constantFrom(
      ...[
        '',
        ',',
        ':',
        '[',
        ']',
        '{',
        '}',
        '"',
        '\\',
        ' ',
        '\n',
        '1',
        '-',
        'e',
        'null',
        '"a"',
        '"a":',
        '[1,2]',
        '{"a":1}',
      ],
      ...['\u00a0', '\ufeff', '\\u', '\0', '/', "'"],
    );
    const edit = fc.record({ at: fc.nat(), length: fc.nat({ max: 3 }), scrap });
    const base = fc.jsonValue({ maxDepth: 4 }).map((value) => JSON.stringify(value));
    const seen = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(base, fc.array(edit, { minLength: 1, maxLength: 3 }), (json, edits) => {
        let text = json;
        for (const { at, length, scrap: put } of edits) {
          const start = at % (text.length + 1);
          text = text.slice(0, start) + put + text.slice(start + length);
        }
        seen[assertAgrees(text)] += 1;
      }),
      { numRuns: countRuns(700) },
    );
    assert.ok(seen.accepted > 30 && seen.refused > 30, JSON.stringify(seen));
  });

  test('whatever the order of the tokens is', () => {
    const token = fc.constantFrom(
      '[',
      ']',
      '{',
      '}',
      ',',
      ':',
      '"a"',
      '"b":',
      '"c":[1,2],',
      '1',
      ' ',
      '[1,2]',
      '{"d":3}',
    );
    const seen = { accepted: 0, refused: 0 };
    fc.assert(
      fc.property(fc.array(token, { maxLength: 9 }), (tokens) => {
        seen[assertAgrees(tokens.join(''))] += 1;
      }),
      { numRuns: countRuns(1000) },
    );
    assert.ok(seen.accepted > 5, JSON.stringify(seen));
  });

  test('and skips one byte order mark in front, but no other', () => {
    for (const pieceLength of pieceLengths) {
      assert.deepEqual(parse('\ufeff[1,[2,3]]', pieceLength), {
        ok: true,
        value: [1, [2, 3]],
        duplicateKey: undefined,
      });
      for (const text of ['\ufeff', '\ufeff\ufeff[1,2]', ' \ufeff[1,2]', '[\ufeff1,2]', '[1,2]\ufeff']) {
        assert.equal(parse(text, pieceLength).ok, false);
      }
    }
  });
});

describe('the bounds', () => {
  test('limit a step to one piece', () => {
    const item = '{"name":"caller","roles":["a","b"],"pins":[{"thumbprintSha256":"00"}]}';
    const text = `{"a":[${Array.from({ length: 5000 }, () => item).join()}],"b":[${Array.from({ length: 50_000 }, () => '1').join()}]}`;
    let steps = 0;
    for (const step = parseJsonInSteps(text); step.next().done !== true;) steps += 1;
    assert.ok(steps >= text.length / 16_384, `${steps} steps for ${text.length} characters`);
  });
  test('allow 10,000 levels, and refuse more without using memory', () => {
    const nest = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    assert.equal(parse(nest(10_000)).ok, true);
    const reading = parse(nest(10_001));
    assert.match(reading.ok ? '' : reading.fault, /more than 10000 levels/);
    assert.equal(parse('['.repeat(2_000_000)).ok, false);
  });
  test('allow a key or white space of megabytes', () => {
    const key = '\\u0061'.repeat(500_000);
    for (const text of [`{"${key}":[1,2],"b":[3,4]}`, `[1,${' '.repeat(3_000_000)}[2,3],4]`]) {
      assert.deepEqual(parse(text, 10), { ok: true, value: JSON.parse(text) as unknown, duplicateKey: undefined });
    }
  });
  test('make the fault of a large text name the place without quoting the content', () => {
    const lines = Array.from({ length: 20_000 }, (_, index) => `{"secret":"hunter2 ${index} ${'x'.repeat(50)}"}`);
    const broken = `[${lines.slice(0, 10_000).join(',\n')},\n{"secret" "x"},\n${lines.slice(10_000).join(',\n')}]`;
    const reading = parse(broken);
    assert.match(reading.ok ? '' : reading.fault, /^it is broken in or before line 10\d\d\d, character \d+$/);
    const half = parse(broken.slice(0, 9000 * 60));
    assert.match(half.ok ? '' : half.fault, /ends too early|no closing quote/);
    const inBytes = broken.replace('hunter2', 'h\u{1f600}nter2');
    assert.deepEqual(parse(Buffer.from(inBytes)), parse(inBytes));
    const largeHalf = parse(`[${lines.join(',\n')}`);
    assert.match(largeHalf.ok ? '' : largeHalf.fault, /broken at the end; was it written whole/);
  });
});

describe('what is wrong with a text, where, and what to do', () => {
  const pem = '-----BEGIN CERTIFICATE-----\nMIIB\nAAAA\n-----END CERTIFICATE-----';
  for (const [name, text, fault] of [
    [
      'a PEM with its line ends',
      `{\n  "trustAnchors": ["${pem}"]\n}`,
      /^a string continues on the next line; write it on one line, with \\n for each line end \(a PEM too\) \(line 2, column 48\)$/,
    ],
    [
      'a comma before a brace',
      '{\n  "a": 1,\n}',
      /^there is a comma before the closing }; remove it \(line 2, column 9\)$/,
    ],
    ['a comma before a bracket', '[1, 2, ]', /^there is a comma before the closing ]; remove it \(line 1, column 6\)$/],
    ['a comma that is missing', '{"a":1\n "b":2}', /^a comma is missing before this \(line 2, column 2\)$/],
    ['two commas', '[1,,2]', /^a value is missing here \(line 1, column 4\)$/],
    ['a value that is missing', '{"a":}', /^a value is missing here \(line 1, column 6\)$/],
    ['a comment', '{\n// x\n}', /^JSON has no comments; remove it \(line 2, column 1\)$/],
    ['single quotes', "{'a':1}", /^JSON puts a string in double quotes, not in single ones \(line 1, column 2\)$/],
    ['a key without quotes', '{a:1}', /^a key in double quotes is missing here; .*\(line 1, column 2\)$/],
    [
      'a path of Windows',
      '{"a":"C:\\temp\\x"}',
      /^a backslash that is meant as one is written \\\\ in JSON \(line 1, column 14\)$/,
    ],
    ['a text without an end', '{"a":"b}', /^a string begins here that has no closing quote; .* \(line 1, column 6\)$/],
    ['half a document', '{"a":[{"b":1', /^it ends too early; was it written whole\? \(line 1, column 13\)$/],
    ['two documents', '{} {}', /^there is something after its end; remove it \(line 1, column 4\)$/],
    ['the wrong bracket', '{"a":[1}', /^} does not close what was opened last; /],
    ['nothing', '', /^it ends too early/],
  ] as const) {
    test(name, () => {
      const reading = parse(text);
      assert.match(reading.ok ? '' : reading.fault, fault);
    });
  }
});
