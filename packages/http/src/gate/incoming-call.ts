import type { DenialAnswer } from '@certgate/core';
import type { RequestSource } from './gate-settings.js';

/** A request as an adapter received it. */
export interface IncomingCall extends RequestSource {
  /** The object with which handlers ask who calls. */
  readonly request: object;
  /** Node's own request. Undefined if the adapter was given only what a framework has made of it. */
  readonly origin: object | undefined;
  readonly method: string | undefined;
  /** The pattern of the route. Undefined if the framework does not provide it. */
  readonly route?: string | undefined;
  /** Path and query, as the app will see them. */
  readonly target: string | undefined;
  /**
   * Registers `settle`, which must be called when the answer to the admitted request begins or can't come any more,
   * because from then on, no role can refuse the request.
   */
  readonly awaitAnswer: (settle: () => void) => void;
}

/**
 * Whether the request is an upgrade or CONNECT. Node marks only those that it emits as such; plugins for WebSockets
 * make ordinary routes of them.
 */
export function isUpgrade(request: { readonly upgrade?: unknown }): boolean {
  return request.upgrade === true;
}

/** The only value that lets a handler run. Any other result of a decision, by design or by fault, does not. */
export const passed: { readonly outcome: 'passed' } = Object.freeze({ outcome: 'passed' });

/** `passed`, or the answer for a refused caller. */
export type CallAnswer = typeof passed | DenialAnswer;
