import type { HttpHandler } from '@azure/functions';
import type { AnyHandler } from './gate/shared-state.js';
import { openForAWhile } from './temporary-opening.js';

/** The options of `reportOnly`. */
export interface ReportOnlyOptions {
  /**
   * The first moment at which the function is closed: RFC 3339 in UTC, `YYYY-MM-DDT00:00:00Z`. At most 90 days ahead when
   * the app is loaded.
   */
  readonly until: string;
}

/**
 * Tries a role, or a caller's list of functions, before it counts: until `until`, at most 90 days ahead, callers that are
 * known and would be refused with `role_missing` or `function_not_allowed` are let through, and each such call is a warning
 * in the log. Nothing else is deferred: strangers, disabled identities, expired certificates and every fault are refused as ever.
 *
 * It stands outermost: `app.http('Refund', { handler: reportOnly(requireRole('refunds.write', refund), { until }) })`. It
 * returns a new function and leaves the given one as it is. Where its mark gets lost, the function is closed.
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
 * @throws {CertgateError} for a handler that is anonymous, report-only already, observed or no function, for an unknown option,
 * and for an `until` that is no RFC 3339 time in UTC.
 * @throws {CertgateError} when `until` is more than 90 days ahead. One that has passed is no error: the function is closed.
 */
export function reportOnly<Handler extends HttpHandler>(handler: Handler, options: ReportOnlyOptions): Handler;
export function reportOnly<Handler extends AnyHandler>(handler: Handler, options: ReportOnlyOptions): Handler;
export function reportOnly<Handler extends AnyHandler>(handler: Handler, options: ReportOnlyOptions): Handler {
  return openForAWhile('reportOnly', handler, options);
}
