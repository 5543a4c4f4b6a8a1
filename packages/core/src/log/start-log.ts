import type { TrustStoreWarning } from '../trust-store/trust-store.js';
import { formatLogLine, type LineStart, startLine } from './log-text.js';

/** The codes of lines about the app itself. Warnings of the trust document have codes of their own. */
export const startCodes = [
  'gate_setup_failed',
  'gate_late',
  'front_end_unknown',
  'front_end_contradicted',
  'front_end_unproven',
  'front_end_anywhere',
  'app_locked',
  'trust_unavailable',
  'revocation_refresh_failed',
  'trust_mirror_used',
  'trust_mirror_unusable',
  'tls_callers_refused',
  'hooks_before_gate',
  'report_only',
  'report_only_ended',
  'observed',
  'observation_ended',
  'mcp_trigger',
  'webhook_functions',
  'programming_model_unknown',
  'gate_bypassed',
  'handler_unwrapped',
] as const;

/** The code of a line about the app. Some codes occur on one host only. */
export type StartCode = (typeof startCodes)[number] | TrustStoreWarning['code'];

/**
 * One line about the app, not about a call, written to the console. Level warning, except `gate_setup_failed` and
 * `gate_late`, which are errors.
 */
export interface StartLogLine extends LineStart<'start'> {
  /**
   * What the line is about. At most 20 warnings of the trust document with the same code are written, and then the
   * number of the others.
   */
  readonly code: StartCode;
  /** What is wrong and what to do. */
  readonly detail: string;
  /** The function, if the line is about one. */
  readonly function?: string;
  /** On `report_only` and `report_only_ended`, RFC 3339: the end. */
  readonly reportOnlyUntil?: string;
  /** On `observed` and `observation_ended`, RFC 3339: the end. */
  readonly observedUntil?: string;
}

/** Codes of what leaves an app open for a while, or refuses all its calls for good. */
const errorCodes: ReadonlySet<StartCode> = new Set(['gate_setup_failed', 'gate_late']);

/**
 * Writes a line to the console, which a Functions worker logs. There is no invocation yet, so there is no context to
 * log to.
 */
export function warnAtStart(
  code: StartCode,
  detail: string,
  more: Pick<StartLogLine, 'function' | 'reportOnlyUntil' | 'observedUntil'> = {},
): void {
  const line: StartLogLine = { ...startLine('start'), code, detail, ...more };
  if (errorCodes.has(code)) console.error(formatLogLine(line));
  else console.warn(formatLogLine(line));
}

/**
 * An imported list may have a hundred thousand SHA-1 thumbprints, and every instance would log a warning about each.
 */
const maximumLinesPerCode = 20;

/** Logs the warnings of the trust document: the first 20 of each code, and how many more there are. */
export function warnOfTrust(warnings: readonly TrustStoreWarning[]): void {
  const counts = new Map<TrustStoreWarning['code'], number>();
  for (const { code, path, message } of warnings) {
    const count = (counts.get(code) ?? 0) + 1;
    counts.set(code, count);
    if (count <= maximumLinesPerCode) warnAtStart(code, `${path}: ${message}`);
  }
  for (const [code, count] of counts) {
    if (count <= maximumLinesPerCode) continue;
    warnAtStart(code, `${count - maximumLinesPerCode} more of these; all of them: certgate trust check`);
  }
}
