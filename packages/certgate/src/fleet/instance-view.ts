import { type AppState, type InstanceState, joinDigests, type SaidDocument, type SaidStatus, type SaidTrust, type TrustStatus } from './fleet-tracker.js'; // prettier-ignore

/** A document that an instance decides by, as far as its lines tell. */
export interface RunningDocument {
  /** Undefined: no line says where it is read. */
  readonly source: string | undefined;
  readonly mirror: string | undefined;
  readonly revision: number | undefined;
  /** 64 digits by a status line, the first 16 by a decision. Undefined: no line says it. */
  readonly sha256: string | undefined;
  /** `status`: all of what follows is known. `decision` or `trust`: such a line is newer, and says nothing of it. */
  readonly knownBy: 'status' | 'decision' | 'trust';
  readonly signedBy: readonly string[] | undefined;
  readonly locked: boolean | undefined;
  readonly ageSeconds: number | undefined;
}

/** What keeps an instance from a document of its own, or from any answer but a refusal. */
export interface RunningFault {
  readonly code: string;
  readonly detail: string | undefined;
  readonly time: number;
}

/** One instance at its newest lines; where lines name none, what some of them last said alike. */
export interface InstanceView {
  readonly instance: string | undefined;
  readonly status: SaidStatus | undefined;
  /** Undefined: no line tells. */
  readonly documents: readonly RunningDocument[] | undefined;
  /** Of the newest line that says which documents they are. */
  readonly documentsAt: number | undefined;
  readonly fault: RunningFault | undefined;
  readonly last: number;
  readonly lastCall: number | undefined;
  /** Newer lines of the same app, which name no instance either, say something else. */
  readonly isOverwritten: boolean;
  /** When a line of the same named instance last said other documents, though these had been said before; else undefined. */
  readonly byTurnsAt: number | undefined;
}

/** Of each instance one; of lines that name none, one for each of the things that they say. */
export function listViews(app: AppState): readonly InstanceView[] {
  return [...app.instances.values()].flatMap((state) =>
    state.unnamed === undefined ? viewState(state) : splitState(state, state.unnamed),
  );
}

function viewState(state: InstanceState): InstanceView {
  const { status, document, last } = state;
  return createView(state, { status, document, last, isOverwritten: false });
}

function splitState(
  state: InstanceState,
  { statuses: said, documents }: NonNullable<InstanceState['unnamed']>,
): readonly InstanceView[] {
  const left = new Map(documents);
  const statuses = [...said.values()].sort((one, other) => other.time - one.time);
  const pairs: { readonly status?: SaidStatus; readonly document?: SaidDocument }[] = statuses.map((status) => {
    const digests = joinDigests(status.facts.trust ?? []);
    const document = left.get(digests);
    // Of two that have the same document, the newer one: whose decisions those are, nothing tells.
    left.delete(digests);
    return document === undefined ? { status } : { status, document };
  });
  pairs.push(...[...left.values()].map((document) => ({ document })));
  if (pairs.length === 0) pairs.push({});
  const timed = pairs
    .map((pair) => ({ ...pair, last: Math.max(pair.status?.time ?? 0, pair.document?.time ?? 0) }))
    .sort((one, other) => other.last - one.last);
  // Lines of other kinds may be those of any of them; the one that wrote last is shown with them.
  return timed.map((pair, index) =>
    index === 0
      ? createView(state, { ...pair, last: state.last, isOverwritten: false })
      : createView(
          { ...state, trust: undefined, lists: undefined, failure: undefined },
          { ...pair, isOverwritten: true },
        ),
  );
}

interface Said {
  readonly status?: SaidStatus | undefined;
  readonly document?: SaidDocument | undefined;
  readonly last: number;
  readonly isOverwritten: boolean;
}

function createView(state: InstanceState, { status, document, last, isOverwritten }: Said): InstanceView {
  const running = findDocuments(state, status, document);
  return {
    instance: state.name,
    status,
    ...running,
    fault: findFault(state, status),
    last,
    lastCall: state.lastCall,
    isOverwritten,
    byTurnsAt: findTurn(state, running.documents ?? []),
  };
}

/** A decision that takes long is by the document at its begin. */
const longestDecision = 60_000;

/** One process has one document after the other. Where an older one comes back, several processes or gates write. */
function findTurn({ had }: InstanceState, documents: readonly RunningDocument[]): number | undefined {
  const digests = documents.flatMap(({ sha256 }) => sha256?.slice(0, 16) ?? []).join();
  const since = had.get(digests)?.first;
  if (since === undefined) return undefined;
  const others = [...had].flatMap(([key, { last }]) => (key !== digests && last > since + longestDecision ? last : []));
  return others.length === 0 ? undefined : Math.max(...others);
}

type Running = Pick<InstanceView, 'documents' | 'documentsAt'>;

function findDocuments(
  { trust }: InstanceState,
  status: SaidStatus | undefined,
  decision: SaidDocument | undefined,
): Running {
  const byCalls = findDocumentsByCalls(status, decision);
  const { documents, documentsAt = 0 } = byCalls;
  const { time, line } = trust ?? {};
  const [only, ...others] = documents ?? [];
  const isNewer = time !== undefined && time > documentsAt && line?.trustRevision !== undefined;
  // Of several documents, such a line names no revision.
  if (!isNewer || others.length > 0 || only?.revision === line.trustRevision) return byCalls;
  const told = { source: line.source, revision: line.trustRevision, sha256: undefined, knownBy: 'trust' } as const;
  return { documents: [{ ...told, ...nothingMore }], documentsAt: time };
}

function findDocumentsByCalls(status: SaidStatus | undefined, decision: SaidDocument | undefined): Running {
  const told = status?.facts.trust;
  const byStatus = told?.map((document, index) => describeTold(document, status?.ages[index]));
  const statusAt = told === undefined ? undefined : status?.time;
  if (decision === undefined || decision.time < (statusAt ?? 0)) return { documents: byStatus, documentsAt: statusAt };
  if (told !== undefined && joinDigests(told) === decision.digests) {
    return { documents: byStatus, documentsAt: decision.time };
  }
  const digests = decision.digests.split(',');
  const sources = told?.filter(({ sha256 }) => sha256 !== undefined) ?? [];
  const documents = digests.map((sha256, index): RunningDocument => ({
    // The places are those of before, in the same order.
    source: sources.length === digests.length ? sources[index]?.source : undefined,
    revision: digests.length === 1 ? decision.revision : undefined,
    sha256,
    knownBy: 'decision',
    ...nothingMore,
  }));
  return { documents, documentsAt: decision.time };
}

const nothingMore = { mirror: undefined, signedBy: undefined, locked: undefined, ageSeconds: undefined };

function describeTold(
  { source, mirror, revision, sha256, signedBy, locked }: TrustStatus,
  ageSeconds: number | undefined,
): RunningDocument {
  return { source, mirror, revision, sha256, knownBy: 'status', signedBy, locked: locked === true, ageSeconds };
}

/** By the newest line that says something of it. */
function findFault(
  { trust, lists, failure, startedAt }: InstanceState,
  status: SaidStatus | undefined,
): RunningFault | undefined {
  const statusAt = status?.time ?? 0;
  // An app whose set-up failed may write status lines anyway; only a start that didn't fail ends that.
  const failureEnds = failure?.line.code === 'gate_setup_failed' ? (startedAt ?? 0) : statusAt;
  if (failure !== undefined && failure.time > failureEnds) {
    return { code: failure.line.code, detail: failure.line.detail, time: failure.time };
  }
  const frontEndFault = status?.facts.frontEndFault;
  if (status !== undefined && frontEndFault !== undefined)
    return { code: frontEndFault, detail: undefined, time: statusAt };
  return (
    chooseFault(trust, { code: 'trust_refresh_failed', detail: status?.fault, time: statusAt }) ??
    chooseFault(lists, { code: 'revocation_refresh_failed', detail: status?.revocationFault, time: statusAt })
  );
}

/** By a line about a change or by a status line, whichever is newer. */
function chooseFault(said: SaidTrust | undefined, ofStatus: RunningFault): RunningFault | undefined {
  const isNewer = said !== undefined && said.time >= ofStatus.time && said.line.code !== 'revision_reused';
  if (!isNewer) return ofStatus.detail === undefined ? undefined : ofStatus;
  const { code, detail } = said.line;
  return code.endsWith('_refreshed') ? undefined : { code, detail, time: said.time };
}
