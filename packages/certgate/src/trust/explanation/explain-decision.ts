import {
  type AccessQuestion,
  type Decision,
  type DecisionStep,
  type FunctionRequirement,
  type PresentedCertificate,
  type RevocationInformation,
  type PinnedIdentity,
  type TrustSnapshot,
  decideAccess,
  findInSnapshot,
  listInstants,
  noRevocationInformation,
  pinKinds,
} from '@certgate/core/internal';
import { PathTrace, type ReportedPath } from '../../certificates/path-report/reported-path.js';

export interface ExplanationQuestion {
  /** The caller's certificate; undefined if it has none. */
  readonly presented: PresentedCertificate | undefined;
  readonly trust: TrustSnapshot;
  /** Why a store of the app would not accept the document; absent if it would, as far as was checked. */
  readonly refusal?: string | undefined;
  /** CRLs and OCSP answers; undefined if there are none. */
  readonly revocation?: RevocationInformation | undefined;
  readonly requirement: FunctionRequirement;
  /** The moment of the question, in milliseconds since 1970-01-01T00:00:00Z. */
  readonly now: number;
}

export interface Explanation {
  readonly decision: Decision;
  /** The steps that the gate took, in order. */
  readonly steps: readonly DecisionStep[];
  /**
   * The pins of the document that match this certificate, whether or not they are valid now. Empty if the app refuses
   * the document.
   */
  readonly matches: readonly PinnedIdentity[];
  /** The certification paths that the gate tried, in that order; empty if it looked for none. */
  readonly paths: readonly ReportedPath[];
  /**
   * The first moment at which the answer changes, if nobody changes anything. Undefined if no such moment is known. None
   * is looked for if the app refuses the document.
   */
  readonly nextChange: { readonly at: number; readonly decision: Decision } | undefined;
}

/** Finds out what the gate would decide, by calling the gate's own function, and how it comes to that. */
export function explainDecision(question: ExplanationQuestion): Explanation {
  const { presented, refusal, trust } = question;
  const steps: DecisionStep[] = [];
  const trace = new PathTrace();
  const decision = decide(question, question.now, {
    onStep: (step) => steps.push(step),
    onPathCheck: (check) => {
      trace.hear(check);
    },
  });
  // An app that refuses the document reads nothing from it.
  const isTaken = refusal === undefined;
  const matches = isTaken && presented !== undefined ? findMatches(trust, presented) : [];
  const nextChange = isTaken ? findNextChange(question, decision, listMoments(question, matches)) : undefined;
  return { decision, steps, matches, paths: trace.paths, nextChange };
}

function decide(
  { presented, trust, refusal, revocation = noRevocationInformation, requirement }: ExplanationQuestion,
  now: number,
  listeners: Pick<AccessQuestion, 'onStep' | 'onPathCheck'> = {},
): Decision {
  const header = presented && Buffer.from(presented.der).toString('base64');
  const known = refusal === undefined ? trust : { unavailable: refusal };
  return decideAccess({ header, trust: known, revocation, requirement, now, ...listeners });
}

function findMatches({ pins }: TrustSnapshot, certificate: PresentedCertificate): readonly PinnedIdentity[] {
  return pinKinds.flatMap((kind) => pins[kind].get(certificate[kind] ?? '') ?? []);
}

/**
 * The moments at which the decision may change: the bounds of certificates, revocation lists, pins, identities and
 * report-only.
 */
function listMoments(
  { presented, requirement, trust, revocation }: ExplanationQuestion,
  matches: readonly PinnedIdentity[],
): readonly (number | undefined)[] {
  const { authorities, identities } = trust;
  const decoding = presented?.decoding;
  // RFC 5280 §4.1.2.5: a certificate is still valid at notAfter.
  const validities = [
    ...(decoding?.ok === true ? [decoding.certificate] : []),
    ...authorities.flatMap(({ trustAnchors, intermediates }) => [...trustAnchors, ...intermediates]),
  ].flatMap(({ notBefore, notAfter }) => [notBefore, notAfter + 1]);
  const lists = authorities.flatMap(({ name, revocation: { graceMilliseconds } }) =>
    (revocation?.find(name)?.crls ?? []).flatMap(({ thisUpdate, nextUpdate }) => [
      thisUpdate,
      nextUpdate && nextUpdate + graceMilliseconds,
    ]),
  );
  const windows = matches.flatMap(({ identity, pin }) => [
    ...listInstants({ identity, pin }),
    ...[pin.acceptWithoutClientAuth?.since, pin.acceptWithoutClientAuth?.until],
  ]);
  // The certificate's names may match any of these identities. A moment that is not needed costs only one more
  // decision.
  const named = (presented?.pathDecoding.ok === true ? identities : []).flatMap((identity) =>
    identity.names.flatMap((trustName) => listInstants({ identity, trustName })),
  );
  return [...validities, ...lists, ...windows, ...named, requirement.reportOnlyUntil];
}

function findNextChange(
  question: ExplanationQuestion,
  decision: Decision,
  instants: readonly (number | undefined)[],
): Explanation['nextChange'] {
  const moments = instants.filter((at) => at !== undefined).sort((left, right) => left - right);
  for (let at = question.now; at < Number.POSITIVE_INFINITY;) {
    const before = at;
    at = Math.min(findCurrentEnd(question, before), moments.find((each) => each > before) ?? Number.POSITIVE_INFINITY);
    const then = at < Number.POSITIVE_INFINITY ? decide(question, at) : decision;
    if (summarize(then) !== summarize(decision)) return { at, decision: then };
  }
  return undefined;
}

/**
 * Until when the gate may use what admits the caller at `at`, for example an OCSP answer. Both are in milliseconds since
 * 1970-01-01T00:00:00Z. Infinite if nothing limits it, or if the document refuses the caller.
 */
function findCurrentEnd({ presented, trust, revocation = noRevocationInformation }: ExplanationQuestion, at: number) {
  const finding = presented && findInSnapshot(trust, presented, at, { revocation });
  const found = finding?.outcome === 'nominated' ? finding.confirm() : finding;
  return found?.outcome === 'found' ? (found.currentUntil ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY;
}

function summarize(decision: Decision): string {
  if (decision.outcome === 'denied') return decision.code;
  const { identity, deferred } = decision;
  return JSON.stringify([identity.name, identity.matchedBy, deferred?.code]);
}
