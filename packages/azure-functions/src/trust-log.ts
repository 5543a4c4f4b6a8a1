import type { InvocationContext } from '@azure/functions';
import type { TrustStoreReport } from '@certgate/core';
import { logShapeVersion } from './decision-log.js';
import { formatLogLine } from './log-text.js';

/**
 * Says once, on the first call that notices, that a trust source has failed or a new document was refused, and once that
 * it is well again: the last good document stays in use meanwhile, so nothing else would show it.
 */
export class TrustLog {
  #fault: string | undefined;

  /** What was said at start is not said again. */
  begin(report: TrustStoreReport | undefined): void {
    this.#fault = report?.fault;
  }

  note(context: InvocationContext, report: TrustStoreReport | undefined): void {
    if (report === undefined || report.fault === this.#fault) return;
    this.#fault = report.fault;
    const { description: source, revision, fault } = report;
    const line = {
      certgate: logShapeVersion,
      event: 'trust',
      code: fault === undefined ? 'trust_refreshed' : 'trust_refresh_failed',
      source,
      ...(revision === undefined ? {} : { trustRevision: revision }),
      ...(fault === undefined ? {} : { detail: fault }),
    };
    if (fault === undefined) context.log(formatLogLine(line));
    else context.warn(formatLogLine(line));
  }
}
