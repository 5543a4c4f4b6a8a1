import { invalidArgument } from '../certgate-error.js';
import { types } from 'node:util';

/**
 * Safe reading of objects that others made. If somebody pollutes a prototype (a careless function anywhere in the app
 * merges `{"__proto__": {…}}`), ordinary objects get members that nobody wrote: an absent option, or an absent key of
 * an answer or a policy, would seem to be there. So code that decides must not read members from the root of a
 * prototype chain.
 */

/** An empty prototype that nobody can add members to. V8 reads an object without any prototype five times as slowly. */
const bare = Object.freeze(Object.create(null)) as object;

/**
 * Returns a frozen copy of an object's own enumerable members, without those of `Object.prototype`: an absent member
 * stays absent, even if somebody polluted that prototype. Returns the object itself if it is frozen and its prototype
 * is null or the empty one.
 */
export function copyOwn<T extends object>(source: T): Readonly<T> {
  const prototype: unknown = Object.getPrototypeOf(source);
  if ((prototype === bare || prototype === null) && Object.isFrozen(source)) return source;
  return Object.freeze(assignOwn(source));
}

function assignOwn<T extends object>(source: T): T {
  return Object.assign(Object.create(bare) as T, source);
}

/**
 * Whether an object has this member, as its own or from its class. Members of the root of its prototype chain
 * (`Object.prototype` of any realm) are ignored.
 */
export function hasMember(target: object, name: PropertyKey): boolean {
  if (Object.hasOwn(target, name)) return true;
  let holder = Object.getPrototypeOf(target) as object | null;
  while (holder !== null) {
    const parent = Object.getPrototypeOf(holder) as object | null;
    if (Object.hasOwn(holder, name)) return parent !== null;
    holder = parent;
  }
  return false;
}

/** The member if `hasMember` finds it, otherwise undefined. */
export function readMember(target: object, name: PropertyKey): unknown {
  return confirmMember(target, name, Reflect.get(target, name));
}

/**
 * Returns `value`, which must be `target[name]`, or undefined if `hasMember` does not find the member. Code that runs
 * at every request uses it: V8 reads `target.name` several times faster than `target[name]` with a variable.
 */
export function confirmMember(target: object, name: PropertyKey, value: unknown): unknown {
  return value !== undefined && hasMember(target, name) ? value : undefined;
}

/**
 * Returns a frozen copy of the options, with an empty prototype. An unknown option is refused: a misspelt limit would
 * silently be the default.
 *
 * @throws {CertgateError} if an option is unknown. The message names it and the known ones.
 */
export function readKnownOptions<T extends object>(options: T, known: readonly string[], owner: string): Readonly<T> {
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw invalidArgument(`${owner} has no option "${name}"; its options are ${known.join(', ')}.`);
    }
  }
  const given = known.filter((name) => hasMember(options, name));
  return copyOwn(Object.fromEntries(given.map((name) => [name, Reflect.get(options, name) as unknown])) as T);
}

/** What an argument, or a member of one, must be. `words` completes the sentence "… must be". */
export interface ArgumentRule {
  readonly words: string;
  readonly holds: (value: unknown) => boolean;
  readonly isOptional?: true;
}

/** One rule for each member. If a type gets a new member, this type makes the compiler ask for its rule. */
export type MemberRules<T> = Readonly<Record<keyof T & string, ArgumentRule>>;

/**
 * Returns a copy of an argument's own members. An optional member that is absent becomes undefined, so that nothing on
 * a prototype can replace it, not even in a copy of the copy. A member that is missing, misspelt, unknown or of another
 * type is refused: otherwise the code would silently use the default, or the weaker of two values.
 *
 * @throws {CertgateError} if the argument is not an object, or if a member is refused. The message names the member.
 */
export function readMembers<T extends object>(given: T, owner: string, rules: MemberRules<T>): Readonly<T> {
  expectArgument(given, anObject, owner);
  const members = assignOwn(given);
  const stranger = Object.keys(members).find((name) => !Object.hasOwn(rules, name));
  if (stranger !== undefined) {
    throw invalidArgument(`${owner} has no member "${stranger}"; its members are ${Object.keys(rules).join(', ')}.`);
  }
  for (const name of Object.keys(rules) as (keyof T & string)[]) {
    const rule = rules[name];
    const value = members[name];
    if (!rule.holds(value) && !(value === undefined && rule.isOptional))
      throw invalidArgument(`${owner}: "${name}" must be ${rule.words}.`);
    if (value === undefined) members[name] = value;
  }
  return Object.freeze(members);
}

/** The rule for an object whose `member` is a key of `table`. `words` is for the message. */
export function aMemberOf(table: object, member: string, words: string): ArgumentRule {
  return {
    words,
    holds: (value) => isObject(value) && Object.hasOwn(table, Reflect.get(value, member) as PropertyKey),
  };
}

/** @throws {CertgateError} if the value breaks the rule. The message says what it must be. */
export function expectArgument(value: unknown, { words, holds }: ArgumentRule, owner: string): void {
  if (!holds(value)) throw invalidArgument(`${owner} must be ${words}.`);
}

export const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const isCount = (value: unknown): boolean => typeof value === 'number' && value >= 0;

export const anObject: ArgumentRule = { words: 'an object', holds: isObject };
export const aText: ArgumentRule = { words: 'a string', holds: (value) => typeof value === 'string' };
export const aFlag: ArgumentRule = { words: 'true or false', holds: (value) => typeof value === 'boolean' };
export const aFunction: ArgumentRule = { words: 'a function', holds: (value) => typeof value === 'function' };
/** A Uint8Array of any realm: a test runner has two. */
export const octets: ArgumentRule = { words: 'a Uint8Array', holds: (value) => types.isUint8Array(value) };
/** NaN and the infinities pass this rule. */
export const anInstant: ArgumentRule = {
  words: 'a number of milliseconds',
  holds: (value) => typeof value === 'number',
};
export const aDuration: ArgumentRule = {
  words: 'a number of milliseconds, finite and not negative',
  holds: (value) => isCount(value) && value !== Infinity,
};
export const aCount: ArgumentRule = { words: 'a number, and not negative', holds: isCount };
export const aWholeNumber: ArgumentRule = {
  words: 'a whole number, and not negative',
  holds: (value) => isCount(value) && Number.isInteger(value),
};
export const anObjectIdentifier: ArgumentRule = {
  words: 'an object identifier, such as "1.3.6.1.5.5.7.3.2"',
  holds: (value) => typeof value === 'string' && /^[0-2](?:\.\d+)+$/.test(value),
};

export function oneOf(values: readonly string[]): ArgumentRule {
  return { words: values.map((each) => `"${each}"`).join(' or '), holds: (value) => values.includes(value as string) };
}

export function optional(rule: ArgumentRule): ArgumentRule {
  return { ...rule, isOptional: true };
}

/** Remembers the arrays that passed: lists live as long as the document they were read from, and are checked once. */
export function listOf({ words, holds }: ArgumentRule): ArgumentRule {
  const known = new WeakSet<object>();
  return {
    words: `an array, each member ${words}`,
    holds: (value) => {
      if (!Array.isArray(value)) return false;
      if (value.length === 0) return true;
      // Checks a copy, because `every` skips the holes of an array.
      const isKnown = known.has(value) || [...(value as unknown[])].every(holds);
      if (isKnown) known.add(value);
      return isKnown;
    },
  };
}

/**
 * A value that this decoder made, or a copy of it. The rule looks for members without which a later check would pass by
 * mistake.
 */
export function decodedBy(decoder: string, ...names: readonly string[]): ArgumentRule {
  return {
    words: `what ${decoder} gives as its value`,
    holds: (value) => isObject(value) && names.every((name) => Object.hasOwn(value, name)),
  };
}
