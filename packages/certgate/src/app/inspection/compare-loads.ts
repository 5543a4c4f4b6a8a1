import { createBaseline, listUncompared } from './baseline.js';
import { type BaselineDifference, compareBaselines } from './compare-baselines.js';
import type { CoverageReport } from './coverage-report.js';

/** How an app that is loaded as on App Service differs from what it is here. */
export interface AzureComparison {
  /** The variables that were set for that load, and those that were removed. */
  readonly set: readonly string[];
  readonly removed: readonly string[];
  /** From here to there. */
  readonly differences: readonly BaselineDifference[];
  /** What may differ as well. */
  readonly uncompared: readonly string[];
}

/** Compares everything in a baseline, and the secret of the front end. */
export function compareLoads(
  here: CoverageReport,
  there: CoverageReport,
): Pick<AzureComparison, 'differences' | 'uncompared'> {
  const [before, after] = [createBaseline(here), createBaseline(there)];
  const differences = [...compareBaselines(before, after), ...compareSecrets(here, there)];
  return { differences, uncompared: listUncompared(after) };
}

/** A baseline says only that the code gives one, which may still be undefined in one of the two loads. */
function compareSecrets(here: CoverageReport, there: CoverageReport): readonly BaselineDifference[] {
  if (here.gate?.options.frontEndSecret !== true || there.gate?.options.frontEndSecret !== true) return [];
  const [before, after] = [here.gate.secretSetting, there.gate.secretSetting];
  if (before === after) return [];
  const effect = after === undefined ? 'opens' : before === undefined ? 'closes' : 'changes';
  return [
    { effect, subject: 'app', what: 'frontEndSecret', before: describeSecret(before), after: describeSecret(after) },
  ];
}

function describeSecret(setting: string | null | undefined): string {
  if (setting === undefined) return 'undefined';
  return setting === null ? 'given in code' : `read from ${setting}`;
}
