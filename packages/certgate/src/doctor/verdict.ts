import type { WireAnswer } from '#local/client/wire-request.js';

/** `cannot-tell`: what was seen shows neither. It is never taken for `holds`. */
export type Verdict = 'holds' | 'fails' | 'cannot-tell';

/** What an answer means for the caller who got it. */
export type AnswerMeaning = 'admitted' | 'refused' | 'redirected' | 'undecided';

/**
 * One request and what came of it. `sent`, `answer` and `outcome` are words of this tool and status codes only, so that
 * they may be published; a function is named by its position.
 */
export interface ProbeObservation {
  readonly functionIndex: number | undefined;
  readonly sent: string;
  readonly answer: string;
  readonly outcome: AnswerMeaning;
}

export interface Judgement {
  readonly verdict: Verdict | 'not-run';
  /** In words of this tool and numbers only, so that it may be published. */
  readonly note: string;
  readonly observations?: readonly ProbeObservation[];
  /** What the server or a certificate says. It is never published. */
  readonly detail?: string;
  /** For `cannot-tell`, where it is more exact than what the table of probes says. */
  readonly wouldTell?: string;
  /** For `fails`, where the table of probes would name another cause. */
  readonly cause?: { readonly failure: string; readonly remedy: string };
  /** A caller was admitted with what anybody can make: no further request is sent. */
  readonly isForgedAdmission?: boolean;
}

/** `wouldTell`: where it is more exact than what the table of probes says. */
export function cannotTell(note: string, wouldTell?: string): Judgement {
  return { verdict: 'cannot-tell', note, ...(wouldTell === undefined ? {} : { wouldTell }) };
}

/** Refusals of the moment or of the size of a request, which say nothing about the gate. */
const undecidedStatuses: readonly number[] = [408, 413, 414, 425, 429, 431];

/** Methods and versions of HTTP that the server does not have. */
const unsupported: readonly number[] = [501, 505];

/**
 * Alerts that are about the client's certificate, or a signature in it or by it (RFC 8446 §6.2); others are faults of the
 * connection.
 */
const certificateAlert = /CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE|ACCESS_DENIED|DECRYPT_ERROR/;

/** Whom a status code lets in. */
export function classifyAnswer(answer: WireAnswer): AnswerMeaning {
  if (answer.kind === 'tls-refused') return certificateAlert.test(answer.code) ? 'refused' : 'undecided';
  if (answer.kind !== 'answered') return 'undecided';
  const { status } = answer;
  if (status >= 200 && status < 300) return 'admitted';
  if (status >= 300 && status < 400) return 'redirected';
  if (status === 101) return 'admitted';
  const isRefusal = status < 500 || unsupported.includes(status);
  return isRefusal && !undecidedStatuses.includes(status) ? 'refused' : 'undecided';
}

/** A status, or why there is none. */
export function describeAnswer(answer: WireAnswer): string {
  switch (answer.kind) {
    case 'answered':
      return String(answer.status);
    case 'tls-refused':
      return `TLS alert (${answer.code})`;
    case 'server-not-trusted':
      return `nothing was sent: the server's certificate is not trusted (${answer.code})`;
    case 'unreachable':
      return `no connection (${answer.code})`;
    case 'closed':
      return 'connection closed without an answer';
    case 'timed-out':
      return answer.code;
    case 'not-http':
      return 'an answer that is not HTTP';
  }
}

/** Whom the answers of one function let in. */
export interface AnswerReader {
  /** Nothing is known of the server: an answer is compared with what the callers got at first. */
  readonly isByLikeness?: true;
  readonly classify: (answer: WireAnswer) => AnswerMeaning;
  readonly describe: (answer: WireAnswer) => string;
  /** Whether a refusal looks like one that a caller got at first. */
  readonly isKnownRefusal?: (answer: WireAnswer) => boolean;
  /** Why no answer of the function shows anything. */
  readonly obstacle?: string;
}

export const byStatus: AnswerReader = { classify: classifyAnswer, describe: describeAnswer };

export function observe(
  answer: WireAnswer,
  sent: string,
  functionIndex?: number,
  { classify, describe }: AnswerReader = byStatus,
): ProbeObservation {
  return { functionIndex, sent, answer: describe(answer), outcome: classify(answer) };
}

export function capitalize(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}

/** The verdict of several parts: one that fails decides, then one that cannot tell. */
export function combineVerdicts(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('fails')) return 'fails';
  return verdicts.length === 0 || verdicts.includes('cannot-tell') ? 'cannot-tell' : 'holds';
}
