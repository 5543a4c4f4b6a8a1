import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { presentCertificate } from '../certificate-header/certificate-header.js';
import { authorityOf, getStage, issueCaller } from '../test-support/authority-stage.js';
import { now } from '@certgate/x509/test-support/certificates.js';
import { listTwins } from '../trust-snapshot/find-in-snapshot.js';
import { firstOf } from './first-of.js';
import { trustStoreFromDocument } from './document-store.js';
import type { TrustStore } from './trust-store.js';
import { askInFull, type FullAnswer } from '../test-support/answer-in-full.js';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';

// One caller's certificate, with two names, and entries about it that are spread over documents.
const { root, issuing } = getStage();
const leaf = presentCertificate(issueCaller({ names: ['DNS:a.corp.example', 'DNS:b.corp.example'] }).der);
const decoding = leaf.pathDecoding;
assert.ok(decoding.ok);
const { serialNumber } = decoding.value;
// Of P-256: the first of the curves.
const [twin] = listTwins(leaf);
assert.ok(twin !== undefined);
const day = 86_400_000;
const at = (days: number): string => new Date(now + days * day).toISOString();

interface Entry {
  /** The document that it stands in. */
  readonly store: number;
  readonly identity: 'a' | 'b';
  readonly key: 'names' | 'pins' | 'denied';
  readonly value: object;
}

const hashOf = (der: Uint8Array): string => presentCertificate(der).thumbprintSha256;
const goodWindows = [{}, {}, { notAfter: at(9) }, { notBefore: at(-9) }];
const windows = [...goodWindows, ...goodWindows, { enabled: false }, { notAfter: at(-1) }, { notBefore: at(1) }];

/** At most one of each, since a document has each at most once. */
const kinds: readonly (readonly [Entry['key'], readonly object[]])[] = [
  ['names', [{ issuedBy: 'corp', dns: 'a.corp.example' }]],
  ['names', [{ issuedBy: 'corp', dns: 'b.corp.example' }]],
  ['pins', windows.map((window) => ({ thumbprintSha256: leaf.thumbprintSha256, ...window }))],
  ['pins', windows.map((window) => ({ thumbprintSha1: leaf.thumbprintSha1, ...window }))],
  ['pins', windows.map((window) => ({ publicKeySha256: leaf.publicKeySha256, issuedBy: 'corp', ...window }))],
  ['pins', windows.map((window) => ({ thumbprintSha256: twin.thumbprintSha256, ...window }))],
  ['denied', [{ thumbprintSha256: leaf.thumbprintSha256 }]],
  ['denied', [{ thumbprintSha256: twin.thumbprintSha256 }]],
  ['denied', [{ issuedBy: 'corp', serialNumber }]],
  ['denied', [{ thumbprintSha256: hashOf(issuing.der) }, { thumbprintSha256: hashOf(root.der) }]],
  ['denied', [{ issuedBy: 'corp', serialNumber: '0A01' }]],
];

const entries: fc.Arbitrary<readonly Entry[]> = fc
  .tuple(
    ...kinds.map(([key, values]) =>
      fc.oneof(
        {
          weight: 1,
          arbitrary: fc.record({
            store: fc.nat(2),
            identity: fc.integer({ min: 0, max: 9 }).map((each) => (each === 0 ? ('b' as const) : ('a' as const))),
            key: fc.constant(key),
            value: fc.constantFrom(...values),
          }),
        },
        // A refusal in every document would leave nothing to compare.
        { weight: key === 'denied' ? 12 : 1, arbitrary: fc.constant(undefined) },
      ),
    ),
  )
  .map((all) => all.filter((each) => each !== undefined));

/** `flags` are the identity's own in every document that has it. */
function storeOf(listed: readonly Entry[], flags: Readonly<Record<'a' | 'b', object>>): TrustStore {
  const valuesOf = (key: Entry['key'], name?: string): readonly object[] =>
    listed
      .filter((each) => each.key === key && (name === undefined || each.identity === name))
      .map(({ value }) => value);
  const identities = (['a', 'b'] as const).flatMap((name) => {
    const [names, pins] = [valuesOf('names', name), valuesOf('pins', name)];
    if (names.length + pins.length === 0) return [];
    return [{ name, roles: ['reader'], ...flags[name], names, pins }];
  });
  const content = {
    schemaVersion: 1,
    revision: 1,
    authorities: [authorityOf()],
    denied: valuesOf('denied'),
    identities,
  };
  return trustStoreFromDocument(content);
}

function storeAt(stores: readonly TrustStore[], index: number): TrustStore {
  const store = stores[index];
  assert.ok(store !== undefined);
  return store;
}

const orders = [[0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1]] as const; // prettier-ignore

function describeFinding(finding: FullAnswer): object {
  if (finding.outcome === 'denied') return { outcome: finding.code };
  if (finding.outcome !== 'found') return { outcome: finding.outcome };
  const { identity, validFrom, validUntil, isPathValidated } = finding;
  return { outcome: identity.name, validFrom, validUntil, isPathValidated };
}

async function nameOf(store: TrustStore): Promise<string> {
  const finding = await askInFull(store, leaf, now);
  return finding.outcome === 'found' ? finding.identity.name : JSON.stringify(finding);
}

function assertNoMorePermissive(composed: FullAnswer, merged: FullAnswer): void {
  if (composed.outcome !== 'found') return;
  assert.ok(merged.outcome === 'found', `found, where one document says ${JSON.stringify(describeFinding(merged))}`);
  assert.equal(composed.identity.name, merged.identity.name);
  assert.ok((composed.validFrom ?? -Infinity) >= (merged.validFrom ?? -Infinity));
  assert.ok((composed.validUntil ?? Infinity) <= (merged.validUntil ?? Infinity));
  assert.ok(composed.isPathValidated !== true || merged.isPathValidated === true);
}

describe('entries about one caller, spread over three documents', () => {
  const flag = fc.constantFrom({}, {}, {}, {}, {}, { enabled: false }, { expiresAt: at(-1) }, { expiresAt: at(5) });
  const question = fc.record({
    entries,
    flags: fc.record({ a: flag, b: flag }),
    isTwin: fc.boolean(),
  });

  test('give one answer in every order, and never a more permissive one than in one document', async () => {
    const counts = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(question, async ({ entries: listed, flags, isTwin }) => {
        const certificate = isTwin ? twin : leaf;
        const stores = [0, 1, 2].map((store) =>
          storeOf(
            listed.filter((each) => each.store === store),
            flags,
          ),
        );
        const merged = await askInFull(storeOf(listed, flags), certificate, now);
        const findings = await Promise.all(
          orders.map((order) => askInFull(firstOf(...order.map((index) => storeAt(stores, index))), certificate, now)),
        );
        const [first, ...others] = findings;
        assert.ok(first !== undefined);
        assertNoMorePermissive(first, merged);
        for (const other of others) assert.deepEqual(describeFinding(other), describeFinding(first));
        const nested = await askInFull(firstOf(firstOf(...stores.slice(1)), ...stores.slice(0, 1)), certificate, now);
        // One that is refused may be refused for another of the reasons.
        if (first.outcome === 'denied') assert.equal(nested.outcome, 'denied');
        else assert.deepEqual(describeFinding(nested), describeFinding(first));
        counts.set(first.outcome, (counts.get(first.outcome) ?? 0) + 1);
      }),
      { numRuns: countRuns(60) },
    );
    // It compared callers who were let in, too.
    assert.ok((counts.get('found') ?? 0) > 2 && (counts.get('denied') ?? 0) > 2, JSON.stringify([...counts]));
  });

  const admitting: Entry = {
    store: 0,
    identity: 'a',
    key: 'names',
    value: { issuedBy: 'corp', dns: 'a.corp.example' },
  };
  for (const [what, entry, code] of [
    [
      'a serial number on the deny list',
      { key: 'denied', value: { issuedBy: 'corp', serialNumber } },
      'certificate_on_deny_list',
    ],
    [
      'an intermediate on the deny list',
      { key: 'denied', value: { thumbprintSha256: hashOf(issuing.der) } },
      'certificate_on_deny_list',
    ],
    [
      'the serial number of an intermediate',
      { key: 'denied', value: { issuedBy: 'corp', serialNumber: '0A01' } },
      'certificate_on_deny_list',
    ],
    [
      'a disabled pin under the other signature',
      { key: 'pins', value: { thumbprintSha256: twin.thumbprintSha256, enabled: false } },
      'pin_disabled',
    ],
    [
      'a pin of another identity',
      { key: 'pins', identity: 'b', value: { thumbprintSha256: leaf.thumbprintSha256 } },
      'identity_ambiguous',
    ],
    [
      'a name of another identity',
      { key: 'names', identity: 'b', value: { issuedBy: 'corp', dns: 'b.corp.example' } },
      'identity_ambiguous',
    ],
  ] as const) {
    test(`${what} in one document denies what an authority of another admits: ${code}`, async () => {
      const flags = { a: {}, b: {} };
      const admits = storeOf([admitting], flags);
      const denies = storeOf([{ identity: 'a', ...entry, store: 1 }], flags);
      // Beside a document that says the same, and one that says nothing.
      for (const other of [admits, storeOf([], flags)]) {
        assert.equal(await nameOf(firstOf(admits, other)), 'a');
        assert.equal(await nameOf(firstOf(other, admits)), 'a');
      }
      for (const store of [firstOf(admits, denies), firstOf(denies, admits)]) {
        assert.deepEqual(describeFinding(await askInFull(store, leaf, now)), { outcome: code });
      }
    });
  }

  test('a pinned key whose authority issued the certificate is found as in one document', async () => {
    const value = { publicKeySha256: leaf.publicKeySha256, issuedBy: 'corp' };
    const pinning = storeOf([{ store: 0, identity: 'a', key: 'pins', value }], { a: {}, b: {} });
    for (const store of [pinning, firstOf(pinning), firstOf(storeOf([], { a: {}, b: {} }), pinning)]) {
      assert.equal(await nameOf(store), 'a');
    }
  });

  test('a pin under the other signature counts, also while its authority cannot be asked', async () => {
    const admits = storeOf([admitting], { a: {}, b: {} });
    const pin = { thumbprintSha256: twin.thumbprintSha256, issuedBy: 'corp' };
    const denies = trustStoreFromDocument({
      schemaVersion: 1,
      revision: 1,
      authorities: [authorityOf({ revocation: { mode: 'required' } })],
      identities: [{ name: 'b', roles: [], pins: [pin] }],
    });
    for (const store of [firstOf(admits, denies), firstOf(denies, admits)]) {
      assert.deepEqual(describeFinding(await askInFull(store, leaf, now)), { outcome: 'revocation_unavailable' });
    }
  });
});
