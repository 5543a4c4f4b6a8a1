import assert from 'node:assert/strict';
import { it } from 'node:test';
import { runInNewContext } from 'node:vm';
import { isPromiseLike } from './worker-core.js';

it('a promise is recognized by its then, whatever made it', () => {
  const callable = Object.assign(() => undefined, { then: () => undefined });
  const foreign = runInNewContext('Promise.resolve(1)') as unknown;
  assert.ok(!(foreign instanceof Promise));
  for (const value of [Promise.resolve(), foreign, { then: () => undefined }, callable])
    assert.ok(isPromiseLike(value));
  for (const value of [undefined, null, 7, 'then', {}, { then: true }, () => undefined])
    assert.ok(!isPromiseLike(value));
});
