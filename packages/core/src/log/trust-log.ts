import type { TrustStoreReport, TrustStoreWarning } from '../trust-store/trust-store.js';
import type { LoggingCall } from './decision-channel.js';
import { type Draft, formatLogLine, type LineStart, startLine } from './log-text.js';

/**
 * One line when the state of the trust document or of its revocation lists changes. Level information for
 * `trust_refreshed` and `revocation_refreshed`, warning for the others.
 */
export interface TrustLogLine extends LineStart<'trust'> {
  /** What happened. */
  readonly code:
    | 'trust_refreshed'
    | 'trust_refresh_failed'
    | 'trust_document_refused'
    | 'revision_reused'
    | 'revocation_refreshed'
    | 'revocation_refresh_failed';
  /** Where the document is read. */
  readonly source: string;
  /** The `revision` in use. */
  readonly trustRevision?: number;
  /** What is wrong, and who is refused, or from when on; absent on `trust_refreshed` and `revocation_refreshed`. */
  readonly detail?: string;
}

/**
 * Says once, on the first call that notices, that a trust source has failed or that a document was refused, and once that
 * it is well again: the last good document stays in use meanwhile, so nothing else would show it. So too, that a document
 * came under the revision of the one before.
 */
export class TrustLog {
  #fault: string | undefined;
  #revocationFault: string | undefined;
  #warnings: TrustStoreReport['warnings'] | undefined;
  #isRevisionReused = false;

  /** What was said at start is not said again. */
  begin(report: TrustStoreReport | undefined): void {
    this.#fault = report?.fault;
    this.#revocationFault = report?.revocationFault;
    this.#readWarnings(report);
  }

  /** For each call that is decided. */
  note(context: LoggingCall, report: TrustStoreReport | undefined): void {
    if (report === undefined) return;
    const { fault, revocationFault, failure } = report;
    if (fault !== this.#fault) {
      this.#fault = fault;
      // A refused document says what its author wanted and what does not count, so it has a code of its own for alerts.
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

  /** The warning, if it is new. A document may have a hundred thousand, so they are looked at once for each list. */
  #readWarnings(report: TrustStoreReport | undefined): TrustStoreWarning | undefined {
    if (report === undefined || report.warnings === this.#warnings) return undefined;
    const { warnings } = report;
    this.#warnings = warnings;
    // A store of the user's own may say anything.
    const isList: boolean = Array.isArray(warnings);
    const reused = isList ? warnings.find(({ code }) => code === 'revision_reused') : undefined;
    const isNew = reused !== undefined && !this.#isRevisionReused;
    this.#isRevisionReused = reused !== undefined;
    return isNew ? reused : undefined;
  }
}

/** `fault`: what is wrong now; undefined: nothing any more. */
function writeChange(
  context: LoggingCall,
  report: TrustStoreReport,
  [well, wrong]: readonly [TrustLogLine['code'], TrustLogLine['code']],
  fault: string | undefined,
): void {
  if (fault === undefined) context.log(formatLogLine(createTrustLine(report, well, undefined)));
  else context.warn(formatLogLine(createTrustLine(report, wrong, fault)));
}

/** Until when the last good document decides; empty if there is none. A store may say anything. */
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
