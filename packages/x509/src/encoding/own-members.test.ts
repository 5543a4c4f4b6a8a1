import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { CertgateError } from '../certgate-error.js';
import {
  type ArgumentRule,
  aCount,
  aDuration,
  aFlag,
  aWholeNumber,
  anObjectIdentifier,
  copyOwn,
  decodedBy,
  hasMember,
  listOf,
  oneOf,
  optional,
  readKnownOptions,
  readMember,
  readMembers,
} from './own-members.js';

const refusal = (act: () => unknown): string => {
  try {
    act();
  } catch (error) {
    assert.ok(error instanceof CertgateError);
    return error.message;
  }
  return assert.fail('accepted');
};

class Options {
  get limit(): number {
    return 5;
  }
}

/** Whether the object inherits nothing that anybody could change. */
function isBare(target: object): boolean {
  const prototype = Object.getPrototypeOf(target) as object;
  const isEmpty = Object.getPrototypeOf(prototype) === null && Reflect.ownKeys(prototype).length === 0;
  return isEmpty && Object.isFrozen(prototype) && !('constructor' in target) && !('toString' in target);
}

describe('a copy of own members', () => {
  test('has no members of Object.prototype, is frozen, and is the source itself if that already is such a copy', () => {
    const source = { limit: 1 };
    const copy = copyOwn(source);
    assert.notEqual(copy, source);
    assert.ok(isBare(copy));
    assert.ok(Object.isFrozen(copy));
    assert.deepEqual({ ...copy }, source);
    assert.equal(copyOwn(copy), copy);
    const bare = Object.freeze({ __proto__: null, limit: 1 });
    assert.equal(copyOwn(bare), bare);
  });

  test('is made of objects that have a prototype or can still change', () => {
    const frozen = Object.freeze({ limit: 1 });
    assert.ok(isBare(copyOwn(frozen)));
    const changing = Object.assign(Object.create(null) as { limit: number }, { limit: 1 });
    const copy = copyOwn(changing);
    changing.limit = 2;
    assert.equal(copy.limit, 1);
  });
});

describe('a member', () => {
  test("is its own or its class's, in this realm or another, and never that of Object.prototype", () => {
    const bare = Object.assign(Object.create(null) as object, { limit: undefined });
    for (const holder of [{ limit: undefined }, new Options(), bare]) assert.ok(hasMember(holder, 'limit'));
    for (const other of [{}, new Options(), Object.create(null) as object, runInNewContext('({})') as object])
      for (const name of ['toString', 'window']) assert.equal(hasMember(other, name), false, name);
  });

  test('is returned if it is found', () => {
    assert.equal(readMember(new Options(), 'limit'), 5);
    assert.equal(readMember({ limit: 1 }, 'limit'), 1);
    assert.equal(readMember({}, 'toString'), undefined);
  });
});

describe('options', () => {
  test('are read from classes too, and never from Object.prototype', () => {
    assert.deepEqual({ ...readKnownOptions(new Options(), ['limit', 'toString'], 'it') }, { limit: 5 });
    assert.deepEqual({ ...readKnownOptions({ limit: 1 }, ['limit'], 'it') }, { limit: 1 });
  });

  test('are refused if their name is unknown', () => {
    assert.equal(
      refusal(() => readKnownOptions({ limti: 1 }, ['limit', 'mode'], 'it')),
      'it has no option "limti"; its options are limit, mode.',
    );
  });
});

describe('members of an argument', () => {
  const rules = { flag: aFlag, count: optional(aCount) };
  const read = (given: object): object => readMembers(given as { flag: boolean; count?: number }, 'it', rules);

  test('are copied and frozen; an optional one that is absent is undefined', () => {
    const members = read({ flag: true });
    assert.deepEqual({ ...members }, { flag: true, count: undefined });
    assert.ok(Object.isFrozen(members));
    assert.deepEqual({ ...read({ flag: false, count: undefined }) }, { flag: false, count: undefined });
  });

  for (const [given, message] of [
    [undefined, 'it must be an object.'],
    [{}, 'it: "flag" must be true or false.'],
    [{ flag: undefined }, 'it: "flag" must be true or false.'],
    [{ flag: true, count: null }, 'it: "count" must be a number, and not negative.'],
    [{ flag: true, conut: 1 }, 'it has no member "conut"; its members are flag, count.'],
    [{ flag: true, count: 1, conut: 1 }, 'it has no member "conut"; its members are flag, count.'],
  ] as const) {
    test(message, () => {
      assert.equal(
        refusal(() => read(given as never)),
        message,
      );
    });
  }
});

describe('rules', () => {
  const cases: readonly (readonly [ArgumentRule, readonly unknown[], readonly unknown[]])[] = [
    [aCount, [0, 0.5, Number.POSITIVE_INFINITY], [-1, Number.NaN, '1', undefined]],
    [aDuration, [0, 0.5], [-1, Number.POSITIVE_INFINITY, Number.NaN]],
    [aWholeNumber, [0, 7], [0.5, -1, Number.POSITIVE_INFINITY]],
    [
      anObjectIdentifier,
      ['0.9', '1.3.6.1.5.5.7.3.2', '2.999.1'],
      ['', '1', '3.1', '1.', 'a1.2', '1.2a', '.1.2', '1.2.', ['1.2'], undefined],
    ],
    [oneOf(['a', 'b']), ['a', 'b'], ['c', '', undefined]],
    [listOf(aFlag), [[], [true, false]], [[1], [true, 1], new Array(1), { length: 0 }]],
    [
      decodedBy('decode', 'one', 'two'),
      [{ one: 1, two: 2 }],
      [{ one: 1 }, {}, null, Object.create({ one: 1, two: 2 })],
    ],
  ];
  for (const [rule, good, bad] of cases) {
    test(rule.words, () => {
      for (const value of good) assert.ok(rule.holds(value), String(value));
      // Asks twice, because the rule remembers lists that passed.
      for (const value of [...bad, ...bad]) assert.equal(rule.holds(value), false);
    });
  }

  test('name the permitted values', () => {
    assert.equal(oneOf(['a', 'b']).words, '"a" or "b"');
    assert.equal(listOf(aFlag).words, 'an array, each member true or false');
  });

  test('check each list once, and a decoded value at every call', () => {
    const list = [true];
    const decoded: { one?: number } = { one: 1 };
    const [flags, made] = [listOf(aFlag), decodedBy('decode', 'one')];
    assert.ok(flags.holds(list) && made.holds(decoded));
    list.push(5 as never);
    delete decoded.one;
    assert.ok(flags.holds(list) && !made.holds(decoded));
  });
});
