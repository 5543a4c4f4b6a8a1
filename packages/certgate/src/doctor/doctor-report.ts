import { type ProbeId, probeIds, probeTable } from './probe-table.js';
import type { DoctorTarget } from './target.js';
import { type Judgement, type ProbeObservation, type Verdict, cannotTell, capitalize } from './verdict.js';

/** What `certgate doctor --json` prints. Keys are only ever added. */
export interface DoctorReport {
  readonly target: string;
  readonly anyServer?: true;
  /** Set with `anyServer`: each request of a caller who must be refused that got in, as "probe: what was sent". */
  readonly gotIn?: readonly string[];
  readonly counts: Readonly<Record<Verdict, number>>;
  /**
   * How many kinds of opening were tried. Each probe that asks whether an unauthorized caller gets in tries one kind.
   */
  readonly openings: { readonly known: number; readonly tried: number; readonly notTried: readonly ProbeId[] };
  readonly findings: readonly ProbeFinding[];
  /** Probes that do not apply to this app, or that the operator did not ask for. */
  readonly notRun: readonly { readonly id: ProbeId; readonly reason: string }[];
  readonly requests: number;
}

export interface ProbeFinding {
  readonly id: ProbeId;
  readonly verdict: Verdict;
  /**
   * The judgement's note, if there is one. Then what was sent and what came back, one line for each different answer of
   * a function.
   */
  readonly evidence: readonly string[];
  /** What the server or a certificate says. It is never published. */
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
    const meaning = explain(id, { ...judgement, verdict, observations }, isAnyServer);
    const named = observations.map(({ functionIndex: index, ...rest }) => ({
      function: index === undefined ? null : (names[index] ?? ''),
      ...rest,
    }));
    return [{ id, verdict, evidence: listEvidence(judgement, names), detail, meaning, observations: named }];
  });
  const notRun = [...judgements].flatMap(([id, { verdict, note }]) =>
    verdict === 'not-run' ? [{ id, reason: note }] : [],
  );
  const openings = probeIds.filter((id) => probeTable[id].seeksNoOpening !== true);
  const notTried = openings.filter((id) => !isTried(judgements.get(id)));
  const count = (wanted: Verdict): number => findings.filter(({ verdict }) => verdict === wanted).length;
  return {
    target: target.origin.origin,
    ...(isAnyServer ? { anyServer: true, gotIn: listAdmitted(findings) } : {}),
    counts: { holds: count('holds'), fails: count('fails'), 'cannot-tell': count('cannot-tell') },
    openings: { known: openings.length, tried: openings.length - notTried.length, notTried },
    findings,
    notRun,
    requests,
  };
}

function isTried({ verdict, observations = [] }: Judgement = cannotTell('')): boolean {
  return verdict === 'holds' || verdict === 'fails' || observations.length > 0;
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
      return `${where}${answer} (${countEqual(group.map(({ sent }) => sent)).join('; ')})`;
    }),
  );
  return note === '' ? lines : [note, ...lines];
}

/** Lists each text once, and adds how often it occurs. */
function countEqual(texts: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1);
  return [...counts].map(([text, count]) => (count === 1 ? text : `${text}, ${count} times`));
}

/** What would be needed to decide. Undefined unless the verdict is `cannot-tell`. */
export function findWouldTell(id: ProbeId, { verdict, wouldTell }: Judgement): string | undefined {
  return verdict === 'cannot-tell' ? (wouldTell ?? probeTable[id].wouldTell) : undefined;
}

function explain(
  id: ProbeId,
  judgement: Judgement & { readonly verdict: Verdict; readonly observations: readonly ProbeObservation[] },
  isAnyServer: boolean,
): readonly string[] {
  const { ofAnyServer, ...usual } = probeTable[id];
  const text = isAnyServer ? { ...usual, ...ofAnyServer } : usual;
  switch (judgement.verdict) {
    case 'holds':
      return [describeTries(id, judgement.observations) ?? text.claim];
    case 'fails': {
      const { failure, remedy } = judgement.cause ?? text;
      return [failure, `What to do: ${remedy}`];
    }
    case 'cannot-tell':
      return [`Needed to tell: ${findWouldTell(id, judgement) ?? ''}`];
  }
}

/**
 * Describes only what was tried and how often callers were refused or admitted. Undefined if there are no such tries.
 */
function describeTries(id: ProbeId, observations: readonly ProbeObservation[]): string | undefined {
  const { refused, tries, admitted, allowedTries } = countTries(id, observations);
  const texts = [
    ...(tries === 0 ? [] : [`refused in ${refused} of ${tries} tries`]),
    ...(refused === tries ? [] : [`got nothing of the function in the other ${tries - refused}`]),
    ...(allowedTries === 0 ? [] : [`the allowed certificate was admitted in ${admitted} of ${allowedTries}`]),
  ];
  return texts.length === 0 ? undefined : `${capitalize(texts.join('; '))}.`;
}

export interface Tries {
  /** The requests of callers who must be refused. */
  readonly tries: number;
  readonly refused: number;
  readonly allowedTries: number;
  readonly admitted: number;
}

export function countTries(id: ProbeId, observations: readonly Pick<ProbeObservation, 'sent' | 'outcome'>[]): Tries {
  const relevant = aboutNobody.includes(id) ? [] : observations;
  const own = relevant.filter(({ sent }) => isOfAllowed(sent));
  const others = relevant.filter(({ sent }) => !isOfAllowed(sent));
  return {
    tries: others.length,
    refused: others.filter(({ outcome }) => outcome === 'refused').length,
    allowedTries: own.length,
    admitted: own.filter(({ outcome }) => outcome === 'admitted').length,
  };
}

function isOfAllowed(sent: string): boolean {
  return /^the allowed certificate(?: with its key)?$/.test(sent);
}

/** Probes that do not fail because a caller got into a closed function, but for another reason. */
const aboutNobody: readonly ProbeId[] = ['public-function', 'trace', 'large-body', 'plain-http', 'scm-site'];

function listAdmitted(findings: readonly ProbeFinding[]): readonly string[] {
  return findings
    .filter(({ id, verdict }) => verdict === 'fails' && !aboutNobody.includes(id))
    .flatMap(({ id, observations }) =>
      observations
        .filter(({ outcome, sent }) => outcome === 'admitted' && !isOfAllowed(sent))
        .map(({ sent }) => `${id}: ${sent}`),
    );
}
