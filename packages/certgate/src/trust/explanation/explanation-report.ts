import {
  type ClientAuthLoss,
  type ClientCertificate,
  type Decision,
  type DenialCode,
  type TrustSnapshot,
  type TrustedIdentity,
  decisionSteps,
  decodeClientCertificate,
  findClientAuthLoss,
  formatInstant,
  getPublicCode,
  getPublicStatus,
} from '@certgate/core/internal';
import { type ReportedPath, describePath } from '../../certificates/path-report/reported-path.js';
import type { ExplainedStep, Explanation, PinMatch } from './explain-decision.js';
import type { AskedApp, ExplainedFunction } from './explained-function.js';
import type { Unverified } from './unverified.js';
import type { ReportedRemedy } from './denial-remedies.js';
import type { NearMatch } from './near-matches.js';

/** What is explained; the times are in milliseconds. */
export interface ExplanationSubject {
  readonly store: string;
  readonly trust: TrustSnapshot;
  readonly explained: ExplainedFunction;
  readonly certificateDer: Uint8Array | undefined;
  readonly now: number;
  /** What an app compares and nobody has compared here. */
  readonly unverified: readonly Unverified[];
  readonly isSigned: boolean;
  readonly nearMatches: readonly NearMatch[];
  readonly remedy: ReportedRemedy | null;
}

/** What `certgate trust explain --json` prints. Keys are only ever added; a step's text is for people. */
export interface ExplanationReport {
  readonly version: 1;
  readonly store: string;
  readonly revision: number;
  readonly audience: readonly string[] | null;
  readonly at: string;
  readonly function: ExplainedFunction['name'];
  readonly policy: ExplainedFunction['policy'];
  /** `not-asked`: an anonymous function, or one that no gate covers. */
  readonly gate: 'asked' | 'not-asked';
  readonly certificate: { readonly subject: string | null; readonly thumbprintSha256: string | null } | null;
  /** `unverified`: allowed as far as was looked; `unverified` below names what nobody has looked at. */
  readonly outcome: 'allowed' | 'denied' | 'unverified';
  readonly unverified: readonly Unverified[];
  /** What the gate of the app says that was loaded with this document; null: no app was asked, or it can't say. */
  readonly app: ReportedApp | null;
  readonly signed: boolean;
  /** What the caller gets; null where the function itself answers. */
  readonly status: number | null;
  readonly publicCode: string | null;
  /** What the log says; null where the gate isn't asked. */
  readonly code: string | null;
  readonly detail: string | null;
  /** The refusal that is let through. */
  readonly deferred: { readonly code: string; readonly detail: string; readonly until: string | null } | null;
  readonly identity: ReportedIdentity | null;
  /** When the caller is refused if nobody does anything; null where nobody is admitted. */
  readonly accessEndsAt: string | null;
  /** Where the certificate lacks clientAuth, and its pin accepts that: until when. */
  readonly withoutClientAuthUntil: string | null;
  /** Where the certificate of an admitted caller looks like one of a public CA: it loses clientAuth when it is renewed. */
  readonly clientAuthLoss: ClientAuthLoss | null;
  readonly nextChange: { readonly at: string; readonly outcome: 'allowed' | 'denied'; readonly code: string } | null;
  readonly steps: readonly ReportedStep[];
  /** The certification paths that were tried, each with its checks; empty: no authority was asked. */
  readonly paths: readonly ReportedPath[];
  /** For a certificate that no identity has: which identities it may have been meant for. */
  readonly nearMatches: readonly ReportedNearMatch[];
  /** What ends the denial, or what is let through as report-only; null: not the document's to mend. */
  readonly remedy: ReportedRemedy | null;
}

interface ReportedApp {
  /** Where it reads who may call. */
  readonly trust: string;
  readonly outcome: 'allowed' | 'denied';
  readonly code: string;
  readonly detail: string | null;
  readonly frontEndFault: string | null;
}

export interface ReportedNearMatch {
  readonly identity: string;
  readonly owner: string | null;
  readonly likeness: string;
}

interface ReportedIdentity {
  readonly name: string;
  readonly owner: string | null;
  readonly roles: readonly string[];
  /** In lower case; null: every function. */
  readonly functions: readonly string[] | null;
  readonly matchedBy: string | null;
}

interface ReportedStep {
  readonly step: ExplainedStep['step'];
  readonly verdict: ExplainedStep['verdict'];
  readonly code: string | null;
  readonly text: string;
}

/** `explanation` is undefined where the gate isn't asked. */
export function createExplanationReport(
  subject: ExplanationSubject,
  explanation: Explanation | undefined,
): ExplanationReport {
  const { store, trust, explained, certificateDer, now } = subject;
  const decoding = certificateDer === undefined ? undefined : decodeClientCertificate(certificateDer);
  const certificate = decoding?.ok === true ? decoding.certificate : undefined;
  return {
    version: 1,
    store,
    revision: trust.revision,
    audience: trust.audience ?? null,
    at: formatInstant(now),
    function: explained.name,
    policy: explained.policy,
    gate: explanation === undefined ? 'not-asked' : 'asked',
    certificate:
      certificateDer === undefined
        ? null
        : { subject: certificate?.subject ?? null, thumbprintSha256: certificate?.thumbprintSha256 ?? null },
    unverified: subject.unverified,
    app: null,
    signed: subject.isSigned,
    ...(explanation === undefined ? notAsked : describeAnswer(subject, explanation, certificate)),
    nearMatches: subject.nearMatches.map(({ identity, likeness }) => ({
      identity: identity.name,
      owner: identity.owner ?? null,
      likeness,
    })),
    remedy: subject.remedy,
  };
}

/**
 * The gate of the app has the last word where it decided by this document, with its other stores, lists and options. Where
 * it did not, the stricter of the two counts. What can't be read from here says nothing of the app where it runs.
 */
export function heedApp(report: ExplanationReport, app: AskedApp | undefined): ExplanationReport {
  if (app?.answer === undefined || report.gate === 'not-asked') return report;
  const { outcome, code, detail = null, frontEndFault = null, trust } = app.answer;
  const told = { ...report, app: { trust: trust.source, outcome, code, detail, frontEndFault } };
  if (code === report.code || report.code === 'trust_unavailable') return told;
  if (code === 'trust_unavailable' && !app.isByDocument) return told;
  if (outcome === 'allowed') {
    if (!app.isByDocument) return told;
    const isVerified = report.unverified.length === 0;
    const answer = { status: null, publicCode: null, code, detail: null, remedy: null, nearMatches: [] };
    return { ...told, ...answer, outcome: isVerified ? 'allowed' : 'unverified' };
  }
  if (report.outcome === 'denied' && !app.isByDocument) return told;
  const denial = code as DenialCode;
  const answer = { status: getPublicStatus(denial), publicCode: getPublicCode(denial), code, detail };
  return { ...told, ...answer, outcome, accessEndsAt: null, nextChange: null, remedy: null, nearMatches: [] };
}

type Answer = Omit<
  ExplanationReport,
  | 'version'
  | 'store'
  | 'revision'
  | 'audience'
  | 'at'
  | 'function'
  | 'policy'
  | 'gate'
  | 'certificate'
  | 'unverified'
  | 'app'
  | 'signed'
  | 'nearMatches'
  | 'remedy'
>;

const notAsked: Answer = {
  outcome: 'allowed',
  status: null,
  publicCode: null,
  code: null,
  detail: null,
  deferred: null,
  identity: null,
  accessEndsAt: null,
  withoutClientAuthUntil: null,
  clientAuthLoss: null,
  nextChange: null,
  steps: decisionSteps.map((step) => ({ step, verdict: 'not asked', code: null, text: '' })),
  paths: [],
};

function describeAnswer(
  { trust, explained, unverified, now }: ExplanationSubject,
  explanation: Explanation,
  certificate: ClientCertificate | undefined,
): Answer {
  const { decision, nextChange, steps, matches } = explanation;
  const paths = explanation.paths.map((path) => describePath(path));
  const valid = paths.findLast(({ checks }) => checks.every(({ verdict }) => verdict !== 'failed'));
  const path = valid?.certificates.map(({ subject }) => subject) ?? [];
  const identity = findReportedIdentity(trust, decision, matches);
  return {
    ...describeOutcome(decision, explained, now, unverified.length === 0),
    identity,
    nextChange:
      nextChange === undefined
        ? null
        : {
            at: formatInstant(nextChange.at),
            outcome: nextChange.decision.outcome,
            code: nextChange.decision.code,
          },
    steps: steps.map((step) => ({
      step: step.step,
      verdict: step.verdict,
      code: step.denial?.code ?? null,
      text: describeStep(step, { certificate, matches, identity, path, decision }),
    })),
    paths,
  };
}

function describeOutcome(
  decision: Decision,
  { policy }: ExplainedFunction,
  now: number,
  isVerified: boolean,
): Pick<
  Answer,
  | 'outcome'
  | 'status'
  | 'publicCode'
  | 'code'
  | 'detail'
  | 'deferred'
  | 'accessEndsAt'
  | 'withoutClientAuthUntil'
  | 'clientAuthLoss'
> {
  if (decision.outcome === 'denied') {
    const { outcome, code, detail } = decision;
    const isObserved = policy.kind === 'certificate' && Date.parse(policy.observedUntil ?? '') > now;
    const answer = isObserved
      ? { status: null, publicCode: null }
      : { status: getPublicStatus(code), publicCode: getPublicCode(code) };
    const nothing = { deferred: null, accessEndsAt: null, withoutClientAuthUntil: null, clientAuthLoss: null };
    return { outcome, ...answer, code, detail, ...nothing };
  }
  const { deferred, identity } = decision;
  const { withoutClientAuthUntil: until } = identity;
  const reportOnlyUntil = policy.kind === 'certificate' ? policy.reportOnlyUntil : undefined;
  return {
    outcome: isVerified ? 'allowed' : 'unverified',
    status: null,
    publicCode: null,
    code: 'allowed',
    detail: null,
    deferred:
      deferred === undefined ? null : { code: deferred.code, detail: deferred.detail, until: reportOnlyUntil ?? null },
    accessEndsAt: formatInstant(identity.accessEndsAt),
    withoutClientAuthUntil: until === undefined ? null : formatInstant(until),
    clientAuthLoss: findClientAuthLoss(identity.certificate) ?? null,
  };
}

/** A caller who is refused has an identity too, where the refusal names it. */
function findReportedIdentity(
  { identities }: TrustSnapshot,
  decision: Decision,
  matches: readonly PinMatch[],
): ReportedIdentity | null {
  const name = decision.outcome === 'allowed' ? decision.identity.name : decision.identityName;
  const found: TrustedIdentity | undefined = identities.find((identity) => identity.name === name);
  if (found === undefined) return null;
  const matchedBy = decision.outcome === 'allowed' ? decision.identity.matchedBy : matches[0]?.pin.kind;
  const { owner = null, roles, functions = null } = found;
  return { name: found.name, owner, roles, functions, matchedBy: matchedBy ?? null };
}

interface StepFacts {
  readonly certificate: ClientCertificate | undefined;
  readonly matches: readonly PinMatch[];
  readonly identity: ReportedIdentity | null;
  readonly path: readonly string[];
  readonly decision: Decision;
}

function describeStep({ step, verdict, denial }: ExplainedStep, facts: StepFacts): string {
  if (verdict === 'not asked') return '';
  if (denial !== undefined) return denial.detail;
  const { certificate, identity, path } = facts;
  switch (step) {
    case 'certificate-header':
      return 'one certificate, well-formed outside';
    case 'trust-store':
      return describeStoreMatch(facts);
    case 'client-certificate':
      return certificate?.subject ?? '';
    case 'certificate-verification':
      return certificate === undefined
        ? ''
        : `valid ${formatInstant(certificate.notBefore)} to ${formatInstant(certificate.notAfter)}, ${describeFitness(facts)}`;
    case 'certification-path':
      return path.length === 0 ? 'no path is valid; a pin decides' : path.join(' → ');
    case 'client-identity':
      return `roles: ${listOr(identity?.roles, 'none')}; functions: ${listOr(identity?.functions, 'all')}`;
    case 'authorization':
      return 'all that the function requires';
  }
}

function describeFitness({ decision, matches }: StepFacts): string {
  const until = decision.outcome === 'allowed' ? decision.identity.withoutClientAuthUntil : undefined;
  const grace = matches.find(({ pin }) => pin.acceptWithoutClientAuth !== undefined)?.pin.acceptWithoutClientAuth;
  if (until === undefined) return 'suitable for a client';
  return `without clientAuth, which its pin accepts until ${formatInstant(until)}${grace === undefined ? '' : `: ${grace.reason}`}`;
}

function describeStoreMatch({ matches, identity }: StepFacts): string {
  const [first] = matches;
  const name = identity?.name ?? first?.identity.name;
  if (name === undefined) return 'no pin; one of its names is bound to an authority';
  const by =
    matches.length > 0 ? matches.map(describeMatch).join(' and ') : (identity?.matchedBy ?? 'one of its names');
  return `"${name}", by ${by}`;
}

function describeMatch({ pin }: PinMatch): string {
  const from = pin.notBefore === undefined ? '' : ` from ${formatInstant(pin.notBefore)}`;
  const until = pin.notAfter === undefined ? '' : ` until ${formatInstant(pin.notAfter)}`;
  return `its ${pin.kind} pin${from}${until}`;
}

function listOr(items: readonly string[] | null | undefined, otherwise: string): string {
  if (items === null || items === undefined) return otherwise;
  return items.length === 0 ? 'none' : items.join(', ');
}
