import type { DoctorReport, ProbeResult } from './doctor.js';
import type { ProbeObservation } from './verdict.js';
import { type ProbeId, probeTable } from './probe-table.js';

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
export function explainFinding({ id, verdict, wouldTell }: ProbeResult, isAnyServer = false): readonly string[] {
  const { ofAnyServer, ...usual } = probeTable[id];
  const text = isAnyServer ? { ...usual, ...ofAnyServer } : usual;
  switch (verdict) {
    case 'holds':
      return [text.claim];
    case 'fails':
      return [text.failure, `What to do: ${text.remedy}`];
    case 'cannot-tell':
      return [`Needed to tell: ${wouldTell ?? text.wouldTell}`];
  }
}

/** Probes that fail for another reason than that somebody got in. */
const aboutNobody: readonly ProbeId[] = ['public-function', 'trace', 'large-body', 'plain-http', 'scm-site'];

/** Each request that got in, of a caller who must be refused: the probe and what was sent. */
export function listAdmitted({ findings }: DoctorReport): readonly string[] {
  return findings
    .filter(({ id, verdict }) => verdict === 'fails' && !aboutNobody.includes(id))
    .flatMap(({ id, observations }) =>
      observations
        .filter(
          ({ outcome, sent }) => outcome === 'admitted' && !/^the allowed certificate(?: with its key)?$/.test(sent),
        )
        .map(({ sent }) => `${id}: ${sent}`),
    );
}
