import { invalidArgument } from '@certgate/core';
import type { DenialAnswer } from '@certgate/core';
import { type RouteRequirement, expectRequirement } from './gate/call-requirement.js';
import { toFindField } from './gate/header-fields.js';
import { expectGate, type Gate } from './gate/http-gate.js';
import { enterScope, findPassed, leaveScope, notePassed } from './gate/passed-requests.js';
import { isUpgrade, passed } from './gate/incoming-call.js';

/**
 * Closes a handler that takes a `Request` and returns a `Response`: the `fetch` of a Hono app, or a route handler of
 * Next.js.
 *
 * @example
 * ```ts
 * import { createGate, getClientIdentity, secureFetch, trustStoreFrom } from '@certgate/http';
 *
 * const gate = createGate({ trustStore: trustStoreFrom(process.env['CERTGATE_TRUST']), frontEnd: 'nginx' });
 * const hello = (request: Request): Response => new Response(`Hello ${getClientIdentity(request).name}`);
 * export const GET = secureFetch(hello, gate, { roles: ['orders.read'] });
 * ```
 *
 * @throws {CertgateError} if the handler is not a function, if `gate` was not made by `createGate`, if the requirement
 * is not valid, or if the front end is `direct-tls`. A `Request` has no information about its connection, so use
 * `secureServer` for that.
 */
export function secureFetch<Incoming extends Request, Rest extends unknown[]>(
  handler: (request: Incoming, ...rest: Rest) => Response | Promise<Response>,
  gate: Gate,
  ...required: readonly [requirement?: RouteRequirement]
): (request: Incoming, ...rest: Rest) => Promise<Response> {
  if (typeof (handler as unknown) !== 'function') throw invalidArgument('secureFetch needs a handler.');
  const guard = expectGate('secureFetch', gate);
  if (guard.isDirectTls) throw invalidArgument('With the frontEnd "direct-tls", close the server by secureServer.');
  const [requirement] = required;
  // A requirement that is present but undefined is a mistake. If it were ignored, everybody with an allowed certificate
  // would be admitted.
  if (required.length > 0) expectRequirement(requirement as RouteRequirement, describeHandler(handler));
  return async function (this: unknown, request, ...rest) {
    const { method } = request;
    const incoming = findIncoming(rest[0]);
    const ofServer = incoming === undefined ? undefined : findPassed(incoming, guard);
    if (ofServer?.identity !== undefined) notePassed(request, ofServer);
    const source = incoming === undefined ? undefined : findPassed(incoming)?.source;
    const findField = source?.findField ?? toFindField(request.headers);
    const isOfUpgrade = incoming !== undefined && isUpgrade(incoming);
    let settle = (): void => undefined;
    const call = {
      request,
      origin: incoming,
      method: isOfUpgrade ? undefined : method,
      target: findTarget(request.url),
      findField,
      socket: undefined,
      // Until the response is there, handlers further inside may still refuse the request because of a role.
      awaitAnswer: (settled: () => void): void => {
        settle = settled;
      },
    };
    const gateAnswer = await guard.decideCall(call, requirement);
    if (gateAnswer !== passed) return createResponse(gateAnswer as DenialAnswer, method);
    const scope = enterScope(request, guard);
    try {
      return await Reflect.apply(handler, this, [request, ...rest]);
    } finally {
      if (scope !== undefined) leaveScope(request, scope);
      settle();
    }
  };
}

function describeHandler({ name }: { readonly name: string }): string {
  return name === '' ? 'secureFetch' : `secureFetch for the handler ${name}`;
}

/**
 * Node's own request, which @hono/node-server passes on. If `secureServer` has admitted its caller with the same gate,
 * that applies here too, because the front end's secret was removed from it. An anonymous route of the server is
 * decided anew, because this `Request` may have another URL.
 */
function findIncoming(env: unknown): object | undefined {
  if (typeof env !== 'object' || env === null || !Object.hasOwn(env, 'incoming')) return undefined;
  const { incoming } = env as { readonly incoming: unknown };
  return typeof incoming === 'object' && incoming !== null ? incoming : undefined;
}

/**
 * Path and query of the URL, which the handler's router reads too. Undefined for a URL of another form, which is then
 * closed.
 */
function findTarget(url: string): string | undefined {
  return /^https?:\/\/[^/?#]*(\/[^#]*)$/.exec(url)?.[1];
}

function createResponse({ status, headers, body }: DenialAnswer, method: string): Response {
  return new Response(method === 'HEAD' ? null : body, { status, headers });
}
