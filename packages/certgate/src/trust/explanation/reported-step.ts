import { type DecisionStepName, type PresentedCertificate, findPinSpan, formatInstant } from '@certgate/core/internal';
import { listBounds } from '../../texts/time-words.js';
import type { Explanation } from './explain-decision.js';
import { findValidPath } from '../../certificates/path-report/reported-path.js';

/**
 * A step of the decision in the form of `--json`. `deferred`: the step would refuse, but the call is let through,
 * because the function is report-only.
 */
export interface ReportedStep {
  readonly step: DecisionStepName;
  readonly verdict: 'passed' | 'denied' | 'deferred' | 'not asked';
  readonly code: string | null;
  /** A text for people. */
  readonly text: string;
}

export interface ReportedIdentity {
  readonly name: string;
  readonly owner: string | null;
  readonly roles: readonly string[];
  /** The functions that the identity may call, in lower case; null if it may call every function. */
  readonly functions: readonly string[] | null;
  readonly matchedBy: string | null;
}

interface StepSubject {
  readonly presented: PresentedCertificate | undefined;
  /** The identity that the certificate belongs to; null if there is none. */
  readonly identity: ReportedIdentity | null;
}

/** Reports one step. `explanation` is undefined if the gate isn't asked. */
export function reportStep(
  step: DecisionStepName,
  explanation: Explanation | undefined,
  subject: StepSubject,
): ReportedStep {
  const heard = explanation?.steps.find((each) => each.step === step);
  if (explanation === undefined || heard === undefined) return { step, verdict: 'not asked', code: null, text: '' };
  const denial = heard.denial ?? heard.deferred;
  if (denial === undefined) return { step, verdict: 'passed', code: null, text: describe(step, explanation, subject) };
  const verdict = heard.denial === undefined ? 'deferred' : 'denied';
  return { step, verdict, code: denial.code, text: denial.detail };
}

/** Describes a step that was passed. */
function describe(step: DecisionStepName, explanation: Explanation, { presented, identity }: StepSubject): string {
  const certificate = presented?.decoding.ok === true ? presented.decoding.certificate : undefined;
  switch (step) {
    case 'certificate-header':
      return 'one certificate';
    case 'trust-store':
      return describeMatches(explanation, identity);
    case 'client-certificate':
      return certificate?.subject ?? '';
    case 'certificate-verification':
      return certificate === undefined
        ? ''
        : `valid ${formatInstant(certificate.notBefore)} to ${formatInstant(certificate.notAfter)}, ${describeFitness(explanation)}`;
    case 'certification-path':
      return findValidPath(explanation.paths) ?? 'no path is valid; a pin decides';
    case 'client-identity':
      return `roles: ${listOr(identity?.roles, 'none')}; functions: ${listOr(identity?.functions, 'all')}`;
    case 'authorization':
      return 'all that the function requires';
  }
}

function describeMatches({ matches }: Explanation, identity: ReportedIdentity | null): string {
  const name = identity?.name ?? matches[0]?.identity.name;
  if (name === undefined) return 'no pin; one of its names is bound to an authority';
  const pins = matches.map(({ pin }) => [`its ${pin.kind} pin`, ...listBounds(findPinSpan(pin))].join(' '));
  return `"${name}", by ${pins.length > 0 ? pins.join(' and ') : (identity?.matchedBy ?? 'one of its names')}`;
}

function describeFitness({ decision, matches }: Explanation): string {
  const until = decision.outcome === 'allowed' ? decision.identity.withoutClientAuthUntil : undefined;
  if (until === undefined) return 'suitable for a client';
  const grace = matches.flatMap(({ pin }) => pin.acceptWithoutClientAuth ?? [])[0];
  return `without clientAuth, which its pin accepts until ${formatInstant(until)}${grace === undefined ? '' : `: ${grace.reason}`}`;
}

function listOr(items: readonly string[] | null | undefined, otherwise: string): string {
  return items?.length === 0 ? 'none' : (items?.join(', ') ?? otherwise);
}
