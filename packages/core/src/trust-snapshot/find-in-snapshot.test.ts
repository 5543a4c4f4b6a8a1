import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { presentCertificate } from '../certificate-header/certificate-header.js';
import { findInSnapshot } from './find-in-snapshot.js';
import type { TrustFinding } from './trust-finding.js';
import { addName, addPin, createIdentityIndex } from './trust-snapshot.js';
import { getKeyPath, makeCertificate, now } from '@certgate/x509/test-support/certificates.js';
import { type IdentityInput, snapshotOf } from '../test-support/documents.js';
import { runOpenssl } from '@certgate/x509/test-support/openssl.js';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';

const certificate = presentCertificate(makeCertificate().der);
const { thumbprintSha256, thumbprintSha1, publicKeySha256 } = certificate;
const stranger = presentCertificate(makeCertificate({ key: 'p-256-again' }).der);
/** Another certificate of the same key, with another name and other bytes. */
const sibling = presentCertificate(makeCertificate({ name: ['CN = sibling'] }).der);

const iso = (instant: number): string => new Date(instant).toISOString();
const hour = 3_600_000;
const past = iso(now - hour);
const future = iso(now + hour);

const findAt = (at: number, ...identities: readonly IdentityInput[]): TrustFinding =>
  findInSnapshot(snapshotOf(...identities), certificate, at);
const find = (...identities: readonly IdentityInput[]): TrustFinding => findAt(now, ...identities);
const outcomeOf = (finding: TrustFinding): string => (finding.outcome === 'denied' ? finding.code : finding.outcome);

describe('one pin', () => {
  for (const [kind, pin] of [
    ['thumbprintSha256', { thumbprintSha256 }],
    ['thumbprintSha1', { thumbprintSha1 }],
    ['publicKeySha256', { publicKeySha256, notAfter: future }],
  ] as const) {
    test(`${kind} recognises its certificate and no other`, () => {
      const snapshot = snapshotOf({ name: 'a', pins: [pin] });
      const finding = findInSnapshot(snapshot, certificate, now);
      assert.ok(finding.outcome === 'found');
      assert.equal(finding.identity.name, 'a');
      assert.equal(finding.matchedBy, kind);
      assert.equal(outcomeOf(findInSnapshot(snapshot, stranger, now)), 'notFound');
      const isSameKey = kind === 'publicKeySha256';
      assert.equal(outcomeOf(findInSnapshot(snapshot, sibling, now)), isSameKey ? 'found' : 'notFound');
    });
  }
  test('a pin does not match a hash of another kind', () => {
    assert.equal(outcomeOf(find({ pins: [{ publicKeySha256: thumbprintSha256, notAfter: future }] })), 'notFound');
    assert.equal(outcomeOf(find({ pins: [{ thumbprintSha256: publicKeySha256 }] })), 'notFound');
  });
  test('a hash with the same end as the pinned one does not match, and of two such pins the right one is found', () => {
    const lookalike = `${thumbprintSha256.startsWith('0') ? '1' : '0'}${thumbprintSha256.slice(1)}`;
    assert.equal(outcomeOf(find({ pins: [{ thumbprintSha256: lookalike }] })), 'notFound');
    const both = snapshotOf(
      { name: 'a', pins: [{ thumbprintSha256: lookalike }] },
      { name: 'b', pins: [{ thumbprintSha256 }] },
    );
    const finding = findInSnapshot(both, certificate, now);
    assert.equal(finding.outcome === 'found' && finding.identity.name, 'b');
  });
});

describe('windows are [notBefore, notAfter)', () => {
  const start = now - hour;
  const end = now + hour;
  const pinned = { pins: [{ thumbprintSha256, notBefore: iso(start), notAfter: iso(end) }], name: 'a' };
  for (const [what, at, outcome] of [
    ['the millisecond before notBefore', start - 1, 'pin_not_yet_valid'],
    ['notBefore', start, 'found'],
    ['the millisecond before notAfter', end - 1, 'found'],
    ['notAfter', end, 'pin_expired'],
    ['no time at all', Number.NaN, 'pin_not_yet_valid'],
  ] as const) {
    test(`${what}: ${outcome}`, () => {
      assert.equal(outcomeOf(findAt(at, pinned)), outcome);
    });
  }
  test('expiresAt ends the identity', () => {
    const identity = { pins: [{ thumbprintSha256 }], expiresAt: iso(end) };
    assert.equal(outcomeOf(findAt(end - 1, identity)), 'found');
    assert.equal(outcomeOf(findAt(end, identity)), 'identity_expired');
    assert.equal(outcomeOf(findAt(Number.NaN, identity)), 'identity_expired');
  });
  test('NaN is outside a window that has no start and an end', () => {
    assert.equal(outcomeOf(findAt(Number.NaN, { pins: [{ thumbprintSha256, notAfter: future }] })), 'pin_expired');
  });
  test('the finding is valid in the intersection of all windows that apply to it', () => {
    const finding = find({
      expiresAt: iso(now + 3 * hour),
      pins: [
        { thumbprintSha256, notBefore: iso(now - 2 * hour), notAfter: iso(now + 4 * hour) },
        { thumbprintSha1, notBefore: iso(now - hour) },
        { publicKeySha256, notAfter: iso(now + 2 * hour) },
      ],
    });
    assert.ok(finding.outcome === 'found');
    assert.equal(finding.validFrom, now - hour);
    assert.equal(finding.validUntil, now + 2 * hour);
    const unbounded = find({ pins: [{ thumbprintSha256 }] });
    assert.ok(unbounded.outcome === 'found');
    assert.equal(unbounded.validFrom, Number.NEGATIVE_INFINITY);
    assert.equal(unbounded.validUntil, Number.POSITIVE_INFINITY);
  });
});

describe('the denial of a pin that has ended', () => {
  const { decoding } = certificate;
  assert.ok(decoding.ok);
  const { notAfter } = decoding.certificate;
  // What `trust add --certificate` writes: the pin ends with the certificate.
  const copied = { name: 'a', pins: [{ thumbprintSha256, notAfter: iso(notAfter) }] };
  for (const [what, at, identity, sentence] of [
    [
      'the certificate has ended too',
      notAfter + 1,
      copied,
      /The certificate itself has expired too, at .*needs a new one/,
    ],
    ['in its last millisecond the certificate is valid', notAfter, copied, /itself is valid until/],
    ['the pin alone', now, { pins: [{ thumbprintSha256, notAfter: past }] }, /itself is valid until/],
  ] as const) {
    test(what, () => {
      const finding = findAt(at, identity);
      assert.ok(finding.outcome === 'denied' && finding.code === 'pin_expired');
      assert.match(finding.detail, sentence);
    });
  }
  test('does not decode the certificate of an unknown caller', () => {
    const undecodable = {
      der: stranger.der,
      thumbprintSha256: stranger.thumbprintSha256,
      thumbprintSha1: stranger.thumbprintSha1,
      publicKeySha256: stranger.publicKeySha256,
      get decoding(): never {
        throw new Error('decoded');
      },
    } as unknown as typeof stranger;
    assert.equal(outcomeOf(findInSnapshot(snapshotOf(copied), undecodable, notAfter + 1)), 'notFound');
  });
});

describe('one match that denies refuses the certificate', () => {
  const cases: readonly (readonly [string, readonly IdentityInput[], string])[] = [
    ['a disabled identity', [{ enabled: false, pins: [{ thumbprintSha256 }] }], 'identity_disabled'],
    ['an identity that ended', [{ expiresAt: past, pins: [{ thumbprintSha256 }] }], 'identity_expired'],
    ['a disabled pin', [{ pins: [{ thumbprintSha256, enabled: false }] }], 'pin_disabled'],
    [
      'a disabled pin behind a good one',
      [{ pins: [{ thumbprintSha256 }, { thumbprintSha1, enabled: false }] }],
      'pin_disabled',
    ],
    [
      'an ended pin behind a good one',
      [{ pins: [{ thumbprintSha256 }, { publicKeySha256, notAfter: past }] }],
      'pin_expired',
    ],
    [
      'a future pin behind a good one',
      [{ pins: [{ thumbprintSha256 }, { thumbprintSha1, notBefore: future }] }],
      'pin_not_yet_valid',
    ],
    [
      'a disabled identity with an ended pin',
      [{ enabled: false, pins: [{ thumbprintSha256, notAfter: past }] }],
      'identity_disabled',
    ],
    [
      'another pin of the identity that is disabled and does not match changes nothing',
      [{ pins: [{ thumbprintSha256 }, { thumbprintSha256: stranger.thumbprintSha256, enabled: false }] }],
      'found',
    ],
  ];
  for (const [what, identities, outcome] of cases) {
    test(`${what}: ${outcome}`, () => {
      assert.equal(outcomeOf(find(...identities)), outcome);
    });
  }
  test('the stricter of two denials decides, in either order', () => {
    const [ended, disabled] = [{ notAfter: past }, { enabled: false }];
    for (const [one, other] of [
      [ended, disabled],
      [disabled, ended],
    ]) {
      const pins = [
        { thumbprintSha256, ...one },
        { thumbprintSha1, ...other },
      ];
      assert.equal(outcomeOf(find({ pins })), 'pin_disabled');
    }
  });
});

describe('the details of an answer', () => {
  test('a finding contains what matched and its bounds', () => {
    const finding = find({ name: 'a', pins: [{ thumbprintSha256 }] });
    assert.ok(finding.outcome === 'found');
    const { identity, ...rest } = finding;
    assert.equal(identity.name, 'a');
    const bounds = { validFrom: Number.NEGATIVE_INFINITY, validUntil: Number.POSITIVE_INFINITY };
    assert.deepEqual(rest, { outcome: 'found', matchedBy: 'thumbprintSha256', matched: thumbprintSha256, ...bounds });
  });
  const pin = { thumbprintSha256 };
  const notBefore = now + hour;
  const early = { kind: 'thumbprintSha256', value: thumbprintSha256, notBefore };
  for (const [code, identity, facts] of [
    ['identity_disabled', { enabled: false, pins: [pin] }, { matched: thumbprintSha256 }],
    ['identity_expired', { expiresAt: past, pins: [pin] }, { matched: thumbprintSha256, expiresAt: now - hour }],
    ['pin_not_yet_valid', { pins: [{ ...pin, notBefore: future }] }, { pin: early, others: [], notBefore }],
  ] as const) {
    test(`${code} contains its facts and the identity’s name`, () => {
      const finding = find({ name: 'a', ...identity });
      assert.ok(finding.outcome === 'denied');
      assert.deepEqual([finding.code, finding.identityName, finding.facts], [code, 'a', { identity: 'a', ...facts }]);
    });
  }
});

describe('two kinds of pins', () => {
  test('are ambiguous if they belong to two identities, whatever the state of each', () => {
    const first = { name: 'a', pins: [{ thumbprintSha256 }] };
    for (const second of [
      { name: 'b', pins: [{ thumbprintSha1 }] },
      { name: 'b', pins: [{ publicKeySha256, notAfter: future }] },
      { name: 'b', enabled: false, pins: [{ thumbprintSha1 }] },
      { name: 'b', pins: [{ thumbprintSha1, enabled: false }] },
      { name: 'b', pins: [{ publicKeySha256, notAfter: past }] },
      { name: 'b', roles: ['reader'], pins: [{ thumbprintSha1 }] },
    ]) {
      for (const identities of [
        [first, second],
        [second, first],
      ]) {
        const finding = find(...identities);
        assert.equal(outcomeOf(finding), 'identity_ambiguous');
        assert.match('detail' in finding ? finding.detail : '', /"a" and "b"|"b" and "a"/);
        assert.ok(!('identityName' in finding));
      }
    }
  });
});

describe('bytes that are not a certificate', () => {
  const key = presentCertificate(
    runOpenssl(['pkcs8', '-topk8', '-nocrypt', '-in', getKeyPath('p-256'), '-outform', 'der']),
  );
  test('match no public key, and are found only by their own hash', () => {
    const pins = [{ thumbprintSha256 }, { publicKeySha256, notAfter: future }];
    assert.equal(outcomeOf(findInSnapshot(snapshotOf({ pins }), key, now)), 'notFound');
    const pinned = snapshotOf({ pins: [{ thumbprintSha256: key.thumbprintSha256 }] });
    assert.equal(outcomeOf(findInSnapshot(pinned, key, now)), 'found');
  });
  test('have no end of their own in the denial of an ended pin', () => {
    const pins = [{ thumbprintSha256: key.thumbprintSha256, notAfter: past }];
    const finding = findInSnapshot(snapshotOf({ name: 'a', pins }), key, now);
    assert.ok(finding.outcome === 'denied' && finding.code === 'pin_expired');
    const notAfter = now - hour;
    const pin = { kind: 'thumbprintSha256', value: key.thumbprintSha256, notAfter };
    assert.deepEqual(finding.facts, { identity: 'a', pin, others: [], notAfter });
  });
});

test('a snapshot indexes every pin of every identity', () => {
  const { identities, pins } = snapshotOf(
    { name: 'a', pins: [{ thumbprintSha256 }, { thumbprintSha1 }] },
    { name: 'b', pins: [{ publicKeySha256, notAfter: future }] },
  );
  assert.equal(pins.thumbprintSha256.get(thumbprintSha256)?.identity, identities[0]);
  assert.equal(pins.thumbprintSha1.get(thumbprintSha1)?.identity, identities[0]);
  assert.equal(pins.publicKeySha256.get(publicKeySha256 ?? '')?.identity, identities[1]);
});

test('the index keeps the first of two equal pins or names', () => {
  const [first, second] = snapshotOf({ name: 'a', pins: [{ thumbprintSha256 }] }, { name: 'b' }).identities;
  assert.ok(first !== undefined && second !== undefined);
  const index = createIdentityIndex();
  const [pin] = first.pins;
  assert.ok(pin !== undefined);
  const name = { issuedBy: 'corp', type: 'dns', value: 'billing.corp.example' } as const;
  assert.deepEqual([addPin(index, first, pin), addName(index, first, name)], [undefined, undefined]);
  const earlier = [addPin(index, second, { ...pin }), addName(index, second, { ...name, issuedBy: 'CORP' })];
  const found = [...index.pins.thumbprintSha256.values(), ...index.names.values()];
  for (const each of [earlier, found]) {
    assert.deepEqual(
      each.map((one) => one?.identity.name),
      ['a', 'a'],
    );
  }
});

test('a found certificate matches one enabled identity only, by entries that are enabled and inside their windows', () => {
  const instant = fc.integer({ min: -2, max: 2 }).map((hours) => now + hours * hour);
  const pin = fc.record({
    kind: fc.constantFrom('thumbprintSha256' as const, 'thumbprintSha1' as const, 'publicKeySha256' as const),
    isMatch: fc.boolean(),
    enabled: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.constant(false)),
    window: fc.option(
      fc.tuple(instant, instant).filter(([start, end]) => start < end),
      { nil: undefined },
    ),
  });
  const identity = fc.record({
    enabled: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.constant(false)),
    expiresAt: fc.option(instant, { nil: undefined, freq: 2 }),
    pins: fc.uniqueArray(pin, { maxLength: 3, selector: ({ kind, isMatch }) => `${kind} ${isMatch}` }),
  });
  const identities = fc.uniqueArray(identity, { maxLength: 3, selector: ({ pins }) => pins.length });
  fc.assert(
    fc.property(identities, (given) => {
      const seen = new Set<string>();
      const made = given.map(({ enabled, expiresAt, pins }) => ({
        enabled,
        ...(expiresAt === undefined ? {} : { expiresAt: iso(expiresAt) }),
        pins: pins.flatMap((one) => {
          const value = (one.isMatch ? certificate : stranger)[one.kind] ?? '';
          // A document must not contain the same pin twice.
          if (seen.has(one.kind + value)) return [];
          seen.add(one.kind + value);
          const [start, end] = one.window ?? [now - 9 * hour, now + 9 * hour];
          return [
            {
              isMatch: one.isMatch,
              start,
              end,
              isEnabled: one.enabled,
              pin: { [one.kind]: value, enabled: one.enabled, notBefore: iso(start), notAfter: iso(end) },
            },
          ];
        }),
      }));
      const snapshot = snapshotOf(
        ...made.map(({ pins, ...rest }) => ({
          ...rest,
          pins: pins.map(({ pin: one }) => one),
        })),
      );
      const finding = findInSnapshot(snapshot, certificate, now);
      const matching = made.filter(({ pins }) => pins.some(({ isMatch }) => isMatch));
      if (matching.length !== 1) {
        assert.equal(outcomeOf(finding), matching.length === 0 ? 'notFound' : 'identity_ambiguous');
        return;
      }
      const isAdmitted = matching.every(
        ({ enabled, pins, ...rest }) =>
          enabled &&
          (!('expiresAt' in rest) || now < Date.parse(rest.expiresAt)) &&
          pins.every(({ isMatch, start, end, isEnabled }) => !isMatch || (isEnabled && start <= now && now < end)),
      );
      assert.equal(finding.outcome, isAdmitted ? 'found' : 'denied');
    }),
    { numRuns: countRuns(300) },
  );
});
