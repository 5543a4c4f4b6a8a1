import type { InspectorState, LiveEvent } from '../../../certgate/src/trust/views/page-views.js';
import type { Api, ApiFault } from './api.js';

/** The page's connection to the tool. `refused`: the tool refuses this page, so the page stops asking. */
export type Connection = 'connecting' | 'connected' | 'lost' | 'refused';

export interface Follower {
  readonly onState: (state: InspectorState) => void;
  readonly onEvents: (events: readonly LiveEvent[]) => void;
  readonly onConnection: (connection: Connection, fault: ApiFault | undefined) => void;
}

/** The parts of `document` that show whether the page is visible. */
export interface Visibility extends Pick<EventTarget, 'addEventListener'> {
  readonly hidden: boolean;
}

const askAgainMilliseconds = 500;
const tryAgainMilliseconds = 2_000;

/**
 * Polls the tool for what is new while the page is visible. A page that becomes visible again catches up. No request
 * stays open, so any number of tabs can poll at once.
 */
export async function followApp(
  api: Api,
  { onState, onEvents, onConnection }: Follower,
  page: Visibility = document,
  wait: (milliseconds: number) => Promise<void> = sleep,
): Promise<void> {
  let known: string | undefined;
  let current: string | undefined;
  let after = 0;
  for (;;) {
    await untilVisible(page);
    try {
      if (known === undefined || known !== current) {
        const state = await api.getState();
        known = state.tag;
        onState(state);
      }
      const { stateTag, events } = await api.getEvents(after);
      current = stateTag;
      after = events.at(-1)?.id ?? after;
      if (events.length > 0) onEvents(events);
      onConnection('connected', undefined);
    } catch (error) {
      const fault = error as ApiFault;
      onConnection(fault.isStale ? 'refused' : 'lost', fault);
      if (fault.isStale) return;
      await wait(tryAgainMilliseconds - askAgainMilliseconds);
    }
    await wait(askAgainMilliseconds);
  }
}

function untilVisible(page: Visibility): Promise<void> | undefined {
  if (!page.hidden) return undefined;
  return new Promise((resolve) => page.addEventListener('visibilitychange', () => resolve(), { once: true }));
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
