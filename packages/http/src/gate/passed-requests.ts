import { type ClientIdentity, type ContextMap, createContextMap } from '@certgate/core';
import type { RouteRequirement } from './call-requirement.js';
import type { RequestSource } from './gate-settings.js';
import type { IncomingCall, Verdict } from './verdict.js';

/** A gate, as a later part of the same request's path asks it. */
export interface Gatekeeper {
  decideCall(call: IncomingCall, requirement?: RouteRequirement): Verdict | Promise<Verdict>;
}

/** A request that a gate let pass. */
export interface PassedRequest {
  readonly gate: Gatekeeper;
  /** Undefined where the route is anonymous. */
  readonly identity: ClientIdentity | undefined;
  readonly source: RequestSource;
  readonly correlationId: string;
}

/** By the request's own object: nothing that a caller sends finds an entry, nor does a copy of a request. */
export const passedRequests: ContextMap<PassedRequest> = createContextMap();
