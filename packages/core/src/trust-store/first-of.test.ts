import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { presentCertificate } from '../certificate-header/certificate-header.js';
import type { TrustFinding } from '../trust-snapshot/trust-finding.js';
import type { TrustStore, TrustStoreReport } from './trust-store.js';
import { makeCertificate, now } from '@certgate/x509/test-support/certificates.js';
import { documentOf } from '../test-support/documents.js';
import { pollute } from '../test-support/prototype-pollution.js';
import { trustStoreFromDocument } from './document-store.js';
import { firstOf } from './first-of.js';
import { askInFull } from '../test-support/answer-in-full.js';

const certificate = presentCertificate(makeCertificate().der);
const { thumbprintSha256 } = certificate;

const found = (name: string): Extract<TrustFinding, { outcome: 'found' }> => ({
  outcome: 'found',
  identity: { name, roles: [] },
  matchedBy: 'test',
});
const notFound: TrustFinding = { outcome: 'notFound' };
const denied: TrustFinding = { outcome: 'denied', code: 'pin_disabled', detail: 'off' };
const unavailable: TrustFinding = { outcome: 'unavailable', detail: 'down' };
const revoked: TrustFinding = { outcome: 'denied', code: 'certificate_revoked', detail: 'on the list' };
const undecided: TrustFinding = { outcome: 'denied', code: 'revocation_unavailable', detail: 'no list' };

interface Watched {
  readonly store: TrustStore;
  readonly calls: () => number;
}

function watch(answer: unknown): Watched {
  let count = 0;
  const find = (): TrustFinding => {
    count += 1;
    if (answer instanceof Error) throw answer;
    return answer as TrustFinding;
  };
  return { store: { find }, calls: () => count };
}

const namesOf = async (...stores: readonly TrustStore[]): Promise<string> => {
  const finding = await askInFull(firstOf(...stores), certificate, now);
  if (finding.outcome === 'denied') return finding.code;
  return finding.outcome === 'found' ? finding.identity.name : finding.outcome;
};

const rejecting: TrustStore = { find: () => Promise.reject(new Error('boom')) };
const otherRoles: TrustFinding = { ...found('a'), identity: { name: 'a', roles: ['admin'] } };
const otherFunctions: TrustFinding = { ...found('a'), identity: { name: 'a', roles: [], functions: ['f'] } };

describe('firstOf', () => {
  for (const [what, answers, outcome] of [
    ['found in one', [notFound, found('b')], 'b'],
    ['found in none', [notFound, notFound], 'notFound'],
    ['the same identity in both', [found('a'), found('a')], 'a'],
    ['two identities', [found('a'), found('b')], 'identity_ambiguous'],
    ['names that differ in letter case alone', [found('a'), found('A')], 'identity_ambiguous'],
    ['the same name with other roles', [found('a'), otherRoles], 'identity_ambiguous'],
    ['the same name with other functions', [found('a'), otherFunctions], 'identity_ambiguous'],
    ['denied in one, found in the other', [denied, found('a')], 'pin_disabled'],
    ['denied in one, unavailable the other', [denied, unavailable], 'pin_disabled'],
    ['unavailable in one, revoked in the other', [unavailable, revoked], 'certificate_revoked'],
    ['unavailable in one, found in the other', [unavailable, found('a')], 'unavailable'],
    ['unavailable in one, unknown in the other', [unavailable, notFound], 'unavailable'],
    ['a revocation that nobody can tell, found in the other', [undecided, found('a')], 'revocation_unavailable'],
    ['a revocation that nobody can tell, denied in the other', [undecided, denied], 'pin_disabled'],
    ['an answer of no known shape', [undefined, found('a')], 'unavailable'],
    ['an answer null', [null, found('a')], 'unavailable'],
    ['an answer without roles', [{ outcome: 'found', identity: { name: 'a' } }, found('a')], 'unavailable'],
    ['an interval of no numbers', [{ ...found('a'), validUntil: Number.NaN }, found('a')], 'unavailable'],
    ['a path of no bytes', [{ ...found('a'), pathAuthorities: ['MII'] }, found('a')], 'unavailable'],
    ['a store that throws', [new Error('boom'), found('a')], 'unavailable'],
    ['a store that throws, and one that denies', [new Error('boom'), denied], 'pin_disabled'],
  ] as const) {
    test(`${what}: ${outcome}, in either order, after asking both stores`, async () => {
      for (const order of [answers, [...answers].reverse()]) {
        const stores = order.map(watch);
        assert.equal(await namesOf(...stores.map(({ store }) => store)), outcome);
        assert.deepEqual(
          stores.map(({ calls }) => calls()),
          // Before the certificate is admitted, each store is also asked about it with its other ECDSA signature.
          outcome === 'a' || outcome === 'b' ? [2, 2] : [1, 1],
        );
      }
    });
  }
  test('a store that rejects is unavailable, and does not hide a denial', async () => {
    assert.equal(await namesOf(rejecting, watch(found('a')).store), 'unavailable');
    assert.equal(await namesOf(rejecting, watch(denied).store), 'pin_disabled');
  });
  test('the answer is valid while the answers of both stores are', async () => {
    const one = { ...found('a'), validFrom: 1, validUntil: 9, isPathValidated: true, currentFrom: 3 };
    const two = { ...found('a'), validFrom: 2, validUntil: 8, currentUntil: 7, matchedBy: 'second' };
    for (const [first, second] of [
      [one, two],
      [two, one],
    ] as const) {
      const finding = await askInFull(firstOf(watch(first).store, watch(second).store), certificate, now);
      assert.ok(finding.outcome === 'found');
      const { validFrom, validUntil, currentFrom, currentUntil, isPathValidated, matchedBy } = finding;
      assert.deepEqual([validFrom, validUntil, currentFrom, currentUntil, isPathValidated], [2, 8, 3, 7, true]);
      assert.equal(matchedBy, first.matchedBy);
    }
  });
  test('roles in another order, and functions in another letter case, make the same identity', async () => {
    const identity = { name: 'a', roles: ['x', 'y'], functions: ['F', 'g'] };
    const turned = { name: 'a', roles: ['y', 'x', 'x'], functions: ['G', 'f'] };
    const stores = [watch({ ...found('a'), identity }).store, watch({ ...found('a'), identity: turned }).store];
    assert.equal(await namesOf(...stores), 'a');
  });
  test('a caller who was shut out while another store was slow is not let in', async () => {
    let isRevoked = false;
    const quick: TrustStore = {
      find: () => (isRevoked ? denied : found('a')),
      get version() {
        return String(isRevoked);
      },
    };
    const slow: TrustStore = {
      version: '1',
      find: async () => {
        await Promise.resolve();
        isRevoked = true;
        return notFound;
      },
    };
    assert.equal(await namesOf(quick, slow), 'pin_disabled');
  });
  test('a disabled identity in one store decides over an ended pin in another, in either order', async () => {
    const pin = { name: 'a', pins: [{ thumbprintSha256, notAfter: '2000-01-01T00:00:00Z' }] };
    const over = trustStoreFromDocument(documentOf([pin]));
    const off = trustStoreFromDocument(documentOf([{ name: 'a', enabled: false, pins: [{ thumbprintSha256 }] }]));
    assert.equal(await namesOf(over, off), 'identity_disabled');
    assert.equal(await namesOf(off, over), 'identity_disabled');
  });
  test('needs at least one store', () => {
    for (const given of [[], [undefined], ['trust.json']])
      assert.throws(() => firstOf(...(given as [])), { code: 'CERTGATE_ARGUMENT_INVALID' });
  });
});

describe('the version of firstOf', () => {
  const versioned = (version: unknown): TrustStore => ({ find: () => notFound, version: version as string });
  test('is undefined unless every store gives one', () => {
    for (const version of [undefined, null, '', 7]) {
      assert.equal(firstOf(versioned('1'), versioned(version)).version, undefined, String(version));
    }
    assert.equal(firstOf(watch(notFound).store, versioned('1')).version, undefined);
  });
  test('changes with the version of each store, and keeps the versions apart', () => {
    const of = (...versions: readonly string[]): string | undefined => firstOf(...versions.map(versioned)).version;
    const all = [
      of('1', '2'),
      of('1', '3'),
      of('2', '2'),
      of('12', ''),
      of('1'),
      of('1,2'),
      of('"1"', '2'),
      of('2', '1'),
    ];
    assert.equal(new Set(all).size, all.length);
  });
  test('is read anew each time', () => {
    let version: string | undefined = '1';
    const store = firstOf({
      find: () => notFound,
      get version() {
        return version;
      },
    });
    const before = store.version;
    version = '2';
    assert.notEqual(store.version, before);
    version = undefined;
    assert.equal(store.version, undefined);
  });
});

test('the configuration of firstOf is undefined unless every store gives one, whatever Object.prototype has', () => {
  const known = trustStoreFromDocument(documentOf([]));
  assert.equal(typeof firstOf(known, known).configuration, 'string');
  const restore = pollute({ configuration: 'x' });
  try {
    assert.equal(firstOf(known, watch(notFound).store).configuration, undefined);
  } finally {
    restore();
  }
});

describe('firstOf', () => {
  test('starts every store, and rejects with the first error', async () => {
    const started: string[] = [];
    const starting = (name: string, error?: Error): TrustStore => ({
      find: () => notFound,
      start: () => {
        started.push(name);
        return error === undefined ? Promise.resolve() : Promise.reject(error);
      },
    });
    await firstOf(starting('a'), watch(notFound).store, starting('b')).start?.();
    assert.deepEqual(started, ['a', 'b']);
    const failing = firstOf(starting('c', new Error('c failed')), starting('d', new Error('d failed')));
    await assert.rejects(async () => failing.start?.(), /c failed/);
    assert.deepEqual(started, ['a', 'b', 'c', 'd']);
  });
  test('reports the state of all stores', () => {
    const one = trustStoreFromDocument(documentOf([{ pins: [] }]));
    const two: TrustStore = {
      find: () => notFound,
      report: () => ({
        description: 'table',
        revision: 7,
        warnings: [],
        fault: 'down',
        lastSuccessAt: 9,
        ageMilliseconds: 1,
        usableUntil: 20,
      }),
    };
    const three: TrustStore = {
      find: () => notFound,
      report: () => ({
        description: 'list',
        revision: 7,
        warnings: [],
        fault: 'not signed',
        failure: 'refused',
        revocationFault: 'no list',
        lastSuccessAt: 4,
        ageMilliseconds: 6,
        usableUntil: 10,
      }),
    };
    const own = { description: 'a store of your own', revision: undefined, warnings: [], fault: undefined };
    assert.deepEqual(firstOf(one, firstOf(watch(notFound).store, two), three).report?.(), {
      description: 'first of document in code, a store of your own, table, list',
      revision: undefined,
      sha256: one.report?.().sha256,
      warnings: one.report?.().warnings,
      fault: 'table: down; list: not signed',
      failure: 'refused',
      revocationFault: 'list: no list',
      lastSuccessAt: 4,
      ageMilliseconds: 6,
      usableUntil: 10,
      parts: [one.report?.(), own, two.report?.(), three.report?.()],
    });
    assert.equal(firstOf(one).report?.().lastSuccessAt, undefined);
    const unread: TrustStore = {
      find: () => notFound,
      report: () => ({ description: 'blob', revision: undefined, warnings: [], fault: 'gone' }),
    };
    assert.equal(firstOf(unread, three).report?.().usableUntil, undefined);
  });
  test('reports the same list of warnings as long as the stores do, since every request asks for a report', () => {
    const [warning] = trustStoreFromDocument(documentOf([{ pins: [] }])).report?.().warnings ?? [];
    assert.ok(warning !== undefined);
    let warnings: TrustStoreReport['warnings'] = [warning];
    const report = (): TrustStoreReport => ({ description: 'table', revision: 7, warnings, fault: undefined });
    const without = { find: () => notFound, report: () => ({ ...report(), warnings: undefined as never }) };
    const store = firstOf({ find: () => notFound, report }, without);
    const listWarnings = (): TrustStoreReport['warnings'] | undefined => store.report?.().warnings;
    const before = listWarnings();
    assert.deepEqual(before, [warning]);
    assert.equal(listWarnings(), before);
    warnings = [warning, warning];
    assert.deepEqual(listWarnings(), [warning, warning]);
  });
});

describe('trustStoreFromDocument', () => {
  test('throws at once if the document is not valid', () => {
    assert.throws(() => trustStoreFromDocument({}), { name: 'TrustDocumentError' });
    assert.throws(() => trustStoreFromDocument('{'), { name: 'TrustDocumentError' });
    assert.throws(() => trustStoreFromDocument(documentOf([], { audience: ['a'] }), { audience: 'b' }), /not for "b"/);
  });
  test('takes JSON or its parsed value, and never changes', async () => {
    const document = documentOf([{ name: 'a', pins: [{ thumbprintSha256 }] }], { revision: 7 });
    for (const store of [trustStoreFromDocument(document), trustStoreFromDocument(JSON.stringify(document))]) {
      assert.equal((await store.find(certificate, now)).outcome, 'found');
      assert.equal(store.version, 'document');
      assert.ok(Object.isFrozen(store));
      assert.deepEqual(store.report?.(), {
        description: 'document in code',
        revision: 7,
        sha256: createHash('sha256').update(JSON.stringify(document)).digest('hex').toUpperCase(),
        warnings: [],
        fault: undefined,
      });
    }
  });
});
