// live/: the requests as they come: kept, filtered, shown, and one of them with its steps.

import type { LiveEvent } from '../../../certgate/src/trust/views/page-views.js';

/**
 * The most requests that the log keeps: as many as the tool does. Otherwise a page that is left open for days would need
 * more and more memory.
 */
export const mostEvents = 2_000;

export interface LiveSnapshot {
  readonly events: readonly LiveEvent[];
  readonly isPaused: boolean;
  /** How many requests arrived since the user paused the view or cleared it while paused. 0 if it is not paused. */
  readonly waiting: number;
}

export interface LiveLog {
  readonly add: (events: readonly LiveEvent[]) => void;
  readonly clear: () => void;
  readonly pause: () => void;
  readonly resume: () => void;
  readonly getSnapshot: () => LiveSnapshot;
  /** Calls the listener after each change. @returns a function that ends the subscription. */
  readonly subscribe: (listener: () => void) => () => void;
}

export function createLiveLog(): LiveLog {
  const listeners = new Set<() => void>();
  let kept: readonly LiveEvent[] = [];
  let snapshot: LiveSnapshot = { events: kept, isPaused: false, waiting: 0 };

  function show(isPaused: boolean, waiting: number): void {
    snapshot = { events: isPaused ? snapshot.events : kept, isPaused, waiting };
    for (const listener of listeners) listener();
  }

  return {
    add: (events) => {
      kept = [...kept, ...events].slice(-mostEvents);
      show(snapshot.isPaused, snapshot.isPaused ? snapshot.waiting + events.length : 0);
    },
    clear: () => {
      kept = [];
      snapshot = { ...snapshot, events: kept };
      show(snapshot.isPaused, 0);
    },
    pause: () => show(true, 0),
    resume: () => show(false, 0),
    getSnapshot: () => snapshot,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
