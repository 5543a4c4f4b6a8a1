import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { frontEndForms } from '@certgate/core/test-support/front-end-forms.js';
import { allKeys, listKeysIn } from '@certgate/core/test-support/whole-document.js';
import { countRuns, isLongRun } from '@certgate/x509/test-support/random-runs.js';
import { getPool } from './scenes/certificates.js';
import { makeDraft, writeDocument } from './scenes/documents.js';
import { faults, loadFaultyGate } from './scenes/faults.js';
import { chainWriterNames } from './scenes/front-end-writers.js';
import { type GateUnderTest, loadGate, rememberSignatures, stopTime } from './scenes/gate.js';
import { Random } from './scenes/random.js';
import { type Difference, runScene } from './scenes/scene.js';
import { respell } from './scenes/spellings.js';
import { addressDraft } from './scenes/store-options.js';

// `rememberSignatures` must come first: `stopTime` wraps the `verify` that it has put in place.
rememberSignatures();
stopTime();

/**
 * The number of scenes and the first seed. `npm test` runs the same scenes every time, so that it fails only because of
 * a change. Each of the faults below is noticed in fewer scenes, if they begin where it matters. `npm test -- --long` runs
 * 100,000 other scenes each time.
 */
const [sceneCount, firstSeed] = isLongRun() ? [countRuns(2000), randomInt(2 ** 31)] : [200, 1_000_000];

/** The keys that scenes don't have: they don't decide, or name where lists are read, or a vector tests them. */
const keysElsewhere: readonly string[] = [
  'document.$schema',
  'authority.dnsConstraintsWithLeadingDot',
  'revocation.crls',
  'revocation.ocsp',
  'revocation.ocspNonce',
  'denied.reason',
  'identity.owner',
  'identity.reason',
];

function explain({ seed, gate, reference, history }: Difference): string {
  return [
    `Scene ${seed} (CERTGATE_SCENE=${seed} runs it alone):`,
    ...history,
    `gate: ${gate}`,
    `reference: ${reference}`,
  ].join('\n  ');
}

async function findDifference(
  gate: GateUnderTest,
  seed: number,
  count: number,
  codes?: Map<string, number>,
): Promise<Difference | undefined> {
  for (let next = seed; next < seed + count; next += 1) {
    const difference = await runScene(next, gate, codes);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

describe('the reference decision', () => {
  it('has at most 740 lines, no code of core, and none of the rules of x509 for a single certificate', () => {
    const folder = new URL('../reference/', import.meta.url);
    const texts = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), 'utf8'));
    const count = texts.reduce((sum, text) => sum + text.split('\n').length - 1, 0);
    assert.ok(count <= 740, `${count} lines`);
    for (const text of [...texts, readFileSync(new URL('../facts.ts', import.meta.url), 'utf8')])
      assert.doesNotMatch(text, /@certgate\/core|CertificateFault|SpiffeId|clientAuthentication|FaultCodes/);
  });

  it(`gives the gate's answers in ${sceneCount} random scenes`, async () => {
    const chosen = process.env['CERTGATE_SCENE'];
    const seed = chosen === undefined ? firstSeed : Number(chosen);
    const codes = new Map<string, number>();
    const difference = await findDifference(await loadGate(), seed, chosen === undefined ? sceneCount : 1, codes);
    assert.equal(difference && explain(difference), undefined);
    if (chosen === undefined)
      assert.ok(codes.size >= 29 && (codes.get('allowed') ?? 0) > sceneCount / 4, JSON.stringify([...codes]));
  });

  it('is compared by scenes with every key of the trust document that affects a decision', () => {
    const documents = Array.from({ length: 1000 }, (_, seed) => {
      const random = new Random(seed);
      const caller = random.pick(getPool().callers);
      const draft = makeDraft(random, [caller], { name: 'billing', roles: [], functions: ['GetOrder'] });
      respell(random, draft);
      addressDraft(random, draft);
      return JSON.parse(writeDocument(draft)) as unknown;
    });
    const made = listKeysIn(documents);
    const missing = allKeys.filter((key) => !made.has(key));
    assert.deepEqual(missing, keysElsewhere, 'make it in scenes/documents.ts, or add it to the list above');
  });

  it('is compared by scenes with every front end that passes on a chain', () => {
    const passing = frontEndForms.filter(({ handsOnChain }) => handsOnChain).map(({ frontEnd }) => frontEnd.name);
    assert.deepEqual(chainWriterNames, passing, 'add it to chainWriters in scenes/front-end-writers.ts');
  });

  for (const fault of faults) {
    it(`notices the fault: ${fault.name}`, async () => {
      const difference = await findDifference(await loadFaultyGate(fault), fault.seed ?? 1, 1000);
      assert.ok(difference !== undefined);
    });
  }
});
