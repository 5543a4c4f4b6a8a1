import { findingCodes, type FleetFinding } from './fleet-finding.js';
import type { AppState, FleetTracker, StatusFacts } from './fleet-tracker.js';
import { type InstanceView, listViews, type RunningDocument } from './instance-view.js';
import { compareVersions, DocumentIndex } from './newest-documents.js';

/** Instances of an app that say the same. */
export interface FleetRow {
  readonly app: string;
  /** Undefined: the lines name none, so that nothing tells how many there are. */
  readonly instances: readonly string[] | undefined;
  /** How many of them wrote no line for an hour, while others of the app did. */
  readonly quiet: number;
  /** Of the one that wrote last; undefined: there is no line. */
  readonly view: InstanceView | undefined;
  readonly findings: readonly FleetFinding[];
}

/** An app at its newest lines. */
export interface FleetApp {
  readonly name: string;
  readonly state: AppState;
  readonly isSilent: boolean;
  readonly views: readonly InstanceView[];
  /**
   * Instances, or what unnamed ones said, without a line for `silentAfter` before the newest line of the app; and those that
   * found no room.
   */
  readonly replaced: number;
  /** When one of them last said which document it had. */
  readonly replacedToldAt: number | undefined;
}

export interface Fleet {
  /** The newest line of all: what is said of the present is said of then. */
  readonly asOf: number;
  readonly first: number;
  /** In milliseconds. */
  readonly silentAfter: number;
  readonly apps: readonly FleetApp[];
  /** Of the apps that should be there, those without a line. */
  readonly absent: readonly string[];
  /** What needs a look first. */
  readonly rows: readonly FleetRow[];
}

/** An instance with calls writes a status line each hour. */
const quietAfter = 3_600_000;

/** `expectedApps`: names of apps that should have written; undefined: nobody says. */
export function createFleet(
  tracker: FleetTracker,
  silentAfter: number,
  expectedApps: readonly string[] | undefined,
): Fleet {
  const asOf = tracker.last ?? 0;
  const apps = [...tracker.apps.values()].map((state) => describeApp(state, asOf, silentAfter));
  const names = new Set(apps.map(({ name }) => name.toLowerCase()));
  // Azure compares the names of apps without case.
  const absent = (expectedApps ?? []).filter((name) => !names.has(name.toLowerCase()));
  const index = new DocumentIndex(apps);
  const newestVersion = apps
    .flatMap((app) => app.views.filter((view) => isLive(app, view)).map(({ status }) => status?.facts.version))
    .reduce(laterVersion, undefined);
  const rows = apps.flatMap((app) => listRows(app, index, newestVersion, silentAfter));
  const missing = absent.map((app): FleetRow => ({
    app,
    instances: [],
    quiet: 0,
    view: undefined,
    findings: [{ code: 'no_line' }],
  }));
  return { asOf, first: tracker.first ?? 0, silentAfter, apps, absent, rows: [...rows, ...missing].sort(compareRows) };
}

function describeApp(state: AppState, asOf: number, silentAfter: number): FleetApp {
  const views = listViews(state);
  const isCurrent = ({ last }: InstanceView): boolean => last >= state.last - silentAfter;
  const current = views.filter(isCurrent);
  const told = views.filter((view) => !isCurrent(view)).flatMap(({ documentsAt }) => documentsAt ?? []);
  return {
    name: state.name,
    state,
    isSilent: state.last < asOf - silentAfter,
    views: current,
    replaced: views.length - current.length + state.forgotten,
    replacedToldAt: told.length === 0 ? undefined : told.reduce((one, other) => Math.max(one, other)),
  };
}

/** No line of it for an hour, while others of its app wrote: it is idle, or gone. */
export function isQuiet({ state }: FleetApp, view: InstanceView): boolean {
  return view.last < state.last - quietAfter;
}

/** Lately, it had another document by turns: its newest line says what one of several gates or processes has. */
export function runsByTurns({ state }: FleetApp, { byTurnsAt }: InstanceView, silentAfter: number): boolean {
  return byTurnsAt !== undefined && byTurnsAt >= state.last - silentAfter;
}

/** Its newest lines say what it is now. */
export function isLive(app: FleetApp, view: InstanceView): boolean {
  return !app.isSilent && !view.isOverwritten && !isQuiet(app, view);
}

function listRows(
  app: FleetApp,
  index: DocumentIndex,
  newestVersion: string | undefined,
  silentAfter: number,
): readonly FleetRow[] {
  const different = listDifferences(app);
  const groups = new Map<string, FleetRow & { readonly view: InstanceView }>();
  for (const view of [...app.views].sort((one, other) => other.last - one.last)) {
    const key = JSON.stringify([
      view.status?.facts.key,
      view.documents?.map((document) => ({ ...document, ageSeconds: undefined })),
      view.fault?.code,
      view.isOverwritten,
    ]);
    const group = groups.get(key) ?? {
      ...{ app: app.name, instances: view.instance === undefined ? undefined : [], quiet: 0, view },
      findings: listFindings(app, view, index, newestVersion, different, silentAfter),
    };
    const instances = view.instance === undefined ? undefined : [...(group.instances ?? []), view.instance];
    groups.set(key, { ...group, instances, quiet: group.quiet + (isQuiet(app, view) ? 1 : 0) });
  }
  return [...groups.values()];
}

function listFindings(
  app: FleetApp,
  view: InstanceView,
  index: DocumentIndex,
  newestVersion: string | undefined,
  different: readonly string[],
  silentAfter: number,
): readonly FleetFinding[] {
  const { status, documents, documentsAt: at = 0, fault, last } = view;
  const findings: FleetFinding[] = [];
  if (fault !== undefined) findings.push({ code: 'fault', fault: fault.code, detail: fault.detail, at: fault.time });
  const isKnown = isLive(app, view);
  if (!view.isOverwritten) for (const document of documents ?? []) findings.push(...compareDocument(document));
  if (documents === undefined) findings.push({ code: 'document_unknown' });
  if (app.isSilent) findings.push({ code: 'silent', last });
  else if (view.isOverwritten) findings.push({ code: 'overwritten', last });
  else if (isQuiet(app, view)) findings.push({ code: 'quiet', last });
  if (runsByTurns(app, view, silentAfter)) findings.push({ code: 'by_turns', last: view.byTurnsAt ?? last });
  const version = status?.facts.version;
  if (isKnown && version !== undefined && newestVersion !== undefined && compareVersions(version, newestVersion) < 0)
    findings.push({ code: 'old_version', newest: newestVersion });
  if (isKnown && different.length > 0) findings.push({ code: 'different', what: different });
  const { forgottenLast } = app.state;
  if (forgottenLast !== undefined && forgottenLast >= app.state.last - silentAfter)
    findings.push({ code: 'more_instances', last: forgottenLast });
  if (isKnown && view.lastCall === undefined && fault === undefined) findings.push({ code: 'idle' });
  return findings.sort((one, other) => rankFinding(one) - rankFinding(other));

  function compareDocument(document: RunningDocument): readonly FleetFinding[] {
    const newer = index.findNewer(app, document);
    const other = index.findOfSameRevision(app, document);
    const signing = isKnown ? index.findSigning(app, document) : undefined;
    const elsewhere = newer === undefined ? index.findElsewhere(app, document) : undefined;
    const found: FleetFinding[] = [];
    if (newer !== undefined)
      found.push({ code: isKnown && at >= newer.since ? 'behind' : 'behind_unknown', newest: newer, at });
    if (other !== undefined) found.push({ code: 'same_revision', newest: other });
    if (signing !== undefined) found.push({ code: 'unsigned', app: signing });
    if (elsewhere !== undefined) found.push({ code: 'other_place', ...elsewhere });
    return found;
  }
}

/** In what the live instances of one app differ, beside their documents. */
function listDifferences(app: FleetApp): readonly string[] {
  const facts = app.views.filter((view) => isLive(app, view)).flatMap(({ status }) => status?.facts ?? []);
  return comparedFacts
    .filter(([, read]) => new Set(facts.map((each) => JSON.stringify(read(each)))).size > 1)
    .map(([name]) => name);
}

const comparedFacts: readonly (readonly [string, (facts: StatusFacts) => unknown])[] = [
  ['version', ({ version }) => version],
  ['front end', ({ host, frontEnd, frontEndProof, frontEndFault }) => [host, frontEnd, frontEndProof, frontEndFault]],
  ['closed functions', ({ closed, moreClosed }) => [closed?.toSorted(), moreClosed]],
  ['open functions', ({ open, moreOpen }) => [open?.toSorted(), moreOpen]],
  ['signers', ({ trust }) => trust?.map(({ signedBy }) => signedBy)],
  ['places of documents', ({ trust }) => trust?.map(({ source }) => source)],
  ['lock of the app', ({ locked }) => locked],
];

function laterVersion(one: string | undefined, other: string | undefined): string | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return compareVersions(one, other) < 0 ? other : one;
}

function rankFinding({ code }: FleetFinding): number {
  return findingCodes.indexOf(code);
}

function compareRows(one: FleetRow, other: FleetRow): number {
  return rankRow(one) - rankRow(other) || (one.app < other.app ? -1 : one.app > other.app ? 1 : 0);
}

/** An app that is only idle needs no look, so it sorts with those without findings. */
function rankRow({ findings: [worst] }: FleetRow): number {
  return worst === undefined || worst.code === 'idle' ? findingCodes.length : rankFinding(worst);
}
