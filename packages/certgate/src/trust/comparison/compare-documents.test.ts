import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { now } from '@certgate/x509/test-support/certificates.js';
import { otherSha256, sha1, sha256 } from '@certgate/core/test-support/document-corpus.js';
import { type IdentityInput, documentOf, snapshotOf } from '@certgate/core/test-support/documents.js';
import { type TrustComparison, compareTrustDocuments } from './compare-documents.js';
import {
  anyAudience,
  parseTrustDocument,
  type PinKind,
  type PinnedIdentity,
  type TrustPin,
  type TrustSnapshot,
} from '@certgate/core/internal';

const iso = (instant: number): string => new Date(instant).toISOString();
const hour = 3_600_000;
const soon = iso(now + hour);
const late = iso(now + 2 * hour);

/** The changes in short: effect, aspect, identity. */
const listChanges = ({ changes }: TrustComparison): readonly string[] =>
  changes.map(
    ({ effect, aspect, identityName, candidates }) =>
      `${effect} ${aspect} ${identityName ?? candidates?.map((name) => `${name}?`).join(' ') ?? '-'}`,
  );
const compare = (before: readonly IdentityInput[], after: readonly IdentityInput[]): TrustComparison =>
  compareTrustDocuments(snapshotOf(...before), snapshotOf(...after));

const open = {
  issuedBy: undefined,
  enabled: true,
  notBefore: undefined,
  notAfter: undefined,
  acceptWithoutClientAuth: undefined,
};
const manyPinned = (pinsOf: (index: number) => readonly TrustPin[]): TrustSnapshot => {
  const identities = Array.from({ length: 5_000 }, (_, index) => ({
    name: `caller ${index}`,
    roles: ['reader'],
    enabled: true,
    names: [],
    pins: pinsOf(index),
    functions: undefined,
    functionsAsWritten: undefined,
    owner: undefined,
    reason: undefined,
    expiresAt: undefined,
  }));
  const all = identities.flatMap((identity) => identity.pins.map((pin) => ({ identity, pin })));
  const index = (kind: PinKind): ReadonlyMap<string, PinnedIdentity> =>
    new Map(all.filter(({ pin }) => pin.kind === kind).map((found) => [found.pin.value, found]));
  const [thumbprintSha256, thumbprintSha1] = [index('thumbprintSha256'), index('thumbprintSha1')];
  const snapshot = snapshotOf();
  return { ...snapshot, identities, pins: { ...snapshot.pins, thumbprintSha256, thumbprintSha1 } };
};

describe('what the comparison reports', () => {
  const pin = { thumbprintSha256: sha256 };
  const other = { thumbprintSha256: otherSha256 };
  const a = { name: 'a', roles: ['reader'], pins: [pin] };
  const cases: readonly (readonly [string, readonly IdentityInput[], readonly IdentityInput[], readonly string[]])[] = [
    ['nothing', [a], [a], []],
    ['an identity', [], [a], ['gains identity a', 'gains pin a']],
    ['an identity that is gone', [a], [], ['loses identity a', 'loses pin a']],
    ['one that cannot call yet', [], [{ ...a, enabled: false }], ['changes identity a', 'changes pin a']],
    ['one without pins', [], [{ name: 'a' }], ['changes identity a']],
    ['a disabled one that is gone', [{ ...a, enabled: false }], [], ['changes identity a', 'changes pin a']],
    [
      'a new name for the bearer of a pin',
      [a],
      [{ ...a, name: 'b' }],
      ['gains identity b', 'gains pin b', 'loses identity a', 'loses pin a'],
    ],
    ['a name in another case', [a], [{ ...a, name: 'A' }], ['changes name A']],
    [
      'a pin that moves',
      [a, { name: 'b' }],
      [
        { ...a, pins: [] },
        { name: 'b', pins: [pin] },
      ],
      ['loses pin a', 'gains pin b'],
    ],
    ['disabled', [a], [{ ...a, enabled: false }], ['loses enabled a']],
    ['enabled', [{ ...a, enabled: false }], [a], ['gains enabled a']],
    ['an end', [a], [{ ...a, expiresAt: soon }], ['loses expiresAt a']],
    ['an end later', [{ ...a, expiresAt: soon }], [{ ...a, expiresAt: late }], ['gains expiresAt a']],
    ['no end', [{ ...a, expiresAt: soon }], [a], ['gains expiresAt a']],
    [
      'an end of a disabled one',
      [{ ...a, enabled: false, expiresAt: soon }],
      [{ ...a, enabled: false }],
      ['changes expiresAt a'],
    ],
    [
      'an end after those of all pins',
      [{ ...a, pins: [{ ...pin, notAfter: soon }], expiresAt: late }],
      [{ ...a, pins: [{ ...pin, notAfter: soon }] }],
      ['changes expiresAt a'],
    ],
    [
      'roles of one without pins',
      [{ name: 'a' }],
      [{ name: 'a', roles: ['writer'] }],
      ['changes roles a', 'changes roles a'],
    ],
    ['one without pins that is disabled', [{ name: 'a' }], [{ name: 'a', enabled: false }], ['changes enabled a']],
    ['roles', [a], [{ ...a, roles: ['writer'] }], ['gains roles a', 'loses roles a']],
    ['roles in another order', [{ ...a, roles: ['x', 'y'] }], [{ ...a, roles: ['y', 'x'] }], []],
    ['all functions, then some', [a], [{ ...a, functions: ['f'] }], ['loses functions a']],
    ['some functions, then all', [{ ...a, functions: [] }], [a], ['gains functions a']],
    [
      'other functions',
      [{ ...a, functions: ['f', 'g'] }],
      [{ ...a, functions: ['G', 'h'] }],
      ['gains functions a', 'loses functions a'],
    ],
    ['owner and reason', [{ ...a, owner: 'x' }], [{ ...a, reason: 'y\n' }], ['changes owner a', 'changes reason a']],
    ['a pin more', [a], [{ ...a, pins: [pin, other] }], ['gains pin a']],
    ['a disabled pin more', [a], [{ ...a, pins: [pin, { ...other, enabled: false }] }], ['changes pin a']],
    ['a pin less', [{ ...a, pins: [pin, other] }], [a], ['loses pin a']],
    ['a pin disabled', [a], [{ ...a, pins: [{ ...pin, enabled: false }] }], ['loses pinEnabled a']],
    ['a pin enabled', [{ ...a, pins: [{ ...pin, enabled: false }] }], [a], ['gains pinEnabled a']],
    ['a window', [a], [{ ...a, pins: [{ ...pin, notAfter: soon }] }], ['loses pinWindow a']],
    ['no window', [{ ...a, pins: [{ ...pin, notBefore: soon }] }], [a], ['gains pinWindow a']],
    [
      'a window that moves',
      [{ ...a, pins: [{ ...pin, notAfter: soon }] }],
      [{ ...a, pins: [{ ...pin, notBefore: soon, notAfter: late }] }],
      ['gains pinWindow a', 'loses pinWindow a'],
    ],
    [
      'a refusing pin that is gone, beside one of another kind',
      [{ ...a, pins: [pin, { thumbprintSha1: sha1, enabled: false }] }],
      [a],
      ['changes pin a'],
    ],
    [
      'a pin of another kind that is gone from another identity',
      [a, { name: 'b', pins: [{ thumbprintSha1: sha1 }] }],
      [a, { name: 'b' }],
      ['loses pin b'],
    ],
    [
      'a pin of another kind that comes to another identity',
      [a, { name: 'b' }],
      [a, { name: 'b', pins: [{ thumbprintSha1: sha1 }] }],
      ['gains pin b'],
    ],
  ];
  for (const [what, before, after, expected] of cases) {
    test(what, () => {
      const comparison = compare(before, after);
      assert.deepEqual(listChanges(comparison), expected);
      assert.equal(
        comparison.gains,
        expected.some((line) => line.startsWith('gains')),
      );
      assert.equal(
        comparison.loses,
        expected.some((line) => line.startsWith('loses')),
      );
      for (const { sentence } of comparison.changes) {
        assert.match(sentence, /^[^\n]{10,}\.$/);
        assert.doesNotMatch(sentence, /undefined|null|NaN/);
      }
    });
  }

  test('each change has a sentence for people', () => {
    const { changes } = compare(
      [{ name: 'billing', pins: [pin], functions: ['f'] }],
      [{ name: 'invoices', roles: ['a', 'b'], pins: [{ ...pin, notAfter: '2027-03-01T00:00:00Z' }] }],
    );
    assert.deepEqual(
      changes.map(({ sentence }) => sentence),
      [
        '"invoices" is new, with the roles a, b, every function.',
        '"invoices" has the pin thumbprintSha256 9F86D081884C7D65…B0F00A08, which admits until 2027-03-01T00:00:00Z. It was a pin of "billing".',
        '"billing" is gone; it had the role reader, the function f.',
        '"billing" no longer has the pin thumbprintSha256 9F86D081884C7D65…B0F00A08.',
      ],
    );
    assert.deepEqual(changes[1]?.pin, { kind: 'thumbprintSha256', value: sha256 });
  });

  test('a changed audience is a gain or a loss, and the revisions are returned', () => {
    const audience = (names: readonly string[] | undefined, revision = 1): TrustSnapshot =>
      parseTrustDocument(documentOf([], { ...(names && { audience: names }), revision }), { audience: anyAudience });
    for (const [before, after, expected] of [
      [undefined, undefined, []],
      [['x'], ['X'], []],
      [undefined, ['x'], ['loses']],
      [['x'], undefined, ['gains']],
      [
        ['x', 'y'],
        ['y', 'z'],
        ['gains', 'loses'],
      ],
    ] as const) {
      const comparison = compareTrustDocuments(audience(before), audience(after, 7));
      assert.deepEqual(
        comparison.changes.map(({ effect, aspect }) => (aspect === 'audience' ? effect : aspect)),
        expected,
      );
      assert.deepEqual(comparison.revision, { before: 1, after: 7 });
    }
  });

  test('5,000 callers lose, each in a sentence of its own', () => {
    const many = (enabled: boolean): TrustSnapshot =>
      manyPinned((index) => [
        { ...open, kind: index % 2 === 0 ? 'thumbprintSha256' : 'thumbprintSha1', value: `${index}`, enabled },
      ]);
    const { changes } = compareTrustDocuments(many(true), many(false));
    assert.equal(changes.filter(({ effect, aspect }) => effect === 'loses' && aspect === 'pinEnabled').length, 5_000);
    assert.ok(changes.every(({ sentence }) => sentence.length < 400));
  });

  test('there may be more changes than a call takes arguments', () => {
    const roles = Array.from({ length: 130_000 }, (_, index) => `role ${index}`);
    const [before, after] = [snapshotOf(a), snapshotOf({ ...a, roles: [] })];
    const identities = before.identities.map((identity) => ({ ...identity, roles }));
    const { changes } = compareTrustDocuments({ ...before, identities }, after);
    assert.equal(changes.filter(({ effect }) => effect === 'loses').length, roles.length);
  });
});

test('a lock that comes, changes and goes is reported', () => {
  const locked = { since: '2027-01-01T12:00:00Z', by: 'ada', reason: 'breach at a partner' };
  const identities = [{ name: 'a', pins: [{ thumbprintSha256: sha256 }] }];
  const plain = parseTrustDocument(documentOf(identities));
  const shut = parseTrustDocument(documentOf(identities, { locked }));
  const effects = (one: TrustSnapshot, other: TrustSnapshot): readonly string[] =>
    compareTrustDocuments(one, other).changes.map(({ effect, aspect }) => `${effect} ${aspect}`);
  assert.deepEqual(effects(plain, shut), ['loses locked']);
  assert.deepEqual(effects(shut, plain), ['gains locked']);
  assert.deepEqual(effects(shut, shut), []);
  const other = parseTrustDocument(documentOf(identities, { locked: { ...locked, reason: 'another' } }));
  assert.deepEqual(effects(shut, other), ['changes locked']);
  assert.match(compareTrustDocuments(plain, shut).changes[0]?.sentence ?? '', /locked.*ada: breach at a partner/);
});
