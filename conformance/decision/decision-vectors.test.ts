import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { denialCodes } from '@certgate/core';
import { frontEndNames } from '@certgate/core/internal';
import { allKeys, listKeysIn } from '@certgate/core/test-support/whole-document.js';
import { ManualClock, settle } from '@certgate/core/test-support/scripted-source.js';
import type { FieldContent, TrustStore } from '@certgate/core';
import { type GateUnderTest, loadGate, stopTime } from './scenes/gate.js';
import { type Vector, type VectorFile, writeVectors } from './vectors/vectors.js';

const text = readFileSync(new URL('../vectors/vectors.json', import.meta.url), 'utf8');
const file = JSON.parse(text) as VectorFile;
stopTime();
const gate = await loadGate();

/** Those that depend on the host, on the time that something takes, or on the runtime's algorithms. */
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

/** Those that decide nothing, that say where lists are read from, or that the random scenes have instead. */
const keysElsewhere = [
  'document.$schema',
  'document.audience',
  'denied.reason',
  'identity.owner',
  'identity.reason',
  'revocation.crls',
  'revocation.ocsp',
  'revocation.ocspNonce',
];

describe('the decision vectors', () => {
  it('are what the reference says (npm run decision:vectors)', () => {
    assert.ok(text.length < 222_000, `${text.length} characters`);
    assert.equal(text, `${JSON.stringify(writeVectors(file), undefined, 1)}\n`);
  });

  it('have certificates and lists, and no private keys', () => {
    assert.doesNotMatch(text, /PRIVATE KEY/);
    // PKCS#8 and SEC 1 begin with a version; a certificate and a list with a SEQUENCE.
    for (const base64 of [...Object.values(file.certificates), ...Object.values(file.lists)]) {
      const der = Buffer.from(base64, 'base64');
      const header = (der[1] ?? 0) < 0x80 ? 2 : 2 + ((der[1] ?? 0) & 0x7f);
      assert.deepEqual([der[0], der[header]], [0x30, 0x30]);
    }
  });

  it('have every code that a decision can end in', () => {
    const codes = new Set(file.vectors.map(({ expected }) => expected.code));
    const missing = denialCodes.filter((code) => !codes.has(code) && !elsewhere.includes(code));
    assert.deepEqual(missing, []);
    assert.equal(new Set(file.vectors.map(({ name }) => name)).size, file.vectors.length);
  });

  it('have every key of the trust document that decides', () => {
    const made = listKeysIn(Object.values(file.documents));
    const missing = allKeys.filter((key) => !made.has(key) && !keysElsewhere.includes(key));
    assert.deepEqual(missing, [], 'add it to the reference and to vectors/cases.ts, or to the list above');
  });

  it('have what every front end sends', () => {
    const names = new Set(file.vectors.map(({ frontEnd }) => frontEnd));
    const missing = frontEndNames.filter((name) => !names.has(name));
    assert.deepEqual(missing, [], 'add it to vectors/front-end-cases.ts, and run npm run decision:vectors');
  });

  for (const vector of file.vectors) {
    it(`are answered rightly: ${vector.name}`, async () => {
      assert.deepEqual(await answerBy(gate, vector), vector.expected);
    });
  }
});

async function answerBy(
  { AccessGate, firstOf, findFrontEnd, getPublicStatus, RequestReader }: GateUnderTest,
  vector: Vector,
): Promise<Vector['expected']> {
  const now = Date.parse(vector.time);
  const stores = await Promise.all(vector.documents.map((name) => loadStore(name, vector.lists ?? {}, now)));
  const [only = firstOf(...stores)] = stores.length === 1 ? stores : [];
  const { frontEnd = 'app-service', certificate, headers = {} } = vector;
  const sent: Readonly<Record<string, FieldContent>> =
    certificate === undefined ? headers : { 'x-arr-clientcert': file.certificates[certificate] };
  const reader = new RequestReader(findFrontEnd(frontEnd as 'caddy'), undefined, false);
  const extraction = reader.read((field) => sent[field]);
  const asked = new AccessGate({ trustStore: only }, new ManualClock(now));
  const requirement = { functionName: vector.function, roles: vector.roles };
  const cold = await asked.decideExtracted(extraction, requirement, now);
  const warm = await asked.decideExtracted(extraction, requirement, now);
  assert.equal(warm.code, cold.code);
  if (cold.outcome === 'denied') return { status: getPublicStatus(cold.code), code: cold.code };
  const { name, roles } = cold.identity;
  return { status: 200, code: 'allowed', identity: { name, roles } };
}

/** A store that has read its document and, one after the other, its lists, at the time of the call. */
async function loadStore(name: string | null, lists: NonNullable<Vector['lists']>, now: number): Promise<TrustStore> {
  const clock = new ManualClock(now);
  const document = name === null ? undefined : Buffer.from(JSON.stringify(file.documents[name]));
  const places = Object.entries(lists).map(([authority, labels]) => ({ authority, labels, current: labels[0] }));
  const crlBlobs = Object.fromEntries(
    places.map((place) => [
      place.authority,
      [
        {
          url: `https://account.blob.core.windows.net/lists/${place.authority}`,
          download: () => {
            if (place.current === undefined) return Promise.reject(new Error('nothing is there'));
            const bytes = Buffer.from(file.lists[place.current] ?? '', 'base64');
            return Promise.resolve({ contentLength: bytes.length, readableStreamBody: chunksOf(bytes) });
          },
        },
      ],
    ]),
  );
  const source = {
    description: 'vector',
    configuration: undefined,
    read: () =>
      document === undefined
        ? Promise.reject(new Error('unreachable'))
        : Promise.resolve({ changed: true, bytes: document, version: undefined } as const),
  };
  const options = places.length === 0 ? {} : { crlBlobs };
  const store = new gate.RefreshingTrustStore(source, options, {
    wall: clock.wall,
    monotonic: clock.monotonic,
    random: () => 0,
  });
  await store.start();
  const count = Math.max(0, ...places.map(({ labels }) => labels.length));
  for (let index = 1; index < count; index += 1) {
    for (const place of places) place.current = place.labels[index] ?? place.current;
    clock.pass(31_000);
    clock.set(now);
    assert.ok(store.version !== undefined);
    await settle();
  }
  return store;
}

async function* chunksOf(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(content);
}
