import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { decideAccess, parseTrustDocument, presentCertificate, type TrustSnapshot } from '@certgate/core/internal';
import { authorityOf, issueCaller, issuedDocument } from '@certgate/core/test-support/authority-stage.js';
import type { IdentityInput } from '@certgate/core/test-support/documents.js';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';
import { now } from '@certgate/x509/test-support/certificates.js';
import { compareTrustDocuments } from './compare-documents.js';

// Certificates made so that several entries match them.
const callers = [
  issueCaller({ names: ['DNS:a.corp.example', 'DNS:b.corp.example'], name: 'a' }),
  issueCaller({ names: ['DNS:a.corp.example', 'URI:https://corp.example/a', 'email:a@corp.example'], name: 'b' }),
  issueCaller({ names: ['URI:spiffe://corp.example/a'], name: 'a' }),
];
const pinsOf = callers.map(({ der }) => {
  const { thumbprintSha256, thumbprintSha1, publicKeySha256 } = presentCertificate(der);
  return { thumbprintSha256, thumbprintSha1, publicKeySha256 };
});
const corp = { issuedBy: 'corp' };
/** All that may stand in a document; each place once. */
const entries: readonly (readonly ['pins' | 'names', object])[] = [
  ...pinsOf.flatMap(({ thumbprintSha256, thumbprintSha1 }) => [
    ['pins', { thumbprintSha256 }] as const,
    ['pins', { thumbprintSha1 }] as const,
  ]),
  ['pins', { publicKeySha256: pinsOf[0]?.publicKeySha256, ...corp }],
  ['names', { ...corp, dns: 'a.corp.example' }],
  ['names', { ...corp, dns: 'b.corp.example' }],
  ['names', { ...corp, dns: '*.corp.example' }],
  ['names', { ...corp, uri: 'https://corp.example/a' }],
  ['names', { ...corp, uri: 'spiffe://corp.example/a' }],
  ['names', { ...corp, email: 'a@corp.example' }],
  ['names', { ...corp, commonName: 'a' }],
  ['names', { ...corp, commonName: 'b' }],
];
const holders = ['x', 'y', 'z'];

type Slots = readonly (number | undefined)[];
interface Scene {
  readonly slots: Slots;
  readonly disabledPins: readonly number[];
  readonly disabled: readonly string[];
}

const authorities = [authorityOf({ spiffeTrustDomains: ['corp.example'] })];
const read = (identities: readonly IdentityInput[]): TrustSnapshot =>
  parseTrustDocument(issuedDocument(identities, { authorities }));

const snapshotOf = ({ slots, disabledPins, disabled }: Scene): TrustSnapshot =>
  read(
    holders.map((name, holder) => {
      const listOf = (wanted: string): readonly object[] =>
        entries.flatMap(([key, entry], index) => {
          if (slots[index] !== holder || key !== wanted) return [];
          return [{ ...entry, ...(disabledPins.includes(index) && key === 'pins' ? { enabled: false } : {}) }];
        });
      return { name, enabled: !disabled.includes(name), pins: listOf('pins'), names: listOf('names') };
    }),
  );

const holder = fc.nat({ max: holders.length - 1 });
const slot = fc.oneof({ weight: 5, arbitrary: fc.constant(undefined) }, { weight: 2, arbitrary: holder });
const scene: fc.Arbitrary<Scene> = fc.record({
  slots: fc.array(slot, { minLength: entries.length, maxLength: entries.length }),
  disabledPins: fc.subarray([...entries.keys()], { maxLength: 2 }),
  disabled: fc.subarray(holders, { maxLength: 1 }),
});
const move = fc.tuple(fc.nat({ max: entries.length - 1 }), holder);
/** Some entries go, and of two pairs in five one comes or moves. */
const pairs = fc
  .tuple(
    scene,
    fc.subarray([...entries.keys()], { maxLength: 6 }),
    fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 2, arbitrary: move }),
  )
  .map(([before, removed, moved]): readonly [Scene, Scene] => {
    const slots = before.slots.map((held, index) => {
      if (moved?.[0] === index) return moved[1];
      return removed.includes(index) ? undefined : held;
    });
    return [before, { ...before, slots }];
  });

const isAllowed = (trust: TrustSnapshot, header: string): boolean =>
  decideAccess({ header, trust, requirement: { functionName: 'f', roles: [] }, now }).outcome === 'allowed';

describe('what a removed entry leaves to another one', () => {
  test('no caller is admitted anew, and nothing is said', () => {
    const seen = { gains: 0, possible: 0, silent: 0 };
    fc.assert(
      fc.property(pairs, fc.nat({ max: callers.length - 1 }), (pair, choice) => {
        const [before, after] = [snapshotOf(pair[0]), snapshotOf(pair[1])];
        const { gains, loses, possibleGains } = compareTrustDocuments(before, after);
        if (!gains && possibleGains === undefined) seen.silent += loses ? 1 : 0;
        const { header = '' } = callers[choice] ?? {};
        if (!isAllowed(after, header) || isAllowed(before, header)) return;
        if (gains) seen.gains += 1;
        else seen.possible += 1;
        assert.ok(gains || possibleGains !== undefined);
      }),
      { numRuns: countRuns(500) },
    );
    for (const [way, times] of Object.entries(seen)) assert.ok(times > 0, `${way}: ${JSON.stringify(seen)}`);
  });

  const [first = '', second = ''] = pinsOf.map(({ thumbprintSha256 }) => thumbprintSha256);
  const [sha1 = ''] = pinsOf.map(({ thumbprintSha1 }) => thumbprintSha1);
  const x = (...pins: readonly object[]): IdentityInput => ({ name: 'x', pins });
  const y = (...pins: readonly object[]): IdentityInput => ({ name: 'y', pins });
  const named = (name: string, ...names: readonly object[]): IdentityInput => ({
    name,
    names: names.map((each) => ({ ...corp, ...each })),
  });
  const compare = (before: readonly IdentityInput[], after: readonly IdentityInput[]): readonly [boolean, boolean] => {
    const { gains, possibleGains } = compareTrustDocuments(read(before), read(after));
    return [gains, possibleGains !== undefined];
  };
  const wildcard = named('y', { dns: '*.corp.example' });
  const under = named('x', { dns: 'a.corp.example' });
  const nobody: readonly [boolean, boolean] = [false, false];
  const cases: readonly (readonly [
    string,
    readonly IdentityInput[],
    readonly IdentityInput[],
    readonly [boolean, boolean],
  ])[] = [
    ['two pins of one kind', [x({ thumbprintSha256: first }), y({ thumbprintSha256: second })], [y({ thumbprintSha256: second })], nobody], // prettier-ignore
    ['pins of two kinds', [x({ thumbprintSha256: first }), y({ thumbprintSha1: sha1 })], [y({ thumbprintSha1: sha1 })], [false, true]], // prettier-ignore
    ['a pin beside one of another kind that is disabled', [x({ thumbprintSha256: first }), y({ thumbprintSha1: sha1, enabled: false })], [y({ thumbprintSha1: sha1, enabled: false })], nobody], // prettier-ignore
    ['a pin beside another kind of the same identity', [x({ thumbprintSha256: first }, { thumbprintSha1: sha1 })], [x({ thumbprintSha256: first })], nobody], // prettier-ignore
    ['a disabled pin beside another kind of the same identity', [x({ thumbprintSha256: first }, { thumbprintSha1: sha1, enabled: false })], [x({ thumbprintSha256: first })], [false, true]], // prettier-ignore
    ['a pin beside a name', [x({ thumbprintSha256: first }), wildcard], [wildcard], [false, true]],
    ['two common names', [named('x', { commonName: 'a' }), named('y', { commonName: 'b' })], [named('y', { commonName: 'b' })], nobody], // prettier-ignore
    ['two SPIFFE IDs', [named('x', { uri: 'spiffe://corp.example/a' }), named('y', { uri: 'spiffe://corp.example/b' })], [named('y', { uri: 'spiffe://corp.example/b' })], nobody], // prettier-ignore
    ['a name under a wildcard', [under, wildcard], [wildcard], [true, true]],
    ['the wildcard over a name', [under, wildcard], [under], [true, true]],
    ['the wildcard over a disabled name', [{ ...under, enabled: false }, wildcard], [{ ...under, enabled: false }], nobody], // prettier-ignore
    ['both', [under, wildcard], [x()], nobody],
    ['a name that comes under a wildcard', [wildcard], [{ ...under, enabled: false }, wildcard], nobody],
  ];
  for (const [what, before, after, expected] of cases) {
    test(what, () => {
      assert.deepEqual(compare(before, after), expected);
    });
  }

  test('in sentences for people', () => {
    const { changes, possibleGains } = compareTrustDocuments(read([under, wildcard]), read([wildcard]));
    assert.deepEqual(
      changes.filter(({ effect }) => effect === 'gains').map(({ sentence }) => sentence),
      [
        'A certificate with dns a.corp.example of the authority corp is now recognized as "y"; before, it was refused as ambiguous with "x".',
      ],
    );
    assert.equal(
      possibleGains,
      '"x" no longer has a pin or name. If a certificate that matched it also matches "y", it was refused before and is admitted now. The documents don\'t show whether there is such a certificate; to check one: npx --no-install certgate trust explain --certificate FILE --function NAME --store STORE',
    );
    const mirrored = compareTrustDocuments(read([wildcard]), read([under, wildcard]));
    assert.ok(mirrored.loses);
  });
});
