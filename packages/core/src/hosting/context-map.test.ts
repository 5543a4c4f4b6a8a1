import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createContextMap } from './context-map.js';

describe('createContextMap', () => {
  it('keeps, replaces and forgets the value of a context', () => {
    const map = createContextMap<number>();
    const context = {};
    assert.equal(map.get(context), undefined);
    map.set(context, 1);
    map.set(context, 2);
    assert.equal(map.get(context), 2);
    map.delete(context);
    assert.equal(map.get(context), undefined);
  });

  it('keeps the values of two maps and of two contexts separate', () => {
    const [first, second] = [createContextMap<number>(), createContextMap<number>()];
    const [context, other] = [{}, {}];
    first.set(context, 1);
    second.set(context, 2);
    assert.deepEqual([first.get(context), second.get(context), first.get(other)], [1, 2, undefined]);
  });

  it('has no value for a copy, a descendant or a proxy of a context', () => {
    const map = createContextMap<number>();
    const context = { invocationId: 'a' };
    map.set(context, 1);
    const copies = [{ ...context }, Object.create(context) as object, new Proxy(context, {}), structuredClone(context)];
    const descriptors = Object.getOwnPropertyDescriptors(context);
    assert.deepEqual([...copies, Object.defineProperties({}, descriptors)].map(map.get), Array(5).fill(undefined));
    assert.deepEqual(Reflect.ownKeys(context), ['invocationId']);
  });

  it('accepts contexts that are frozen before or afterwards', () => {
    const map = createContextMap<number>();
    const before = Object.freeze({});
    const after = {};
    map.set(after, 1);
    Object.freeze(after);
    for (const context of [before, after]) {
      map.set(context, 2);
      assert.equal(map.get(context), 2);
      map.delete(context);
      assert.equal(map.get(context), undefined);
    }
  });

  it('has no value for what is not an object', () => {
    const map = createContextMap<number>();
    const values = [undefined, null, 'context', 1, Symbol('context')] as unknown as object[];
    assert.deepEqual(values.map(map.get), Array(5).fill(undefined));
  });

  it('cannot be changed by other code that shares it', () => {
    assert.ok(Object.isFrozen(createContextMap()));
  });
});
