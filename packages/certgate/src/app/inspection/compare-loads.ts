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

/** By everything that a baseline holds, and by the stores that are asked. */
export function compareLoads(here: CoverageReport, there: CoverageReport): readonly BaselineDifference[] {
  const [before, after] = [here, there].map(describeStores);
  const stores: readonly BaselineDifference[] =
    before === after || here.gate === null || there.gate === null
      ? []
      : [{ effect: 'changes', subject: 'app', what: 'trust', before: before ?? null, after: after ?? null }];
  return [...compareBaselines(createBaseline(here), createBaseline(there)), ...stores];
}

function describeStores({ gate }: CoverageReport): string {
  const sources = (gate?.stores ?? []).map(describeSource);
  return sources.length === 0 ? 'a store that does not say' : sources.join('; ');
}
