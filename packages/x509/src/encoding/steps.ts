import { setImmediate } from 'node:timers/promises';

/** Long work: a generator that yields between its steps and returns its result. */
export type Steps<Result> = Generator<undefined, Result, undefined>;

/** How many milliseconds a slice of work may take before the event loop gets its turn. */
const sliceMilliseconds = 4;

/**
 * Reads a clock that nobody can set, in milliseconds. It is the clock of `performance.now()`, without the modules that
 * Node loads when that is first used.
 */
function readMonotonicClock(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1_000_000;
}

/** Runs the steps in slices of some milliseconds. Between them, the event loop answers requests. */
export async function runInSlices<Result>(steps: Steps<Result>): Promise<Result> {
  let end = readMonotonicClock() + sliceMilliseconds;
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (readMonotonicClock() < end) continue;
    await setImmediate();
    end = readMonotonicClock() + sliceMilliseconds;
  }
}

/** Runs the steps without a pause. */
export function runAtOnce<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
