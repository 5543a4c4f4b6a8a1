import { AsyncLocalStorage } from 'node:async_hooks';
import { type PendingOutcome, type ClientIdentity, type ContextMap, createContextMap } from '@certgate/core';
import type { RouteRequirement } from './call-requirement.js';
import type { RequestSource } from './gate-settings.js';
import type { IncomingCall, CallAnswer } from './incoming-call.js';

/** A gate, as later code on the same request's path calls it. */
export interface Gatekeeper {
  readonly functionName: string;
  /** Decides about a call. `subject` names what has the requirement, for messages. */
  decideCall(call: IncomingCall, requirement?: RouteRequirement, subject?: string): CallAnswer | Promise<CallAnswer>;
}

/** The result of one gate for a request that it let pass. */
export interface PassedRequest {
  readonly gate: Gatekeeper;
  /** Undefined if the route is anonymous. */
  readonly identity: ClientIdentity | undefined;
  readonly source: RequestSource;
  readonly correlationId: string;
  /** Undefined if no admission of the request was reported. */
  readonly outcome: PendingOutcome | undefined;
}

/** The time in which handlers behind one gate have the request, until they leave it. */
export interface GateScope {
  /** Undefined if the code of two gates' apps runs in turn, so that it is unknown which of them asks. */
  readonly gate: Gatekeeper | undefined;
  /** Whether this is a context of Fastify, which shares hooks with the contexts around it. */
  readonly isContext: boolean;
}

interface Passage {
  /** One entry for each gate, in the order in which the gates let the request pass. */
  readonly entries: readonly PassedRequest[];
  /** The scopes that were entered, the innermost last. The first gate has one only in Fastify. */
  readonly scopes: readonly GateScope[];
}

/**
 * The passages by the request's own object. Nothing that a caller sends finds an entry, and neither does a copy of a
 * request.
 */
const passages: ContextMap<Passage> = createContextMap();

const noScopes: readonly GateScope[] = Object.freeze([]);

/** Notes a gate's result. It replaces the earlier result of the same gate and keeps those of other gates. */
export function notePassed(request: object, entry: PassedRequest): void {
  const passage = passages.get(request);
  const { entries, scopes } = passage ?? { entries: [], scopes: noScopes };
  const index = entries.findIndex(({ gate }) => gate === entry.gate);
  passages.set(request, { entries: index === -1 ? [...entries, entry] : entries.with(index, entry), scopes });
}

/** The result of this gate. Without `gate`, the result of the first gate. */
export function findPassed(request: object, gate?: Gatekeeper): PassedRequest | undefined {
  const entries = passages.get(request)?.entries;
  return gate === undefined ? entries?.[0] : entries?.find((entry) => entry.gate === gate);
}

/** The result of the gate whose handlers have the request now. `several` if that gate is unknown. */
export function findCurrent(request: object): PassedRequest | 'several' | undefined {
  const passage = passages.get(request);
  const scope = passage?.scopes.at(-1);
  if (passage === undefined || scope === undefined) return passage?.entries[0];
  return scope.gate === undefined ? 'several' : findPassed(request, scope.gate);
}

/** Notes that handlers behind this gate have the request from now on. Undefined if they have it already. */
export function enterScope(request: object, gate: Gatekeeper): GateScope | undefined {
  const current = findCurrent(request);
  if (current !== 'several' && current?.gate === gate) return undefined;
  return pushScope(request, { gate, isContext: false });
}

/**
 * Like `enterScope`, but until the end of the request, because Fastify runs the hooks of a context and of those around
 * it in turn.
 */
export function enterContext(request: object, gate: Gatekeeper): void {
  const scopes = passages.get(request)?.scopes ?? noScopes;
  const isShared = scopes.some((scope) => scope.isContext && scope.gate !== gate);
  pushScope(request, { gate: isShared ? undefined : gate, isContext: true });
}

function pushScope(request: object, scope: GateScope): GateScope {
  const { entries, scopes } = passages.get(request) ?? { entries: [], scopes: noScopes };
  passages.set(request, { entries, scopes: [...scopes, scope] });
  return scope;
}

/** Gives the request back to the handlers around this scope. Scopes may be left in any order, and more than once. */
export function leaveScope(request: object, scope: GateScope): void {
  const passage = passages.get(request);
  if (passage === undefined) return;
  passages.set(request, { ...passage, scopes: passage.scopes.filter((each) => each !== scope) });
}

/**
 * A request of node:http, for the handlers that run because of it. They find it whichever copy of this package they
 * load.
 */
export interface LinkedExchange {
  /** Undefined after the response has closed, because code that still runs in this context may serve another caller. */
  request: object | undefined;
  /** The passed requests of the copy that made this object, the outermost gate's first. */
  readonly listPassed: () => readonly PassedRequest[];
}

/**
 * The key of the exchanges on `globalThis`. Next.js bundles a copy of this package for the handlers, and gives them
 * another request object than the adapter had. Only the asynchronous context connects the two. `v1` names the shape of
 * `LinkedExchange`.
 */
const exchangesKey = Symbol.for('certgate/http-exchanges/v1');
const exchanges =
  (Reflect.get(globalThis, exchangesKey) as AsyncLocalStorage<LinkedExchange> | undefined) ??
  new AsyncLocalStorage<LinkedExchange>();
Object.defineProperty(globalThis, exchangesKey, { value: exchanges });

export function findExchange(): LinkedExchange | undefined {
  return exchanges.getStore();
}

/** Runs the handlers of a request in the context of its exchange. */
export function runExchange(
  request: object,
  response: { once(event: 'close', listener: () => void): unknown },
  proceed: () => void,
): void {
  if (findExchange()?.request === request) {
    proceed();
    return;
  }
  // No closure refers to the request itself, because a pooled connection keeps the context in which it was opened.
  const exchange: LinkedExchange = {
    request,
    listPassed: () => (exchange.request === undefined ? [] : (passages.get(exchange.request)?.entries ?? [])),
  };
  response.once('close', () => {
    exchange.request = undefined;
  });
  exchanges.run(exchange, proceed);
}
