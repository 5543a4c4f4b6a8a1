import { logShapeVersion } from './decision-log.js';
import { formatLogLine } from './log-text.js';

/** One line about the app as a whole, not about a call: no invocation, so no context; the worker logs the console's lines. */
export function warnAtStart(code: string, detail: string): void {
  console.warn(formatLogLine({ certgate: logShapeVersion, event: 'start', code, detail }));
}
