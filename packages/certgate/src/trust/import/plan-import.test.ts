import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { anyAudience, parseTrustDocument, type TrustDocument } from '@certgate/core/internal';
import { compareTrustDocuments } from '../comparison/compare-documents.js';
import fc from 'fast-check';
import type { ImportEntry } from './import-reading.js';
import { planImport, type ImportOptions } from './plan-import.js';
import type { StatedIdentity } from './stated-identity.js';

const a = 'A'.repeat(40);
const b = 'B'.repeat(40);
const s = 'C'.repeat(64);

const entry = (value: string, name?: string, origin = 'line 1'): ImportEntry => ({
  thumbprint: { algorithm: value.length === 40 ? 'sha1' : 'sha256', value },
  name,
  origin,
});

const empty: TrustDocument = { schemaVersion: 1, revision: 1, identities: [] };
const options: ImportOptions = { roles: ['orders.read'] };

describe('what a document becomes by an import', () => {
  test('each name becomes an identity, and so does each certificate without a name', () => {
    const { document, added } = planImport(empty, [entry(a, 'billing'), entry(s, 'Billing'), entry(b)], {
      ...options,
      owner: 'x',
    });
    assert.deepEqual(document.identities, [
      {
        name: 'billing',
        roles: ['orders.read'],
        owner: 'x',
        pins: [{ thumbprintSha1: a }, { thumbprintSha256: s }],
      },
      { name: 'imported-BBBBBBBB', roles: ['orders.read'], owner: 'x', pins: [{ thumbprintSha1: b }] },
    ]);
    assert.deepEqual(
      added.map(({ isNewIdentity }) => isNewIdentity),
      [true, true, true],
    );
  });

  test('all certificates become pins of one identity if its name is given', () => {
    const { document, refusals } = planImport(empty, [entry(a, 'x'), entry(a, 'y'), entry(b)], {
      ...options,
      as: 'partners',
    });
    assert.deepEqual(
      document.identities.map(({ name, pins: held }) => [name, held?.length]),
      [['partners', 2]],
    );
    assert.deepEqual(refusals, []);
  });

  test('names made of digits get longer if they would be the same', () => {
    const first = `${'D'.repeat(8)}${'1'.repeat(32)}`;
    const second = `${'D'.repeat(8)}${'2'.repeat(32)}`;
    const { document } = planImport(empty, [entry(first), entry(second)], options);
    assert.deepEqual(
      document.identities.map(({ name }) => name),
      ['imported-DDDDDDDD', 'imported-DDDDDDDD22222222'],
    );
  });

  test('a certificate under two names, or pinned for another identity, is refused, and a repetition is reported', () => {
    const document: TrustDocument = {
      ...empty,
      identities: [{ name: 'orders', roles: [], pins: [{ thumbprintSha1: b }] }],
    };
    const plan = planImport(
      document,
      [entry(a, 'x'), entry(a, 'y'), entry(b, 'billing'), entry(s, 'z'), entry(s)],
      options,
    );
    assert.deepEqual(
      plan.refusals.map(({ item }) => item),
      [a, b],
    );
    assert.equal(plan.repeated.length, 1);
    assert.deepEqual(
      plan.document.identities.map(({ name }) => name),
      ['orders', 'z'],
    );
  });

  test('an identity that is already there gets a pin only with --to-existing', () => {
    const document: TrustDocument = { ...empty, identities: [{ name: 'admin', roles: ['all'], pins: [] }] };
    const plan = planImport(document, [entry(a, 'Admin')], options);
    assert.match(plan.refusals[0]?.reason ?? '', /--to-existing/);
    assert.deepEqual(plan.document, document);
    const extended = planImport(document, [entry(a, 'Admin')], { ...options, toExisting: true });
    assert.deepEqual(extended.document.identities, [{ name: 'admin', roles: ['all'], pins: [{ thumbprintSha1: a }] }]);
  });

  test('a pin that is already there stays as it is, even if it is disabled', () => {
    const document: TrustDocument = {
      ...empty,
      identities: [
        {
          name: 'billing',
          roles: [],
          pins: [{ thumbprintSha1: 'aa:'.repeat(20).slice(0, -1), enabled: false }],
        },
      ],
    };
    const { present, added, document: after } = planImport(document, [entry(a), entry(a, 'billing')], options);
    assert.deepEqual(
      present.map(({ isDisabled }) => isDisabled),
      [true],
    );
    assert.deepEqual(added, []);
    assert.deepEqual(after, document);
  });

  test('a certificate at hand gives its pin a SHA-256 thumbprint and an end, and is found by all of its hashes', () => {
    const known = {
      file: 'x.pem',
      subject: 'CN=x',
      hashes: { thumbprintSha1: a, thumbprintSha256: s, publicKeySha256: 'E'.repeat(64) },
      der: new Uint8Array(),
      notBefore: Date.UTC(2026, 0, 1),
      notAfter: Date.UTC(2027, 0, 1),
      faults: [] as readonly string[],
      isForServersAlone: false,
    };
    const certificates = {
      find: ({ value }: { value: string }) => (value === a || value === s ? known : undefined),
      count: 1,
      unreadable: [],
    };
    const { document } = planImport(empty, [entry(a), entry(s)], { ...options, certificates });
    assert.deepEqual(
      document.identities.map(({ pins }) => pins),
      [[{ thumbprintSha256: s, notAfter: '2027-01-01T00:00:00Z' }]],
    );
    const pinned: TrustDocument = {
      ...empty,
      identities: [{ name: 'x', roles: [], pins: [{ thumbprintSha256: s }] }],
    };
    assert.equal(planImport(pinned, [entry(a, 'y')], { ...options, certificates }).refusals.length, 1);
    assert.equal(planImport(pinned, [entry(a)], { ...options, certificates }).present.length, 1);
    const unfit = { ...certificates, find: () => ({ ...known, faults: ['certificate_expired: it is over'] }) };
    assert.match(
      planImport(empty, [entry(a)], { ...options, certificates: unfit }).refusals[0]?.reason ?? '',
      /it is over/,
    );
  });

  test('a row says what its own caller may do, and must not contradict the document', () => {
    const row = (value: string, name: string, stated: Partial<StatedIdentity>): ImportEntry => ({
      ...entry(value, name),
      stated: { row: 'row 2', columns: ['owner', 'roles', 'functions', 'until'], roles: [], ...stated },
    });
    const orders = { roles: ['r', 's'], owner: 'o', functions: ['Orders'], expiresAt: '2028-01-01T00:00:00Z' };
    const { document } = planImport(empty, [row(a, 'x', orders), row(b, 'X', orders), row(s, 'y', {})], options);
    assert.deepEqual(document.identities, [
      { name: 'x', ...orders, pins: [{ thumbprintSha1: a }, { thumbprintSha1: b }] },
      { name: 'y', roles: [], pins: [{ thumbprintSha256: s }] },
    ]);
    const same = { ...orders, roles: ['s', 'r'], functions: ['ORDERS'], expiresAt: '2028-01-01T00:00:00.000Z' };
    assert.equal(planImport(document, [row(a, 'x', same)], options).present.length, 1);
    const d = 'D'.repeat(64);
    for (const [column, more] of Object.entries({
      owner: { owner: 'p' },
      roles: { roles: ['r'] },
      functions: { functions: [] },
      until: { expiresAt: '2028-01-01T00:00:01Z' },
    })) {
      for (const value of [a, d]) {
        const plan = planImport(document, [row(value, 'x', { ...orders, ...more })], { ...options, toExisting: true });
        assert.deepEqual(
          plan.refusals.map(({ origin }) => origin),
          [`row 2, column ${column}`],
        );
      }
    }
    // A table without these columns says nothing that could contradict the document.
    const silent = planImport(document, [row(d, 'x', { columns: [] })], { ...options, toExisting: true });
    assert.deepEqual([silent.added.length, silent.document.identities[0]?.roles], [1, ['r', 's']]);
  });

  test('any import leaves a valid document, takes nothing away, changes no identity that was there, and adds nothing twice', () => {
    const value = fc
      .tuple(fc.constantFrom('A', 'B', 'C', 'D'), fc.constantFrom(40, 64))
      .map(([digit, length]) => digit.repeat(length));
    const name = fc.constantFrom('x', 'X', 'y', 'imported-AAAAAAAA', undefined);
    const entries = fc.array(
      fc.tuple(value, name).map(([thumbprint, given]) => entry(thumbprint, given)),
      { maxLength: 8 },
    );
    fc.assert(
      fc.property(entries, entries, fc.boolean(), (first, second, isOne) => {
        const chosen: ImportOptions = { ...options, ...(isOne ? { as: 'all' } : {}) };
        const before = planImport(empty, first, chosen).document;
        const { document, added, present, refusals, repeated } = planImport(before, second, chosen);
        const snapshot = (each: TrustDocument): ReturnType<typeof parseTrustDocument> =>
          parseTrustDocument(JSON.stringify(each), { audience: anyAudience });
        const comparison = compareTrustDocuments(snapshot(before), snapshot(document));
        assert.equal(comparison.loses, false);
        assert.equal(comparison.gains, added.length > 0);
        const distinct = new Set(second.map(({ thumbprint }) => thumbprint.value)).size;
        assert.equal(added.length + present.length + refusals.length, distinct);
        assert.ok(repeated.length <= distinct);
        for (const identity of before.identities) assert.ok(document.identities.includes(identity));
        assert.deepEqual(planImport(document, second, chosen).added, []);
      }),
      { numRuns: 1000 },
    );
  });
});
