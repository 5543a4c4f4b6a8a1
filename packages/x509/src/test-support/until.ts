import assert from 'node:assert/strict';

/** Far beyond what the busiest machine needs: it ends a test whose event never comes, and nothing else. */
const limitMilliseconds = 60_000;
const turnsBeforePauses = 200;

/** The real one, for tests that put another in its place. */
const { setTimeout: startTimer } = globalThis;

/** Lets other work go on until it is so: first by turns of the event loop, then with pauses, which leave the processor to others. */
export async function until(isSo: () => unknown): Promise<void> {
  const end = performance.now() + limitMilliseconds;
  for (let turn = 0; !(await isSo()); turn += 1) {
    assert.ok(performance.now() < end, `Not within a minute: ${isSo.toString()}`);
    await new Promise<void>((resolve) => {
      if (turn < turnsBeforePauses) setImmediate(resolve);
      else startTimer(resolve, 5);
    });
  }
}
