import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { validDocument } from '@certgate/core/test-support/document-arbitraries.js';
import { otherSha256, sha1, sha256 } from '@certgate/core/test-support/document-corpus.js';
import { keysOf } from '@certgate/core/test-support/whole-document.js';
import { type IdentityInput, documentOf, snapshotOf } from '@certgate/core/test-support/documents.js';
import { anyAudience, listStandings, parseTrustDocument } from '@certgate/core/internal';
import { checkTrust } from './check-document.js';
import type { CheckFinding } from './check-finding.js';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';

const now = Date.UTC(2027, 0, 1);
const inDays = (days: number): string => new Date(now + days * 86_400_000).toISOString();
const moment = { now, withinDays: 30 };

const check = (...identities: readonly IdentityInput[]): readonly CheckFinding[] =>
  checkTrust(snapshotOf(...identities), moment);
const list = (findings: readonly CheckFinding[]): readonly string[] =>
  findings.map(({ severity, code, path }) => `${severity} ${code} ${path}`);
const pinned = (...pins: readonly object[]): IdentityInput => ({ name: 'a', owner: 'team', pins });
const pin = { thumbprintSha256: sha256 };
const next = { thumbprintSha256: otherSha256, notAfter: inDays(400) };
const first = 'identities[0]';
const firstPin = 'identities[0].pins[0]';

test("without a number of days, the rule is that of the app's log: a third of the window, at most 30 days", () => {
  const codes = (notBefore: string, notAfter: string): readonly string[] =>
    checkTrust(snapshotOf(pinned({ ...pin, notBefore, notAfter })), { now }).map(({ code }) => code);
  assert.deepEqual(codes(inDays(0), inDays(1)), []);
  assert.deepEqual(codes(inDays(-0.7), inDays(0.3)), ['pin_ends_soon']);
  assert.deepEqual(codes(inDays(-5), inDays(4)), []);
  assert.deepEqual(codes(inDays(-6), inDays(3)), ['pin_ends_soon']);
  assert.deepEqual(codes(inDays(-300), inDays(30)), ['pin_ends_soon']);
  assert.deepEqual(codes(inDays(-300), inDays(31)), []);
});

describe('one identity', () => {
  const cases: readonly (readonly [string, IdentityInput, readonly string[]])[] = [
    ['a pin that ends in a year', pinned({ ...pin, notAfter: inDays(365) }), []],
    ['a pin without an end', pinned(pin), [`information pin_without_end ${firstPin}`]],
    ['no pins', pinned(), [`warning identity_without_pins ${first}`]],
    ['a pin that ends at the horizon', pinned({ ...pin, notAfter: inDays(30) }), [`warning pin_ends_soon ${firstPin}`]],
    ['a pin that ends just past it', pinned({ ...pin, notAfter: inDays(30.001) }), []],
    [
      'a pin that ends soon, with a successor',
      pinned({ ...pin, notAfter: inDays(3) }, next),
      [`information pin_ends_soon ${firstPin}`],
    ],
    [
      'a successor that begins too late',
      pinned({ ...pin, notAfter: inDays(3) }, { ...next, notBefore: inDays(4) }),
      [`warning pin_ends_soon ${firstPin}`, 'information pin_not_begun identities[0].pins[1]'],
    ],
    [
      'a successor that is disabled',
      pinned({ ...pin, notAfter: inDays(3) }, { ...next, enabled: false }),
      [`warning pin_ends_soon ${firstPin}`],
    ],
    [
      'a pin that ended, the only one',
      pinned({ ...pin, notAfter: inDays(0) }),
      [`error identity_without_usable_pins ${first}`, `warning pin_ended ${firstPin}`],
    ],
    [
      'a pin that ended, beside a good one',
      pinned({ ...pin, notAfter: inDays(-1) }, next),
      [`warning pin_ended ${firstPin}`],
    ],
    ['disabled pins only', pinned({ ...pin, enabled: false }), [`warning identity_without_usable_pins ${first}`]],
    ['a disabled pin beside a good one', pinned({ ...pin, enabled: false }, next), []],
    ['a pin that begins later', pinned({ ...next, notBefore: inDays(1) }), [`information pin_not_begun ${firstPin}`]],
    [
      'a pin that begins when the identity has ended',
      { ...pinned({ ...next, notBefore: inDays(60) }), expiresAt: inDays(60) },
      [`error identity_without_usable_pins ${first}`, `error pin_window_dead ${firstPin}`],
    ],
    ['an identity that ended', { ...pinned(pin), expiresAt: inDays(0) }, [`warning identity_ended ${first}`]],
    ['an identity that ends soon', { ...pinned(next), expiresAt: inDays(30) }, [`warning identity_ends_soon ${first}`]],
    [
      'an identity that ends before its pin',
      { ...pinned({ ...pin, notAfter: inDays(20) }), expiresAt: inDays(10) },
      [`warning identity_ends_soon ${first}`],
    ],
    ['a disabled identity', { ...pinned({ ...pin, notAfter: inDays(-1) }), enabled: false, expiresAt: inDays(-1) }, []],
    ['a SHA-1 pin', pinned({ thumbprintSha1: sha1, notAfter: inDays(365) }), [`warning pin_sha1 ${firstPin}`]],
    [
      'roles in two cases',
      { ...pinned(next), roles: ['Reader', 'reader'] },
      ['information names_look_alike identities[0].roles[1]'],
    ],
    ['a function twice, which changes nothing', { ...pinned(next), functions: ['F', 'f'] }, []],
    [
      'one hash as certificate and as key',
      pinned({ ...pin, notAfter: inDays(365) }, { publicKeySha256: sha256, notAfter: inDays(365) }),
      ['warning hash_in_two_kinds identities[0].pins[1]'],
    ],
  ];
  for (const [what, identity, expected] of cases) {
    test(what, () => {
      const findings = check(identity);
      assert.deepEqual(list(findings), expected);
      for (const { identityName, owner, message } of findings) {
        assert.equal(identityName, 'a');
        assert.equal(owner, 'team');
        assert.match(message, /^[^\n]*"a"[^\n]*\.$/);
      }
    });
  }

  test('a finding names the pin and the end', () => {
    const [finding] = check(pinned({ ...pin, notAfter: inDays(3) }));
    assert.deepEqual(finding, {
      code: 'pin_ends_soon',
      severity: 'warning',
      path: firstPin,
      identityName: 'a',
      owner: 'team',
      pin: { kind: 'thumbprintSha256', value: sha256 },
      endsAt: now + 3 * 86_400_000,
      message:
        'The pin thumbprintSha256 9F86D081884C7D65…B0F00A08 of "a" ends at 2027-01-04T00:00:00Z (notAfter), and no other goes on from there; rotate the certificate.',
    });
  });
});

describe('several identities', () => {
  test('names that look alike are a warning, and an app that is named twice changes nothing', () => {
    const document = documentOf(
      [
        { name: 'Łódź', pins: [next] },
        { name: 'Ło\u0301dz\u0301', pins: [{ ...pin, notAfter: inDays(400) }] },
      ],
      { audience: ['orders', 'Orders'] },
    );
    assert.deepEqual(list(checkTrust(parseTrustDocument(document, { audience: anyAudience }), moment)), [
      'warning names_look_alike identities[1].name',
    ]);
  });

  test('findings are sorted by severity, then by their end, then by their place in the document', () => {
    const digits = (index: number): string => index.toString().repeat(64);
    const findings = check(
      { pins: [{ thumbprintSha256: digits(1) }] },
      { pins: [{ thumbprintSha256: digits(2), notAfter: inDays(20) }] },
      { pins: [{ thumbprintSha256: digits(3), notAfter: inDays(-5) }] },
      { pins: [{ thumbprintSha256: digits(4), notAfter: inDays(10) }] },
      { pins: [] },
      { expiresAt: inDays(15), pins: [{ thumbprintSha256: digits(5), notAfter: inDays(90) }] },
    );
    assert.deepEqual(list(findings), [
      'error identity_without_usable_pins identities[2]',
      'warning pin_ended identities[2].pins[0]',
      'warning pin_ends_soon identities[3].pins[0]',
      'warning identity_ends_soon identities[5]',
      'warning pin_ends_soon identities[1].pins[0]',
      'warning identity_without_pins identities[4]',
      'information pin_without_end identities[0].pins[0]',
    ]);
  });

  test('findings of any document are the same each time, in order, with paths that exist', () => {
    fc.assert(
      fc.property(validDocument, fc.nat({ max: 3 }), fc.integer({ min: -4, max: 4 }), (document, withinDays, hours) => {
        const snapshot = parseTrustDocument(document, { audience: anyAudience });
        const at = { now: now + hours * 3_600_000, withinDays };
        const findings = checkTrust(snapshot, at);
        assert.deepEqual(checkTrust(snapshot, at), findings);
        const grades = findings.map(({ severity }) => ['error', 'warning', 'information'].indexOf(severity));
        assert.deepEqual([...grades].sort(), grades);
        for (const finding of findings) {
          const index = /^identities\[(\d+)\]/.exec(finding.path)?.[1];
          if (index !== undefined) assert.equal(snapshot.identities[Number(index)]?.name, finding.identityName);
        }
      }),
      { numRuns: countRuns(100) },
    );
  });

  test('100,000 identities result in a finding each', () => {
    const snapshot = snapshotOf({ pins: [] });
    const [identity] = snapshot.identities;
    assert.ok(identity !== undefined);
    const many = Array.from({ length: 100_000 }, (_, index) => ({ ...identity, name: `caller ${index}` }));
    assert.equal(checkTrust({ ...snapshot, identities: many, warnings: [] }, moment).length, 100_000);
  });
});

test('a wrong time or a wrong number of days is an error', () => {
  for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => checkTrust(snapshotOf(), { now: wrong, withinDays: 1 }), RangeError);
    assert.throws(() => checkTrust(snapshotOf(), { now, withinDays: wrong }), RangeError);
  }
  assert.throws(() => checkTrust(snapshotOf(), { now, withinDays: -1 }), RangeError);
});

test('a lock comes first', () => {
  const locked = { since: '2027-01-01T12:00:00Z', by: 'ada', reason: 'breach at a partner' };
  const snapshot = parseTrustDocument(documentOf([{ name: 'a', pins: [pin] }], { locked }));
  assert.equal(list(checkTrust(snapshot, moment))[0], 'warning document_locked locked');
});

test('a pin that is not valid now, by any of its own times, has a finding', () => {
  const instants = keysOf('pin').filter(([, { type }]) => type === 'instant');
  for (const [key, at] of instants.flatMap(([each]) => [-1, 1].map((days) => [each, inDays(days)] as const))) {
    const snapshot = snapshotOf(pinned({ ...pin, notAfter: inDays(400), [key]: at }));
    const [entry] = listStandings(snapshot, now).flatMap(({ entries }) => entries);
    const findings = checkTrust(snapshot, moment).filter(({ code }) => /^pin_(?:ended|not_begun)$/.test(code));
    assert.equal(findings.length, entry?.reasons.length, `${key} ${at}`);
  }
});
