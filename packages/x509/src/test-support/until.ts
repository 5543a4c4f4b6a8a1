import assert from 'node:assert/strict';

/** Far beyond what the busiest machine needs: it ends a test whose event never comes, and nothing else. */
const limitNanoseconds = 60_000_000_000n;
const turnsBeforePauses = 200;

/** The real ones, for tests that put others in their place. */
const { setTimeout: startTimer } = globalThis;
const readClock = process.hrtime.bigint.bind(process.hrtime);

/** Lets other work go on until it is so: first by turns of the event loop, then with pauses, which leave the processor to others. */
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
