import type { ProbeResult } from './doctor.js';
import type { ProbeObservation } from './verdict.js';
import { probeTable } from './probe-table.js';

/** How a function is called, by its position: its name for its operator, a number for everybody else. */
export type FunctionNamer = (index: number) => string;

/** What was sent and what came back, one line for each answer of a function. */
export function formatEvidence({ note, observations }: ProbeResult, nameFunction: FunctionNamer): readonly string[] {
  const groups = new Map<string, ProbeObservation[]>();
  for (const observation of observations) {
    const key = JSON.stringify([observation.functionIndex, observation.outcome, observation.answer]);
    groups.set(key, [...(groups.get(key) ?? []), observation]);
  }
  const lines = [...groups.values()].map((group) => formatGroup(group, nameFunction));
  return note === '' ? lines : [note, ...lines];
}

function formatGroup(group: readonly ProbeObservation[], nameFunction: FunctionNamer): string {
  const [first] = group;
  if (first === undefined) return '';
  const where = first.functionIndex === undefined ? '' : `${nameFunction(first.functionIndex)}: `;
  return `${where}${first.answer} (${group.map(({ sent }) => sent).join('; ')})`;
}

/** What the verdict means, and what to do. */
export function explainFinding({ id, verdict, wouldTell }: ProbeResult): readonly string[] {
  const text = probeTable[id];
  switch (verdict) {
    case 'holds':
      return [text.claim];
    case 'fails':
      return [text.failure, `What to do: ${text.remedy}`];
    case 'cannot-tell':
      return [`What would tell: ${wouldTell ?? text.wouldTell}`];
  }
}
