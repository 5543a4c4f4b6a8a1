import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { presentCertificate } from '../certificate/presented-certificate.js';
import type { TrustFinding } from '../trust-snapshot/trust-finding.js';
import type { TrustStore } from './trust-store.js';
import { makeCertificate, now } from '../test-support/certificates.js';
import { documentOf } from '../test-support/documents.js';
import { trustStoreFromDocument } from './document-store.js';
import { firstOf } from './first-of.js';

const certificate = presentCertificate(makeCertificate().der);
const { thumbprintSha256 } = certificate;

const found = (name: string): TrustFinding => ({ outcome: 'found', identity: { name, roles: [] }, matchedBy: 'test' });
const notFound: TrustFinding = { outcome: 'notFound' };
const denied: TrustFinding = { outcome: 'denied', code: 'pin_disabled', detail: 'off' };
const unavailable: TrustFinding = { outcome: 'unavailable', detail: 'down' };

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
  const finding = await firstOf(...stores).find(certificate, now);
  return finding.outcome === 'found' ? finding.identity.name : finding.outcome;
};

describe('firstOf', () => {
  test('goes on where a store says not found', async () => {
    assert.equal(await namesOf(watch(notFound).store, watch(found('b')).store), 'b');
    assert.equal(await namesOf(watch(notFound).store, watch(notFound).store), 'notFound');
  });
  test('asks no further once somebody was found', async () => {
    const second = watch(found('b'));
    assert.equal(await namesOf(watch(found('a')).store, second.store), 'a');
    assert.equal(second.calls(), 0);
  });
  for (const [what, answer, outcome] of [
    ['a match that denies', denied, 'denied'],
    ['a store that is unavailable', unavailable, 'unavailable'],
    ['an answer of no known shape', undefined, 'unavailable'],
    ['an answer null', null, 'unavailable'],
    ['an answer without roles', { outcome: 'found', identity: { name: 'x' } }, 'unavailable'],
    ['an interval of no numbers', { ...found('x'), validUntil: Number.NaN }, 'unavailable'],
  ] as const) {
    test(`${what} ends the search`, async () => {
      const second = watch(found('b'));
      assert.equal(await namesOf(watch(answer).store, second.store), outcome);
      assert.equal(second.calls(), 0);
    });
  }
  test('so does a store that throws or rejects, and the search rejects', async () => {
    const second = watch(found('b'));
    await assert.rejects(async () => namesOf(watch(new Error('boom')).store, second.store), /boom/);
    const rejecting: TrustStore = { find: () => Promise.reject(new Error('boom')) };
    await assert.rejects(async () => namesOf(rejecting, second.store), /boom/);
    assert.equal(second.calls(), 0);
  });
  test('a pin disabled in one store and present in another denies', async () => {
    const off = trustStoreFromDocument(documentOf([{ certificates: [{ thumbprintSha256, enabled: false }] }]));
    const on = trustStoreFromDocument(documentOf([{ certificates: [{ thumbprintSha256 }] }]));
    assert.equal(await namesOf(off, on), 'denied');
  });
  test('needs a store', () => {
    assert.throws(() => firstOf(), RangeError);
  });
  test('can stand inside another', async () => {
    const inner = firstOf(watch(notFound).store, watch(found('b')).store);
    assert.equal(await namesOf(watch(notFound).store, inner), 'b');
  });
});

describe('its version', () => {
  const versioned = (version: unknown): TrustStore => ({ find: () => notFound, version: version as string });
  test('is one only where every store gives one', () => {
    for (const version of [undefined, null, '', 7]) {
      assert.equal(firstOf(versioned('1'), versioned(version)).version, undefined, String(version));
    }
    assert.equal(firstOf(watch(notFound).store, versioned('1')).version, undefined);
  });
  test('changes with any of them, and tells their borders', () => {
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
  test('is read anew at every look', () => {
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

describe('start and report', () => {
  test('start every store, and reject with the first that does', async () => {
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
  test('tell of all', () => {
    const one = trustStoreFromDocument(documentOf([{ certificates: [] }]));
    const two: TrustStore = {
      find: () => notFound,
      report: () => ({
        description: 'table',
        revision: 7,
        warnings: [],
        fault: 'down',
        lastSuccessAt: 9,
        ageMilliseconds: 1,
      }),
    };
    const three: TrustStore = {
      find: () => notFound,
      report: () => ({
        description: 'list',
        revision: 7,
        warnings: [],
        fault: undefined,
        lastSuccessAt: 4,
        ageMilliseconds: 6,
      }),
    };
    assert.deepEqual(firstOf(one, watch(notFound).store, two, three).report?.(), {
      description: 'first of document in code, table, list',
      revision: undefined,
      warnings: one.report?.().warnings,
      fault: 'down',
      lastSuccessAt: 4,
      ageMilliseconds: 6,
    });
    assert.equal(firstOf(one).report?.().lastSuccessAt, undefined);
  });
});

describe('trustStoreFromDocument', () => {
  test('refuses at once what is not valid', () => {
    assert.throws(() => trustStoreFromDocument({}), { name: 'TrustDocumentError' });
    assert.throws(() => trustStoreFromDocument('{'), { name: 'TrustDocumentError' });
    assert.throws(() => trustStoreFromDocument(documentOf([], { audience: ['a'] }), { audience: 'b' }), /not for "b"/);
  });
  test('takes JSON or the value it stands for, and never changes', async () => {
    const document = documentOf([{ name: 'a', certificates: [{ thumbprintSha256 }] }], { revision: 7 });
    for (const store of [trustStoreFromDocument(document), trustStoreFromDocument(JSON.stringify(document))]) {
      assert.equal((await store.find(certificate, now)).outcome, 'found');
      assert.equal(store.version, 'document');
      assert.ok(Object.isFrozen(store));
      assert.deepEqual(store.report?.(), {
        description: 'document in code',
        revision: 7,
        warnings: [],
        fault: undefined,
      });
    }
  });
});
