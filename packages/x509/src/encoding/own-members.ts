import { invalidArgument } from '../certgate-error.js';
import { types } from 'node:util';

/**
 * What may be read of an object that others made. A prototype that somebody polluted (`{"__proto__": {…}}`, merged by a
 * careless function anywhere in the app) gives every object members that nobody wrote: an absent option, an absent key of
 * an answer or a policy would be there. So nothing that decides is read from the root of a prototype chain.
 */

/** An empty prototype that nobody can add to. V8 reads an object without any prototype five times as slowly. */
const bare = Object.freeze(Object.create(null)) as object;

/**
 * An object's own members, frozen and without those of `Object.prototype`: what is absent stays absent, even where somebody
 * polluted that. A copy, unless the object is so already.
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
 * Whether an object has this member itself, or by its class. What stands on the root of its prototype chain
 * (`Object.prototype`, of whichever realm) doesn't count.
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

/** A member that `hasMember` finds, else undefined. */
export function readMember(target: object, name: PropertyKey): unknown {
  return confirmMember(target, name, Reflect.get(target, name));
}

/**
 * `value` is what `target[name]` gave: undefined unless `hasMember` finds the member. For what runs at every request, where
 * a name that stands in the code is read several times faster than one that is held in a variable.
 */
export function confirmMember(target: object, name: PropertyKey, value: unknown): unknown {
  return value !== undefined && hasMember(target, name) ? value : undefined;
}

/**
 * A copy of the options that were given, without a prototype. An option whose name is not known is refused: a misspelt
 * limit would silently be the default.
 *
 * @throws {CertgateError} names the option and the known ones.
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

/** What an argument, or a member of one, must be; `words` ends a sentence, "… must be". */
export interface ArgumentRule {
  readonly words: string;
  readonly holds: (value: unknown) => boolean;
  readonly isOptional?: true;
}

/** One rule for each member: a type that gets another one doesn't compile without. */
export type MemberRules<T> = Readonly<Record<keyof T & string, ArgumentRule>>;

/**
 * A copy of an argument's own members; an optional one that is absent is there as undefined, so that nothing on a prototype
 * stands in for it, in a copy of the copy neither. What is missing, of another type, unknown or misspelt is refused: it would
 * silently be read as the default, or as the weaker of two values.
 *
 * @throws {CertgateError} names the member, and what it must be.
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

/** @throws {CertgateError} says what it must be. */
export function expectArgument(value: unknown, { words, holds }: ArgumentRule, owner: string): void {
  if (!holds(value)) throw invalidArgument(`${owner} must be ${words}.`);
}

export const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
const isCount = (value: unknown): boolean => typeof value === 'number' && value >= 0;

export const anObject: ArgumentRule = { words: 'an object', holds: isObject };
export const aText: ArgumentRule = { words: 'a string', holds: (value) => typeof value === 'string' };
export const aFlag: ArgumentRule = { words: 'true or false', holds: (value) => typeof value === 'boolean' };
export const aFunction: ArgumentRule = { words: 'a function', holds: (value) => typeof value === 'function' };
/** Of any realm: a test runner has two. */
export const octets: ArgumentRule = { words: 'a Uint8Array', holds: (value) => types.isUint8Array(value) };
/** One that is no number is outside of every validity. */
export const anInstant: ArgumentRule = {
  words: 'a number of milliseconds',
  holds: (value) => typeof value === 'number',
};
export const aDuration: ArgumentRule = {
  words: 'a number of milliseconds, finite and not negative',
  holds: (value) => isCount(value) && value !== Number.POSITIVE_INFINITY,
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

/** An array that held once isn't looked at again: lists live as long as what they were read from. */
export function listOf({ words, holds }: ArgumentRule): ArgumentRule {
  const known = new WeakSet<object>();
  return {
    words: `an array, each member ${words}`,
    holds: (value) => {
      if (!Array.isArray(value)) return false;
      if (value.length === 0) return true;
      // A copy: `every` passes over the holes of a list.
      const isKnown = known.has(value) || [...(value as unknown[])].every(holds);
      if (isKnown) known.add(value);
      return isKnown;
    },
  };
}

/** What a decoder made, or a copy: by some members of its own, in whose absence a check would pass. */
export function decodedBy(decoder: string, ...names: readonly string[]): ArgumentRule {
  return {
    words: `what ${decoder} gives as its value`,
    holds: (value) => isObject(value) && names.every((name) => Object.hasOwn(value, name)),
  };
}
