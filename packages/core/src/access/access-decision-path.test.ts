import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type DecisionStep, decideAccess } from './access-decision.js';
import type { Decision } from './decision.js';
import { AccessGate } from './access-gate.js';
import type { PathCheck } from '@certgate/x509/path';
import type { RevocationInformation } from '../trust-snapshot/revocation-information.js';
import { getPublicStatus } from '../denial.js';
import type { TrustSnapshot } from '../trust-snapshot/trust-snapshot.js';
import { findInSnapshot } from '../trust-snapshot/find-in-snapshot.js';
import {
  authorityOf,
  billing,
  getStage,
  issueCaller,
  issueIntermediate,
  issuedSnapshot,
} from '../test-support/authority-stage.js';
import { clientExtensions, now } from '@certgate/x509/test-support/certificates.js';
import { assertDenied } from '../test-support/documents.js';
import { listPathDenials } from '../test-support/path-denials.js';
import { makeCrl, readCrl } from '@certgate/x509/test-support/revocation.js';

const requirement = { functionName: 'GetOrders', roles: [['reader']] };
const caller = issueCaller();

interface Traced {
  readonly decision: Decision;
  readonly trace: readonly DecisionStep[];
  readonly checks: readonly PathCheck[];
}

function decide(header: string, trust: TrustSnapshot, revocation?: RevocationInformation, at = now): Traced {
  const trace: DecisionStep[] = [];
  const checks: PathCheck[] = [];
  const question = { header, trust, requirement, now: at, ...(revocation === undefined ? {} : { revocation }) };
  const decision = decideAccess({
    ...question,
    onStep: (step) => trace.push(step),
    onPathCheck: (check) => checks.push(check),
  });
  assert.deepEqual(decideAccess(question), decision, 'the trace changes the decision');
  return { decision, trace, checks };
}

describe('the steps of a decision by an authority', () => {
  const steps: readonly DecisionStep['step'][] = [
    'certificate-header',
    'trust-store',
    'client-certificate',
    'certificate-verification',
    'certification-path',
    'client-identity',
    'authorization',
  ];

  test('an allowed caller passes every step and every check of the path', () => {
    const { decision, trace, checks } = decide(caller.header, issuedSnapshot([billing]));
    assert.ok(decision.outcome === 'allowed');
    assert.equal(decision.identity.name, 'billing');
    assert.equal(decision.identity.matchedBy, 'dns issued by corp');
    assert.deepEqual(
      trace,
      steps.map((step) => ({ step, denial: undefined })),
    );
    assert.ok(checks.every(({ fault }) => fault === undefined));
    const ofCaller = checks.filter(({ role }) => role === 'end-entity').map(({ check }) => check);
    // This authority does not ask for revocation information.
    assert.deepEqual(ofCaller, [
      ...['validity', 'certificate', 'purpose', 'issuer', 'path-length', 'signature', 'names'],
      'policies',
    ]);
  });

  test('revocation is a check of its own if the authority requires it', () => {
    const authorities = [authorityOf({ revocation: { mode: 'required', scope: 'end-entity' } })];
    const crls = [readCrl(makeCrl({ authority: getStage().issuing }))];
    const revocation = { find: () => ({ crls, findOcspResponses: () => [] }) };
    const { decision, checks } = decide(caller.header, issuedSnapshot([billing], { authorities }), revocation);
    assert.equal(decision.outcome, 'allowed');
    const last = checks.at(-1);
    assert.deepEqual([last?.check, last?.role, last?.fault], ['revocation', 'end-entity', undefined]);
  });

  const denials = listPathDenials();
  for (const { code, step, header, trust, revocation } of denials) {
    test(`${code} is reported by ${step}, and no later step runs`, () => {
      const { decision, trace } = decide(header, trust, revocation);
      assertDenied(decision, code);
      const passed = steps.slice(0, steps.indexOf(step)).map((name) => ({ step: name, denial: undefined }));
      assert.deepEqual(trace, [...passed, { step, denial: decision }]);
      // A report-only function defers only refusals by authorization.
      const reporting = { ...requirement, reportOnlyUntil: Date.UTC(2100, 0, 1) };
      const question = { header, trust, requirement: reporting, now };
      assertDenied(decideAccess(revocation === undefined ? question : { ...question, revocation }), code);
    });
  }

  test('each denial has the thumbprint and nothing else of the certificate, and only missing information is answered with 503', () => {
    for (const { code, header, trust, revocation } of denials) {
      const { decision } = decide(header, trust, revocation);
      assert.ok(decision.outcome === 'denied');
      assert.equal(decision.thumbprintSha256?.length, 64);
      assert.doesNotMatch(decision.detail, /MII|[A-Za-z0-9+/]{40}|-----BEGIN|[\p{C}]/u);
      assert.equal(getPublicStatus(code), code === 'revocation_unavailable' ? 503 : 401);
    }
  });

  test('the gate gives the same denials cold and warm, and asks the store again only for missing revocation information', async () => {
    for (const { code, header, trust, revocation } of denials) {
      let asked = 0;
      const gate = new AccessGate({
        trustStore: {
          version: 'v1',
          find: (certificate, at) => {
            asked += 1;
            return findInSnapshot(trust, certificate, at, revocation === undefined ? undefined : { revocation });
          },
        },
      });
      const { decision } = decide(header, trust, revocation);
      assert.deepEqual(await gate.decide(header, requirement, now), decision);
      assert.deepEqual(await gate.decide(header, requirement, now), decision);
      assert.equal(asked, code === 'revocation_unavailable' ? 2 : 1, code);
    }
  });
});

describe('critical extensions', () => {
  const constrained = issueCaller({
    extensions: [...clientExtensions, 'certificatePolicies = critical, 1.2.3.4'],
  });
  test('an extension that a path processes does not refuse the certificate if a path was validated', () => {
    assert.equal(decide(constrained.header, issuedSnapshot([billing])).decision.outcome, 'allowed');
  });
  test('the same extension refuses a certificate that is only pinned', () => {
    const { thumbprintSha256 } = constrained.certificate;
    const trust = issuedSnapshot([{ pins: [{ thumbprintSha256 }] }], { authorities: [] });
    assertDenied(decide(constrained.header, trust).decision, 'certificate_critical_extension_unknown');
  });
  test('the same extension is refused at the step that looked for a path, if no path is valid and the pin decides', () => {
    const { impostor } = getStage();
    const decideForged = (extensions: readonly string[]): Traced => {
      const forged = issueCaller({ issuer: impostor, extensions });
      const { thumbprintSha256 } = forged.certificate;
      return decide(forged.header, issuedSnapshot([{ ...billing, pins: [{ thumbprintSha256 }] }]));
    };
    const plain = decideForged(clientExtensions);
    assert.equal(plain.decision.outcome, 'allowed');
    assert.ok(plain.checks.some(({ fault }) => fault !== undefined));
    assert.ok(plain.trace.some(({ step }) => step === 'certification-path'));
    const { decision, trace } = decideForged([...clientExtensions, 'certificatePolicies = critical, 1.2.3.4']);
    assertDenied(decision, 'certificate_critical_extension_unknown');
    assert.deepEqual(trace.at(-1), { step: 'certification-path', denial: decision });
  });
  test('an extension that no path processes is refused whatever a custom store says about its path', async () => {
    const claim = (made: typeof constrained): Decision | Promise<Decision> =>
      new AccessGate({
        trustStore: {
          find: () => ({
            outcome: 'found',
            identity: { name: 'a', roles: ['reader'] },
            matchedBy: 'own',
            isPathValidated: true,
          }),
        },
      }).decide(made.header, requirement, now);
    const unknown = issueCaller({ extensions: [...clientExtensions, '1.2.3.4 = critical, DER:0500'] });
    assertDenied(await claim(unknown), 'certificate_critical_extension_unknown');
    assert.equal((await claim(constrained)).outcome, 'allowed');
  });
});

describe('when access ends', () => {
  const { issuing } = getStage();
  const required = issuedSnapshot([billing], {
    authorities: [authorityOf({ revocation: { mode: 'required', scope: 'end-entity' } })],
  });
  const crls = [readCrl(makeCrl({ authority: issuing }))];
  const revocation: RevocationInformation = { find: () => ({ crls, findOcspResponses: () => [] }) };

  test('the access ends with the path, not with the CRL', () => {
    const { decision } = decide(caller.header, required, revocation);
    assert.ok(decision.outcome === 'allowed');
    assert.equal(decision.identity.accessEndsAt, Date.UTC(2035, 0, 1));
  });
  test('the access ends with an intermediate that ends before the rest', () => {
    const short = issueIntermediate({ notAfter: '20270601000000Z' });
    const trust = issuedSnapshot([billing], { authorities: [authorityOf({ intermediates: [short] })] });
    const { decision } = decide(issueCaller({ issuer: short }).header, trust);
    assert.ok(decision.outcome === 'allowed');
    assert.equal(decision.identity.accessEndsAt, Date.UTC(2027, 5, 1) + 1);
  });
});
