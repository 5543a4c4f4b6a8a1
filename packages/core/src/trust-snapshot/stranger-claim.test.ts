import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeCertificate, now } from '@certgate/x509/test-support/certificates.js';
import { presentCertificate } from '../certificate-header/certificate-header.js';
import { snapshotOf } from '../test-support/documents.js';
import { findStrangerClaim } from './stranger-claim.js';
import type { TrustedIdentity } from './trust-snapshot.js';

const extensions = ['subjectAltName = DNS:Third.example, DNS:second.example, DNS:nobody.example'];
const presented = presentCertificate(makeCertificate({ name: ['CN = FIRST'], extensions }).der);
const find = (...names: readonly string[]): string | undefined =>
  findStrangerClaim(snapshotOf(...names.map((name) => ({ name, pins: [] }))), presented, now)?.claimedIdentity;

test('an unknown caller with the names of several identities claims the first of the document, in any letter case', () => {
  assert.equal(find('other', 'Second.example', 'third.EXAMPLE', 'First'), 'Second.example');
  assert.equal(find('First', 'Second.example'), 'First');
  assert.equal(find('third.example'), 'third.example');
  assert.equal(find('other', 'constructor'), undefined);
  assert.equal(find(), undefined);
});

test('the claim of an unknown caller reads the list of identities once, however long it is', () => {
  const snapshot = snapshotOf(...Array.from({ length: 100 }, (_, index) => ({ name: `caller ${index}` })), {
    name: 'first',
  });
  let looks = 0;
  const get = (...[list, key]: readonly [readonly TrustedIdentity[], string | symbol]): unknown => {
    looks += 1;
    return Reflect.get(list, key);
  };
  const identities = new Proxy(snapshot.identities, { get });
  assert.equal(findStrangerClaim({ ...snapshot, identities }, presented, now)?.claimedIdentity, 'first');
  assert.equal(looks, 1);
});
