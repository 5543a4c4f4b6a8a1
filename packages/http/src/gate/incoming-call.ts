import type { DenialAnswer } from '@certgate/core';
import type { RequestSource } from './gate-settings.js';

/** A request as an adapter found it. */
export interface IncomingCall extends RequestSource {
  /** By which handlers ask who calls. */
  readonly request: object;
  /** Node's own request. Undefined if the adapter was given only what a framework has made of it. */
  readonly origin: object | undefined;
  readonly method: string | undefined;
  /** The pattern of the route, where the framework has told it. */
  readonly route?: string | undefined;
  /** Path and query, as the app will see them. */
  readonly target: string | undefined;
  /** Has `settle` called when the answer to the admitted request begins, or none can come: no role can refuse it then. */
  readonly awaitAnswer: (settle: () => void) => void;
}

/** Node says so of what it emits as an upgrade or CONNECT alone; plugins for WebSockets make ordinary routes of those. */
export function isUpgrade(request: { readonly upgrade?: unknown }): boolean {
  return request.upgrade === true;
}

/** The one value that lets a handler run: whatever else comes out of a decision, by design or by fault, doesn't. */
export const passed: { readonly outcome: 'passed' } = Object.freeze({ outcome: 'passed' });

/** `passed`, or the answer for a refused caller. */
export type GateAnswer = typeof passed | DenialAnswer;
