/** What is kept about a call, by its context or its request, as long as that object exists. */
export interface ContextMap<Value> {
  /** Undefined for anything without an entry, whatever it is. */
  readonly get: (context: object) => Value | undefined;
  /** Adds or replaces the entry. */
  readonly set: (context: object, value: Value) => void;
  /** Removes the entry, if there is one. */
  readonly delete: (context: object) => void;
}

/** A class whose constructor returns the given object, so that a subclass adds its private field to that object. */
const Given = function (target: object): object {
  return target;
} as unknown as new (target: object) => object;

/**
 * Makes a map that behaves like a WeakMap: nobody else can see or copy an entry, and neither a spread copy of a context
 * nor an object that inherits from it has one. The value is in a private field of the context itself, because a WeakMap
 * entry of a short-lived object costs about a microsecond, mostly in the garbage collector.
 */
export function createContextMap<Value>(): ContextMap<Value> {
  // For contexts that can't be extended. Newer versions of V8 add no private field to them.
  const fixed = new WeakMap<object, Value>();
  class Entry extends Given {
    #value: Value | undefined;

    static readonly map: ContextMap<Value> = Object.freeze<ContextMap<Value>>({
      // The app's code may pass something that is not a context at all.
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
