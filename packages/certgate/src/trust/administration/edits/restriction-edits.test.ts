import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TrustDocument } from '@certgate/core/internal';
import { restoreDocument } from './restriction-edits.js';

test('a restore is refused if it brings a name of a disabled identity back under another identity', () => {
  const documentOf = (name: string, more: object, dns: string): TrustDocument => ({
    schemaVersion: 1,
    revision: 1,
    identities: [{ name, roles: [], names: [{ issuedBy: 'corp', dns }], ...more }],
  });
  const present = documentOf('present', { enabled: false }, 'billing.corp.example');
  const earlier = documentOf('earlier', {}, 'Billing.corp.example');
  assert.throws(() => restoreDocument(present, earlier), /enables what is disabled now: .*"earlier"/);
  assert.deepEqual(restoreDocument(present, earlier, ['earlier']).identities, earlier.identities);
  assert.ok(restoreDocument(present, documentOf('other', {}, 'other.corp.example')));
});
