import type { WireAnswer } from '#local/client/wire-request.js';

/** `cannot-tell` means that what was observed shows neither `holds` nor `fails`. It must never be read as `holds`. */
export type Verdict = 'holds' | 'fails' | 'cannot-tell';

/** What an answer means for the caller who got it. */
export type AnswerMeaning = 'admitted' | 'refused' | 'redirected' | 'undecided';

/**
 * One request and what came of it. `sent`, `answer` and `outcome` consist only of words of this tool and status codes,
 * so that they may be published. The function is given by its position.
 */
export interface ProbeObservation {
  readonly functionIndex: number | undefined;
  readonly sent: string;
  readonly answer: string;
  readonly outcome: AnswerMeaning;
}

export interface Judgement {
  readonly verdict: Verdict | 'not-run';
  /** Consists only of words of this tool and numbers, so that it may be published. */
  readonly note: string;
  readonly observations?: readonly ProbeObservation[];
  /** What the server or a certificate says. It is never published. */
  readonly detail?: string;
  /**
   * What would be needed to decide. Set with `cannot-tell` if it is more exact than the text in the table of probes.
   */
  readonly wouldTell?: string;
  /** Set with `fails` if the cause is another than the one in the table of probes. */
  readonly cause?: { readonly failure: string; readonly remedy: string };
  /** A caller who must be refused was admitted. Later probes then send nothing, except with `--any-server`. */
  readonly isForgedAdmission?: boolean;
}

/** `wouldTell` is given if it is more exact than the text in the table of probes. */
export function cannotTell(note: string, wouldTell?: string): Judgement {
  return { verdict: 'cannot-tell', note, ...(wouldTell === undefined ? {} : { wouldTell }) };
}

/** Statuses that refuse because of the moment or of the size of a request. They show nothing about the gate. */
const undecidedStatuses: readonly number[] = [408, 413, 414, 425, 429, 431];

/** Statuses of a server that does not support the method or the version of HTTP. */
const unsupported: readonly number[] = [501, 505];

/**
 * Alerts that may be about the client's certificate or about a signature (RFC 8446 §6.2). Other alerts are taken as
 * faults of the connection.
 */
const certificateAlert = /CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE|ACCESS_DENIED|DECRYPT_ERROR/;

/** Decides by the status code or the TLS alert what an answer means for the caller who got it. */
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

/** The answer's status, or the reason why there is none. */
export function describeWireAnswer(answer: WireAnswer): string {
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

/** Reads what one function's answers mean for their callers. */
export interface AnswerReader {
  /** Set if the server is unknown (`--any-server`): an answer is compared with what the callers got at first. */
  readonly isByLikeness?: true;
  readonly classify: (answer: WireAnswer) => AnswerMeaning;
  readonly describe: (answer: WireAnswer) => string;
  /** Whether a refusal looks like one that a caller got at first. */
  readonly isKnownRefusal?: (answer: WireAnswer) => boolean;
  /** Why no answer of the function shows anything. Undefined if answers can be compared. */
  readonly obstacle?: string;
}

export const byStatus: AnswerReader = { classify: classifyAnswer, describe: describeWireAnswer };

export function createObservation(
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

/**
 * The verdict on several parts: `fails` if one fails, otherwise `cannot-tell` if one cannot tell or there is no part.
 */
export function combineVerdicts(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('fails')) return 'fails';
  return verdicts.length === 0 || verdicts.includes('cannot-tell') ? 'cannot-tell' : 'holds';
}
