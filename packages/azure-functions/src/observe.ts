import type { HttpHandler } from '@azure/functions';
import type { AnyHandler } from './gate/shared-state.js';
import { openForAWhile } from './temporary-opening.js';

/** The options of `observe`. */
export interface ObserveOptions {
  /**
   * The moment at which the function closes: RFC 3339 in UTC, `YYYY-MM-DDT00:00:00Z`. It may be at most 90 days ahead
   * when the app is loaded.
   */
  readonly until: string;
}

/**
 * Keeps a function open that still has function keys, and logs who would be refused if it were closed. It is for the
 * move from keys to certificates. Every call is decided as in a closed function, roles included. Until `until`, at most
 * 90 days ahead, the call goes on to the handler whatever the gate decided, even if the decision itself fails. From
 * then on, the function is closed. If `secureApp` threw, every call is refused even before `until`.
 *
 * Meanwhile, only Azure's key check protects the function, so it must have an `authLevel` of `function` or `admin`;
 * without one, `app.http` registers `anonymous`. MCP functions need the system key of Azure's MCP extension, which
 * host.json can switch off (`webhookAuthorizationLevel`). In the handler, `findClientIdentity` returns the caller that
 * would be admitted, and undefined for others.
 *
 * It must be the outermost wrapper. It returns a new function and does not change the given one. If its mark gets lost,
 * the function is closed.
 *
 * @example
 * ```ts
 * import { app } from '@azure/functions';
 * import { observe } from '@certgate/azure-functions';
 *
 * const until = 'YYYY-MM-DDT00:00:00Z';
 * app.http('Orders', { authLevel: 'function', handler: observe(() => ({ jsonBody: [] }), { until }) });
 * ```
 *
 * @throws {CertgateError} if the handler is anonymous, report-only, observed already or not a function, if an option is
 * unknown, or if `until` is not an RFC 3339 time in UTC. The registration throws one if the function requires no key,
 * or if its trigger is neither HTTP nor MCP.
 * @throws {CertgateError} if `until` is more than 90 days ahead. An `until` that has passed is not an error: the
 * function is closed.
 */
export function observe<Handler extends HttpHandler>(handler: Handler, options: ObserveOptions): Handler;
export function observe<Handler extends AnyHandler>(handler: Handler, options: ObserveOptions): Handler;
export function observe<Handler extends AnyHandler>(handler: Handler, options: ObserveOptions): Handler {
  return openForAWhile('observe', handler, options);
}
