import type { HttpHandler } from '@azure/functions';
import type { AnyHandler } from './gate/shared-state.js';
import { openForAWhile } from './temporary-opening.js';

/** The options of `reportOnly`. */
export interface ReportOnlyOptions {
  /**
   * The moment from which callers without the role or the function are refused: RFC 3339 in UTC, `YYYY-MM-DDT00:00:00Z`. It may be at most 90 days
   * ahead when the app is loaded.
   */
  readonly until: string;
}

/**
 * Tries out a role, or a caller's list of functions, before it is enforced. Until `until`, at most 90 days ahead, known
 * callers that would be refused with `role_missing` or `function_not_allowed` are let through, and each such call is a
 * warning in the log. No other refusal is deferred: unknown callers, disabled identities, expired certificates and
 * every fault are still refused.
 *
 * It must be the outermost wrapper: `app.http('Refund', { handler: reportOnly(requireRole('refunds.write', refund), {
 * until }) })`. It returns a new function and does not change the given one. If its mark gets lost, the function is
 * closed.
 *
 * @example
 * ```ts
 * import { app } from '@azure/functions';
 * import { reportOnly, requireRole } from '@certgate/azure-functions';
 *
 * const refund = requireRole('refunds.write', () => ({ status: 202 }));
 * app.http('Refund', { handler: reportOnly(refund, { until: 'YYYY-MM-DDT00:00:00Z' }) });
 * ```
 *
 * @throws {CertgateError} if the handler is anonymous, report-only already, observed or not a function, if an option is
 * unknown, or if `until` is not an RFC 3339 time in UTC.
 * @throws {CertgateError} if `until` is more than 90 days ahead. An `until` that has passed is not an error: the
 * function is closed.
 */
export function reportOnly<Handler extends HttpHandler>(handler: Handler, options: ReportOnlyOptions): Handler;
export function reportOnly<Handler extends AnyHandler>(handler: Handler, options: ReportOnlyOptions): Handler;
export function reportOnly<Handler extends AnyHandler>(handler: Handler, options: ReportOnlyOptions): Handler {
  return openForAWhile('reportOnly', handler, options);
}
