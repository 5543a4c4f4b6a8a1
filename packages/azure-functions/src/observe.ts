import type { HttpHandler } from '@azure/functions';
import type { AnyHandler } from './gate/shared-state.js';
import { openForAWhile } from './temporary-opening.js';

/** The options of `observe`. */
export interface ObserveOptions {
  /**
   * The first moment at which the function is closed: RFC 3339 in UTC, `YYYY-MM-DDT00:00:00Z`. At most 90 days ahead when
   * the app is loaded.
   */
  readonly until: string;
}

/**
 * Leaves a function open that still has function keys, and tells who would be refused if it were closed: for the move from
 * keys to certificates. Every call is decided as a closed function decides it, roles included, and logged; until `until`, at
 * most 90 days ahead, it goes on to the handler whatever was decided, also where the decision itself fails. From then on
 * the function is closed.
 *
 * Azure's key check is all that protects the function meanwhile, so an `authLevel` of `function` or `admin` is required;
 * without one, `app.http` registers `anonymous`. MCP functions need the system key of Azure's MCP extension, which host.json
 * can take away (`webhookAuthorizationLevel`). In the handler, `findClientIdentity` gives the caller that would be
 * admitted, and undefined for others.
 *
 * It stands outermost. It returns a new function and leaves the given one as it is. Where its mark gets lost, the function
 * is closed.
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
 * @throws {CertgateError} for a handler that is anonymous, report-only, observed already or no function, for an unknown option,
 * and for an `until` that is no RFC 3339 time in UTC. The registration throws one where no key is required, or where the
 * trigger is neither HTTP nor MCP.
 * @throws {CertgateError} when `until` is more than 90 days ahead. One that has passed is no error: the function is closed.
 */
export function observe<Handler extends HttpHandler>(handler: Handler, options: ObserveOptions): Handler;
export function observe<Handler extends AnyHandler>(handler: Handler, options: ObserveOptions): Handler;
export function observe<Handler extends AnyHandler>(handler: Handler, options: ObserveOptions): Handler {
  return openForAWhile('observe', handler, options);
}
