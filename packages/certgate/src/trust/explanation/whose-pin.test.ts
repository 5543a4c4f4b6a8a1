import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseStoredDocument } from '../administration/load-trust-document.js';
import { findWhosePin } from './whose-pin.js';

const hash = 'AB'.repeat(32);
const identities = [{ name: 'billing', owner: 'payments', roles: [], pins: [{ thumbprintSha256: hash }] }];
const denied = [{ thumbprintSha256: 'EF'.repeat(32), reason: 'stolen' }];
const text = JSON.stringify({ schemaVersion: 1, revision: 3, identities, denied });
const { snapshot } = parseStoredDocument({ bytes: Buffer.from(text), etag: '', signature: undefined }, 'x');

test('a pin is found whole, by its first digits, or nearly', () => {
  const find = (digits: string): unknown => findWhosePin(snapshot, 'x', digits).matches;
  const has = {
    identity: 'billing',
    owner: 'payments',
    isExact: true,
    likeness: `has the pin thumbprintSha256 ${hash}`,
  };
  assert.deepEqual(find(hash.toLowerCase()), [has]);
  assert.deepEqual(find('AB:AB:AB:AB'), [has]);
  const likeness = `has a pin that is near: it differs from the pin thumbprintSha256 ${hash} in one digit`;
  assert.deepEqual(find(`C${hash.slice(1)}`), [{ ...has, isExact: false, likeness }]);
  assert.deepEqual(find('CD'.repeat(32)), []);
  assert.equal(findWhosePin(snapshot, 'x', 'EFEFEFEF').denied, 'denied[0]');
  assert.throws(() => findWhosePin(snapshot, 'x', 'xyz'), /--pin takes at least 8 hexadecimal digits/);
});
