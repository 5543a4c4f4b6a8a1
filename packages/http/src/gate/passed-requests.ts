import { AsyncLocalStorage } from 'node:async_hooks';
import { type CallOutcome, type ClientIdentity, type ContextMap, createContextMap } from '@certgate/core';
import type { RouteRequirement } from './call-requirement.js';
import type { RequestSource } from './gate-settings.js';
import type { IncomingCall, GateAnswer } from './incoming-call.js';

/** A gate, as a later part of the same request's path asks it. */
export interface Gatekeeper {
  readonly functionName: string;
  /** `subject` is what has the requirement, for messages. */
  decideCall(call: IncomingCall, requirement?: RouteRequirement, subject?: string): GateAnswer | Promise<GateAnswer>;
}

/** What one gate has said of a request that it let pass. */
export interface PassedRequest {
  readonly gate: Gatekeeper;
  /** Undefined where the route is anonymous. */
  readonly identity: ClientIdentity | undefined;
  readonly source: RequestSource;
  readonly correlationId: string;
  /** Undefined where the route is anonymous. */
  readonly outcome: CallOutcome | undefined;
}

/** The handlers behind one gate have the request, until they leave it. */
export interface Scope {
  /** Undefined: the code of two gates' apps runs in turn, and nobody can tell which of them asks. */
  readonly gate: Gatekeeper | undefined;
  /** Whether it is a context of Fastify, whose hooks the contexts around it share. */
  readonly isContext: boolean;
}

interface Passage {
  /** One of each gate, in the order in which they let the request pass. */
  readonly entries: readonly PassedRequest[];
  /** Of all gates but the first one, the innermost last. */
  readonly scopes: readonly Scope[];
}

/** By the request's own object: nothing that a caller sends finds an entry, nor does a copy of a request. */
const passages: ContextMap<Passage> = createContextMap();

const noScopes: readonly Scope[] = Object.freeze([]);

/** In place of what the same gate said before; what other gates said stays. */
export function notePassed(request: object, entry: PassedRequest): void {
  const passage = passages.get(request);
  const { entries, scopes } = passage ?? { entries: [], scopes: noScopes };
  const index = entries.findIndex(({ gate }) => gate === entry.gate);
  passages.set(request, { entries: index === -1 ? [...entries, entry] : entries.with(index, entry), scopes });
}

/** What this gate has said; or, without a gate, what the first one has. */
export function findPassed(request: object, gate?: Gatekeeper): PassedRequest | undefined {
  const entries = passages.get(request)?.entries;
  return gate === undefined ? entries?.[0] : entries?.find((entry) => entry.gate === gate);
}

/** What the gate has said whose handlers have the request now; `several` where that can't be told. */
export function findCurrent(request: object): PassedRequest | 'several' | undefined {
  const passage = passages.get(request);
  const scope = passage?.scopes.at(-1);
  if (passage === undefined || scope === undefined) return passage?.entries[0];
  return scope.gate === undefined ? 'several' : findPassed(request, scope.gate);
}

/** From here on, handlers behind this gate have the request. Undefined where they have it already. */
export function enterScope(request: object, gate: Gatekeeper): Scope | undefined {
  const current = findCurrent(request);
  if (current !== 'several' && current?.gate === gate) return undefined;
  return pushScope(request, { gate, isContext: false });
}

/** As `enterScope`, for good: Fastify runs hooks of a context and of those around it in turn, up to the end of the request. */
export function enterContext(request: object, gate: Gatekeeper): void {
  const scopes = passages.get(request)?.scopes ?? noScopes;
  const isShared = scopes.some((scope) => scope.isContext && scope.gate !== gate);
  pushScope(request, { gate: isShared ? undefined : gate, isContext: true });
}

function pushScope(request: object, scope: Scope): Scope {
  const { entries, scopes } = passages.get(request) ?? { entries: [], scopes: noScopes };
  passages.set(request, { entries, scopes: [...scopes, scope] });
  return scope;
}

/** The handlers around it have the request again. They may leave in any order, and more than once. */
export function leaveScope(request: object, scope: Scope): void {
  const passage = passages.get(request);
  if (passage === undefined) return;
  passages.set(request, { ...passage, scopes: passage.scopes.filter((each) => each !== scope) });
}

/** A request of node:http, as the handlers that run because of it find it, whichever copy of this package they load. */
export interface LinkedExchange {
  /** Undefined after the response has closed, because code that still runs in this context may serve another caller. */
  request: object | undefined;
  /** The passed requests of the copy that made this object, the outermost gate's first. */
  readonly listPassed: () => readonly PassedRequest[];
}

/**
 * Next.js bundles a copy of this package for the handlers, and gives them another request object than the adapter had. Only the
 * asynchronous context leads from one to the other. `v1` names the shape of `LinkedExchange`.
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
  // No closure holds the request itself: a pooled connection keeps the context in which it was opened.
  const exchange: LinkedExchange = {
    request,
    listPassed: () => (exchange.request === undefined ? [] : (passages.get(exchange.request)?.entries ?? [])),
  };
  response.once('close', () => {
    exchange.request = undefined;
  });
  exchanges.run(exchange, proceed);
}
