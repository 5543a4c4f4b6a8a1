import assert from 'node:assert/strict';
import { it } from 'node:test';
import { takeToken } from './token.js';

function createStorage(): Pick<Storage, 'getItem' | 'setItem'> {
  const values = new Map<string, string>();
  return { getItem: (key) => values.get(key) ?? null, setItem: (key, value) => values.set(key, value) };
}

it('the token leaves the address, and is there after a reload', () => {
  const storage = createStorage();
  const replaced: string[] = [];
  assert.equal(
    takeToken({ hash: '#token=abc-123' }, storage, (hash) => replaced.push(hash)),
    'abc-123',
  );
  assert.deepEqual(replaced, ['#/try']);
  assert.equal(
    takeToken({ hash: '#/live' }, storage, (hash) => replaced.push(hash)),
    'abc-123',
  );
  assert.deepEqual(replaced, ['#/try']);
});

it('without a token there is none', () => {
  for (const hash of ['', '#/try', '#token=', '#/token=abc']) {
    assert.equal(
      takeToken({ hash }, createStorage(), () => assert.equal(hash, 'not replaced')),
      undefined,
      hash,
    );
  }
});
