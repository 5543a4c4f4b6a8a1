import { type ProbeId, probeTable } from './probe-table.js';
import type { DoctorTarget } from './target.js';
import type { Judgement, ProbeObservation, Verdict } from './verdict.js';

/** What `certgate doctor --json` prints. Keys are only ever added. */
export interface DoctorReport {
  readonly target: string;
  readonly anyServer?: true;
  /** With `anyServer`: each request that got in, of a caller who must be refused: the probe and what was sent. */
  readonly gotIn?: readonly string[];
  readonly counts: Readonly<Record<Verdict, number>>;
  readonly findings: readonly ProbeFinding[];
  /** Probes that do not apply to this app, or were not asked for. */
  readonly notRun: readonly { readonly id: ProbeId; readonly reason: string }[];
  readonly requests: number;
}

export interface ProbeFinding {
  readonly id: ProbeId;
  readonly verdict: Verdict;
  /** What was sent and what came back, one line for each answer of a function. */
  readonly evidence: readonly string[];
  /** What the server or a certificate says; never published. */
  readonly detail: string | null;
  /** What the verdict means, and what to do. */
  readonly meaning: readonly string[];
  readonly observations: readonly NamedObservation[];
}

interface NamedObservation extends Omit<ProbeObservation, 'functionIndex'> {
  readonly function: string | null;
}

export type Judgements = ReadonlyMap<ProbeId, Judgement>;

export function createDoctorReport(
  judgements: Judgements,
  { target, isAnyServer = false }: { readonly target: DoctorTarget; readonly isAnyServer?: boolean },
  requests: number,
): DoctorReport {
  const names = [...target.closed, ...target.public].map(({ name }) => name);
  const findings = [...judgements].flatMap(([id, judgement]): readonly ProbeFinding[] => {
    const { verdict, observations = [], detail = null } = judgement;
    if (verdict === 'not-run') return [];
    const meaning = explain(id, verdict, findWouldTell(id, judgement), isAnyServer);
    const named = observations.map(({ functionIndex: index, ...rest }) => ({
      function: index === undefined ? null : (names[index] ?? ''),
      ...rest,
    }));
    return [{ id, verdict, evidence: listEvidence(judgement, names), detail, meaning, observations: named }];
  });
  const notRun = [...judgements].flatMap(([id, { verdict, note }]) =>
    verdict === 'not-run' ? [{ id, reason: note }] : [],
  );
  const count = (wanted: Verdict): number => findings.filter(({ verdict }) => verdict === wanted).length;
  return {
    target: target.origin.origin,
    ...(isAnyServer ? { anyServer: true, gotIn: listAdmitted(findings) } : {}),
    counts: { holds: count('holds'), fails: count('fails'), 'cannot-tell': count('cannot-tell') },
    findings,
    notRun,
    requests,
  };
}

export function formatCounts({ counts, notRun, requests }: DoctorReport): string {
  return `holds: ${counts.holds}, fails: ${counts.fails}, cannot tell: ${counts['cannot-tell']}; not run: ${notRun.length}; requests: ${requests}`;
}

function listEvidence({ note, observations = [] }: Judgement, names: readonly string[]): readonly string[] {
  const groups = new Map<string, ProbeObservation[]>();
  for (const observation of observations) {
    const key = JSON.stringify([observation.functionIndex, observation.outcome, observation.answer]);
    groups.set(key, [...(groups.get(key) ?? []), observation]);
  }
  const lines = [...groups.values()].flatMap((group) =>
    group.slice(0, 1).map(({ functionIndex: index, answer }) => {
      const where = index === undefined ? '' : `${names[index] ?? ''}: `;
      return `${where}${answer} (${group.map(({ sent }) => sent).join('; ')})`;
    }),
  );
  return note === '' ? lines : [note, ...lines];
}

/** Undefined if the verdict is another than `cannot-tell`. */
export function findWouldTell(id: ProbeId, { verdict, wouldTell }: Judgement): string | undefined {
  return verdict === 'cannot-tell' ? (wouldTell ?? probeTable[id].wouldTell) : undefined;
}

function explain(id: ProbeId, verdict: Verdict, wouldTell = '', isAnyServer: boolean): readonly string[] {
  const { ofAnyServer, ...usual } = probeTable[id];
  const text = isAnyServer ? { ...usual, ...ofAnyServer } : usual;
  switch (verdict) {
    case 'holds':
      return [text.claim];
    case 'fails':
      return [text.failure, `What to do: ${text.remedy}`];
    case 'cannot-tell':
      return [`Needed to tell: ${wouldTell}`];
  }
}

/** Probes that fail for another reason than that somebody got in. */
const aboutNobody: readonly ProbeId[] = ['public-function', 'trace', 'large-body', 'plain-http', 'scm-site'];

function listAdmitted(findings: readonly ProbeFinding[]): readonly string[] {
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
