import type { HttpHandler } from '@azure/functions';
import { copyOwn, findInstant, formatInstant } from '@certgate/core';
import { expectHandler, wrapHandler } from './function-policy.js';
import { type AnyHandler, certificatePolicy, findPolicy } from './gate/shared-state.js';

/** The options of `reportOnly`. */
export interface ReportOnlyOptions {
  /**
   * The first moment at which the function is closed: RFC 3339 in UTC, `YYYY-MM-DDT00:00:00Z`. At most 90 days ahead when
   * the app is loaded.
   */
  readonly until: string;
}

const maximumDays = 90;

/**
 * Tries a role, or a caller's list of functions, before it counts: until `until`, at most 90 days ahead, callers that are known and would be
 * refused with `role_missing` or `function_not_allowed` are let through, and each such call is a warning in the log.
 * Nothing else is deferred: strangers, disabled identities, expired certificates and every fault are refused as ever.
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
 * @throws {TypeError} for a handler that is anonymous, report-only already or no function, for an unknown option, and for
 * an `until` that is no RFC 3339 time in UTC.
 * @throws {RangeError} when `until` is more than 90 days ahead. One that has passed is no error: the function is closed.
 */
export function reportOnly<Handler extends HttpHandler>(handler: Handler, options: ReportOnlyOptions): Handler;
export function reportOnly<Handler extends AnyHandler>(handler: Handler, options: ReportOnlyOptions): Handler;
export function reportOnly<Handler extends AnyHandler>(handler: Handler, options: ReportOnlyOptions): Handler {
  expectHandler('reportOnly', handler);
  const reportOnlyUntil = readUntil(options);
  const inner = findPolicy(handler) ?? certificatePolicy;
  if (inner.kind === 'anonymous') {
    throw new TypeError('reportOnly was given an anonymous handler, which refuses nobody. Take away one of the two.');
  }
  if (inner.reportOnlyUntil !== undefined) {
    throw new TypeError('reportOnly was given a handler that is report-only already. Take away one of the two.');
  }
  const policy = copyOwn({ kind: 'certificate', roles: inner.roles, reportOnlyUntil } as const);
  return wrapHandler(handler, policy, (_args, call) => call());
}

function readUntil(options: unknown): number {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`reportOnly needs options as its second argument: { until: '${suggestEnd()}' }.`);
  }
  const unknown = Reflect.ownKeys(options).find((key) => key !== 'until');
  if (unknown !== undefined) {
    throw new TypeError(`reportOnly does not know the option ${String(unknown)}; known is until.`);
  }
  const until = Object.hasOwn(options, 'until') ? (options as { readonly until: unknown }).until : undefined;
  const instant = typeof until === 'string' ? findInstant(until) : undefined;
  if (instant === undefined) {
    throw new TypeError(
      `reportOnly needs an end: until, an RFC 3339 time in UTC that the calendar has, at most ${maximumDays} days ahead, such as ${suggestEnd()}.`,
    );
  }
  const latest = Date.now() + maximumDays * 86_400_000;
  // Written so that a clock that gives no number refuses.
  if (!(instant <= latest)) {
    throw new RangeError(
      `reportOnly is for trying a rule, so until may be at most ${maximumDays} days ahead, ${formatInstant(latest)} now; ` +
        `it is ${formatInstant(instant)}.`,
    );
  }
  return instant;
}

/** The first moment of a day in a month's time: an example that is right whenever it is read. */
function suggestEnd(): string {
  const day = 86_400_000;
  return formatInstant(Math.floor(Date.now() / day + 30) * day);
}
