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

/** A question about a certificate at a function. */
export interface CertificateQuestion {
  /** The place of the document for `--store`. */
  readonly store: string;
  readonly trust: TrustSnapshot;
  /** Why a store of the app would not accept the document; absent if it would, as far as was checked. */
  readonly refusal?: string | undefined;
  /** Whether the document has no signature by a key of `--signed-by`. False by default. */
  readonly isSignatureRefused?: boolean;
  readonly isSigned: boolean;
  /** What the app's decision also depends on, and was not checked here. */
  readonly unverified: readonly Unverified[];
  readonly explained: ExplainedFunction;
  /** The app's answer; undefined if the app was not asked. */
  readonly app?: AskedApp | undefined;
  /** The folder in which relative paths of lists begin; absent for the working folder. */
  readonly folder?: string | undefined;
  /** How revocation lists are read; absent to read them anew. */
  readonly readRevocation?: typeof readRevocationInformation | undefined;
  /** The caller's certificate; undefined if it has none. */
  readonly certificateDer: Uint8Array | undefined;
  /** The moment of the question, in milliseconds since 1970-01-01T00:00:00Z. */
  readonly now: number;
}

/**
 * The explanation in the form of `certgate trust explain --json`. Keys are only ever added; a step's text is for
 * people.
 */
export interface ExplanationReport {
  readonly version: 1;
  readonly store: string;
  readonly revision: number;
  readonly audience: readonly string[] | null;
  readonly at: string;
  readonly function: ExplainedFunction['name'];
  readonly policy: ExplainedFunction['policy'];
  /** `not-asked`: the function is anonymous, or no gate covers it. */
  readonly gate: 'asked' | 'not-asked';
  readonly certificate: { readonly subject: string | null; readonly thumbprintSha256: string } | null;
  /** `unverified`: allowed as far as was checked. The member `unverified` lists what was not checked. */
  readonly outcome: 'allowed' | 'denied' | 'unverified';
  readonly unverified: readonly Unverified[];
  /**
   * What the app's gate says after the app was loaded with this document; null if no app was asked, if it can't say, or
   * if `gate` is `not-asked`.
   */
  readonly app: ReportedApp | null;
  readonly signed: boolean;
  /** The HTTP status that the caller gets; null if the function itself answers. */
  readonly status: number | null;
  readonly publicCode: string | null;
  /** The code in the log; null if the gate isn't asked. */
  readonly code: string | null;
  readonly detail: string | null;
  /** The denial that is let through as report-only; null if there is none. */
  readonly deferred: { readonly code: string; readonly detail: string; readonly until: string | null } | null;
  readonly identity: ReportedIdentity | null;
  /**
   * When the caller's access ends if nobody does anything (RFC 3339); null if the caller is refused, or if no end is
   * known.
   */
  readonly accessEndsAt: string | null;
  /**
   * Until when the pin accepts the certificate without clientAuth (RFC 3339); null unless the caller is admitted by the
   * document because of that.
   */
  readonly withoutClientAuthUntil: string | null;
  /**
   * Set if the document admits the caller, and the caller's certificate looks like one of a public CA, so that the
   * renewed one will lack clientAuth; otherwise null.
   */
  readonly clientAuthLoss: ClientAuthLoss | null;
  readonly nextChange: { readonly at: string; readonly outcome: 'allowed' | 'denied'; readonly code: string } | null;
  readonly steps: readonly ReportedStep[];
  /** The certification paths that were tried, each with its checks; empty if no authority was asked. */
  readonly paths: readonly ReportedPath[];
  /** The identities that the certificate may have been meant for, if no identity has it. */
  readonly nearMatches: readonly ReportedNearMatch[];
  /**
   * What ends the denial, also one that is let through as report-only. Null if there is no denial, or if the answer of
   * the app's own gate (`app`) replaced it.
   */
  readonly remedy: ReportedRemedy | null;
}

interface ReportedApp {
  /** The source from which the app reads who may call. */
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

/**
 * Makes the report without its remedy. `presented` is the caller's certificate, if it has one. `explanation` is
 * undefined if the gate isn't asked.
 */
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

/** Finds the identity of the caller. A refused caller has one too, if the refusal names it. */
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
 * Adds the answer of the app's own gate. If that gate decided by this document (with its other stores, lists and
 * options), its answer replaces the report's, unless the report itself says `trust_unavailable`. Otherwise the stricter
 * of the two answers is used. If the gate could not read its trust document from here, its answer says nothing about
 * the app where it runs.
 */
export function heedApp(report: ExplanationReport, app: AskedApp | undefined): ExplanationReport {
  if (app?.answer === undefined || report.gate === 'not-asked') return report;
  const { outcome, code, detail = null, frontEndFault = null, trust } = app.answer;
  const withApp = { ...report, app: { trust: trust.source, outcome, code, detail, frontEndFault } };
  if (code === report.code || report.code === 'trust_unavailable') return withApp;
  if (code === 'trust_unavailable' && !app.isByDocument) return withApp;
  if (outcome === 'allowed') {
    if (!app.isByDocument) return withApp;
    const isVerified = report.unverified.length === 0;
    const answer = { status: null, publicCode: null, code, detail: null, remedy: null, nearMatches: [] };
    return { ...withApp, ...answer, outcome: isVerified ? 'allowed' : 'unverified' };
  }
  if (report.outcome === 'denied' && !app.isByDocument) return withApp;
  const denial = code as DenialCode;
  const answer = { status: getPublicStatus(denial), publicCode: getPublicCode(denial), code, detail };
  const admission = { deferred: null, accessEndsAt: null, withoutClientAuthUntil: null, clientAuthLoss: null };
  return { ...withApp, ...answer, ...admission, outcome, nextChange: null, remedy: null, nearMatches: [] };
}
