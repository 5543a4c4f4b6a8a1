import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';
import * as fc from 'fast-check';
import { findJsonMember } from './json-member.js';

/** The value that JSON.parse returns. Undefined if it refuses the text. */
function parse(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

/** The value of the member. Undefined if there is none. */
function find(text: string): { readonly value: unknown } | undefined {
  const found = findJsonMember(text, 'transport');
  return found === undefined ? undefined : { value: JSON.parse(found) as unknown };
}

const space = fc.stringMatching(/^[ \t\n\r]{0,2}$/);

/** Writes the same value with white space anywhere, and with escaped characters in strings. */
function write(value: unknown): fc.Arbitrary<string> {
  const join = (parts: readonly fc.Arbitrary<string>[], open: string, close: string): fc.Arbitrary<string> =>
    fc.tuple(space, ...parts).map(([first, ...rest]) => `${open}${first}${rest.join(',')}${close}`);
  if (Array.isArray(value)) return join(value.map(write), '[', ']').chain(surround);
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(([key, each]) =>
      fc.tuple(writeString(key), space, write(each)).map(([name, gap, text]) => `${gap}${name}${gap}:${text}`),
    );
    return join(members, '{', '}').chain(surround);
  }
  return (typeof value === 'string' ? writeString(value) : fc.constant(JSON.stringify(value))).chain(surround);
}

function surround(text: string): fc.Arbitrary<string> {
  return fc.tuple(space, space).map(([before, after]) => `${before}${text}${after}`);
}

function writeString(value: string): fc.Arbitrary<string> {
  const escapeUnit = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return fc.array(fc.boolean(), { minLength: value.length, maxLength: value.length }).map((isEscaped) => {
    const units = value.split('').map((unit, at) => {
      const plain = JSON.stringify(unit).slice(1, -1);
      return isEscaped[at] === true ? escapeUnit(unit) : plain;
    });
    return `"${units.join('')}"`;
  });
}

const keys = fc.oneof(fc.constantFrom('transport', 'Transport', '__proto__', 'constructor', ''), fc.string());
const json = fc.jsonValue({ maxDepth: 3 });
const payload = fc.dictionary(keys, json, { maxKeys: 4 });

describe('a member of a JSON text', () => {
  it('is the one that JSON.parse finds', () => {
    fc.assert(
      fc.property(
        payload.chain((value) => fc.tuple(fc.constant(value), write(value))),
        ([value, text]) => {
          const parsed = JSON.parse(text) as object;
          assert.deepEqual(parsed, JSON.parse(JSON.stringify(value)));
          const isThere = Object.hasOwn(parsed, 'transport');
          const expected = isThere ? { value: (parsed as { readonly transport: unknown }).transport } : undefined;
          assert.deepEqual(find(text), expected);
        },
      ),
      { numRuns: countRuns(300) },
    );
  });

  it('is never found in a text that JSON.parse refuses, and is never another member', () => {
    const characters = fc.string({
      unit: fc.constantFrom(...Array.from('{}[],:"\\ \n\t\u0000\ufeffu0-.e1tnf')),
      maxLength: 1,
    });
    const pieces = fc.oneof(characters, fc.constantFrom('transport', '"transport":', '\\u0074', '{}'));
    const edit = fc.tuple(fc.nat(), fc.nat({ max: 3 }), fc.array(pieces, { maxLength: 3 }));
    fc.assert(
      fc.property(payload.chain(write), fc.array(edit, { maxLength: 3 }), (text, edits) => {
        const changed = edits.reduce((before, [at, length, added]) => {
          const start = at % (before.length + 1);
          return before.slice(0, start) + added.join('') + before.slice(start + length);
        }, text);
        const found = find(changed);
        if (found === undefined) return;
        const parsed = parse(changed);
        assert.ok(parsed !== undefined, changed);
        assert.deepEqual(found.value, (parsed.value as { readonly transport: unknown }).transport, changed);
      }),
      { numRuns: countRuns(1000) },
    );
  });

  for (const [what, text] of [
    ['twice', '{"transport":1,"transport":1}'],
    ['twice, once with escapes', '{"transport":1,"a":[],"\\u0074ransport":2}'],
    ['in a member alone', '{"arguments":{"transport":1}}'],
    ['in a text alone', '{"arguments":"\\",\\"transport\\":1,\\"\\""}'],
    ['of a list', '["transport",1]'],
    ['with something behind the object', '{"transport":1}{}'],
    ['of an object that does not end', '{"transport":1'],
    ['before broken members', '{"transport":1,"a":tru}'],
    ['behind a number that JSON has not', '{"a":01,"transport":1}'],
    ['behind a line break in a text', '{"a":"\n","transport":1}'],
    ['behind a byte order mark', '\ufeff{"transport":1}'],
    ['in nothing', ''],
    ['behind too many levels', `{"a":${'['.repeat(1002)}${']'.repeat(1002)},"transport":1}`],
    ['behind lists without an end', `{"a":${'['.repeat(1_000_000)}`],
  ] as const) {
    it(`is not found: ${what}`, () => {
      assert.equal(find(text), undefined);
    });
  }

  it('is found behind long and deep members', () => {
    const deep = `${'[{"a":'.repeat(499)}1${'}]'.repeat(499)}`;
    const long = JSON.stringify('x"\\'.repeat(100_000));
    assert.deepEqual(find(`{"a":${deep},"b":${long},"transport" : {"name": "x"} , "c":[]}`), { value: { name: 'x' } });
  });

  it('is found without making values of the other members', (context) => {
    const { mock } = context.mock.method(JSON, 'parse');
    assert.equal(
      findJsonMember('{"a":{"b":[1,2,{"c":"d"}]},"\\u0061":1,"transport":{"name":1}}', 'transport'),
      '{"name":1}',
    );
    assert.deepEqual(
      mock.calls.map(({ arguments: [text] }) => text),
      ['"\\u0061"'],
    );
  });
});
