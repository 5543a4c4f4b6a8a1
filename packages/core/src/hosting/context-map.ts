/** What is kept of a call, by its context or its request; it goes with that object. */
export interface ContextMap<Value> {
  /** Undefined for what has no entry, whatever it is. */
  readonly get: (context: object) => Value | undefined;
  /** Adds or replaces the entry. */
  readonly set: (context: object, value: Value) => void;
  /** Takes the entry away, if there is one. */
  readonly delete: (context: object) => void;
}

/** A class that makes no object: what extends it adds its private field to the object that it is given. */
const Given = function (target: object): object {
  return target;
} as unknown as new (target: object) => object;

/**
 * As a WeakMap is to its users: nobody else sees or copies an entry, and neither a spread copy of a context nor an object
 * that inherits from it has one. The values stand in a private field of the context itself, since each WeakMap entry of a
 * short-lived object costs about a microsecond, most of it in the garbage collector.
 */
export function createContextMap<Value>(): ContextMap<Value> {
  // A later V8 adds no private field to an object that can't be extended.
  const fixed = new WeakMap<object, Value>();
  class Entry extends Given {
    #value: Value | undefined;

    static readonly map: ContextMap<Value> = Object.freeze<ContextMap<Value>>({
      // Users' code may ask with what is no context at all.
      get: (context) => (Object(context) === context && #value in context ? context.#value : fixed.get(context)),
      set: (context, value) => {
        if (#value in context) context.#value = value;
        else if (Object.isExtensible(context)) new Entry(context).#value = value;
        else fixed.set(context, value);
      },
      delete: (context) => {
        if (#value in context) context.#value = undefined;
        else fixed.delete(context);
      },
    });
  }
  return Entry.map;
}
