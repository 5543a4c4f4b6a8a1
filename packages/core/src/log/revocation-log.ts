import { formatInstant } from '@certgate/x509/internal';
import type { RevocationListEntry } from '../denial-facts.js';
import type { TrustStoreReport } from '../trust-store/trust-store.js';
import { findListState, type ListState } from '../trust-store/revocation-channel.js';
import type { RevocationListStatus, WithdrawnRevocation } from '../trust-store/lists-in-use.js';
import { DailyNotice } from './daily-notice.js';
import type { LoggingCall } from './decision-channel.js';
import { type Draft, formatLogLine, type LineStart, startLine } from './log-text.js';

/**
 * A revocation list ends soon or has ended (each once a day per instance and list), or a newer list leaves out a
 * certificate that the instance had refused as revoked. Level warning.
 */
export interface RevocationLogLine extends LineStart<'revocation'> {
  /** What happened to the list, or because of it. */
  readonly code: Exclude<ListState, 'revocation_current'> | 'revocation_withdrawn';
  /** On `revocation_withdrawn`: the authority in the trust document. */
  readonly authority?: string;
  /** On `revocation_withdrawn`: the subject of the certificate (RFC 4514). */
  readonly subject?: string;
  /** On `revocation_withdrawn`: the serial number in hexadecimal. */
  readonly serialNumber?: string;
  /** On `revocation_withdrawn`: the SHA-256 thumbprint. */
  readonly thumbprintSha256?: string;
  /** The revocation list. */
  readonly list: {
    /** The CA that issued the list (RFC 4514). */
    readonly issuer: string;
    /** The list's CRL number, in decimal. */
    readonly number?: string;
    /** The source of the list, such as `file corp.crl`. */
    readonly source?: string;
    /** The list's `nextUpdate`, RFC 3339. */
    readonly end?: string;
  };
  /** What to do. */
  readonly detail: string;
}

/** Warns about revocation lists that end soon or have ended, and about revocations that newer lists take back. */
export class RevocationLog {
  readonly #notice = new DailyNotice();
  readonly #reported = new WeakSet<WithdrawnRevocation>();

  /**
   * Runs for each decided call. `now` is in milliseconds since 1970-01-01T00:00:00Z. A custom store's report may have
   * any shape.
   */
  note(context: LoggingCall, report: TrustStoreReport | undefined, now: number): void {
    // Hardly any call needs more, so nothing is created for it.
    if (report?.parts === undefined && report?.revocationLists === undefined) return;
    for (const line of this.#createLines(report, now)) context.warn(line);
  }

  #createLines(report: TrustStoreReport, now: number): readonly string[] {
    const lines: string[] = [];
    try {
      for (const { revocationLists = [], withdrawnRevocations = [] } of report.parts ?? [report]) {
        for (const withdrawn of withdrawnRevocations) {
          if (this.#reported.has(withdrawn)) continue;
          this.#reported.add(withdrawn);
          lines.push(formatLogLine(createWithdrawnLine(withdrawn, now)));
        }
        for (const status of revocationLists) {
          const code = findListState(status, now);
          if (code !== 'revocation_current' && this.#notice.isDue(nameNotice(status, code), now))
            lines.push(formatLogLine(createLine(status, code, now)));
        }
      }
    } catch {
      // A report of another shape can't be logged, but it must never refuse a call.
    }
    return lines;
  }
}

function nameNotice({ authority, issuer, number, source }: RevocationListStatus, code: string): string {
  return JSON.stringify([code, authority, issuer, number, source]);
}

function createWithdrawnLine({ list, ...rest }: WithdrawnRevocation, now: number): Draft<RevocationLogLine> {
  return { ...startLine('revocation', now), code: 'revocation_withdrawn', ...rest, list: describeList(list) };
}

function describeList({ issuer, number, source, end }: RevocationListEntry): Draft<RevocationLogLine['list']> {
  return { issuer, number, source, end: end === undefined ? undefined : formatInstant(end) };
}

function createLine(
  status: RevocationListStatus,
  code: Exclude<ListState, 'revocation_current'>,
  now: number,
): Draft<RevocationLogLine> {
  const { authority, issuer, source, isDelta } = status;
  const end = formatInstant(status.end);
  const list = `The ${isDelta ? 'delta CRL' : 'CRL'} of "${issuer}"`;
  const what = code === 'revocation_ended' ? `${list} ended at ${end}` : `${list} ends at ${end}`;
  return {
    ...startLine('revocation', now),
    code,
    list: describeList(status),
    detail: `${what}: let the CA publish the next one${source === undefined ? '' : ` (${source})`}. If the authority "${authority}" requires revocation information, callers who need this list are refused with revocation_unavailable once it has ended and its grace period is over.`,
  };
}
