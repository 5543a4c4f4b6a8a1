import { readFileSync } from 'node:fs';
import { JsonFields } from './json-fields.js';
import type { CaseResult } from './judge-case.js';
import { type Suite, SuiteError } from './suite.js';

/** A known difference from a suite's expectation, with the reason why it stays. */
export interface Deviation {
  readonly suite: string;
  readonly id: string;
  readonly expected: string;
  readonly ours: string;
  readonly why: string;
}

/** Reads the deviations. One entry of the file gives the reason for every case in its `ids`. */
export function readDeviations(path: string): readonly Deviation[] {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new SuiteError(`${path} can't be read as JSON (${error instanceof Error ? error.message : String(error)}).`);
  }
  return new JsonFields(content, path).listObjects('deviations').flatMap((entry) => {
    const common = {
      suite: entry.getText('suite'),
      expected: entry.getText('expected'),
      ours: entry.getText('ours'),
      why: entry.getText('why'),
    };
    return entry.getTexts('ids').map((id) => ({ id, ...common }));
  });
}

export interface Comparison {
  /** Differences that no entry lists, or that are not the difference that the entry describes. */
  readonly unexplained: readonly CaseResult[];
  readonly explained: readonly { readonly result: CaseResult; readonly deviation: Deviation }[];
  /** Entries whose case was run and gave the expected answer, so that the entry is no longer true. */
  readonly stale: readonly Deviation[];
}

export function compareWithDeviations(
  { form }: Suite,
  results: readonly CaseResult[],
  deviations: readonly Deviation[],
): Comparison {
  const listed = new Map(deviations.filter(({ suite }) => suite === form).map((each) => [each.id, each]));
  const unexplained: CaseResult[] = [];
  const explained: { result: CaseResult; deviation: Deviation }[] = [];
  const stale: Deviation[] = [];
  for (const result of results) {
    const deviation = listed.get(result.id);
    if (result.outcome === 'passed') {
      if (deviation !== undefined) stale.push(deviation);
    } else if (deviation !== undefined && explains(deviation, result)) explained.push({ result, deviation });
    else unexplained.push(result);
  }
  return { unexplained, explained, stale };
}

function explains(deviation: Deviation, { expected, ours }: CaseResult): boolean {
  return deviation.expected === expected && deviation.ours === ours;
}
