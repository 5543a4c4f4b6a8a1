import {
  type ClientAuthLoss,
  type DenialCode,
  type PresentedCertificate,
  type readRevocationInformation,
  type TrustSnapshot,
  decisionSteps,
  findClientAuthLoss,
  formatInstant,
  getPublicCode,
  getPublicStatus,
} from '@certgate/core/internal';
import type { ReportedPath } from '../../certificates/path-report/reported-path.js';
import type { ReportedRemedy } from './denial-remedies.js';
import type { Explanation } from './explain-decision.js';
import type { AskedApp, ExplainedFunction } from './explained-function.js';
import type { NearMatch } from './near-matches.js';
import { type ReportedIdentity, type ReportedStep, reportStep } from './reported-step.js';
import type { Unverified } from './unverified.js';

/** What is asked of a certificate at a function. */
export interface CertificateQuestion {
  /** What the document is called by, for `--store`. */
  readonly store: string;
  readonly trust: TrustSnapshot;
  /** Why a store of the app would not take the document; absent: it would. */
  readonly refusal?: string | undefined;
  /** The document's signature is absent, or not by the keys of the gate. Default false. */
  readonly isSignatureRefused?: boolean;
  readonly isSigned: boolean;
  /** What an app compares and nobody has compared here. */
  readonly unverified: readonly Unverified[];
  readonly explained: ExplainedFunction;
  /** Undefined: nobody asked the app. */
  readonly app?: AskedApp | undefined;
  /** Where relative paths of lists begin; absent: here. */
  readonly folder?: string | undefined;
  /** How revocation lists are read; absent: anew. */
  readonly readRevocation?: typeof readRevocationInformation | undefined;
  /** Undefined: the caller has no certificate. */
  readonly certificateDer: Uint8Array | undefined;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly now: number;
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
  readonly certificate: { readonly subject: string | null; readonly thumbprintSha256: string } | null;
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

export function reportNearMatch({ identity, likeness }: NearMatch): ReportedNearMatch {
  return { identity: identity.name, owner: identity.owner ?? null, likeness };
}

/** `presented`: the caller's certificate, if it has one. `explanation` is undefined where the gate isn't asked. */
export function createExplanationReport(
  { store, trust, explained, unverified, isSigned, now }: CertificateQuestion,
  presented: PresentedCertificate | undefined,
  explanation: Explanation | undefined,
): Omit<ExplanationReport, 'nearMatches' | 'remedy'> {
  const { decision, nextChange, paths = [] } = explanation ?? {};
  const denial = decision?.outcome === 'denied' ? decision : undefined;
  const { identity: caller, deferred } = decision?.outcome === 'allowed' ? decision : {};
  const { observedUntil = '', reportOnlyUntil = null } =
    explained.policy.kind === 'certificate' ? explained.policy : {};
  const identity = ifKnown(explanation, (known) => findIdentity(trust, known));
  // A function that is observed runs anyway.
  const answered = Date.parse(observedUntil) > now ? undefined : denial?.code;
  return {
    version: 1,
    store,
    revision: trust.revision,
    audience: trust.audience ?? null,
    at: formatInstant(now),
    function: explained.name,
    policy: explained.policy,
    gate: explanation === undefined ? 'not-asked' : 'asked',
    certificate: ifKnown(presented, ({ decoding, thumbprintSha256 }) => ({
      subject: decoding.ok ? decoding.certificate.subject : null,
      thumbprintSha256,
    })),
    outcome: denial !== undefined ? 'denied' : caller !== undefined && unverified.length > 0 ? 'unverified' : 'allowed',
    unverified,
    app: null,
    signed: isSigned,
    status: ifKnown(answered, getPublicStatus),
    publicCode: ifKnown(answered, getPublicCode),
    code: decision?.code ?? null,
    detail: denial?.detail ?? null,
    deferred: ifKnown(deferred, ({ code, detail }) => ({ code, detail, until: reportOnlyUntil })),
    identity,
    accessEndsAt: ifKnown(caller?.accessEndsAt, formatInstant),
    withoutClientAuthUntil: ifKnown(caller?.withoutClientAuthUntil, formatInstant),
    clientAuthLoss: (caller && findClientAuthLoss(caller.certificate)) ?? null,
    nextChange: ifKnown(nextChange, ({ at, decision: { outcome, code } }) => ({
      at: formatInstant(at),
      outcome,
      code,
    })),
    steps: decisionSteps.map((step) => reportStep(step, explanation, { presented, identity })),
    paths,
  };
}

function ifKnown<Value, Result>(value: Value | undefined, report: (value: Value) => Result): Result | null {
  return value === undefined ? null : report(value);
}

/** A caller who is refused has an identity too, where the refusal names it. */
function findIdentity({ identities }: TrustSnapshot, { decision, matches }: Explanation): ReportedIdentity | null {
  const { name, matchedBy } =
    decision.outcome === 'allowed'
      ? decision.identity
      : { name: decision.identityName, matchedBy: matches[0]?.pin.kind };
  const found = identities.find((identity) => identity.name === name);
  if (found === undefined) return null;
  const { owner = null, roles, functions = null } = found;
  return { name: found.name, owner, roles, functions, matchedBy: matchedBy ?? null };
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
