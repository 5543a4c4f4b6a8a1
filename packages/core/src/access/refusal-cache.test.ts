import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { AccessGate } from './access-gate.js';
import { type DenialCode, denialCodes, isMomentary } from '../denial.js';
import { RefusalCache } from './decision-memory.js';
import type { FoundFinding, TrustDenialCode, TrustFinding } from '../trust-snapshot/trust-finding.js';
import type { TrustStore } from '../trust-store/trust-store.js';
import { makeCertificate, now } from '@certgate/x509/test-support/certificates.js';
import { denySome } from '../test-support/denial-facts.js';
import { CountingStore, createGate, found, header, open } from '../test-support/gate-stage.js';

const second = 1_000;
const refusal = denySome('path_signature_invalid');
const findingOf = (code: DenialCode): TrustFinding => ({
  outcome: 'denied',
  code: code as TrustDenialCode,
  detail: 'x',
});
const of = (
  thumbprintSha256: string,
  chain?: string,
): { readonly thumbprintSha256: string; readonly chain: string | undefined } => ({ thumbprintSha256, chain });
const nominated: TrustFinding = { outcome: 'nominated', confirm: () => found as FoundFinding };

describe('RefusalCache', () => {
  test('distinguishes a certificate by the chain that came with it', () => {
    const cache = new RefusalCache();
    cache.remember(of('A'), 'v1', findingOf(refusal.code), refusal, now);
    assert.equal(cache.find(of('A', 'chain'), 'v1', now), undefined);
    cache.remember(of('A', 'chain'), 'v1', findingOf(refusal.code), refusal, now);
    assert.equal(cache.find(of('A', 'chain'), 'v1', now), refusal);
    assert.equal(cache.find(of('A', 'other'), 'v1', now), undefined);
    assert.equal(cache.find(of('A'), 'v1', now), undefined);
  });

  test('remembers a refusal for half a minute, under one version', () => {
    const cache = new RefusalCache();
    cache.remember(of('A'), 'v1', findingOf(refusal.code), refusal, now);
    assert.equal(cache.find(of('A'), 'v1', now), refusal);
    assert.equal(cache.find(of('A'), 'v1', now + 30 * second - 1), refusal);
    assert.equal(cache.find(of('A'), 'v1', now + 30 * second), undefined);
    // The clock was set back.
    assert.equal(cache.find(of('A'), 'v1', now - 1), undefined);
    assert.equal(cache.find(of('A'), 'v2', now), undefined);
    assert.equal(cache.find(of('B'), 'v1', now), undefined);
  });
  for (const code of denialCodes) {
    test(`${code} of a store is ${isMomentary(code) ? 'of the moment: not remembered' : 'remembered'}`, () => {
      for (const finding of [findingOf(code), nominated]) {
        const cache = new RefusalCache();
        cache.remember(of('A'), 'v1', finding, denySome(code), now);
        assert.equal(cache.size, isMomentary(code) ? 0 : 1);
      }
    });
  }
  test('does not remember refusals that cost only a look-up: by an unavailable store, or of a certificate that was found', () => {
    const cache = new RefusalCache();
    cache.remember(of('B'), 'v1', { outcome: 'unavailable', detail: 'x' }, refusal, now);
    cache.remember(of('C'), 'v1', found, refusal, now);
    assert.equal(cache.size, 0);
  });
  test('remembers an unknown caller only if the answer has a detail, which means that decoding was needed', () => {
    const cache = new RefusalCache();
    const stranger = denySome('certificate_not_trusted');
    cache.remember(of('A'), 'v1', { outcome: 'notFound' }, stranger, now);
    cache.remember(of('B'), 'v1', { outcome: 'unavailable', detail: 'x' }, denySome('trust_unavailable'), now);
    // The certificate was found, and refused for what it is.
    cache.remember(of('C'), 'v1', found, denySome('certificate_expired'), now);
    assert.equal(cache.size, 0);
    cache.remember(of('D'), 'v1', { outcome: 'notFound', detail: 'x' }, stranger, now);
    assert.equal(cache.find(of('D'), 'v1', now), stranger);
  });
  test('is bounded: the oldest refusal goes, and one that was remembered again stays', () => {
    const cache = new RefusalCache(3);
    for (const key of ['A', 'B', 'C', 'A', 'D']) cache.remember(of(key), 'v1', findingOf(refusal.code), refusal, now);
    assert.equal(cache.size, 3);
    assert.deepEqual(
      ['A', 'B', 'C', 'D'].map((key) => cache.find(of(key), 'v1', now) !== undefined),
      [true, false, true, true],
    );
  });
  test('never returns the refusal of another certificate or version, or an old one', () => {
    const step = fc.record({
      key: fc.constantFrom('A', 'B', 'C', 'D', 'E'),
      version: fc.constantFrom('v1', 'v2'),
      code: fc.constantFrom<DenialCode>('path_not_found', 'certificate_revoked', 'revocation_unavailable'),
      elapsed: fc.constantFrom(0, 0, 1, 29_999, 30_000),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const cache = new RefusalCache(3);
        const latest = new Map<string, { readonly version: string; readonly code: DenialCode; readonly at: number }>();
        let at = now;
        for (const { key, version, code, elapsed } of steps) {
          at += elapsed;
          const known = cache.find(of(key), version, at);
          if (known !== undefined) {
            const expected = latest.get(key);
            assert.deepEqual([known.code, version], [expected?.code, expected?.version]);
            assert.ok(expected !== undefined && at - expected.at < 30_000);
          }
          cache.remember(of(key), version, findingOf(code), denySome(code), at);
          if (!isMomentary(code)) latest.set(key, { version, code, at });
          assert.ok(cache.size <= 3);
        }
      }),
    );
  });
});

describe('the refusal cache in the gate', () => {
  const denied: TrustFinding = { outcome: 'denied', code: 'certificate_revoked', detail: 'x' };
  const codeOf = async (gate: AccessGate, at = now): Promise<string> => (await gate.decide(header, open, at)).code;

  test('ends a refusal with the version of the store', async () => {
    const { store, gate } = createGate();
    store.answer = denied;
    assert.deepEqual(
      [await codeOf(gate), await codeOf(gate), store.calls],
      ['certificate_revoked', 'certificate_revoked', 1],
    );
    store.answer = found;
    assert.equal(await codeOf(gate), 'certificate_revoked');
    store.version = 'v2';
    assert.equal(await codeOf(gate), 'allowed');
    // The gate must not use what it remembered under v2, because the version is v1 again.
    store.version = 'v1';
    store.answer = { outcome: 'notFound' };
    assert.notEqual(await codeOf(gate), 'allowed');
  });
  test('remembers nothing without a version', async () => {
    const store = new CountingStore();
    store.version = undefined;
    store.answer = denied;
    const gate = new AccessGate({ trustStore: store });
    await codeOf(gate);
    store.answer = found;
    assert.equal(await codeOf(gate), 'allowed');
  });
  test('remembers nothing if the content changed while the store answered', async () => {
    let version = 'v1';
    const store: TrustStore = {
      get version() {
        return version;
      },
      find: async () => {
        await Promise.resolve();
        version = 'v2';
        return denied;
      },
    };
    const gate = new AccessGate({ trustStore: store });
    assert.equal(await codeOf(gate), 'certificate_revoked');
    version = 'v1';
    let calls = 0;
    const asked = Object.assign(store, {
      find: () => {
        calls += 1;
        return found;
      },
    });
    assert.equal(await codeOf(new AccessGate({ trustStore: asked })), 'allowed');
    assert.equal(await codeOf(gate), 'allowed');
    assert.equal(calls, 2);
  });
  test('uses the certificate as its key, so that another header with the same certificate is refused, and no other is', async () => {
    const store = new CountingStore();
    store.answer = denied;
    const gate = new AccessGate({ trustStore: store });
    await codeOf(gate);
    assert.equal((await gate.decide(` ${header}\t`, open, now)).code, 'certificate_revoked');
    assert.equal(store.calls, 1);
    store.answer = found;
    assert.equal((await gate.decide(makeCertificate({ key: 'ed25519' }).header, open, now)).code, 'allowed');
  });
});
