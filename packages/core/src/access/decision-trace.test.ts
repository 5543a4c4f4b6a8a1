import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { describe, mock, test } from 'node:test';
import * as fc from 'fast-check';
import { decideAccess } from './access-decision.js';
import { concludeIdentity, verifyFinding } from './authentication.js';
import { type PresentedCertificate, presentCertificate } from '../certificate-header/certificate-header.js';
import { type DecisionStepName, type Denial, decisionSteps, getSteps } from '../denial.js';
import type { RevocationInformation } from '../trust-snapshot/revocation-information.js';
import { createAuthorityScenes, issueExpiredWithManyNames } from '../test-support/authority-scenes.js';
import { billing, issuedSnapshot } from '../test-support/authority-stage.js';
import { makeCertificate, now } from '@certgate/x509/test-support/certificates.js';
import { assertDenied } from '../test-support/documents.js';
import { parseTrustDocument } from '../trust-document/parse-document.js';
import { findInSnapshot } from '../trust-snapshot/find-in-snapshot.js';
import type { TrustSnapshot } from '../trust-snapshot/trust-snapshot.js';
import type { DecisionStep } from './decision.js';

test('an expired certificate with 301 names is not reported as verified', () => {
  const trace: DecisionStep[] = [];
  const { header } = issueExpiredWithManyNames();
  const trust = issuedSnapshot([billing]);
  const requirement = { functionName: 'f', roles: [] };
  const decision = decideAccess({ header, trust, requirement, now, onStep: (step) => trace.push(step) });
  assertDenied(decision, 'path_budget_exhausted');
  assert.deepEqual(trace, [
    { step: 'certificate-header', denial: undefined },
    { step: 'trust-store', denial: decision },
  ]);
});

test('a pinned certificate is not decoded for a path, and an unknown one is not decoded at all', () => {
  const made = makeCertificate();
  const presented = presentCertificate(made.der);
  const { der, thumbprintSha256, thumbprintSha1, publicKeySha256, issuer, candidates } = presented;
  const decoded: string[] = [];
  const watched: PresentedCertificate = {
    der,
    thumbprintSha256,
    thumbprintSha1,
    publicKeySha256,
    issuer,
    candidates,
    get decoding() {
      decoded.push('as a client’s');
      return presented.decoding;
    },
    get pathDecoding() {
      decoded.push('as a path’s');
      return presented.pathDecoding;
    },
  };
  const decide = (certificates: readonly object[]): string => {
    const verified = verifyFinding(
      watched,
      findInSnapshot(issuedSnapshot([{ pins: certificates }]), watched, now),
      now,
    );
    return verified.outcome === 'denied' ? verified.code : concludeIdentity(verified, undefined, now).outcome;
  };
  assert.equal(decide([]), 'certificate_not_trusted');
  assert.deepEqual(decoded, []);
  assert.equal(decide([{ thumbprintSha256 }]), 'authenticated');
  assert.deepEqual(decoded, ['as a client’s']);
});

/** What was done, in order: the steps that were reported, and the work that was observed. */
type Event = DecisionStepName | 'verification begins' | 'path check' | 'signature';

interface Watched {
  readonly events: readonly Event[];
  readonly steps: readonly DecisionStep[];
  readonly denial: Denial | undefined;
}

/** Runs the steps of `decideAccess` after the header, over a certificate that reports when it is verified. */
function decideWatched(
  der: Uint8Array,
  trust: TrustSnapshot,
  revocation: RevocationInformation,
  signatures: { onVerify: () => void },
  at: number,
): Watched {
  const events: Event[] = [];
  const steps: DecisionStep[] = [];
  const onStep = (step: DecisionStep): void => {
    events.push(step.step);
    steps.push(step);
  };
  signatures.onVerify = () => events.push('signature');
  const presented = watchVerification(presentCertificate(der), () => {
    // The dates are also read for the identity, and for the facts of a denial right after the verification. Those reads
    // are not another verification.
    const isRead = events.includes('client-identity') || events.at(-1) === 'verification begins';
    if (!isRead) events.push('verification begins');
  });
  const onCheck = (): number => events.push('path check');
  const finding = findInSnapshot(trust, presented, at, { revocation, onCheck });
  const verified = verifyFinding(presented, finding, at, onStep);
  if (verified.outcome === 'denied') return { events, steps, denial: verified };
  const confirmed = finding.outcome === 'nominated' ? finding.confirm() : undefined;
  const concluded = concludeIdentity(verified, confirmed, at, onStep);
  return { events, steps, denial: concluded.outcome === 'denied' ? concluded : undefined };
}

/** Calls `onVerify` when `notBefore` is read, because a verification begins with that. */
function watchVerification(presented: PresentedCertificate, onVerify: () => void): PresentedCertificate {
  const { der, thumbprintSha256, thumbprintSha1, publicKeySha256, decoding, issuer, pathDecoding, candidates } =
    presented;
  if (!decoding.ok) return presented;
  const certificate = new Proxy(decoding.certificate, {
    get: (target, name) => {
      if (name === 'notBefore') onVerify();
      return Reflect.get(target, name) as unknown;
    },
  });
  return {
    der,
    thumbprintSha256,
    thumbprintSha1,
    publicKeySha256,
    issuer,
    pathDecoding,
    candidates,
    decoding: { ok: true, certificate },
  };
}

describe('the steps of any decision', () => {
  const { headers, oddHeaders, lists, documents } = createAuthorityScenes();
  const signatures = { onVerify: (): void => undefined };

  test('are reported in the documented order, each once, and only if they were taken', () => {
    const seen = new Map<string, number>();
    const counter = mock.method(
      crypto,
      'verify',
      new Proxy(crypto.verify, {
        apply: (target, self, parameters) => {
          signatures.onVerify();
          return Reflect.apply(target, self, parameters) as unknown;
        },
      }),
    );
    syncBuiltinESMExports();
    try {
      fc.assert(
        fc.property(
          documents,
          fc.constantFrom(...headers, ...oddHeaders),
          fc.constantFrom(...lists),
          fc.constantFrom(0, 5_000, 10_000, -400 * 86_400_000),
          fc.constantFrom(undefined, {}, { issuedBy: 'corp' }, { issuedBy: 'corp', enabled: false }),
          (document, header, crls, elapsed, pin) => {
            const revocation = { find: () => ({ crls, findOcspResponses: () => [] }) };
            const der = Buffer.from(header, 'base64');
            // The document may also pin the caller itself.
            const isPinned = pin !== undefined && oddHeaders.includes(header);
            const trust = parseTrustDocument(isPinned ? addPin(document, der, pin) : document);
            const watched = decideWatched(der, trust, revocation, signatures, now + elapsed);
            assertTrace(watched);
            const last = watched.steps.at(-1)?.step ?? '';
            seen.set(last, (seen.get(last) ?? 0) + 1);
          },
        ),
        { numRuns: 300 },
      );
    } finally {
      counter.mock.restore();
      syncBuiltinESMExports();
    }
    const ends = ['trust-store', 'client-certificate', 'certificate-verification', 'certification-path'] as const;
    for (const step of [...ends, 'client-identity']) assert.ok(seen.has(step), `no scene ended at ${step}`);
  });
});

function addPin(document: object, der: Uint8Array, pin: object): object {
  const { thumbprintSha256 } = presentCertificate(der);
  const identity = { name: 'pinned', roles: [], pins: [{ thumbprintSha256, ...pin }] };
  return { ...document, identities: [...(document as { identities: readonly object[] }).identities, identity] };
}

function assertTrace({ events, steps, denial }: Watched): void {
  const shown = JSON.stringify({ events, denial });
  const names = steps.map(({ step }) => step);
  const places = names.map((name) => decisionSteps.indexOf(name));
  assert.ok(
    places.every((place, index) => index === 0 || place > (places[index - 1] ?? 0)),
    `not in the documented order: ${shown}`,
  );
  // All steps but the last passed, and only `certification-path` may be left out.
  assert.ok(
    steps.slice(0, -1).every((step) => step.denial === undefined),
    shown,
  );
  assert.equal(steps.at(-1)?.denial, denial, shown);
  const skipped = decisionSteps.slice(1, (places.at(-1) ?? 0) + 1).filter((name) => !names.includes(name));
  assert.ok(skipped.length === 0 || skipped.join() === 'certification-path', shown);
  if (denial !== undefined) {
    assert.ok(
      getSteps(denial.code).includes(names.at(-1) ?? 'front-end'),
      `${denial.code} may not end there: ${shown}`,
    );
  }
  const place = (event: Event): number => events.indexOf(event);
  const isVerified = names.includes('certificate-verification');
  const verifications = events.filter((event) => event === 'verification begins');
  assert.equal(verifications.length, isVerified ? 1 : 0, `not verified once, where it is reported: ${shown}`);
  const isPathTaken = names.includes('certification-path');
  for (const event of ['path check', 'signature'] as const) {
    if (place(event) === -1) continue;
    assert.ok(isPathTaken, `${event} without its step: ${shown}`);
    assert.ok(place(event) > place('certificate-verification'), `${event} before the verification: ${shown}`);
    assert.ok(events.lastIndexOf(event) < place('certification-path'), `${event} after its step: ${shown}`);
  }
  if (!isVerified) return;
  assert.equal(place('verification begins'), place('client-certificate') + 1, shown);
  assert.equal(place('certificate-verification'), place('client-certificate') + 2, shown);
}
