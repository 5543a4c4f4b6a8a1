import type { TrustStoreReport, TrustStoreWarning } from '../trust-store/trust-store.js';
import type { LoggingCall } from './decision-channel.js';
import { type Draft, formatLogLine, type LineStart, startLine } from './log-text.js';

/**
 * One line when the state of the trust document or of its revocation lists changes. Level information for
 * `trust_refreshed` and `revocation_refreshed`, warning for the others.
 */
export interface TrustLogLine extends LineStart<'trust'> {
  /** What happened to the document or to the revocation lists. */
  readonly code:
    | 'trust_refreshed'
    | 'trust_refresh_failed'
    | 'trust_document_refused'
    | 'revision_reused'
    | 'revocation_refreshed'
    | 'revocation_refresh_failed';
  /** The source of the document, such as `file trust.json`. */
  readonly source: string;
  /** The `revision` of the document in use. */
  readonly trustRevision?: number;
  /**
   * What is wrong and, if known, who is refused now or when refusals begin. Absent on `trust_refreshed` and
   * `revocation_refreshed`.
   */
  readonly detail?: string;
}

/**
 * Logs once, on the first call that notices it, each new fault of a trust source, a document or the revocation lists,
 * and once that it is over. The decisions would not show it, because the last good document stays in use. Also logs
 * that a document came with the revision of the one before.
 */
export class TrustLog {
  #fault: string | undefined;
  #revocationFault: string | undefined;
  #warnings: TrustStoreReport['warnings'] | undefined;
  #isRevisionReused = false;

  /** Takes the state that was logged at the start, so that it is not logged again. */
  begin(report: TrustStoreReport | undefined): void {
    this.#fault = report?.fault;
    this.#revocationFault = report?.revocationFault;
    this.#readWarnings(report);
  }

  /** Runs for each decided call. */
  note(context: LoggingCall, report: TrustStoreReport | undefined): void {
    if (report === undefined) return;
    const { fault, revocationFault, failure } = report;
    if (fault !== this.#fault) {
      this.#fault = fault;
      // A refused document shows what its author wanted and what is not in force, so it has a code of its own for
      // alerts.
      const code = failure === 'refused' ? 'trust_document_refused' : 'trust_refresh_failed';
      writeChange(context, report, ['trust_refreshed', code], fault && `${fault}${describeEnd(report)}`);
    }
    if (revocationFault !== this.#revocationFault) {
      this.#revocationFault = revocationFault;
      writeChange(context, report, ['revocation_refreshed', 'revocation_refresh_failed'], revocationFault);
    }
    const reused = this.#readWarnings(report);
    if (reused !== undefined) context.warn(formatLogLine(createTrustLine(report, 'revision_reused', reused.message)));
  }

  /**
   * The warning `revision_reused`, if it is new. Each list of warnings is searched only once, because a document may
   * have a hundred thousand.
   */
  #readWarnings(report: TrustStoreReport | undefined): TrustStoreWarning | undefined {
    if (report === undefined || report.warnings === this.#warnings) return undefined;
    const { warnings } = report;
    this.#warnings = warnings;
    // A custom store's report may have any shape.
    const isList: boolean = Array.isArray(warnings);
    const reused = isList ? warnings.find(({ code }) => code === 'revision_reused') : undefined;
    const isNew = reused !== undefined && !this.#isRevisionReused;
    this.#isRevisionReused = reused !== undefined;
    return isNew ? reused : undefined;
  }
}

/** Logs that a fault began, changed or ended. `fault` says what is wrong now, and is undefined if nothing is. */
function writeChange(
  context: LoggingCall,
  report: TrustStoreReport,
  [well, wrong]: readonly [TrustLogLine['code'], TrustLogLine['code']],
  fault: string | undefined,
): void {
  if (fault === undefined) context.log(formatLogLine(createTrustLine(report, well, undefined)));
  else context.warn(formatLogLine(createTrustLine(report, wrong, fault)));
}

/**
 * Until when the last good document is used, in words. Empty unless the last read failed and that time is known. A
 * custom store's report may contain anything.
 */
export function describeEnd({ failure, usableUntil }: TrustStoreReport): string {
  const end = new Date((failure && usableUntil) ?? Number.NaN);
  if (Number.isNaN(end.getTime())) return '';
  return ` (what was in use stays in use until ${end.toISOString()}; then closed functions answer 503)`;
}

function createTrustLine(
  { description: source, revision }: TrustStoreReport,
  code: TrustLogLine['code'],
  detail: string | undefined,
): Draft<TrustLogLine> {
  return { ...startLine('trust'), code, source, trustRevision: revision, detail };
}
