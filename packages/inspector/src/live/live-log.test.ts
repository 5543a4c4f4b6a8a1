import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createSampleEvent } from '../fixture-server/sample-events.js';
import { createLiveLog, mostEvents } from './live-log.js';

const atOnce = (run: () => void): void => run();
const some = (from: number, count: number): ReturnType<typeof createSampleEvent>[] =>
  Array.from({ length: count }, (_, index) => createSampleEvent(from + index));

it('keeps the newest, and no more than its limit', () => {
  const log = createLiveLog(atOnce);
  for (let from = 1; from < 20_000; from += 100) log.add(some(from, 100));
  const { events } = log.getSnapshot();
  assert.equal(events.length, mostEvents);
  assert.deepEqual([events[0]?.id, events.at(-1)?.id], [18_001, 20_000]);
});

it('tells its listeners once a frame, however many events come', () => {
  const frames: (() => void)[] = [];
  const log = createLiveLog((run) => frames.push(run));
  let told = 0;
  log.subscribe(() => told++);
  for (let from = 1; from <= 50; from++) log.add(some(from, 1));
  assert.equal(frames.length, 1);
  frames[0]?.();
  assert.deepEqual([told, log.getSnapshot().events.length], [1, 50]);
});

it('a pause holds the view, and loses nothing', () => {
  const log = createLiveLog(atOnce);
  log.add(some(1, 3));
  log.pause();
  log.add(some(4, 2));
  assert.deepEqual([log.getSnapshot().events.length, log.getSnapshot().waiting], [3, 2]);
  log.resume();
  assert.deepEqual([log.getSnapshot().events.length, log.getSnapshot().waiting], [5, 0]);
});

it('counts what it did not see, but not across a new start', () => {
  const log = createLiveLog(atOnce);
  log.add(some(5, 1));
  log.add(some(9, 1));
  assert.equal(log.getSnapshot().missed, 3);
  log.add(some(1, 2));
  assert.equal(log.getSnapshot().missed, 3);
  log.clear();
  assert.deepEqual([log.getSnapshot().events.length, log.getSnapshot().missed], [0, 0]);
});
