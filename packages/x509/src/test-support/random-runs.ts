/**
 * How often a test with random inputs tries them: `usual` times whenever the tests run. `npm test -- --long` multiplies that
 * for all of them: more seeds find more, but not on every run.
 */
export function countRuns(usual: number): number {
  return usual * factor;
}

/** For tests that go through every input of a kind, and that otherwise take those at the edges. */
export function isLongRun(): boolean {
  return factor > 1;
}

const factor = readFactor(process.env['CERTGATE_TEST_RUNS'] ?? '1');

function readFactor(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new Error(`CERTGATE_TEST_RUNS is ${text}; it must be a whole number from 1 to 9999.`);
}
