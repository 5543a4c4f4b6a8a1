import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decideAccess, presentCertificate, type TrustSnapshot } from '@certgate/core/internal';
import { snapshotOf } from '@certgate/core/test-support/documents.js';
import { makeCertificate, now } from '@certgate/x509/test-support/certificates.js';
import fc from 'fast-check';
import { compareTrustDocuments } from '../comparison/compare-documents.js';
import type { ChangeLogEntry } from './change-log.js';
import { findConcern, listTouched } from './touched-identities.js';

const entryOf = (before: TrustSnapshot, after: TrustSnapshot): ChangeLogEntry => ({
  version: 1,
  at: '2026-01-01T00:00:00.000Z',
  verb: 'add',
  by: 'ada',
  reason: 'x',
  revision: 2,
  documentSha256: 'b',
  previousDocumentSha256: 'a',
  signed: false,
  changes: [],
  ...listTouched(before, after, compareTrustDocuments(before, after)),
});

describe('whom a change concerns', () => {
  it('includes everybody whose call is decided differently, at least as "perhaps", for any two documents', () => {
    const certificates = [makeCertificate(), makeCertificate({ name: ['CN = sibling'] })];
    // The two certificates have the same key.
    const hashes = certificates.flatMap(({ der }) => {
      const { thumbprintSha256, thumbprintSha1, publicKeySha256 } = presentCertificate(der);
      return [{ thumbprintSha256 }, { thumbprintSha1 }, { publicKeySha256 }];
    });
    const pins = hashes.slice(0, -1);
    const end = new Date(now + 3_600_000).toISOString();
    const three = <T>(item: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(item, { minLength: 3, maxLength: 3 });
    const usuallyTrue = fc.integer({ min: 0, max: 5 }).map((number) => number > 0);
    const holder = fc.integer({ min: -1, max: 2 });
    const slots = fc.record({
      enabled: three(usuallyTrue),
      roles: three(fc.oneof({ weight: 3, arbitrary: fc.constant(['r']) }, fc.subarray(['r', 's']))),
      holders: fc.array(holder, { minLength: pins.length, maxLength: pins.length }),
    });
    type Slots = typeof slots extends fc.Arbitrary<infer T> ? T : never;
    const read = ({ enabled, roles, holders }: Slots): TrustSnapshot =>
      snapshotOf(
        ...['a', 'b', 'c'].map((name, index) => ({
          name,
          enabled: enabled[index] ?? true,
          roles: roles[index] ?? [],
          pins: pins.filter((_, place) => holders[place] === index).map((pin) => ({ ...pin, notAfter: end })),
        })),
      );
    // The documents differ in one thing only: if much changes, every identity is concerned anyway.
    const pair = fc
      .tuple(slots, slots, fc.nat({ max: pins.length + 1 }))
      .map(([first, other, place]): readonly [TrustSnapshot, TrustSnapshot] => [
        read(first),
        read({
          enabled: place === pins.length ? [...first.enabled.slice(0, 2), other.enabled[2] ?? true] : first.enabled,
          roles: place > pins.length ? [other.roles[0] ?? [], ...first.roles.slice(1)] : first.roles,
          holders: first.holders.map((each, index) => (index === place ? (other.holders[index] ?? each) : each)),
        }),
      ]);
    const seen = { yes: 0, perhaps: 0, no: 0 };
    fc.assert(
      fc.property(pair, fc.nat({ max: 1 }), ([before, after], choice) => {
        const { header } = certificates[choice] ?? makeCertificate();
        const requirement = { functionName: 'f', roles: [['r']] };
        const [earlier, later] = [before, after].map((trust) => {
          const decision = decideAccess({ header, trust, requirement, now });
          return decision.outcome === 'allowed' ? decision.identity.name : undefined;
        });
        const entry = entryOf(before, after);
        for (const name of ['a', 'b', 'c']) {
          const concern = findConcern(entry, name);
          seen[concern] += 1;
          if ((earlier === name) !== (later === name))
            assert.notEqual(concern, 'no', `${name}: ${JSON.stringify(entry)}`);
        }
      }),
      { numRuns: 1000 },
    );
    // The test is only meaningful if each answer was given several times.
    for (const [answer, times] of Object.entries(seen)) assert.ok(times > 10, `${answer}: ${times}`);
  });

  it('includes nobody for a signature, and is unknown for a line without names', () => {
    const entry = entryOf(snapshotOf(), snapshotOf());
    assert.equal(findConcern(entry, 'a'), 'no');
    const { touches, ...older } = entry;
    assert.deepEqual(touches, []);
    assert.equal(findConcern(older, 'a'), 'perhaps');
    assert.equal(findConcern({ ...older, documentSha256: 'a' }, 'a'), 'no');
    assert.equal(findConcern({ ...entry, touches: 'all' }, 'a'), 'yes');
  });
});
