/**
 * What may be read of an object that others made. A prototype that somebody polluted (`{"__proto__": {…}}`, merged by a
 * careless function anywhere in the app) gives every object members that nobody wrote: an absent option, an absent key of
 * an answer or a policy would be there. So nothing that decides is read from the root of a prototype chain.
 */

/**
 * An object's own members, frozen and without a prototype: what is absent stays absent, even where somebody polluted
 * `Object.prototype`. A copy, unless the object is so already.
 */
export function copyOwn<T extends object>(source: T): Readonly<T> {
  if (Object.getPrototypeOf(source) === null && Object.isFrozen(source)) return source;
  return Object.freeze(Object.assign(Object.create(null) as T, source));
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
 * @throws {TypeError} names the option and the known ones.
 */
export function readKnownOptions<T extends object>(options: T, known: readonly string[], owner: string): Readonly<T> {
  for (const name of Object.keys(options)) {
    if (!known.includes(name)) {
      throw new TypeError(`${owner} has no option "${name}"; known are ${known.join(', ')}.`);
    }
  }
  const given = known.filter((name) => hasMember(options, name));
  return copyOwn(Object.fromEntries(given.map((name) => [name, Reflect.get(options, name) as unknown])) as T);
}
