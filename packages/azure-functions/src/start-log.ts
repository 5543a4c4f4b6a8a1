import type { TrustStoreWarning } from '@certgate/core';
import { logShapeVersion } from './decision-log.js';
import { formatLogLine } from './log-text.js';

/** What is said of the app itself; the warnings of the trust document come beside them. */
export const startCodes = [
  'front_end_unknown',
  'front_end_contradicted',
  'front_end_anywhere',
  'trust_unavailable',
  'report_only',
  'report_only_ended',
] as const;

export type StartCode = (typeof startCodes)[number] | TrustStoreWarning['code'];

/** One line about the app as a whole, not about a call. */
export interface StartLogLine {
  readonly certgate: typeof logShapeVersion;
  readonly event: 'start';
  readonly code: StartCode;
  readonly detail: string;
  /** On `report_only` and `report_only_ended`. */
  readonly function?: string;
  /** On `report_only` and `report_only_ended`: RFC 3339. */
  readonly reportOnlyUntil?: string;
}

/** There is no invocation, so no context; the worker logs the console's lines. */
export function warnAtStart(
  code: StartCode,
  detail: string,
  more: Pick<StartLogLine, 'function' | 'reportOnlyUntil'> = {},
): void {
  const line: StartLogLine = { certgate: logShapeVersion, event: 'start', code, detail, ...more };
  console.warn(formatLogLine(line));
}
