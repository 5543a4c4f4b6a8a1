import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { type DecisionStep, decideAccess } from './access-decision.js';
import type { Decision, FunctionRequirement } from './decision.js';
import { AccessGate } from './access-gate.js';
import { presentCertificate } from '../certificate-header/certificate-header.js';
import { parseTrustDocument } from '../trust-document/parse-document.js';
import { trustStoreFromDocument } from '../trust-store/document-store.js';
import { defaultNotAfter, makeCertificate, now } from '@certgate/x509/test-support/certificates.js';
import { type IdentityInput, assertDenied, documentOf, snapshotOf } from '../test-support/documents.js';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';

const allowed = makeCertificate();
const { header } = allowed;
const { thumbprintSha256, publicKeySha256 } = presentCertificate(allowed.der);
const iso = (instant: number): string => new Date(instant).toISOString();
const pin = { thumbprintSha256 };
const until = now + 1000;

const decide = (
  text: string | undefined,
  identities: readonly IdentityInput[],
  more: Partial<FunctionRequirement> = { reportOnlyUntil: until },
  at = now,
): Decision => {
  const requirement: FunctionRequirement = { functionName: 'GetOrders', roles: [['reader']], ...more };
  return decideAccess({ header: text, trust: snapshotOf(...identities), requirement, now: at });
};

const deferrable = ['function_not_allowed', 'role_missing'] as const;

describe('report-only', () => {
  for (const [code, identity] of [
    ['function_not_allowed', { functions: ['other'], pins: [pin] }],
    ['role_missing', { roles: [], pins: [pin] }],
  ] as const) {
    test(`${code} is let through and reported until the end`, () => {
      const refused = decide(header, [identity], {});
      assertDenied(refused, code);
      const decision = decide(header, [identity]);
      assert.ok(decision.outcome === 'allowed');
      assert.deepEqual(decision.deferred, refused);
      assert.equal(decide(header, [identity], { reportOnlyUntil: until }, until - 1).outcome, 'allowed');
      for (const at of [until, until + 1])
        assertDenied(decide(header, [identity], { reportOnlyUntil: until }, at), code);
    });
  }

  test('a caller who meets the requirement is admitted with nothing deferred', () => {
    const decision = decide(header, [{ pins: [pin] }]);
    assert.ok(decision.outcome === 'allowed');
    assert.ok(!('deferred' in decision));
  });

  test('an end that is not a finite number defers nothing', () => {
    for (const end of [Number.NaN, Number.POSITIVE_INFINITY, '9999999999999', null, new Date(until), 1n << 60n]) {
      const requirement = { reportOnlyUntil: end as number };
      assertDenied(decide(header, [{ roles: [], pins: [pin] }], requirement), 'role_missing');
    }
  });

  test('the trace shows the deferred refusal at its step', () => {
    const trace: DecisionStep[] = [];
    const decision = decideAccess({
      header,
      trust: snapshotOf({ roles: [], pins: [pin] }),
      requirement: { functionName: 'f', roles: [['reader']], reportOnlyUntil: until },
      now,
      onStep: (step) => trace.push(step),
    });
    assert.ok(decision.outcome === 'allowed' && decision.deferred !== undefined);
    assert.deepEqual(trace.at(-1), { step: 'authorization', denial: undefined, deferred: decision.deferred });
    assert.equal(trace.filter(({ deferred }) => deferred !== undefined).length, 1);
  });
});

// access-decision.test.ts and access-decision-path.test.ts show that no other denial is deferred.
test('the gate never defers the refusal by an unavailable store', async () => {
  const gate = new AccessGate({ trustStore: { find: () => ({ outcome: 'unavailable', detail: 'down' }) } });
  const requirement = { functionName: 'f', roles: [], reportOnlyUntil: until };
  assertDenied(await gate.decide(header, requirement, now), 'trust_unavailable');
});

test('only those two refusals are deferred, and only before the end, whatever the identities, requirement and time', async () => {
  const stranger = makeCertificate({ key: 'ed25519' });
  const pins = fc.record(
    { enabled: fc.constantFrom(true, true, false), notAfter: fc.constantFrom(iso(now + 1000), iso(now)) },
    { requiredKeys: [] },
  );
  const identity = fc.record(
    {
      roles: fc.subarray(['reader', 'admin']),
      functions: fc.subarray(['F', 'g']),
      enabled: fc.constantFrom(true, true, true, false),
      expiresAt: fc.constantFrom(iso(now + 1000), iso(now)),
    },
    { requiredKeys: ['roles'] },
  );
  const identities = fc.tuple(identity, pins, fc.boolean()).map(([owner, given, byKey]) => [
    {
      ...owner,
      pins: [byKey ? { notAfter: iso(now + 1000), ...given, publicKeySha256 } : { ...given, ...pin }],
    },
  ]);
  const requirements = fc.record({
    functionName: fc.constantFrom('f', 'G', 'h'),
    roles: fc.array(fc.subarray(['reader', 'admin', 'owner']), { maxLength: 2 }),
  });
  const headers = fc.constantFrom(header, header, header, stranger.header, `${header},${header}`, undefined);
  const times = fc.constantFrom(now - 1000, now - 1, now, now + 1, now + 999, now + 1000, defaultNotAfter + 1);
  const seen = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(identities, requirements, headers, times, times, async (given, asked, text, at, end) => {
      const trust = parseTrustDocument(documentOf(given));
      const strict = decideAccess({ header: text, trust, requirement: asked, now: at });
      const requirement = { ...asked, reportOnlyUntil: end };
      const decision = decideAccess({ header: text, trust, requirement, now: at });
      const isDeferred = deferrable.some((code) => code === strict.code) && at < end;
      if (isDeferred) {
        assert.ok(decision.outcome === 'allowed');
        assert.deepEqual(decision.deferred, strict);
      } else {
        assert.deepEqual(decision, strict);
      }
      const key = `${strict.code} ${isDeferred}`;
      seen.set(key, (seen.get(key) ?? 0) + 1);
      // The gate decides the same, cold and warm, and what one requirement lets through does not open another one.
      const gate = new AccessGate({ trustStore: trustStoreFromDocument(documentOf(given)) });
      for (let time = 0; time < 2; time += 1) {
        assert.deepEqual(await gate.decide(text, requirement, at), decision);
        assert.deepEqual(await gate.decide(text, asked, at), strict);
      }
    }),
    { numRuns: countRuns(600) },
  );
  for (const key of ['role_missing true', 'role_missing false', 'function_not_allowed true', 'allowed false'])
    assert.ok((seen.get(key) ?? 0) > 0, `${key} never came up`);
});

describe('when access ends', () => {
  const endOf = (identity: IdentityInput): number => {
    const decision = decide(header, [identity], {});
    assert.ok(decision.outcome === 'allowed');
    return decision.identity.accessEndsAt;
  };
  test('access ends with the earliest of the certificate, the pin and the identity', () => {
    assert.equal(endOf({ pins: [pin] }), defaultNotAfter);
    assert.equal(endOf({ pins: [{ ...pin, notAfter: iso(now + 5) }] }), now + 5);
    assert.equal(endOf({ expiresAt: iso(now + 4), pins: [{ ...pin, notAfter: iso(now + 5) }] }), now + 4);
    assert.equal(endOf({ expiresAt: iso(now + 6), pins: [{ ...pin, notAfter: iso(now + 5) }] }), now + 5);
    assert.equal(endOf({ expiresAt: iso(defaultNotAfter + 1), pins: [pin] }), defaultNotAfter);
  });
  test('an identity has the owner that the document names', () => {
    const decision = decide(header, [{ owner: 'payments team', pins: [pin] }], {});
    assert.ok(decision.outcome === 'allowed');
    assert.equal(decision.identity.owner, 'payments team');
  });
  test('a custom store gives both the owner and the end', async () => {
    const find = (identity: object): AccessGate =>
      new AccessGate({
        trustStore: {
          find: () => ({ outcome: 'found', identity, matchedBy: 'table', validUntil: now + 7 }) as never,
        },
      });
    for (const [owner, expected] of [
      ['a', 'a'],
      [undefined, undefined],
      [null, undefined],
      [7, undefined],
    ]) {
      const gate = find({ name: 'a', roles: [], owner });
      const decision = await gate.decide(header, { functionName: 'f', roles: [] }, now);
      assert.ok(decision.outcome === 'allowed');
      assert.deepEqual([decision.identity.owner, decision.identity.accessEndsAt], [expected, now + 7]);
    }
  });
});
