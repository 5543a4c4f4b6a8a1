/**
 * Told by its `then`, never by `instanceof Promise`: libraries put a Promise of their own in the global's place, and what
 * an `async` function returns is then no instance of it. A promise that is taken for a value would be a bypass.
 */
export function isPromiseLike<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return (
    ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    'then' in value &&
    typeof value.then === 'function'
  );
}
