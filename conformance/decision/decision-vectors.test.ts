import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { certificateFaultCodes } from '@certgate/x509';
import { denialCodes } from '@certgate/core';
import { frontEndNames } from '@certgate/core/internal';
import { allKeys, listKeysIn } from '@certgate/core/test-support/whole-document.js';
import { ManualClock, settle } from '@certgate/core/test-support/scripted-source.js';
import type { FieldContent, TrustStore } from '@certgate/core';
import { strictness } from './reference/decision.js';
import { faultCodes } from './reference/leaf.js';
import { type GateUnderTest, loadGate, stopTime } from './scenes/gate.js';
import { type Vector, type VectorFile, writeVectors } from './vectors/vectors.js';
import { fillPage, readPage } from './vectors/written-codes.js';

const text = readFileSync(new URL('../vectors/vectors.json', import.meta.url), 'utf8');
const file = JSON.parse(text) as VectorFile;
stopTime();
const gate = await loadGate();

/** The codes without a vector: they depend on the host, on how long something takes, or on the runtime's algorithms. */
const elsewhere = [
  'front_end_unknown',
  'front_end_contradicted',
  'front_end_unproven',
  'front_end_bypassed',
  'http_streaming_ambiguous',
  'mcp_transport_unsupported',
  'mcp_headers_unavailable',
  'gate_not_installed',
  'gate_setup_failed',
  'invocation_unknown',
  'algorithm_unsupported_by_runtime',
  'internal_fault',
];

/** The keys without a vector: they don't decide, or name where lists are read, or the random scenes test them. */
const keysElsewhere = [
  'document.$schema',
  'denied.reason',
  'identity.owner',
  'identity.reason',
  'revocation.crls',
  'revocation.ocsp',
  'revocation.ocspNonce',
];

describe('the decision vectors', () => {
  it("are the reference's answers (npm run write -- vectors)", () => {
    assert.ok(text.length < 342_000, `${text.length} characters`);
    assert.equal(text, `${JSON.stringify(writeVectors(file), undefined, 1)}\n`);
  });

  it('contain certificates and lists, and no private keys', () => {
    assert.doesNotMatch(text, /PRIVATE KEY/);
    // A private key in PKCS#8 or SEC 1 begins with a version. A certificate and a list begin with a SEQUENCE.
    for (const base64 of [...Object.values(file.certificates), ...Object.values(file.lists)]) {
      const der = Buffer.from(base64, 'base64');
      const header = (der[1] ?? 0) < 0x80 ? 2 : 2 + ((der[1] ?? 0) & 0x7f);
      assert.deepEqual([der[0], der[header]], [0x30, 0x30]);
    }
  });

  it('give the codes in the order on their page (npm run write -- vectors), which is the order of the gate', () => {
    assert.equal(fillPage(readPage()), readPage());
    const ranked = denialCodes.filter((code) => strictness.includes(code));
    const ofGate = ranked.sort((one, other) => gate.rankDenial(one) - gate.rankDenial(other));
    assert.deepEqual(strictness, ofGate);
    assert.deepEqual(
      faultCodes,
      certificateFaultCodes.filter((code) => !elsewhere.includes(code)),
    );
  });

  it('contain every code that a decision can end with', () => {
    const codes = new Set(file.vectors.map(({ expected }) => expected.code));
    const missing = denialCodes.filter((code) => !codes.has(code) && !elsewhere.includes(code));
    assert.deepEqual(missing, [], 'add a case to vectors/cases.ts, and run npm run write -- vectors');
    assert.equal(new Set(file.vectors.map(({ name }) => name)).size, file.vectors.length);
  });

  it('contain every key of the trust document that affects a decision', () => {
    const made = listKeysIn(Object.values(file.documents));
    const missing = allKeys.filter((key) => !made.has(key) && !keysElsewhere.includes(key));
    assert.deepEqual(missing, [], 'add it to the reference and to vectors/cases.ts, or to the list above');
  });

  it('contain what every front end sends', () => {
    const names = new Set(file.vectors.map(({ frontEnd }) => frontEnd));
    const missing = frontEndNames.filter((name) => !names.has(name));
    assert.deepEqual(missing, [], 'add it to vectors/front-end-cases.ts, and run npm run write -- vectors');
  });

  for (const vector of file.vectors) {
    it(`get the expected answer from the gate: ${vector.name}`, async () => {
      assert.deepEqual(await answerBy(gate, vector), vector.expected);
    });
  }
});

async function answerBy(
  { AccessGate, firstOf, findFrontEnd, getPublicStatus, RequestReader }: GateUnderTest,
  vector: Vector,
): Promise<Vector['expected']> {
  const now = Date.parse(vector.time);
  const stores = await Promise.all(vector.documents.map((_, index) => loadStore(vector, index)));
  const [only = firstOf(...stores)] = stores.length === 1 ? stores : [];
  const { frontEnd, fields } = describeRequest(vector);
  const reader = new RequestReader(findFrontEnd(frontEnd as 'caddy'), undefined, vector.chain !== undefined);
  const extraction = reader.read((field) => fields[field]);
  const asked = new AccessGate({ trustStore: only }, new ManualClock(now));
  const requirement = { functionName: vector.function, roles: vector.roles };
  const cold = await asked.decideExtracted(extraction, requirement, now);
  const warm = await asked.decideExtracted(extraction, requirement, now);
  assert.equal(warm.code, cold.code);
  if (cold.outcome === 'denied') return { status: getPublicStatus(cold.code), code: cold.code };
  const { name, roles } = cold.identity;
  return { status: 200, code: 'allowed', identity: { name, roles } };
}

function describeRequest({ certificate, chain, frontEnd, headers = {} }: Vector): {
  readonly frontEnd: string;
  readonly fields: Readonly<Record<string, FieldContent>>;
} {
  if (certificate === undefined) return { frontEnd: frontEnd ?? '', fields: headers };
  const read = (label: string): string => file.certificates[label] ?? assert.fail(label);
  if (chain === undefined) return { frontEnd: 'app-service', fields: { 'x-arr-clientcert': read(certificate) } };
  const [leaf, ...others] = [certificate, ...chain].map((label) => `:${read(label)}:`);
  return { frontEnd: 'rfc9440', fields: { 'client-cert': leaf, 'client-cert-chain': others.join(', ') } };
}

/**
 * Opens one of the vector's stores, and gives it each reading of its document and, one after the other, of its lists.
 */
async function loadStore(vector: Vector, index: number): Promise<TrustStore> {
  const readings = [...(vector.earlier ?? []), vector];
  const clock = new ManualClock(Date.parse(readings[0]?.time ?? ''));
  const current = new Map<string, string | undefined>();
  let document: string | null = null;
  const source = {
    description: 'vector',
    configuration: undefined,
    read: () => {
      if (document === null) return Promise.reject(new Error('unreachable'));
      const { text = JSON.stringify(file.documents[document]), signature } = file.signed[document] ?? {};
      return Promise.resolve({ changed: true, bytes: Buffer.from(text), version: undefined, signature } as const);
    },
  };
  const authorities = readings.flatMap(({ lists = {} }) => Object.keys(lists));
  const crlBlobs = Object.fromEntries(
    authorities.map((authority) => [authority, [createBlob(authority, () => current.get(authority))]]),
  );
  const options = { ...vector.store, ...(authorities.length === 0 ? {} : { crlBlobs }) };
  const { wall, monotonic } = clock;
  const surroundings = { wall, monotonic, random: () => 0, signaturePauseMilliseconds: 0 };
  const store = new gate.RefreshingTrustStore(source, options as object, surroundings);
  const asked = new gate.AccessGate({ trustStore: store }, clock);
  let isStarted = false;
  for (const { documents, lists = {}, time } of readings) {
    const turns = Math.max(1, ...Object.values(lists).map(({ length }) => length));
    for (let turn = 0; turn < turns; turn += 1) {
      const now = Date.parse(time);
      document = documents[index] ?? null;
      for (const [authority, labels] of Object.entries(lists))
        current.set(authority, turn === 0 ? labels[0] : (labels[turn] ?? current.get(authority)));
      // A store looks at its sources only if a refresh interval has passed since the last time.
      if (isStarted) clock.pass(Math.max(now - clock.wall(), 31_000));
      clock.set(now);
      // The first document may be invalid. An app would then not start; the store has no document and admits nobody.
      if (!isStarted) await store.start().catch(() => undefined);
      else await asked.decide(file.certificates['own'], { functionName: '', roles: [] }, now);
      isStarted = true;
      await settle();
    }
  }
  return store;
}

function createBlob(name: string, findLabel: () => string | undefined): object {
  return {
    url: `https://account.blob.core.windows.net/lists/${name}`,
    download: () => {
      const label = findLabel();
      if (label === undefined) return Promise.reject(new Error('nothing is there'));
      const bytes = Buffer.from(file.lists[label] ?? '', 'base64');
      return Promise.resolve({ contentLength: bytes.length, readableStreamBody: chunksOf(bytes) });
    },
  };
}

async function* chunksOf(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(content);
}
