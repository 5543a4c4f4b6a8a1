// hosting/: what the gates of all hosts share: options, log lines, events, the answer, and the state of a call.

import { AccessGate } from '../access/access-gate.js';
import type { Decision, FunctionRequirement } from '../access/decision.js';
import type { CertificateExtraction } from '../certificate-header/certificate-text.js';
import { type PresentedCertificate, readCertificateText } from '../certificate-header/certificate-header.js';
import { type Denial, deny, isDeniedFor } from '../denial.js';
import { describeFault } from '../encoding/describe-fault.js';
import { frontEndOverride } from '../front-end-resolution/front-end-options.js';
import {
  PendingOutcome,
  type DecisionFacts,
  type LoggingCall,
  type Observation,
  publishDecision,
} from '../log/decision-channel.js';
import { DecisionLog } from '../log/decision-log.js';
import { ExpiryLog } from '../log/expiry-log.js';
import { type GateStatus, StatusLog } from '../log/status-log.js';
import { RevocationLog } from '../log/revocation-log.js';
import { type StartCode, warnAtStart, warnOfTrust } from '../log/start-log.js';
import { describeClaimant, describeStranger } from '../log/stranger-line.js';
import { describeEnd, TrustLog } from '../log/trust-log.js';
import type { GateOptions } from './host-gate-options.js';
import { findSettingLock, lockSetting } from './lock-setting.js';
import { readVariable } from '../front-end-resolution/host-environment.js';
import { listDocuments } from '../trust-store/listed-documents.js';
import type { TrustStore, TrustStoreReport } from '../trust-store/trust-store.js';
import { readMember } from '@certgate/x509/internal';

/** A decided call, and the log it belongs to. */
export interface ReportedCall {
  readonly subject: LoggingCall;
  readonly requirement: FunctionRequirement;
  /** Set if the function is observed now. */
  readonly observation?: Observation | undefined;
}

/** A decision and its time, in milliseconds since 1970-01-01T00:00:00Z. */
export interface ReportedDecision {
  readonly decision: Decision;
  readonly now: number;
  /** What the gate decided on. Absent if it read nothing for this decision. */
  readonly extraction?: CertificateExtraction | Denial | undefined;
}

/**
 * The access gate of one app, with its reports to operators: the lines at the start, and the lines and events about
 * decisions. It is the same for every host.
 */
export class ReportingGate {
  readonly #trustStore: TrustStore;
  readonly #isAnywhere: boolean;
  readonly #strangerNames: boolean;
  readonly #access: AccessGate;
  readonly #log: DecisionLog;
  readonly #trustLog = new TrustLog();
  readonly #expiryLog = new ExpiryLog();
  readonly #listDocuments = (): ReturnType<typeof listDocuments> => listDocuments(this.#trustStore);
  readonly #revocationLog = new RevocationLog();
  readonly #statusLog: StatusLog;
  #lock: { readonly denial: Denial | undefined } | undefined;

  /**
   * `describe` returns what the adapter knows about its gate now, for the status lines. `warn` writes a warning that
   * belongs to no call; by default to the console.
   */
  constructor(options: GateOptions, describe: () => GateStatus, warn?: (line: string) => void) {
    const { trustStore, decisionLog = 'all', strangerNames = true } = options;
    this.#trustStore = trustStore;
    this.#strangerNames = strangerNames;
    this.#isAnywhere = options[frontEndOverride] === true;
    this.#access = new AccessGate({ trustStore });
    this.#log = new DecisionLog({ choice: decisionLog, ...(warn && { warn }) });
    this.#statusLog = new StatusLog({
      describe,
      findTrustReport: () => this.findTrustReport(),
      isLocked: () => this.locked !== undefined,
    });
  }

  /**
   * Runs when the app starts. Logs what prevents admissions or makes them unsafe, and loads the trust. `frontEndDenial`
   * says why no front end can be used. Rejects if the trust is not valid.
   */
  async start(frontEndDenial: (Denial & { readonly code: StartCode }) | undefined): Promise<void> {
    if (frontEndDenial !== undefined) warnAtStart(frontEndDenial.code, frontEndDenial.detail);
    if (this.#isAnywhere) warnAtStart('front_end_anywhere', anywhereDetail);
    if (this.locked !== undefined) warnAtStart('app_locked', lockedDetail);
    await this.#loadTrust();
    this.#trustLog.begin(this.#readReport());
    this.#statusLog.begin();
  }

  /**
   * Runs after `start` was rejected. Rejects like `start`. If it succeeds, the first decision afterwards logs that the
   * trust is valid again.
   */
  async startAgain(): Promise<void> {
    await this.#loadTrust();
    this.#statusLog.begin();
  }

  async #loadTrust(): Promise<void> {
    try {
      await this.#askStore('start');
    } catch (error) {
      this.#trustLog.begin(this.findTrustReport());
      throw error;
    }
    const report = this.#readReport();
    if (report !== undefined) warnOfSource(report);
    warnOfTrust(report?.warnings ?? []);
  }

  /**
   * The denial that every caller gets while the app setting locks the app, before anything else is checked. It is
   * determined once, except on a placeholder instance, which gets its real environment only after the app was loaded.
   */
  get locked(): Denial | undefined {
    if (this.#lock !== undefined) return this.#lock.denial;
    const denial = findSettingLock(process.env);
    if (readVariable(process.env, 'WEBSITE_PLACEHOLDER_MODE') !== '1') this.#lock = { denial };
    return denial;
  }

  /** Decides without reporting, because a later step may change the decision. Never throws. */
  decide(
    extraction: CertificateExtraction | Denial,
    requirement: FunctionRequirement,
    now: number,
  ): Decision | Promise<Decision> {
    return this.locked ?? this.#access.decideExtracted(extraction, requirement, now);
  }

  /**
   * Decides by the text of App Service's header; undefined means that there is no certificate. Reports nothing and
   * never throws.
   */
  decideHeader(
    header: string | undefined,
    requirement: FunctionRequirement,
    now: number,
  ): Decision | Promise<Decision> {
    return this.locked ?? this.#access.decide(header, requirement, now);
  }

  /**
   * Reports a decision. Throws what the call's own log throws, and then the call must be refused (`denyFault`).
   * `earlier` is the outcome that was reported before for the same request. `canChange`: code behind the gate may still
   * refuse the admitted request, until the host settles its outcome.
   */
  report(
    { subject, requirement, observation }: ReportedCall,
    decided: ReportedDecision,
    earlier?: PendingOutcome,
    canChange = false,
  ): PendingOutcome {
    const { decision, now } = decided;
    const report = this.findTrustReport();
    this.#trustLog.note(subject, report);
    this.#revocationLog.note(subject, report, now);
    const { reportOnlyUntil } = requirement;
    const facts: DecisionFacts = {
      decision,
      decidedAt: now,
      trustRevision: typeof report?.revision === 'number' ? report.revision : undefined,
      trustSource: findText(report?.description),
      trustSha256: findText(report?.sha256),
      reportOnlyUntil,
      observation,
      after: earlier?.after,
      describeStranger: this.#findStranger(decided),
    };
    this.#statusLog.reportTo(subject, now);
    if (decision.outcome === 'allowed') this.#expiryLog.note(subject, decision.identity, now);
    this.#expiryLog.noteListed(subject, this.#listDocuments, now);
    // The decision's line is written last. If the log fails, the call is refused unless its function is observed, and
    // nobody must be counted as admitted whose call is refused.
    const isLogged = this.#log.write(subject, facts);
    const outcome = earlier ?? new PendingOutcome(this.#conclude);
    outcome.replace(subject, facts, isLogged, earlier === undefined ? canChange : undefined);
    return outcome;
  }

  readonly #conclude = (subject: Pick<LoggingCall, 'functionName' | 'invocationId'>, facts: DecisionFacts): void => {
    this.#statusLog.count(facts);
    publishDecision(subject, facts);
  };

  /**
   * Returns a function that describes the unknown caller. Only a line that is written calls it, because it decodes the
   * certificate and looks for the identity that it points to.
   */
  #findStranger({ decision, now, extraction }: ReportedDecision): DecisionFacts['describeStranger'] {
    if (decision.outcome === 'allowed' || decision.identityName !== undefined) return undefined;
    const isUnknown = isDeniedFor(decision, 'certificate_not_trusted');
    if (!isUnknown && !Object.hasOwn(decision.facts ?? {}, 'claim')) return undefined;
    return () => {
      const reading = extraction?.outcome === 'extracted' ? readCertificateText(extraction) : undefined;
      if (reading?.outcome !== 'read') return {};
      const { certificate } = reading;
      const claim = this.#findClaim(certificate, now);
      const { decoding } = certificate;
      const decoded = decoding.ok ? decoding.certificate : undefined;
      return isUnknown
        ? describeStranger(decision, decoded, claim, this.#strangerNames)
        : describeClaimant(decision, decoded, claim, this.#strangerNames);
    };
  }

  /** For the log only: if a custom store fails here, no decision changes. */
  #findClaim(certificate: PresentedCertificate, now: number): ReturnType<NonNullable<TrustStore['findClaim']>> {
    try {
      const claim = this.#askStore('findClaim', certificate, now) as ReturnType<NonNullable<TrustStore['findClaim']>>;
      const claimedIdentity = findText(claim?.claimedIdentity);
      if (claim === undefined || findText(claim.claimedBy) === undefined) return undefined;
      return { claimedBy: claim.claimedBy, ...(claimedIdentity === undefined ? {} : { claimedIdentity }) };
    } catch {
      return undefined;
    }
  }

  /** Refuses a call because something in the gate itself failed, and reports that. Never throws. */
  denyFault(subject: LoggingCall, error: unknown, observation?: Observation, earlier?: PendingOutcome): Denial {
    const denial = deny('internal_fault', { problem: 'failed', fault: describeFault(error) });
    return this.reportDenial(subject, denial, observation, earlier);
  }

  /** Logs and publishes a denial that needed no decision. Never throws. */
  reportDenial(subject: LoggingCall, denial: Denial, observation?: Observation, earlier?: PendingOutcome): Denial {
    const facts = { decision: denial, observation, after: earlier?.after };
    try {
      this.#statusLog.reportTo(subject, Date.now());
      this.#log.write(subject, facts);
    } catch {
      // The log itself may have failed. The refusal is valid without its line.
    }
    (earlier ?? new PendingOutcome(this.#conclude)).replace(subject, facts, true);
    return denial;
  }

  /** For logs, tools and the answer in Development. If a custom store fails here, no decision changes. */
  findTrustReport(): TrustStoreReport | undefined {
    try {
      return this.#readReport();
    } catch {
      return undefined;
    }
  }

  #readReport(): TrustStoreReport | undefined {
    const report = this.#askStore('report');
    return typeof report === 'object' && report !== null ? (report as TrustStoreReport) : undefined;
  }

  /** Calls a method of the store. Undefined if the store has no such method. */
  #askStore(name: 'start' | 'report' | 'findClaim', ...args: readonly unknown[]): unknown {
    const method = readMember(this.#trustStore, name) as ((...args: readonly unknown[]) => unknown) | undefined;
    return method && Reflect.apply(method, this.#trustStore, args);
  }
}

/**
 * A text from a custom store, which may return anything. Undefined if it is not text, because no log line may refuse a
 * caller.
 */
function findText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/**
 * Logs faults of the document and of its revocation lists separately: while a list is missing, the document still
 * admits others.
 */
function warnOfSource(report: TrustStoreReport): void {
  const { description, fault, revocationFault, mirror, revision } = report;
  if (revocationFault !== undefined) warnAtStart('revocation_refresh_failed', `${description}: ${revocationFault}.`);
  if (fault !== undefined && mirror?.isInUse === true) {
    // Several documents have no common revision.
    const having = revision === undefined ? '' : `, with revision ${revision}`;
    warnAtStart('trust_mirror_used', `${description}: ${fault}${having}.`);
  } else if (fault !== undefined) {
    // `end` is not empty if a document is in use, which another gate of this process may have loaded before.
    const end = describeEnd(report);
    warnAtStart('trust_unavailable', `${description}: ${fault}${end === '' ? `. ${unavailableDetail}` : `${end}.`}`);
  } else if (mirror?.fault !== undefined) {
    warnAtStart('trust_mirror_unusable', `${mirror.description}: ${mirror.fault}. ${mirrorDetail}`);
  }
}

const mirrorDetail =
  'The document comes from its first source. An app that starts while that source is unavailable would refuse every call with 503.';

const unavailableDetail =
  'Calls of closed functions are refused with 503 until it can be used. To check it from your own machine: npx --no-install certgate trust check, with --store for the document and --signed-by for the keys of signedBy.';

const lockedDetail = `The environment variable ${lockSetting} is set: every call of a closed function is refused with 503 trust_locked. Public functions stay open, and so do observed ones, which only their keys protect. To end it, remove the variable and restart the app.`;

const anywhereDetail =
  'unsafeTrustCertificateHeaderFromAnywhere is set: anyone who reaches this app can claim to be any caller, because certificates are not secret. Remove it if anything except your own front end reaches the app.';
