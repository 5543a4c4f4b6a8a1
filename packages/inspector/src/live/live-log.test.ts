import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { LiveEvent } from '../../../certgate/src/trust/views/page-views.js';
import { createLiveLog, mostEvents } from './live-log.js';

const some = (from: number, count: number): readonly LiveEvent[] =>
  Array.from({ length: count }, (_, index) => ({ id: from + index }) as LiveEvent);

it('the log keeps the newest requests, and at most `mostEvents` of them', () => {
  const log = createLiveLog();
  for (let from = 1; from < 20_000; from += 100) log.add(some(from, 100));
  const { events } = log.getSnapshot();
  assert.equal(events.length, mostEvents);
  assert.deepEqual([events[0]?.id, events.at(-1)?.id], [18_001, 20_000]);
});

it('while the log is paused, the view stays as it is, and no request is lost', () => {
  const log = createLiveLog();
  let calls = 0;
  const end = log.subscribe(() => calls++);
  log.add(some(1, 3));
  log.pause();
  log.add(some(4, 2));
  assert.deepEqual([log.getSnapshot().events.length, log.getSnapshot().waiting], [3, 2]);
  log.resume();
  assert.deepEqual([log.getSnapshot().events.length, log.getSnapshot().waiting], [5, 0]);
  assert.equal(calls, 4);
  end();
  log.clear();
  assert.deepEqual([log.getSnapshot().events.length, calls], [0, 4]);
});

it('clearing the log also empties a paused view', () => {
  const log = createLiveLog();
  log.add(some(1, 3));
  log.pause();
  log.add(some(4, 1));
  log.clear();
  assert.deepEqual(log.getSnapshot(), { events: [], isPaused: true, waiting: 0 });
});
