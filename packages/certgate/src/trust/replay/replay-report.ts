// replay/: decides the calls of a log again, with a document that may replace the one in use
import type { DenialCode } from '@certgate/core/internal';
import type { ReportedReading } from '../../log/reading/reading-text.js';

/**
 * Why a call can't be decided again. `audience`: its app may refuse the proposed document. `authorities`: it depends on
 * one that is new or changed, or on revocation. `certificate`: the gate refused it before it looked whether the
 * certificate is fit, which no line tells. `entries`: an entry of the proposed document may match the certificate.
 * `matched`: the line doesn't tell which entry matched. `otherDocument`: decided by neither of the two documents.
 * `twin`: an entry is about a certificate's other ECDSA signature. `unavailable`: no document decided it.
 */
export type UntoldReason =
  | 'firstOf'
  | 'otherDocument'
  | 'noDocument'
  | 'audience'
  | 'matched'
  | 'authorities'
  | 'denyList'
  | 'entries'
  | 'twin'
  | 'roles'
  | 'certificate'
  | 'reportOnly'
  | 'observed'
  | 'statusOnly'
  | 'suppressed'
  | 'unavailable';

/** Calls of one caller at one function. The names are foreign text. */
export interface ReplayedCalls {
  /** As the line names it. */
  readonly identity: string;
  /** Null: known from status lines, which name no function. */
  readonly function: string | null;
  /** With the weight of sampled lines. */
  readonly calls: number;
  /** RFC 3339. */
  readonly last: string;
}

export interface BrokenCalls extends ReplayedCalls {
  /** Null: it would be refused in any case, for which of several reasons no line tells. */
  readonly code: DenialCode | null;
  /** One sentence. */
  readonly detail: string;
}

export interface OpenedCalls extends ReplayedCalls {
  /** Why they were refused. */
  readonly was: DenialCode;
}

export interface RenamedCalls extends ReplayedCalls {
  /** As which identity of the proposed document they would come. */
  readonly as: string;
}

export interface UntoldCalls {
  readonly reason: UntoldReason;
  readonly was: 'allowed' | 'refused';
  readonly calls: number;
  /** Those with the most calls: whom the lines name, or else whom the proposed document would take it for. */
  readonly identities: readonly string[];
  readonly moreIdentities: number;
}

/** What `certgate trust diff --replay --json` prints as `replay`. Keys are only ever added. */
export interface ReplayReport {
  readonly wouldBreak: readonly BrokenCalls[];
  readonly wouldGetIn: readonly OpenedCalls[];
  readonly asAnother: readonly RenamedCalls[];
  readonly cannotTell: readonly UntoldCalls[];
  /** Calls that end as they did. */
  readonly unaffected: number;
  /** Refused for what no trust document changes: the front end, the request, the certificate itself, the app setting. */
  readonly notAboutDocument: number;
  /** Decided by the proposed document itself. */
  readonly decidedByAfter: number;
  /** The other documents that the lines name, with the most calls first; ten at most. */
  readonly otherDocuments: readonly {
    readonly sha256: string;
    readonly revision: number | null;
    readonly calls: number;
  }[];
  /** Lines stand for others that were left out, so callers may be missing, and numbers are estimates. */
  readonly isSampled: boolean;
  /** One sentence each: what holds unless it is otherwise, which no line could tell. */
  readonly assumptions: readonly string[];
  /** RFC 3339, of all lines that were used; null: there are none. */
  readonly from: string | null;
  readonly until: string | null;
  readonly reading: readonly ReportedReading[];
}
