/**
 * An object's own members, frozen and without a prototype: what is absent stays absent, even where somebody polluted
 * `Object.prototype`. A copy, unless the object is so already.
 */
export function copyOwn<T extends object>(source: T): Readonly<T> {
  if (Object.getPrototypeOf(source) === null && Object.isFrozen(source)) return source;
  return Object.freeze(Object.assign(Object.create(null) as T, source));
}
