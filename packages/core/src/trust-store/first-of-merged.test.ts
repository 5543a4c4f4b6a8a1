import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { encodeOcspRequest, type CertificateRevocationList } from '@certgate/x509/path';
import { listTwins, type PresentedCertificate, presentCertificate } from '../certificate-header/certificate-header.js';
import { authorityOf, getStage, issueCaller } from '../test-support/authority-stage.js';
import { now } from '@certgate/x509/test-support/certificates.js';
import { getPublicCode } from '../denial.js';
import { answerOcsp, readOcsp } from '@certgate/x509/test-support/ocsp.js';
import { makeCrl, readCrl } from '@certgate/x509/test-support/revocation.js';
import { parseTrustDocument } from '../trust-document/parse-document.js';
import { findInSnapshot } from '../trust-snapshot/find-in-snapshot.js';
import type { RevocationInformation } from '../trust-snapshot/revocation-information.js';
import { firstOf } from './first-of.js';
import { trustStoreFromDocument } from './document-store.js';
import type { TrustStore } from './trust-store.js';
import { askInFull, type FullAnswer } from '../test-support/answer-in-full.js';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';

// The certificate of one caller has two names, and the entries about it are spread over several documents. Two
// authorities issued the certificate: the anchor of "second" is the issuing CA of "corp". The CAs of the authority
// "other" have the same names, and other keys.
const { root, issuing, impostorRoot, impostor } = getStage();
const leaf = presentCertificate(issueCaller({ names: ['DNS:a.corp.example', 'DNS:b.corp.example'] }).der);
const decoding = leaf.pathDecoding;
assert.ok(decoding.ok);
const { serialNumber } = decoding.value;
const twin = getTwin(leaf);
const day = 86_400_000;
const at = (days: number): string => new Date(now + days * day).toISOString();

interface Entry {
  /** The index of the document that contains the entry. */
  readonly store: number;
  readonly identity: 'a' | 'b';
  readonly key: 'names' | 'pins' | 'denied';
  readonly value: object;
}

function getTwin(certificate: PresentedCertificate): PresentedCertificate {
  const [found] = listTwins(certificate);
  assert.ok(found !== undefined);
  return found;
}

const hashOf = (der: Uint8Array): string => presentCertificate(der).thumbprintSha256;
const goodWindows = [{}, {}, { notAfter: at(9) }, { notBefore: at(-9) }];
const windows = [...goodWindows, ...goodWindows, { enabled: false }, { notAfter: at(-1) }, { notBefore: at(1) }];
/** Half of them are without `issuedBy`: with it, many documents refuse. */
const issuers = [{}, {}, {}, { issuedBy: 'corp' }, { issuedBy: 'second' }, { issuedBy: 'other' }];
const pinsBy = (value: object, issuedBy: readonly object[] = issuers): readonly object[] =>
  windows.flatMap((window) => issuedBy.map((issuer) => ({ ...value, ...window, ...issuer })));
const namesOf = (dns: string, ...by: readonly string[]): readonly object[] => by.map((issuedBy) => ({ issuedBy, dns }));

const deniedAuthorities: readonly object[] = [
  ...[issuing, root, impostor].map(({ der }) => ({ thumbprintSha256: hashOf(der) })),
  { thumbprintSha256: getTwin(presentCertificate(issuing.der)).thumbprintSha256 },
  ...['corp', 'second', 'other'].map((issuedBy) => ({ issuedBy, serialNumber: '0A01' })),
];

/**
 * The kinds of entries. Each scene has at most one entry of a kind, because a document may contain each entry only
 * once.
 */
const kinds: readonly (readonly [Entry['key'], readonly object[]])[] = [
  ['names', namesOf('a.corp.example', 'corp')],
  ['names', namesOf('a.corp.example', 'second', 'other')],
  ['names', namesOf('b.corp.example', 'corp', 'second', 'other')],
  ['pins', pinsBy({ thumbprintSha256: leaf.thumbprintSha256 })],
  ['pins', pinsBy({ thumbprintSha1: leaf.thumbprintSha1 })],
  ['pins', pinsBy({ publicKeySha256: leaf.publicKeySha256 }, issuers.slice(3))],
  ['pins', [{ publicKeySha256: leaf.publicKeySha256, notAfter: at(7) }]],
  ['pins', pinsBy({ thumbprintSha256: twin.thumbprintSha256 })],
  ['pins', pinsBy({ thumbprintSha1: twin.thumbprintSha1 })],
  ['denied', [leaf, twin].map(({ thumbprintSha256 }) => ({ thumbprintSha256 }))],
  ['denied', ['corp', 'second', 'other'].map((issuedBy) => ({ issuedBy, serialNumber }))],
  ['denied', deniedAuthorities],
  ['denied', [{ issuedBy: 'corp', serialNumber: root.certificate.serialNumber }]],
];

const anyEntries: fc.Arbitrary<readonly Entry[]> = fc
  .tuple(
    ...kinds.map(([key, values]) =>
      fc.oneof(
        {
          weight: 1,
          arbitrary: fc.record({
            store: fc.nat(2),
            identity: fc.integer({ min: 0, max: 12 }).map((each) => (each === 0 ? ('b' as const) : ('a' as const))),
            key: fc.constant(key),
            value: fc.constantFrom(...values),
          }),
        },
        // If too many documents refused, there would be little to compare.
        { weight: { names: 1, pins: 3, denied: 25 }[key], arbitrary: fc.constant(undefined) },
      ),
    ),
  )
  .map((all) => all.filter((each) => each !== undefined))
  // A document may contain a pin only once.
  .filter((all) => new Set(all.map(keyOf)).size === all.length);

function keyOf({ key, value }: Entry): string {
  const { publicKeySha256 } = value as { readonly publicKeySha256?: string };
  return JSON.stringify([key, publicKeySha256 ?? value]);
}

/** What is the same in every document of a scene, and what is known in addition to the documents. */
interface Scene {
  /** The flags of each identity, in every document that contains it. */
  readonly flags: Readonly<Record<'a' | 'b', object>>;
  /** How each authority checks for revocation, and what is known about it. */
  readonly revocations: Readonly<Record<string, { readonly mode: string; readonly known: string }>>;
  /** The index of the document that is locked, if there is one. */
  readonly locked?: number;
}

const plain: Scene = { flags: { a: {}, b: {} }, revocations: {} };
const lock = { since: at(-1), by: 'ada', reason: 'drill' };
const lists: Readonly<Record<string, readonly CertificateRevocationList[]>> = {
  none: [],
  good: [readCrl(makeCrl({ authority: issuing }))],
  revoked: [readCrl(makeCrl({ authority: issuing, number: '02', revoked: [{ serialNumber }] }))],
};
const request = encodeOcspRequest({ certificate: decoding.value, issuer: issuing.certificate });
/**
 * openssl writes the time of the call into thisUpdate, which is not the test's time: a revocation applies at any time.
 */
const revokedByOcsp = [readOcsp(answerOcsp({ authority: issuing, request, index: { [serialNumber]: 'R' } }))];

function storeOf(listed: readonly Entry[], scene: Scene = plain, isLocked = false): TrustStore {
  const valuesOf = (key: Entry['key'], name?: string): readonly object[] =>
    listed
      .filter((each) => each.key === key && (name === undefined || each.identity === name))
      .map(({ value }) => value);
  const identities = (['a', 'b'] as const).flatMap((name) => {
    const [names, pins] = [valuesOf('names', name), valuesOf('pins', name)];
    if (names.length + pins.length === 0) return [];
    return [{ name, roles: ['reader'], ...scene.flags[name], names, pins }];
  });
  const revocationOf = (name: string): object => ({
    revocation: { mode: scene.revocations[name]?.mode ?? 'off', scope: 'end-entity' },
  });
  const snapshot = parseTrustDocument({
    schemaVersion: 1,
    revision: 1,
    ...(isLocked ? { locked: lock } : {}),
    authorities: [
      authorityOf({ ...revocationOf('corp') }),
      authorityOf({ name: 'second', anchors: [issuing], intermediates: [], ...revocationOf('second') }),
      authorityOf({ name: 'other', anchors: [impostorRoot], intermediates: [impostor], ...revocationOf('other') }),
    ],
    denied: valuesOf('denied'),
    identities,
  });
  const revocation: RevocationInformation = {
    find: (name) => {
      const known = scene.revocations[name]?.known ?? 'none';
      return { crls: lists[known] ?? [], findOcspResponses: () => (known === 'revoked by OCSP' ? revokedByOcsp : []) };
    },
  };
  return { find: (certificate, moment) => findInSnapshot(snapshot, certificate, moment, { revocation }) };
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

/**
 * How exactly the answers must agree. firstOf asks nothing more about a certificate that is refused anyway: neither
 * about its twin (the certificate with its other ECDSA signature) nor about the CAs of its path. And a document that
 * refuses doesn't say which other names it knows. So one document may give an earlier reason. If a pin of the twin is
 * among the entries, only the public codes must agree.
 */
function chooseDescription(
  entries: readonly Entry[],
  sibling: PresentedCertificate,
): (answer: FullAnswer) => object | string {
  const isOfTwo = new Set(entries.filter(({ key }) => key !== 'denied').map(({ identity }) => identity)).size > 1;
  if (isOfTwo || entries.some(({ value }) => isOfAuthority(value))) {
    return (answer) => (answer.outcome === 'denied' ? 'refused' : describeFinding(answer));
  }
  if (!entries.some(({ value }) => isExactPin(value, sibling))) return describeFinding;
  return (answer) => (answer.outcome === 'denied' ? getPublicCode(answer.code) : describeFinding(answer));
}

function isOfAuthority(value: object): boolean {
  return deniedAuthorities.includes(value);
}

function isExactPin(value: object, { thumbprintSha256, thumbprintSha1 }: PresentedCertificate): boolean {
  return Object.values(value).some((each) => each === thumbprintSha256 || each === thumbprintSha1);
}

async function nameOf(store: TrustStore): Promise<string> {
  const finding = await askInFull(store, leaf, now);
  return finding.outcome === 'found' ? finding.identity.name : JSON.stringify(finding);
}

const flag = fc.constantFrom(
  {},
  {},
  {},
  {},
  {},
  {},
  {},
  { enabled: false },
  { expiresAt: at(-1) },
  { expiresAt: at(5) },
);
const revocationOfOne = fc.record({
  mode: fc.constantFrom('off', 'off', 'required', 'when-available'),
  known: fc.constantFrom('good', 'good', 'none', 'revoked', 'revoked by OCSP'),
});
const scenes: fc.Arbitrary<Scene> = fc.record({
  flags: fc.record({ a: flag, b: flag }),
  revocations: fc.record({ corp: revocationOfOne, second: revocationOfOne, other: revocationOfOne }),
  locked: fc.integer({ min: 0, max: 60 }),
});

/** Counts the answers of the gate by name. */
class Tally {
  readonly #counts = new Map<string, number>();

  note(answer: FullAnswer): void {
    const name = answer.outcome === 'denied' ? answer.code : answer.outcome;
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  /** Without these answers, the test would only have compared refusals. */
  expect(...names: readonly string[]): void {
    for (const name of names) assert.ok(this.#counts.has(name), JSON.stringify([...this.#counts]));
  }
}

describe('entries about one caller, spread over three documents', () => {
  const question = fc.record({ entries: anyEntries, scene: scenes, isTwin: fc.boolean() });

  test('give the same answer as one document with all entries, in every order', async () => {
    const tally = new Tally();
    await fc.assert(
      fc.asyncProperty(question, async ({ entries, scene, isTwin }) => {
        const certificate = isTwin ? twin : leaf;
        const isLocked = (store: number): boolean => scene.locked === store;
        const stores = [0, 1, 2].map((store) =>
          storeOf(
            entries.filter((each) => each.store === store),
            scene,
            isLocked(store),
          ),
        );
        const one = storeOf(entries, scene, [0, 1, 2].some(isLocked));
        const merged = await askInFull(one, certificate, now);
        const answers = await Promise.all(
          orders.map((order) => askInFull(firstOf(...order.map((index) => storeAt(stores, index))), certificate, now)),
        );
        const nested = firstOf(firstOf(...stores.slice(1)), ...stores.slice(0, 1));
        const [answer] = answers;
        assert.ok(answer !== undefined);
        for (const each of answers) assert.deepEqual(describeFinding(each), describeFinding(answer));
        const describe = chooseDescription(entries, isTwin ? leaf : twin);
        for (const each of [answer, await askInFull(nested, certificate, now)]) {
          assert.deepEqual(describe(each), describe(merged));
        }
        tally.note(answer);
      }),
      { numRuns: countRuns(120) },
    );
    tally.expect('found', 'trust_locked', 'identity_ambiguous');
  });

  test('admit the certificate and its twin alike, except by a pin of the exact bytes', async () => {
    const tally = new Tally();
    await fc.assert(
      fc.asyncProperty(anyEntries, scenes, async (entries, scene) => {
        const answers = await Promise.all([leaf, twin].map((each) => askInFull(storeOf(entries, scene), each, now)));
        const [ofLeaf, ofTwin] = answers;
        assert.ok(ofLeaf !== undefined && ofTwin !== undefined);
        answers.forEach((answer) => {
          tally.note(answer);
        });
        const isSame = JSON.stringify(describeFinding(ofLeaf)) === JSON.stringify(describeFinding(ofTwin));
        if (isSame || (ofLeaf.outcome !== 'found' && ofTwin.outcome !== 'found')) return;
        assert.ok(ofLeaf.outcome !== 'found' || ofTwin.outcome !== 'found', 'found as two different callers');
        const admitted = ofLeaf.outcome === 'found' ? leaf : twin;
        const without = entries.filter(({ key, value }) => key !== 'pins' || !isExactPin(value, admitted));
        const otherwise = await askInFull(storeOf(without, scene), admitted, now);
        assert.notEqual(otherwise.outcome, 'found', 'something else than an exact pin admits it');
      }),
      { numRuns: countRuns(240) },
    );
    tally.expect('found', 'identity_ambiguous', 'certificate_revoked');
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
    test(`${what} in one document denies a certificate that an authority in another document admits: ${code}`, async () => {
      const admits = storeOf([admitting]);
      const denies = storeOf([{ identity: 'a', ...entry, store: 1 }]);
      // A store with the same entries, or an empty one, changes nothing.
      for (const other of [admits, storeOf([])]) {
        assert.equal(await nameOf(firstOf(admits, other)), 'a');
        assert.equal(await nameOf(firstOf(other, admits)), 'a');
      }
      for (const store of [firstOf(admits, denies), firstOf(denies, admits)]) {
        assert.deepEqual(describeFinding(await askInFull(store, leaf, now)), { outcome: code });
      }
    });
  }

  test('deny a CA in a third document, even if only the path of the twin’s pin leads through it', async () => {
    const value = { thumbprintSha256: twin.thumbprintSha256, issuedBy: 'corp' };
    const bySecond = { ...admitting, value: { issuedBy: 'second', dns: 'a.corp.example' } };
    const pinning: Entry = { store: 1, identity: 'a', key: 'pins', value };
    const denying: Entry = { store: 2, identity: 'a', key: 'denied', value: { thumbprintSha256: hashOf(root.der) } };
    const entries = [bySecond, pinning, denying];
    assert.equal(await nameOf(firstOf(...[bySecond, pinning].map((each) => storeOf([each])))), 'a');
    for (const store of [storeOf(entries), firstOf(...entries.map((each) => storeOf([each])))]) {
      assert.deepEqual(describeFinding(await askInFull(store, leaf, now)), { outcome: 'certificate_on_deny_list' });
    }
  });

  test('ignore the serial number of a root on the deny list, in one document as in two', async () => {
    const value = { issuedBy: 'corp', serialNumber: root.certificate.serialNumber };
    const denying: Entry = { store: 1, identity: 'a', key: 'denied', value };
    const stores = [storeOf([admitting]), storeOf([denying])];
    for (const store of [storeOf([admitting, denying]), firstOf(...stores), firstOf(...stores.reverse())]) {
      assert.equal(await nameOf(store), 'a');
    }
  });

  test('find a pinned key whose authority issued the certificate, as in one document', async () => {
    const value = { publicKeySha256: leaf.publicKeySha256, issuedBy: 'corp' };
    const pinning = storeOf([{ store: 0, identity: 'a', key: 'pins', value }]);
    for (const store of [pinning, firstOf(pinning), firstOf(storeOf([]), pinning)]) {
      assert.equal(await nameOf(store), 'a');
    }
  });

  test('use a pin of the twin, even if its authority’s revocations are unknown', async () => {
    const admits = storeOf([admitting]);
    const pin = { thumbprintSha256: twin.thumbprintSha256, issuedBy: 'corp' };
    const denies = trustStoreFromDocument({
      schemaVersion: 1,
      revision: 1,
      authorities: [authorityOf({ revocation: { mode: 'required' } })],
      identities: [{ name: 'a', roles: ['reader'], pins: [pin] }],
    });
    for (const store of [firstOf(admits, denies), firstOf(denies, admits)]) {
      assert.deepEqual(describeFinding(await askInFull(store, leaf, now)), { outcome: 'revocation_unavailable' });
    }
  });

  test('do not ask about a pin of the twin if only a name is left whose authority did not issue the certificate', async () => {
    const pin = { thumbprintSha256: twin.thumbprintSha256, issuedBy: 'corp' };
    const entries: readonly Entry[] = [
      { store: 0, identity: 'a', key: 'names', value: { issuedBy: 'other', dns: 'a.corp.example' } },
      { store: 1, identity: 'a', key: 'pins', value: pin },
    ];
    // The list of "corp" is missing. A question would lead to a 503, although no list could admit the caller.
    const scene = { ...plain, revocations: { corp: { mode: 'required', known: 'none' } } };
    const apart = [0, 1].map((store) =>
      storeOf(
        entries.filter((each) => each.store === store),
        scene,
      ),
    );
    for (const store of [storeOf(entries, scene), firstOf(...apart), firstOf(...apart.reverse())]) {
      const finding = await askInFull(store, leaf, now);
      assert.ok(finding.outcome === 'denied');
      assert.equal(getPublicCode(finding.code), 'client_certificate_required');
    }
    // With a pin that admits, in the same document or in another, the twin's pin is asked about again.
    const pinned: Entry = { ...admitting, key: 'pins', value: { thumbprintSha256: leaf.thumbprintSha256 } };
    const admits = storeOf([pinned]);
    const together = [storeOf([...entries, pinned], scene), firstOf(...apart, admits), firstOf(admits, ...apart)];
    for (const store of [...together, firstOf(firstOf(admits), firstOf(...apart))]) {
      assert.deepEqual(describeFinding(await askInFull(store, leaf, now)), { outcome: 'revocation_unavailable' });
    }
  });
});
