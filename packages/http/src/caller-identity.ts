import { type ClientIdentity, ClientIdentityMissing } from '@certgate/core';
import { passedRequests } from './gate/passed-requests.js';

/**
 * Who calls: the identity that the gate admitted with this request.
 *
 * `request` is the object that the adapter was given: Node's request (also Express's), Fastify's request or its `raw`, or the
 * `Request` of a fetch-style handler.
 *
 * @example
 * ```ts
 * import { createServer } from 'node:http';
 * import { getClientIdentity } from '@certgate/http';
 *
 * export const server = createServer((request, response) => response.end(getClientIdentity(request).name));
 * ```
 *
 * @throws {ClientIdentityMissing} on an anonymous route, and where no gate has decided about the request, so that a forgotten
 * gate can't look like an admitted caller.
 */
export function getClientIdentity(request: object): ClientIdentity {
  const identity = findClientIdentity(request);
  if (identity !== undefined) return identity;
  throw new ClientIdentityMissing(
    'No client was authenticated for this request. Either no gate stands before this handler, or the route is anonymous ' +
      '(then use findClientIdentity), or this is not the request that the adapter was given.',
  );
}

/** The identity that the gate admitted with this request; undefined on an anonymous route. */
export function findClientIdentity(request: object): ClientIdentity | undefined {
  const passed = passedRequests.get(request) ?? passedRequests.get(findRaw(request));
  return passed?.identity;
}

/** Fastify wraps Node's request. */
function findRaw(request: object): object {
  const { raw } = request as { readonly raw?: unknown };
  return typeof raw === 'object' && raw !== null ? raw : request;
}
