import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  type Decision,
  decideAccess,
  decisionSteps,
  parseTrustDocument,
  presentCertificate,
} from '@certgate/core/internal';
import {
  authorityOf,
  billing,
  getStage,
  issueCaller,
  issuedSnapshot,
} from '@certgate/core/test-support/authority-stage.js';
import { decodePathCertificate, encodeOcspRequest, type PathCertificate } from '@certgate/x509/path';
import { answerOcsp, readOcsp } from '@certgate/x509/test-support/ocsp.js';
import { makeDatedCertificate } from '@certgate/x509/test-support/dated-certificates.js';
import fc from 'fast-check';
import { type ExplanationQuestion, explainDecision } from './explain-decision.js';

let der: Buffer;
let publicKeySha256: string;
let folder: string;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'certgate-explain-'));
  const openssl = (...args: string[]): Buffer =>
    execFileSync('openssl', args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  der = makeDatedCertificate({
    keyPath: join(folder, 'key.pem'),
    name: ['CN = billing'],
    extensions: ['basicConstraints = critical, CA:FALSE'],
    notBefore: '20300101000000Z',
    notAfter: '20300201000000Z',
  });
  openssl('pkey', '-in', 'key.pem', '-pubout', '-outform', 'DER', '-out', 'key.der');
  publicKeySha256 = createHash('sha256')
    .update(readFileSync(join(folder, 'key.der')))
    .digest('hex');
});

after(() => {
  rmSync(folder, { recursive: true, force: true });
});

const hour = 3_600_000;
const start = Date.parse('2029-12-25T00:00:00Z');
/** Moments around and within the certificate's validity, on the hour. */
const instants = fc.integer({ min: 0, max: 45 * 24 }).map((hours) => start + hours * hour);
const write = (instant: number): string => new Date(instant).toISOString();

const questions: fc.Arbitrary<ExplanationQuestion> = fc
  .record({
    now: instants,
    windows: fc.array(fc.option(fc.tuple(instants, fc.integer({ min: 1, max: 400 })), { nil: undefined, freq: 2 }), {
      minLength: 2,
      maxLength: 2,
    }),
    expiresAt: fc.option(instants, { nil: undefined }),
    reportOnlyUntil: fc.option(instants, { nil: undefined }),
    roles: fc.constantFrom([], [['operator']]),
    enabled: fc.constantFrom(true, true, true, false),
    isAmbiguous: fc.constantFrom(false, false, false, true),
    hasCertificate: fc.constantFrom(true, true, true, false),
  })
  .map(({ now, windows, expiresAt, reportOnlyUntil, roles, enabled, isAmbiguous, hasCertificate }) => {
    const [byThumbprint, byKey] = windows.map((window) =>
      window === undefined ? {} : { notBefore: write(window[0]), notAfter: write(window[0] + window[1] * hour) },
    );
    const thumbprint = { thumbprintSha256: createHash('sha256').update(der).digest('hex'), ...byThumbprint };
    const key = { publicKeySha256, notAfter: '2031-01-01T00:00:00Z', ...byKey };
    const ends = expiresAt === undefined ? {} : { expiresAt: write(expiresAt) };
    const identities = isAmbiguous
      ? [
          { name: 'billing', roles: [], enabled, ...ends, pins: [thumbprint] },
          { name: 'other', roles: [], pins: [key] },
        ]
      : [{ name: 'billing', roles: [], enabled, ...ends, pins: [thumbprint, key] }];
    return {
      presented: hasCertificate ? presentCertificate(der) : undefined,
      trust: parseTrustDocument({ schemaVersion: 1, revision: 1, identities }),
      requirement: { functionName: 'F', roles, ...(reportOnlyUntil === undefined ? {} : { reportOnlyUntil }) },
      now,
    };
  });

function decideAt({ presented, trust, requirement }: ExplanationQuestion, now: number): Decision {
  const header = presented === undefined ? undefined : der.toString('base64');
  return decideAccess({ header, trust, requirement, now });
}

function nameOf(decision: Decision): string {
  return decision.outcome === 'denied' ? decision.code : `allowed ${decision.deferred?.code ?? ''}`;
}

test('the answer stays the same until the reported next change, and is another from then on', () => {
  const reached = new Set<string>();
  fc.assert(
    fc.property(questions, fc.array(instants, { maxLength: 8 }), (question, others) => {
      const { decision, nextChange } = explainDecision(question);
      reached.add(nameOf(decision));
      assert.deepEqual(decision, decideAt(question, question.now));
      const end = nextChange?.at ?? Number.POSITIVE_INFINITY;
      for (const at of [...others, end - 1].filter((each) => each >= question.now && each < end && each < 9e15)) {
        assert.equal(nameOf(decideAt(question, at)), nameOf(decision), write(at));
      }
      if (nextChange === undefined) return;
      assert.deepEqual(nextChange.decision, decideAt(question, nextChange.at));
      assert.notEqual(nameOf(nextChange.decision), nameOf(decision));
    }),
    { numRuns: 1200 },
  );
  for (const name of ['allowed ', 'allowed role_missing', 'role_missing', 'pin_expired', 'certificate_not_yet_valid']) {
    assert.ok(reached.has(name), name);
  }
});

test('the next change is the end of the OCSP answer, and not a later moment of the document', () => {
  const { issuing } = getStage();
  const caller = issueCaller({ serialNumber: '1234' });
  const decode = (bytes: Uint8Array): PathCertificate => {
    const decoding = decodePathCertificate(bytes);
    return decoding.ok ? decoding.value : assert.fail(decoding.fault);
  };
  const nonce = Buffer.alloc(16, 1);
  const request = encodeOcspRequest({ certificate: decode(caller.der), issuer: decode(issuing.der), nonce });
  const response = readOcsp(answerOcsp({ authority: issuing, request, index: { 1234: 'V' } }));
  const revocation = { mode: 'required', scope: 'end-entity', ocsp: 'http://ocsp.corp.example/' };
  const question: ExplanationQuestion = {
    presented: presentCertificate(caller.der),
    trust: issuedSnapshot([{ ...billing, expiresAt: '2034-01-01T00:00:00Z' }], {
      authorities: [authorityOf({ revocation })],
    }),
    revocation: { find: () => ({ crls: [], findOcspResponses: () => [response] }) },
    requirement: { functionName: 'F', roles: [] },
    now: response.producedAt + hour / 2,
  };
  const { decision, nextChange } = explainDecision(question);
  assert.equal(nameOf(decision), 'allowed ');
  assert.equal(nextChange?.at, response.answers[0]?.nextUpdate);
  assert.equal(nextChange?.decision.code, 'revocation_unavailable');
});

test('the steps are those of the decision, each once, and none follows a refusal', () => {
  fc.assert(
    fc.property(questions, (question) => {
      const { decision, steps } = explainDecision(question);
      const taken = steps.map(({ step }) => step);
      // A pin without `issuedBy` needs no certification path.
      const all = decisionSteps.filter((step) => step !== 'certification-path');
      assert.ok(steps.slice(0, -1).every(({ denial, deferred }) => denial === undefined && deferred === undefined));
      const last = steps.at(-1);
      if (decision.outcome === 'allowed') {
        assert.deepEqual(taken, all);
        assert.deepEqual([last?.denial, last?.deferred], [undefined, decision.deferred]);
        return;
      }
      assert.deepEqual(taken, all.slice(0, taken.length));
      assert.equal(last?.denial?.code, decision.code);
    }),
    { numRuns: 300 },
  );
});
