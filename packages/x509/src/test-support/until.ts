import assert from 'node:assert/strict';

/** Ends a test whose event never comes. It is far more than a busy machine needs. */
const limitNanoseconds = 60_000_000_000n;
const turnsBeforePauses = 200;

/** The real functions, because tests may replace the global ones. */
const { setTimeout: startTimer } = globalThis;
const readClock = process.hrtime.bigint.bind(process.hrtime);

/**
 * Waits until `isSo` returns a true value: first by turns of the event loop, then with pauses, which leave the
 * processor to other programs.
 */
export async function until(isSo: () => unknown): Promise<void> {
  const end = readClock() + limitNanoseconds;
  for (let turn = 0; !(await isSo()); turn += 1) {
    assert.ok(readClock() < end, `Not within a minute: ${isSo.toString()}`);
    await new Promise<void>((resolve) => {
      if (turn < turnsBeforePauses) setImmediate(resolve);
      else startTimer(resolve, 5);
    });
  }
}
