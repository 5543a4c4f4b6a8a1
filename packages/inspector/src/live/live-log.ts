// live/: the requests as they come: kept, filtered, shown, and one of them with its steps.

import type { LiveEvent } from '../../../certgate/src/trust/views/page-views.js';
import type { StreamState } from '../session/event-stream.js';

/** So that a page that is left open for days needs no more memory than after an hour. */
export const mostEvents = 2_000;

export interface LiveSnapshot {
  readonly events: readonly LiveEvent[];
  readonly state: StreamState;
  /** While the page was not connected, or between the two ends of a gap in the numbers. */
  readonly missed: number;
  readonly isPaused: boolean;
  /** Since the pause. */
  readonly waiting: number;
}

export interface LiveLog {
  readonly add: (events: readonly LiveEvent[]) => void;
  readonly setState: (state: StreamState) => void;
  readonly clear: () => void;
  readonly pause: () => void;
  readonly resume: () => void;
  readonly getSnapshot: () => LiveSnapshot;
  /** Told at most once a frame, however many events come. @returns what ends it. */
  readonly subscribe: (listener: () => void) => () => void;
}

export function createLiveLog(schedule: (run: () => void) => void): LiveLog {
  const listeners = new Set<() => void>();
  let kept: LiveEvent[] = [];
  let shown: readonly LiveEvent[] = [];
  let state: StreamState = 'connecting';
  let lastId = 0;
  let missed = 0;
  let isPaused = false;
  let waiting = 0;
  let isScheduled = false;
  let snapshot: LiveSnapshot = { events: shown, state, missed, isPaused, waiting };

  function change(): void {
    if (isScheduled) return;
    isScheduled = true;
    schedule(() => {
      isScheduled = false;
      if (!isPaused) shown = [...kept];
      snapshot = { events: shown, state, missed, isPaused, waiting };
      for (const listener of listeners) listener();
    });
  }

  return {
    add: (events) => {
      for (const event of events) {
        // A number that doesn't go up: the tool has started again, and counts from 1.
        if (lastId > 0 && event.id > lastId + 1) missed += event.id - lastId - 1;
        lastId = event.id;
        kept.push(event);
      }
      if (isPaused) waiting += events.length;
      if (kept.length > mostEvents) kept = kept.slice(-mostEvents);
      change();
    },
    setState: (given) => {
      state = given;
      change();
    },
    clear: () => {
      kept = [];
      shown = [];
      missed = 0;
      waiting = 0;
      change();
    },
    pause: () => {
      isPaused = true;
      change();
    },
    resume: () => {
      isPaused = false;
      waiting = 0;
      change();
    },
    getSnapshot: () => snapshot,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
