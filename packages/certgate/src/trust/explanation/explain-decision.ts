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
  listInstants,
  noRevocationInformation,
  pinKinds,
} from '@certgate/core/internal';
import { PathTrace, type ReportedPath } from '../../certificates/path-report/reported-path.js';

export interface ExplanationQuestion {
  /** Undefined: the caller has no certificate. */
  readonly presented: PresentedCertificate | undefined;
  readonly trust: TrustSnapshot;
  /** Why a store of the app would not take the document; absent: it would. */
  readonly refusal?: string | undefined;
  /** CRLs and OCSP answers; undefined: none. */
  readonly revocation?: RevocationInformation | undefined;
  readonly requirement: FunctionRequirement;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly now: number;
}

export interface Explanation {
  readonly decision: Decision;
  /** Those that were taken, in the order of the path. */
  readonly steps: readonly DecisionStep[];
  /** What the document says of this certificate, whether or not it counts now. */
  readonly matches: readonly PinnedIdentity[];
  /** The certification paths that were tried, in that order; empty: none was looked for. */
  readonly paths: readonly ReportedPath[];
  /** The first moment after which the answer is another, if nobody changes anything. */
  readonly nextChange: { readonly at: number; readonly decision: Decision } | undefined;
}

/** What the gate would decide, by the function with which it decides, and how it came to that. */
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
  // Nothing is read from a document that the app refuses.
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

/** Between two of these moments nothing that the decision looks at depends on the time. */
function listMoments(
  { presented, requirement, trust, revocation }: ExplanationQuestion,
  matches: readonly PinnedIdentity[],
): readonly (number | undefined)[] {
  const { authorities, identities } = trust;
  const decoding = presented?.decoding;
  // RFC 5280 §4.1.2.5: notAfter is still within the validity.
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
  // The certificate's names could stand for any of them; more of them than needed only cost a look.
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
  const later = new Set(instants.flatMap((at) => (at !== undefined && at > question.now ? [at] : [])));
  for (const at of [...later].sort((left, right) => left - right)) {
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
