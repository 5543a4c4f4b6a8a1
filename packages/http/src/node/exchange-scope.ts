import type { IncomingMessage, ServerResponse } from 'node:http';
import { enterScope, type Gatekeeper, leaveScope } from '../gate/passed-requests.js';

/** The last of the response; whoever listens there may ask who called. */
const lastEvents = ['finish', 'close'] as const;

/**
 * From here on, handlers behind this gate have the request: until what is returned is called, or the response ends. Undefined
 * where they have it already.
 *
 * At the end, listeners run in the order in which they were added. Those of before and of after belong to the app around.
 */
export function enterExchange(
  request: IncomingMessage,
  response: ServerResponse,
  gate: Gatekeeper,
): (() => void) | undefined {
  let scope = enterScope(request, gate);
  if (scope === undefined) return undefined;
  const leave = (): void => {
    if (scope !== undefined) leaveScope(request, scope);
    scope = undefined;
  };
  const enterAgain = (): void => {
    scope ??= enterScope(request, gate);
    // Before whatever waits for the event by a promise.
    process.nextTick(leave);
  };
  for (const event of lastEvents) response.prependListener(event, leave).on(event, enterAgain);
  return () => {
    leave();
    for (const event of lastEvents) response.on(event, leave);
  };
}
