import type { IncomingMessage, ServerResponse } from 'node:http';
import { enterScope, type Gatekeeper, leaveScope } from '../gate/passed-requests.js';

/** The last events of a response. Their listeners may ask who called. */
const lastEvents = ['finish', 'close'] as const;

/**
 * Notes that handlers behind this gate have the request, until the returned function is called or the response ends.
 * Undefined if they have it already.
 *
 * At the end of the response, listeners run in the order in which they were added. Those that were added before and
 * afterwards belong to the app around.
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
    // This runs before any code that awaits the event.
    process.nextTick(leave);
  };
  for (const event of lastEvents) response.prependListener(event, leave).on(event, enterAgain);
  return () => {
    leave();
    for (const event of lastEvents) response.on(event, leave);
  };
}
