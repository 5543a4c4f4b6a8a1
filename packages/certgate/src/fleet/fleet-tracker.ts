// fleet/: what runs where: each app and its instances as their lines last said it, and what is behind, silent or different

import type { StartLogLine, StatusLogLine, TrustLogLine } from '@certgate/core/internal';
import type { LogRecord } from '../log/reading/log-record.js';

export type TrustStatus = NonNullable<StatusLogLine['trust']>[number];

/** What a status line says of its gate. Two that say the same have the same `key`. */
export type StatusFacts = { readonly key: string } & {
  /** Undefined: the line doesn't say. */
  readonly [Key in ConfiguredKey]: StatusLogLine[Key] | undefined;
};

type GateKey = 'version' | 'host' | 'frontEnd' | 'frontEndProof' | 'frontEndFault' | 'locked' | 'trust';
type ConfiguredKey = GateKey | 'closed' | 'open' | 'moreClosed' | 'moreOpen';

export interface SaidStatus {
  readonly time: number;
  readonly facts: StatusFacts;
  /** Of each document of `facts.trust`. */
  readonly ages: readonly (number | undefined)[];
  readonly fault: string | undefined;
  readonly revocationFault: string | undefined;
}

/** What a decision says of the document that it was made by. */
export interface SaidDocument {
  readonly time: number;
  readonly revision: number | undefined;
  /** As the line has them: the first 16 digits of each document, separated by commas. */
  readonly digests: string;
}

export interface SaidTrust {
  readonly time: number;
  readonly line: TrustLogLine;
}

export interface SaidFailure {
  readonly time: number;
  readonly line: StartLogLine;
}

/** When an app had a document, by the lines. */
export interface Sighting {
  first: number;
  last: number;
  revision: number | undefined;
}

/** The newest that one instance said of each kind. There may be a hundred thousand. */
export interface InstanceState {
  /** Undefined: lines of any number of instances, which name none. */
  readonly name: string | undefined;
  last: number;
  lastCall: number | undefined;
  status: SaidStatus | undefined;
  document: SaidDocument | undefined;
  trust: SaidTrust | undefined;
  /** The same of its revocation lists. */
  lists: SaidTrust | undefined;
  failure: SaidFailure | undefined;
  /** Of a named one, when it had which documents: by their digits, the latest ones. */
  readonly had: Map<string, Sighting>;
  /** When it last said that it had started. */
  startedAt: number | undefined;
  /** Where lines name no instance: the newest of each that says something else. */
  readonly unnamed: UnnamedSayings | undefined;
}

interface UnnamedSayings {
  /** By `facts.key`. */
  readonly statuses: Map<string, SaidStatus>;
  /** By their digests. */
  readonly documents: Map<string, SaidDocument>;
}

export interface AppState {
  readonly name: string;
  last: number;
  readonly instances: Map<string | undefined, InstanceState>;
  /** By the first 16 digits of the SHA-256. */
  readonly sightings: Map<string, Sighting>;
  /** By their `key`: thousands of instances say the same. */
  readonly facts: Map<string, StatusFacts>;
  /** The newest line of an instance that found no room; undefined: all did. */
  forgottenLast: number | undefined;
  forgotten: number;
}

/** Of each app: beyond that, those are forgotten that were silent for the longest time. */
const maximumInstances = 500;
/** What instances without a name say, of one app; and an app's documents in the time of the lines. */
const maximumTexts = 1_000;
const maximumApps = 10_000;
/** Documents of one instance. */
const maximumHad = 10;

/** Start lines after which an app refuses every call, or has no document. */
const failureCodes: ReadonlySet<StartLogLine['code']> = new Set([
  'gate_setup_failed',
  'front_end_unknown',
  'front_end_contradicted',
  'front_end_unproven',
  'trust_unavailable',
]);

/** Collects what instances say, in any order of the lines, and in memory that does not grow with their number. */
export class FleetTracker {
  readonly apps: Map<string, AppState> = new Map();
  /** The first 16 digits of each key that a document had to be signed with. */
  readonly signers: Set<string> = new Set();
  first: number | undefined;
  last: number | undefined;
  /** Lines of apps that found no room. */
  leftOut = 0;

  note({ line, time, app: name, instance }: LogRecord): void {
    const app = this.#openApp(name, time);
    if (app === undefined) {
      this.leftOut += 1;
      return;
    }
    if (this.first === undefined || time < this.first) this.first = time;
    if (this.last === undefined || time > this.last) this.last = time;
    if (time > app.last) app.last = time;
    const state = openInstance(app, instance, time);
    switch (line.event) {
      case 'decision':
        state.lastCall = Math.max(state.lastCall ?? time, time);
        if (line.trustSha256 !== undefined) noteDecision(app, state, time, line.trustSha256, line.trustRevision);
        break;
      case 'status':
        this.#noteStatus(app, state, time, line);
        break;
      case 'trust':
        noteTrust(state, line.code.startsWith('revocation_') ? 'lists' : 'trust', { time, line });
        break;
      case 'start':
        if (failureCodes.has(line.code) && time >= (state.failure?.time ?? time)) state.failure = { time, line };
        break;
      case 'suppressed':
      case 'expiry':
      case 'renewal':
      case 'revocation':
        break;
    }
  }

  #openApp(name: string, time: number): AppState | undefined {
    const known = this.apps.get(name);
    if (known !== undefined || this.apps.size >= maximumApps) return known;
    const app: AppState = {
      ...{ name, last: time, instances: new Map(), sightings: new Map(), facts: new Map() },
      ...{ forgottenLast: undefined, forgotten: 0 },
    };
    this.apps.set(name, app);
    return app;
  }

  #noteStatus(app: AppState, state: InstanceState, time: number, line: StatusLogLine): void {
    // That of an hour is written with a call.
    if (line.moment === 'hour') state.lastCall = Math.max(state.lastCall ?? time, time);
    // The others have callers alone.
    if ((line.part ?? 1) > 1) return;
    if (line.moment === 'start') state.startedAt = Math.max(state.startedAt ?? time, time);
    for (const { sha256, revision, signedBy = [] } of line.trust ?? []) {
      if (sha256 !== undefined) see(app, sha256.slice(0, 16), time, revision);
      for (const signer of signedBy) if (this.signers.size < maximumTexts) this.signers.add(signer);
    }
    noteHad(state, joinDigests(line.trust ?? []), time);
    const facts = shareFacts(app, line);
    const ages = (line.trust ?? []).map(({ ageSeconds }) => ageSeconds);
    const findFirst = (key: 'fault' | 'revocationFault'): string | undefined =>
      line.trust?.find(({ [key]: fault }) => fault !== undefined)?.[key];
    const said = { time, facts, ages, fault: findFirst('fault'), revocationFault: findFirst('revocationFault') };
    if (time >= (state.status?.time ?? time)) state.status = said;
    if (state.unnamed !== undefined) keepNewest(state.unnamed.statuses, facts.key, said);
  }
}

function openInstance(app: AppState, name: string | undefined, time: number): InstanceState {
  const known = app.instances.get(name);
  if (known !== undefined) {
    if (time > known.last) known.last = time;
    return known;
  }
  if (app.instances.size >= 2 * maximumInstances) forgetInstances(app);
  const state: InstanceState = {
    ...{ name, last: time, lastCall: undefined, status: undefined, document: undefined },
    ...{
      trust: undefined,
      lists: undefined,
      failure: undefined,
      startedAt: undefined,
      had: new Map<string, Sighting>(),
    },
    unnamed: name === undefined ? { statuses: new Map(), documents: new Map() } : undefined,
  };
  app.instances.set(name, state);
  return state;
}

function noteTrust(state: InstanceState, kind: 'trust' | 'lists', said: SaidTrust): void {
  if (said.time >= (state[kind]?.time ?? said.time)) state[kind] = said;
}

function forgetInstances(app: AppState): void {
  const oldestFirst = [...app.instances.values()].sort((one, other) => one.last - other.last);
  for (const { name, last } of oldestFirst.slice(0, -maximumInstances)) {
    app.instances.delete(name);
    app.forgotten += 1;
    app.forgottenLast = Math.max(app.forgottenLast ?? last, last);
  }
}

function noteDecision(
  app: AppState,
  state: InstanceState,
  time: number,
  digests: string,
  revision: number | undefined,
): void {
  for (const digest of digests.split(',')) see(app, digest, time, revision);
  noteHad(state, digests, time);
  if (state.unnamed === undefined && time < (state.document?.time ?? time)) return;
  const said = { time, revision, digests };
  if (time >= (state.document?.time ?? time)) state.document = said;
  if (state.unnamed !== undefined) keepNewest(state.unnamed.documents, digests, said);
}

/** As decisions have them. */
export function joinDigests(documents: readonly TrustStatus[]): string {
  return documents.flatMap(({ sha256 }) => sha256?.slice(0, 16) ?? []).join();
}

function noteHad({ name, had }: InstanceState, digests: string, time: number): void {
  if (name === undefined || digests === '') return;
  const known = had.get(digests);
  if (known !== undefined) {
    if (time < known.first) known.first = time;
    if (time > known.last) known.last = time;
    return;
  }
  if (had.size >= maximumHad) {
    const [oldest] = [...had].sort(([, one], [, other]) => one.last - other.last);
    if (oldest !== undefined) had.delete(oldest[0]);
  }
  had.set(digests, { first: time, last: time, revision: undefined });
}

function see(app: AppState, digest: string, time: number, revision: number | undefined): void {
  const known = app.sightings.get(digest);
  if (known !== undefined) {
    if (time < known.first) known.first = time;
    if (time > known.last) known.last = time;
    known.revision ??= revision;
  } else if (app.sightings.size < maximumTexts) app.sightings.set(digest, { first: time, last: time, revision });
}

function keepNewest<Said extends { readonly time: number }>(kept: Map<string, Said>, key: string, said: Said): void {
  const known = kept.get(key);
  if (known !== undefined && known.time > said.time) return;
  if (known === undefined && kept.size >= maximumTexts) {
    const [oldest] = [...kept].sort(([, one], [, other]) => one.time - other.time);
    if (oldest !== undefined) kept.delete(oldest[0]);
  }
  kept.set(key, said);
}

function shareFacts(app: AppState, line: StatusLogLine): StatusFacts {
  const { version, host, frontEnd, frontEndProof, frontEndFault, closed, open, moreClosed, moreOpen, locked } = line;
  // Ages and the words of a fault change from line to line, and say nothing of what is configured.
  const trust = line.trust?.map(withoutMoments);
  const said = {
    version,
    host,
    frontEnd,
    frontEndProof,
    frontEndFault,
    trust,
    closed,
    open,
    moreClosed,
    moreOpen,
    locked,
  };
  const key = JSON.stringify(said);
  const known = app.facts.get(key);
  if (known !== undefined) return known;
  if (app.facts.size >= maximumTexts) app.facts.clear();
  const facts = { key, ...said };
  app.facts.set(key, facts);
  return facts;
}

function withoutMoments(document: TrustStatus): TrustStatus {
  const { ageSeconds, fault, revocationFault, ...lasting } = document;
  return [ageSeconds, fault, revocationFault].every((each) => each === undefined) ? document : lasting;
}
