import {
  PendingOutcome,
  DecisionLog,
  type DecisionFacts,
  type Denial,
  type LoggingCall,
  copyOwn,
  createDenialAnswer,
  deny,
  findAuthorizationDenial,
  isDevelopment,
  publishDecision,
  readMember,
  CertgateError,
  invalidArgument,
} from '@certgate/core';
import { isRoleDeferred } from './gate/deferral.js';
import type { HttpHandler, InvocationContext } from '@azure/functions';
import type { Role } from './request-identity.js';
import { answerDenial, createRefusal, findTriggerType } from './gate/denial-response.js';
import {
  type AnyHandler,
  type ClosedPolicy,
  pendingOutcomes,
  closedPolicy,
  clientIdentities,
  findPolicy,
  functionPolicies,
} from './gate/shared-state.js';
import { watchRegistrations } from './gate/registered-functions.js';
import { findTriggerKind } from './gate/worker-core.js';

// Each wrapper has an overload for HTTP handlers first, so that a handler which is written in place and registered
// elsewhere gets the types of its parameters. The other overload is for all other handlers, such as those of libraries
// with arguments of their own.

/**
 * Opens one function to everybody: `app.http('Public', { handler: allowAnonymous(handler) })`. It returns a new
 * function and does not change the given one, so that a second registration of the same handler stays closed. The gate
 * does not check the certificate of a caller of an anonymous function.
 *
 * This has nothing to do with Azure's `authLevel: 'anonymous'`, which is about function keys.
 *
 * @example
 * ```ts
 * import { app } from '@azure/functions';
 * import { allowAnonymous } from '@certgate/azure-functions';
 *
 * app.http('Health', { handler: allowAnonymous(() => ({ body: 'healthy' })) });
 * ```
 *
 * @throws {CertgateError} if the handler requires a role, is report-only or observed, or is not a function.
 */
export function allowAnonymous<Handler extends HttpHandler>(handler: Handler): Handler;
export function allowAnonymous<Handler extends AnyHandler>(handler: Handler): Handler;
export function allowAnonymous<Handler extends AnyHandler>(handler: Handler): Handler {
  expectHandler('allowAnonymous', handler);
  const inner = findPolicy(handler);
  if (inner?.kind === 'certificate') {
    const has = describeOpening(inner) ?? 'requires a role';
    throw new CertgateError(
      'CERTGATE_POLICY_CONFLICT',
      `allowAnonymous was given a handler that ${has}. Remove one of the two.`,
    );
  }
  return wrapHandler(handler, copyOwn({ kind: 'anonymous' }), (_args, call) => call());
}

/**
 * Closes a function to callers without this role. The wrapper itself decides, so the role can't get lost on the way to
 * the registration. If no gate has authenticated the caller, the wrapper refuses the call, unless the gate lets it
 * pass because the function is observed.
 *
 * @example
 * ```ts
 * import { app } from '@azure/functions';
 * import { requireRole } from '@certgate/azure-functions';
 *
 * app.http('Refund', { handler: requireRole('refunds.write', () => ({ status: 202 })) });
 * ```
 *
 * @throws {CertgateError} if the role is blank, or if the handler is anonymous, report-only, observed or not a
 * function.
 */
export function requireRole<Handler extends HttpHandler>(role: Role, handler: Handler): Handler;
export function requireRole<Handler extends AnyHandler>(role: Role, handler: Handler): Handler;
export function requireRole<Handler extends AnyHandler>(role: Role, handler: Handler): Handler {
  return addRoles('requireRole', [role], handler);
}

/**
 * Closes a function to callers that have none of these roles. If several wrappers are put around a handler, the caller
 * must meet every one of them.
 *
 * @example
 * ```ts
 * import { app } from '@azure/functions';
 * import { requireAnyRole } from '@certgate/azure-functions';
 *
 * app.http('Orders', { handler: requireAnyRole(['orders.read', 'orders.write'], () => ({ jsonBody: [] })) });
 * ```
 *
 * @throws {CertgateError} if no role is given or one is blank, or if the handler is anonymous, report-only, observed or
 * not a function.
 */
export function requireAnyRole<Handler extends HttpHandler>(roles: readonly Role[], handler: Handler): Handler;
export function requireAnyRole<Handler extends AnyHandler>(roles: readonly Role[], handler: Handler): Handler;
export function requireAnyRole<Handler extends AnyHandler>(roles: readonly Role[], handler: Handler): Handler {
  return addRoles('requireAnyRole', roles, handler);
}

function addRoles<Handler extends AnyHandler>(who: string, roles: readonly string[], handler: Handler): Handler {
  expectHandler(who, handler);
  const anyOf = Object.freeze(expectRoles(roles, who, handler));
  const inner = findPolicy(handler) ?? closedPolicy;
  if (inner.kind === 'anonymous') {
    throw new CertgateError(
      'CERTGATE_POLICY_CONFLICT',
      'A role was required of an anonymous handler. Remove allowAnonymous or the role.',
    );
  }
  const opening = describeOpening(inner);
  if (opening !== undefined) {
    const wrapper = inner.observedUntil === undefined ? 'reportOnly' : 'observe';
    throw new CertgateError(
      'CERTGATE_POLICY_CONFLICT',
      `${who} was given a handler that ${opening}. Put ${wrapper} outermost.`,
    );
  }
  const policy = copyOwn({ kind: 'certificate', roles: Object.freeze([anyOf, ...inner.roles]) } as const);
  return wrapHandler(handler, policy, (args, call) => {
    // The context is the last argument, because libraries put arguments of their own before it (durable-functions:
    // trigger, client, context).
    const context = args.at(-1);
    const denial = findRoleDenial(context, anyOf);
    if (denial === undefined || isRoleDeferred(args, anyOf)) return call();
    return refuse(denial, context);
  });
}

/** What opens the handler for a while, in words. Undefined if nothing does. */
export function describeOpening({ reportOnlyUntil, observedUntil }: ClosedPolicy): string | undefined {
  if (observedUntil !== undefined) return 'is observed';
  return reportOnlyUntil === undefined ? undefined : 'is report-only';
}

/**
 * Makes a new function around the handler, which is not changed. The mark of the new function tells the gate what the
 * function requires of its callers.
 */
export function wrapHandler<Handler extends AnyHandler>(
  handler: Handler,
  policy: Parameters<typeof functionPolicies.set>[1],
  around: (args: readonly unknown[], call: () => unknown) => unknown,
): Handler {
  const wrapper = function (this: unknown, ...args: unknown[]): unknown {
    return around(args, () => Reflect.apply(handler, this, args));
  } as AnyHandler as Handler;
  functionPolicies.set(wrapper, policy);
  watchRegistrations();
  return wrapper;
}

function findRoleDenial(context: unknown, anyOf: readonly string[]): Denial | undefined {
  const identity = typeof context === 'object' && context !== null ? clientIdentities.get(context) : undefined;
  if (identity === undefined) {
    return deny('gate_not_installed', { host: 'functions' });
  }
  const functionName = readFunctionName(context);
  return findAuthorizationDenial({ ...identity, functions: undefined }, { functionName, roles: [anyOf] });
}

function refuse(denial: Denial, context: unknown): unknown {
  const isContext = typeof context === 'object' && context !== null;
  const triggerType = isContext ? findTriggerType(context) : undefined;
  // The host takes whatever a queue's or a timer's function returns for success, and the message would then be gone.
  // Such a function must fail instead.
  const kind = findTriggerKind(triggerType);
  if (kind !== undefined && kind !== 'http' && kind !== 'mcp') {
    throw new CertgateError(
      'CERTGATE_POLICY_CONFLICT',
      `The function "${readFunctionName(context)}" has no HTTP trigger and no MCP trigger that Certgate knows, so no certificate can come with it: remove requireRole.`,
    );
  }
  const call = { functionName: readFunctionName(context), invocationId: readInvocationId(context) };
  const outcome = pendingOutcomes.get(context as object) ?? new PendingOutcome(publishDecision);
  const facts = { decision: denial, after: outcome.after };
  logRoleDenial(context, facts);
  outcome.replace(call, facts, true);
  // Whatever an MCP handler returns becomes its result, so a refusal must be thrown.
  if (kind === 'mcp') throw createRefusal(denial, call.functionName, call.invocationId);
  const response = createDenialAnswer(denial, readInvocationId(context), isDevelopment(process.env) ? {} : undefined);
  return isContext ? answerDenial(response, context as InvocationContext) : response;
}

/** The log of all wrappers. They share one, because they don't know the gate. */
const roleLog = new DecisionLog();

function logRoleDenial(context: unknown, facts: DecisionFacts): void {
  try {
    if (isLoggingContext(context)) roleLog.write(context, facts);
  } catch {
    // The call is refused even without a log line: for example, an object that was made from a context can't log.
  }
}

function isLoggingContext(context: unknown): context is LoggingCall {
  return typeof context === 'object' && context !== null && 'warn' in context && typeof context.warn === 'function';
}

function readFunctionName(context: unknown): string {
  const name = readOfContext(context, 'functionName');
  return typeof name === 'string' ? name : 'this function';
}

function readInvocationId(context: unknown): string {
  const id = readOfContext(context, 'invocationId');
  return typeof id === 'string' ? id : 'unknown';
}

function readOfContext(context: unknown, name: keyof InvocationContext): unknown {
  return typeof context === 'object' && context !== null ? readMember(context, name) : undefined;
}

export function expectHandler(who: string, handler: unknown): void {
  if (typeof handler !== 'function')
    throw invalidArgument(`${who} needs the handler, a function; it got ${typeof handler}.`);
}

function expectRoles(roles: unknown, who: string, { name }: AnyHandler): readonly string[] {
  // The list is copied first, because `every` skips the holes of a list.
  const list: readonly unknown[] = Array.isArray(roles) ? [...(roles as unknown[])] : [];
  if (list.length > 0 && list.every(isRole)) return list;
  const each = list.map((role) => (typeof role === 'string' ? JSON.stringify(role) : typeof role)).join(', ');
  const given = Array.isArray(roles) ? each || 'none' : typeof roles;
  const subject = name === '' ? 'a handler' : `the handler "${name}"`;
  throw invalidArgument(`${who} needs the role that ${subject} requires, a non-empty string; it got ${given}.`);
}

function isRole(role: unknown): role is string {
  return typeof role === 'string' && role.trim() !== '';
}
