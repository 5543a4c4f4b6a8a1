/**
 * How often a test with random inputs runs: `usual` times by default. `npm test -- --long` multiplies this for all such
 * tests, because more seeds find more faults.
 */
export function countRuns(usual: number): number {
  return usual * factor;
}

/** Whether a test should go through every input of a kind. Otherwise it uses only the inputs at the edges. */
export function isLongRun(): boolean {
  return factor > 1;
}

const factor = readFactor(process.env['CERTGATE_TEST_RUNS'] ?? '1');

function readFactor(text: string): number {
  if (/^[1-9]\d{0,3}$/.test(text)) return Number(text);
  throw new Error(`CERTGATE_TEST_RUNS is ${text}; it must be a whole number from 1 to 9999.`);
}
