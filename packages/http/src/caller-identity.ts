import { type ClientIdentity, ClientIdentityMissing } from '@certgate/core';
import { expectGate, type Gate } from './gate/http-gate.js';
import { findCurrent, findPassed, type PassedRequest } from './gate/passed-requests.js';

/**
 * Returns the caller: the identity that the gate admitted with this request.
 *
 * `request` is the object that the adapter was given: Node's request (also Express's), Fastify's request or its `raw`,
 * or the `Request` of a fetch-style handler.
 *
 * If two gates have let the request pass, one around the other, it is the identity that the gate of the running handler
 * has admitted. With `gate`, it is the identity that this gate has admitted, wherever the code runs.
 *
 * @example
 * ```ts
 * import { createServer } from 'node:http';
 * import { getClientIdentity } from '@certgate/http';
 *
 * export const server = createServer((request, response) => response.end(getClientIdentity(request).name));
 * ```
 *
 * @throws {ClientIdentityMissing} on an anonymous route, and if no gate has let the request pass, so that a forgotten
 * gate can't look like an admitted caller. Also if `findClientIdentity` throws it.
 * @throws {CertgateError} if `gate` was not made by `createGate`.
 */
export function getClientIdentity(request: object, ...of: readonly [gate?: Gate]): ClientIdentity {
  const identity = findClientIdentity(request, ...of);
  if (identity !== undefined) return identity;
  throw new ClientIdentityMissing(
    'No client was authenticated for this request. Either no gate runs before this handler, or the route is anonymous ' +
      '(then use findClientIdentity), or this is not the request that the adapter was given.',
  );
}

/**
 * Returns the identity that the gate admitted with this request. Undefined on an anonymous route, and if no gate has
 * let the request pass. `gate` has the same meaning as for `getClientIdentity`.
 *
 * @throws {ClientIdentityMissing} without `gate`, if a context of Fastify and one around it have different gates. Their
 * hooks run in turn, so it is unknown whose code asks.
 * @throws {CertgateError} if `gate` was not made by `createGate`.
 */
export function findClientIdentity(request: object, ...of: readonly [gate?: Gate]): ClientIdentity | undefined {
  const find = of.length === 0 ? findCurrent : findOfGate(of[0]);
  const passed = find(request) ?? find(findRaw(request));
  if (passed !== 'several') return passed?.identity;
  throw new ClientIdentityMissing(
    'Two gates have let this request pass, in a context of Fastify and in one around it, and it is unknown whose code ' +
      'asks. Say which gate is meant: getClientIdentity(request, gate).',
  );
}

/**
 * Makes the look-up for one gate. It is used whenever the argument is present, even if it is undefined, because an
 * undefined gate must never become another gate.
 */
function findOfGate(gate: Gate | undefined): (request: object) => PassedRequest | undefined {
  const keeper = expectGate('getClientIdentity', gate);
  return (request) => findPassed(request, keeper);
}

/** Node's request, if this is Fastify's request, which contains it. Otherwise the given object. */
function findRaw(request: object): object {
  const { raw } = request as { readonly raw?: unknown };
  return typeof raw === 'object' && raw !== null ? raw : request;
}
