import { setImmediate } from 'node:timers/promises';

/** What long work is written as: a generator that yields between its steps and returns its result. */
export type Steps<Result> = Generator<undefined, Result, undefined>;

/** Milliseconds of work before others have their turn. */
const sliceMilliseconds = 4;

/** Milliseconds by a clock that nobody sets: that of `performance.now()`, which has Node load ten modules at its first use. */
function readMonotonicClock(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1_000_000;
}

/** Runs the steps in slices of some milliseconds, with the event loop's turn in between: requests are answered meanwhile. */
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

/** Runs the steps without a pause, for tools and for what is small. */
export function runAtOnce<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
