import { createBaseline, listUncompared } from './baseline.js';
import { type BaselineDifference, compareBaselines } from './compare-baselines.js';
import type { CoverageReport } from './coverage-report.js';

/** How a load of the app with App Service's variables differs from its load here. */
export interface AzureComparison {
  /** The names of the variables that were set for that load. */
  readonly set: readonly string[];
  readonly removed: readonly string[];
  /** The differences: `before` is the load here, `after` the load as on App Service. */
  readonly differences: readonly BaselineDifference[];
  /** The places of stores that may differ too, although nothing shows it. */
  readonly uncompared: readonly string[];
}

/**
 * Compares everything that a baseline contains, and, if both loads give the front end's secret in code, where it comes
 * from.
 */
export function compareLoads(
  here: CoverageReport,
  there: CoverageReport,
): Pick<AzureComparison, 'differences' | 'uncompared'> {
  const [before, after] = [createBaseline(here), createBaseline(there)];
  const differences = [...compareBaselines(before, after), ...compareSecrets(here, there)];
  return { differences, uncompared: listUncompared(after) };
}

/**
 * Compares where the secret comes from. A baseline shows only that the code gives a secret, which may be undefined in
 * one of the two loads.
 */
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
