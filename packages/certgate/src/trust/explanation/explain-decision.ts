import {
  type AccessQuestion,
  type Decision,
  type DecisionStep,
  type FunctionRequirement,
  type PresentedCertificate,
  type RevocationInformation,
  type TrustPin,
  type TrustSnapshot,
  type TrustedIdentity,
  decideAccess,
  decisionSteps,
  noRevocationInformation,
  presentCertificate,
} from '@certgate/core/internal';
import { PathTrace, type TracedPath } from '../../certificates/path-report/path-trace.js';

export interface ExplanationQuestion {
  /** Undefined: the caller has no certificate. */
  readonly certificateDer: Uint8Array | undefined;
  readonly trust: TrustSnapshot;
  /** Why a store of the app would not take the document; absent: it would. */
  readonly refusal?: string | undefined;
  /** CRLs and OCSP answers; absent: none. */
  readonly revocation?: RevocationInformation;
  readonly requirement: FunctionRequirement;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly now: number;
}

export interface Explanation {
  readonly decision: Decision;
  /** All of them, in the order of the path. */
  readonly steps: readonly ExplainedStep[];
  /** What the document says of this certificate, whether or not it counts now. */
  readonly matches: readonly PinMatch[];
  /** The certification paths that were tried, in that order; empty: none was looked for. */
  readonly paths: readonly TracedPath[];
  /** The first moment after which the answer is another, if nobody changes anything. */
  readonly nextChange: { readonly at: number; readonly decision: Decision } | undefined;
}

export interface ExplainedStep {
  readonly step: DecisionStep['step'];
  /** `deferred`: it would refuse, and is let through, since the function is report-only. */
  readonly verdict: 'passed' | 'denied' | 'deferred' | 'not asked';
  readonly denial: DecisionStep['denial'];
}

export interface PinMatch {
  readonly identity: TrustedIdentity;
  readonly pin: TrustPin;
}

/** What the gate would decide, by the function with which it decides, and how it came to that. */
export function explainDecision(question: ExplanationQuestion): Explanation {
  const heard: DecisionStep[] = [];
  const trace = new PathTrace();
  const decision = decide(question, question.now, {
    onStep: (step) => heard.push(step),
    onPathCheck: (check) => {
      trace.hear(check);
    },
  });
  const presented = question.certificateDer === undefined ? undefined : presentCertificate(question.certificateDer);
  // Nothing is read from a document that the app refuses.
  const isTaken = question.refusal === undefined;
  const matches = presented === undefined || !isTaken ? [] : findMatches(question.trust, presented);
  return {
    decision,
    steps: decisionSteps.map((step) =>
      explainStep(
        step,
        heard.find((each) => each.step === step),
      ),
    ),
    matches,
    paths: trace.paths,
    nextChange: isTaken ? findNextChange(question, decision, listInstants(question, presented, matches)) : undefined,
  };
}

function decide(
  { certificateDer, trust, refusal, revocation = noRevocationInformation, requirement }: ExplanationQuestion,
  now: number,
  listeners: Pick<AccessQuestion, 'onStep' | 'onPathCheck'> = {},
): Decision {
  const header = certificateDer === undefined ? undefined : Buffer.from(certificateDer).toString('base64');
  const known = refusal === undefined ? trust : { unavailable: refusal };
  return decideAccess({ header, trust: known, revocation, requirement, now, ...listeners });
}

function explainStep(step: DecisionStep['step'], heard: DecisionStep | undefined): ExplainedStep {
  if (heard === undefined) return { step, verdict: 'not asked', denial: undefined };
  if (heard.deferred !== undefined) return { step, verdict: 'deferred', denial: heard.deferred };
  return { step, verdict: heard.denial === undefined ? 'passed' : 'denied', denial: heard.denial };
}

function findMatches({ identities }: TrustSnapshot, certificate: PresentedCertificate): readonly PinMatch[] {
  return identities.flatMap((identity) =>
    identity.pins.filter(({ kind, value }) => certificate[kind] === value).map((pin) => ({ identity, pin })),
  );
}

/** Between two of these moments nothing that the decision looks at depends on the time. */
function listInstants(
  { requirement, trust, revocation }: ExplanationQuestion,
  presented: PresentedCertificate | undefined,
  matches: readonly PinMatch[],
): readonly number[] {
  const ofAuthorities = trust.authorities.flatMap((authority) => [
    ...[...authority.trustAnchors, ...authority.intermediates].flatMap(({ notBefore, notAfter }) => [
      notBefore,
      notAfter + 1,
    ]),
    ...(revocation?.find(authority.name)?.crls ?? []).flatMap(({ thisUpdate, nextUpdate }) => [
      thisUpdate,
      nextUpdate && nextUpdate + authority.revocation.graceMilliseconds,
    ]),
  ]);
  const windows = matches.flatMap(({ identity, pin }) => [
    ...[pin.notBefore, pin.notAfter, identity.expiresAt],
    ...[pin.acceptWithoutClientAuth?.since, pin.acceptWithoutClientAuth?.until],
  ]);
  const decoding = presented?.decoding;
  // RFC 5280 §4.1.2.5: notAfter is still within the validity.
  const validity = decoding?.ok === true ? [decoding.certificate.notBefore, decoding.certificate.notAfter + 1] : [];
  const expiries = trust.identities.length === 0 ? [] : listNamedExpiries(trust, presented);
  return [...windows, ...validity, ...ofAuthorities, ...expiries, requirement.reportOnlyUntil].filter(
    (instant) => instant !== undefined,
  );
}

/** When identities end that the certificate's names could stand for; more of them than needed only cost a look. */
function listNamedExpiries(
  { identities }: TrustSnapshot,
  presented: PresentedCertificate | undefined,
): readonly (number | undefined)[] {
  if (presented?.pathDecoding.ok !== true) return [];
  return identities.flatMap(({ names, expiresAt }) => (names.length === 0 ? [] : [expiresAt]));
}

function findNextChange(
  question: ExplanationQuestion,
  decision: Decision,
  instants: readonly number[],
): Explanation['nextChange'] {
  const later = [...new Set(instants)].filter((at) => at > question.now).sort((left, right) => left - right);
  for (const at of later) {
    const then = decide(question, at);
    if (summarize(then) !== summarize(decision)) return { at, decision: then };
  }
  return undefined;
}

function summarize(decision: Decision): string {
  if (decision.outcome === 'denied') return decision.code;
  const { identity, deferred } = decision;
  return JSON.stringify([identity.name, identity.matchedBy, deferred?.code]);
}
