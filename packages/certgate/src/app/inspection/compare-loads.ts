import { createBaseline } from './baseline.js';
import { type BaselineDifference, compareBaselines } from './compare-baselines.js';
import type { CoverageReport } from './coverage-report.js';
import { describeSource } from './inspected-gate.js';

/** How an app that is loaded as on App Service differs from what it is here. */
export interface AzureComparison {
  /** The variables that were set for that load, and those that were removed. */
  readonly set: readonly string[];
  readonly removed: readonly string[];
  /** From here to there. */
  readonly differences: readonly BaselineDifference[];
}

/** By everything that a baseline holds, by the secret of the front end, and by the stores that are asked. */
export function compareLoads(here: CoverageReport, there: CoverageReport): readonly BaselineDifference[] {
  const [before, after] = [here, there].map(describeStores);
  const stores: readonly BaselineDifference[] =
    before === after || here.gate === null || there.gate === null
      ? []
      : [{ effect: 'changes', subject: 'app', what: 'trust', before: before ?? null, after: after ?? null }];
  return [...compareBaselines(createBaseline(here), createBaseline(there)), ...compareSecrets(here, there), ...stores];
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

function describeStores({ gate }: CoverageReport): string {
  const sources = (gate?.stores ?? []).map(describeSource);
  return sources.length === 0 ? 'a store that does not say' : sources.join('; ');
}
