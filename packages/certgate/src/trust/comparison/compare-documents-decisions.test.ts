import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import {
  decideAccess,
  type Decision,
  type FunctionRequirement,
  presentCertificate,
  type TrustSnapshot,
} from '@certgate/core/internal';
import { makeCertificate, now } from '@certgate/x509/test-support/certificates.js';
import { snapshotOf } from '@certgate/core/test-support/documents.js';
import { type TrustComparison, compareTrustDocuments } from './compare-documents.js';

const iso = (instant: number): string => new Date(instant).toISOString();
const hour = 3_600_000;

/** The changes in short: effect, aspect, identity. */
const listChanges = ({ changes }: TrustComparison): readonly string[] =>
  changes.map(({ effect, aspect, identityName }) => `${effect} ${aspect} ${identityName ?? '?'}`);

describe('the comparison reports every decision that changes', () => {
  const certificates = [
    makeCertificate(),
    makeCertificate({ name: ['CN = sibling'], extensions: ['extendedKeyUsage = serverAuth'] }),
    makeCertificate({ key: 'p-256-again' }),
  ];
  /** All pins that a document may have. The first two certificates have the same key. */
  const pins = [
    ...certificates.flatMap(({ der }) => {
      const { thumbprintSha256, thumbprintSha1 } = presentCertificate(der);
      return [{ thumbprintSha256 }, { thumbprintSha1 }];
    }),
    ...[0, 2].map((index) => ({
      publicKeySha256: presentCertificate(certificates[index]?.der ?? Buffer.of()).publicKeySha256,
    })),
  ];

  const usuallyTrue = fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.constant(false));
  const rarely = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
    fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, arbitrary);
  const instant = fc.integer({ min: -2, max: 2 }).map((hours) => now + hours * hour);
  const subset = (...texts: readonly string[]): fc.Arbitrary<readonly string[]> => fc.subarray([...texts]);
  const identity = fc.option(
    fc.record({
      isUpperCase: fc.boolean(),
      enabled: usuallyTrue,
      expiresAt: rarely(instant),
      roles: subset('r', 's'),
      functions: rarely(subset('f', 'g')),
    }),
    { freq: 6 },
  );
  const pinned = fc.oneof(
    { weight: 3, arbitrary: fc.constant(null) },
    fc.record({
      holder: fc.nat({ max: 2 }),
      enabled: usuallyTrue,
      notBefore: rarely(instant),
      notAfter: rarely(instant),
      grace: rarely(fc.tuple(instant, fc.integer({ min: 1, max: 3 }))),
    }),
  );
  const graceFrom = (since: number, hours: number): object => ({
    since: iso(since),
    until: iso(since + hours * hour),
    reason: 'test',
  });
  type Slots = readonly [
    readonly (typeof identity extends fc.Arbitrary<infer T> ? T : never)[],
    readonly (typeof pinned extends fc.Arbitrary<infer T> ? T : never)[],
  ];
  const slots: fc.Arbitrary<Slots> = fc.tuple(
    fc.array(identity, { minLength: 3, maxLength: 3 }),
    fc.array(pinned, { minLength: pins.length, maxLength: pins.length }),
  );
  /** One pin moves to another identity, and nothing else differs. Such pairs are rare among random documents. */
  const moves = fc
    .tuple(slots, fc.nat({ max: pins.length - 1 }), fc.nat({ max: 2 }), fc.integer({ min: 1, max: 2 }))
    .map(([[identities, held], place, holder, step]): readonly [Slots, Slots] => {
      const withHolder = (of: number): Slots => [
        identities,
        held.map((slot, index) =>
          index === place
            ? { enabled: true, notBefore: undefined, notAfter: undefined, grace: undefined, holder: of }
            : slot,
        ),
      ];
      return [withHolder(holder), withHolder((holder + step) % 3)];
    });
  /** The second document has most parts of the first. */
  const changes = fc
    .tuple(slots, slots, fc.array(fc.nat({ max: 3 + pins.length - 1 }), { maxLength: 4 }))
    .map(([before, other, places]): readonly [Slots, Slots] => [
      before,
      [
        before[0].map((slot, index) => (places.includes(index) ? (other[0][index] ?? null) : slot)),
        before[1].map((slot, index) => (places.includes(3 + index) ? (other[1][index] ?? null) : slot)),
      ],
    ]);

  /** The documents differ only in the letter case of names. */
  const renames = slots.map(([identities, held]): readonly [Slots, Slots] => [
    [identities, held],
    [identities.map((slot) => slot && { ...slot, isUpperCase: !slot.isUpperCase }), held],
  ]);

  const pairs = fc.oneof({ weight: 8, arbitrary: changes }, { weight: 2, arbitrary: moves }, renames);

  const snapshotOfSlots = ([identities, held]: Slots): TrustSnapshot =>
    snapshotOf(
      ...identities.flatMap((slot, holder) => {
        if (slot === null) return [];
        const { isUpperCase, expiresAt, functions, ...rest } = slot;
        const name = ['a', 'b', 'c'][holder] ?? '';
        return [
          {
            ...rest,
            name: isUpperCase ? name.toUpperCase() : name,
            ...(functions && { functions }),
            ...(expiresAt !== undefined && { expiresAt: iso(expiresAt) }),
            pins: held.flatMap((pin, index) => {
              if (pin?.holder !== holder) return [];
              const isKey = 'publicKeySha256' in (pins[index] ?? {});
              const notAfter = pin.notAfter ?? (isKey ? now + 9 * hour : undefined);
              const isEmpty = pin.notBefore !== undefined && notAfter !== undefined && pin.notBefore >= notAfter;
              return [
                {
                  ...pins[index],
                  enabled: pin.enabled,
                  ...(pin.notBefore !== undefined && !isEmpty && { notBefore: iso(pin.notBefore) }),
                  ...(notAfter !== undefined && { notAfter: iso(notAfter) }),
                  ...(pin.grace && { acceptWithoutClientAuth: graceFrom(...pin.grace) }),
                },
              ];
            }),
          },
        ];
      }),
    );

  const reports = (
    { changes, possibleGains, possibleLosses }: TrustComparison,
    wanted: 'gains' | 'loses',
    { identity: { name } }: { identity: { name: string } },
  ): boolean =>
    (wanted === 'gains' ? possibleGains : possibleLosses) !== undefined ||
    changes.some(({ effect, identityName }) => effect === wanted && identityName?.toLowerCase() === name.toLowerCase());

  test('for any two documents, certificate, function and time', () => {
    const seen = { gained: 0, lost: 0, moved: 0, renamed: 0 };
    const requirement = fc.record({
      functionName: fc.constantFrom('F', 'g', 'h'),
      roles: fc.constantFrom<FunctionRequirement['roles'][]>([], [['r']], [['r', 's']], [['r'], ['s']]),
    });
    const time = fc.tuple(instant, fc.constantFrom(-1, 0)).map(([at, step]) => at + step);
    fc.assert(
      fc.property(pairs, fc.nat({ max: 2 }), requirement, time, (pair, choice, required, at) => {
        const [before, after] = [snapshotOfSlots(pair[0]), snapshotOfSlots(pair[1])];
        const { header } = certificates[choice] ?? makeCertificate();
        const decide = (trust: TrustSnapshot): Decision =>
          decideAccess({ header, trust, requirement: required, now: at });
        const [earlier, later] = [decide(before), decide(after)];
        const comparison = compareTrustDocuments(before, after);
        const mirrored = compareTrustDocuments(after, before);
        assert.equal(comparison.gains, mirrored.loses);
        assert.equal(comparison.loses, mirrored.gains);
        const wasAllowed = earlier.outcome === 'allowed';
        if (later.outcome === 'allowed' && !wasAllowed) {
          seen.gained += 1;
          assert.ok(
            reports(comparison, 'gains', later),
            `${later.identity.name} gains, and only ${String(listChanges(comparison))}`,
          );
        } else if (later.outcome !== 'allowed' && wasAllowed) {
          seen.lost += 1;
          assert.ok(
            reports(comparison, 'loses', earlier),
            `${earlier.identity.name} loses, and only ${String(listChanges(comparison))}`,
          );
        } else if (later.outcome === 'allowed' && wasAllowed && later.identity.name !== earlier.identity.name) {
          if (later.identity.name.toLowerCase() === earlier.identity.name.toLowerCase()) {
            seen.renamed += 1;
            assert.ok(listChanges(comparison).includes(`changes name ${later.identity.name}`));
          } else {
            seen.moved += 1;
            assert.ok(reports(comparison, 'gains', later) && reports(comparison, 'loses', earlier));
          }
        }
      }),
      { numRuns: 2500 },
    );
    // The property is only meaningful if each kind of change occurred.
    for (const [way, times] of Object.entries(seen)) assert.ok(times > 0, `${way}: ${JSON.stringify(seen)}`);
  });
});
