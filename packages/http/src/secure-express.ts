import type { IncomingMessage, ServerResponse } from 'node:http';
import { invalidArgument } from '@certgate/core';
import { expectRequirement } from './gate/call-requirement.js';
import { type Gate, expectGate } from './gate/http-gate.js';
import { findCurrent, type Gatekeeper } from './gate/passed-requests.js';
import {
  denyUngated,
  type FastifyReply,
  type FastifyRequest,
  guardExchange,
  guardHook,
  noteSecured,
  refuseHook,
} from './node/guard-exchange.js';
import { answerRefused } from './node/node-answer.js';

/**
 * An app of Express 4 or 5, or of Connect. The types of Express don't have its method `handle`, through which every
 * request goes.
 */
export type ExpressApp = (request: never, response: never, ...rest: never[]) => unknown;

/** A middleware of Express, Connect or any framework with `next`, or a hook of a Fastify route, such as `onRequest`. */
export type RoleMiddleware = (
  request: IncomingMessage | FastifyRequest,
  response: ServerResponse | FastifyReply,
  next: () => void,
) => void;

/**
 * Closes an app of Express or Connect: each of its routes and middlewares, whether it was added before or will be added
 * later, and even if the app is mounted in another one. Two things are not closed: `app.router` if other code calls it
 * directly, and listeners for upgrades, which belong to the server. `secureServer` closes such listeners.
 *
 * @example
 * ```ts
 * import { createGate, type ExpressApp, secureExpress, trustStoreFrom } from '@certgate/http';
 *
 * // `app` is what `express()` returns.
 * export function closeApp(app: ExpressApp): void {
 *   const trustStore = trustStoreFrom(process.env['CERTGATE_TRUST']);
 *   secureExpress(app, createGate({ trustStore, frontEnd: 'nginx', allowAnonymous: ['GET /health'] }));
 * }
 * ```
 *
 * @throws {CertgateError} if `app` is not such an app, or if `gate` was not made by `createGate`.
 * @throws {CertgateError} if the app has a gate already.
 */
export function secureExpress(app: ExpressApp, gate: Gate): void {
  const guard = expectGate('secureExpress', gate);
  const original: unknown = Reflect.get(Object(app) as object, 'handle');
  if (typeof original !== 'function') throw invalidArgument('secureExpress takes an app of Express or Connect.');
  noteSecured('secureExpress', app);
  const handle = function (this: unknown, ...args: readonly [IncomingMessage, ServerResponse, ...unknown[]]): void {
    const [request, response, next, ...rest] = args;
    const proceed = (leave: (() => void) | undefined): void => {
      const handed = leave === undefined ? args : [request, response, leaveBefore(leave, next), ...rest];
      Reflect.apply(original, this, handed);
    };
    guardExchange(guard, { request, response, isContinueAwaited: false, requirement: undefined, proceed });
  };
  if (!Reflect.set(app, 'handle', handle) || Reflect.get(app, 'handle') !== handle)
    throw invalidArgument('secureExpress could not replace the handle method of the app.');
}

/**
 * Wraps `next`. When the app passes a request back to the app around it, the decision of that app's gate applies again.
 */
function leaveBefore(leave: () => void, next: unknown): unknown {
  if (typeof next !== 'function') return next;
  return (...args: readonly unknown[]): unknown => {
    leave();
    return Reflect.apply(next as RoleMiddleware, undefined, args);
  };
}

/**
 * Lets only callers with this role continue. It asks the gate that let the request pass. If no gate did, or if it is
 * unknown which of two gates' handlers runs, it refuses the request.
 *
 * @example
 * ```ts
 * import { createServer } from 'node:http';
 * import { requireRole } from '@certgate/http';
 *
 * const asOperator = requireRole('operator');
 * // In Express: app.get('/restart', asOperator, handler). In Fastify: app.get('/restart', { onRequest: asOperator }, handler).
 * export const server = createServer((request, response) => {
 *   asOperator(request, response, () => response.end('restarting'));
 * });
 * ```
 *
 * @throws {CertgateError} if the role is blank.
 */
export function requireRole(role: string): RoleMiddleware {
  return requireAnyRole([role]);
}

/**
 * Lets only callers continue that have one of these roles.
 *
 * @throws {CertgateError} if no role is given, or if one is blank.
 */
export function requireAnyRole(roles: readonly string[]): RoleMiddleware {
  const requirement = Object.freeze({ roles: Object.freeze([Object.freeze([...roles])]) });
  expectRequirement(requirement, 'requireAnyRole');
  return (...args) => {
    const proceed = (): void => {
      args[2]();
    };
    if (isOfFastify(args)) {
      const [request, reply] = args;
      const gate = findGate(request.raw);
      if (typeof gate !== 'object') refuseHook(request, reply, denyUngated(gate));
      else guardHook(gate, { request, reply, requirement, subject: undefined, proceed });
      return;
    }
    const [request, response] = args as [IncomingMessage, ServerResponse, unknown];
    const gate = findGate(request);
    if (typeof gate !== 'object') answerRefused(request, response, denyUngated(gate), false);
    else guardExchange(gate, { request, response, isContinueAwaited: false, requirement, proceed });
  };
}

/**
 * Whether the arguments are Fastify's. Its reply has a member `raw` with Node's response, which itself has no such
 * member.
 */
function isOfFastify(args: readonly [object, object, unknown]): args is [FastifyRequest, FastifyReply, unknown] {
  return Object.hasOwn(args[1], 'raw');
}

/** The gate whose handlers have the request. `several` if two let it pass and it is unknown whose handler runs. */
function findGate(request: object): Gatekeeper | 'several' | undefined {
  const passed = findCurrent(request);
  return passed === 'several' ? passed : passed?.gate;
}
