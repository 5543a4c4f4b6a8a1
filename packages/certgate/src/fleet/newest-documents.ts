import type { NewerDocument } from './fleet-finding.js';
import type { AppState } from './fleet-tracker.js';
import type { InstanceView, RunningDocument } from './instance-view.js';

/**
 * Which documents are one, in two versions: those of one address (a blob, a URL); those that the instances of one app read
 * from the same place. A file, an app setting or a document in code is each app's own. There, what another app ran under
 * the same name and gave up for a higher revision is an older version of that one.
 */
export class DocumentIndex {
  readonly #byPlace = new Map<string, Place>();
  /** By the digits of a document in a place that each app has its own of, and the name of that place. */
  readonly #successors = new Map<string, Known>();
  /** By the digits of a document: an app that takes it only with a signature. */
  readonly #signing = new Map<string, string>();
  /** The same places' names → what runs there, in how many apps. */
  readonly #elsewhere = new Map<string, Map<string, RunningElsewhere>>();

  constructor(apps: readonly IndexedApp[]) {
    const firsts = findFirsts(apps);
    for (const app of apps) {
      for (const view of app.views) {
        for (const document of view.documents ?? []) this.#note(app, view, document, firsts);
      }
    }
  }

  #note(app: IndexedApp, view: InstanceView, document: RunningDocument, firsts: ReadonlyMap<string, number>): void {
    const { source, revision, signedBy } = document;
    if (source === undefined) return;
    const digits = document.sha256?.slice(0, 16);
    const since = (digits === undefined ? undefined : firsts.get(digits)) ?? view.documentsAt ?? view.last;
    const known: Known = { app: app.name, revision, sha256: document.sha256, since };
    const place = openEntry(this.#byPlace, namePlace(app, source), createPlace);
    if (signedBy !== undefined) {
      place.signing ??= app.name;
      if (digits !== undefined) openEntry(this.#signing, digits, () => app.name);
    }
    const version = `${revision ?? ''} ${digits ?? ''}`;
    if (!place.versions.has(version)) place.versions.set(version, known);
    if (isAddress(source) || revision === undefined || digits === undefined || view.documents?.length !== 1) return;
    const there = openEntry(this.#elsewhere, source, () => new Map<string, RunningElsewhere>());
    openEntry(there, digits, () => ({ known, apps: new Set<string>() })).apps.add(app.name);
    for (const [older, sighting] of app.state.sightings) {
      if (sighting.revision === undefined || sighting.revision >= revision) continue;
      const key = `${source}\0${older}`;
      const other = this.#successors.get(key);
      if (other === undefined || (other.revision ?? 0) < revision) this.#successors.set(key, known);
    }
  }

  /** Of the same document, the version with the highest revision, where that is above this one's. */
  findNewer(app: IndexedApp, { source, revision, sha256 }: RunningDocument): NewerDocument | undefined {
    if (source === undefined || revision === undefined) return undefined;
    const own = [...(this.#byPlace.get(namePlace(app, source))?.versions.values() ?? [])];
    // An address has none.
    const successor = this.#successors.get(`${source}\0${sha256?.slice(0, 16) ?? ''}`);
    const above = [...own, ...(successor === undefined ? [] : [successor])].filter(
      (known) => known.revision !== undefined && known.revision > revision,
    );
    const highest = above.reduce<Known | undefined>(
      (one, other) => ((one?.revision ?? -1) < (other.revision ?? 0) ? other : one),
      undefined,
    );
    return highest && describe(highest, app);
  }

  findOfSameRevision(app: IndexedApp, { source, revision, sha256 }: RunningDocument): NewerDocument | undefined {
    if (source === undefined || revision === undefined || sha256 === undefined) return undefined;
    const versions = [...(this.#byPlace.get(namePlace(app, source))?.versions.values() ?? [])];
    const other = versions.find(
      (known) =>
        known.revision === revision && known.sha256 !== undefined && !known.sha256.startsWith(sha256.slice(0, 16)),
    );
    return other && describe(other, app);
  }

  /** An app that takes the same document only with a signature, where this one takes it without. */
  findSigning(app: IndexedApp, { source, sha256, knownBy, signedBy }: RunningDocument): string | undefined {
    if (source === undefined || knownBy !== 'status' || signedBy !== undefined) return undefined;
    return this.#byPlace.get(namePlace(app, source))?.signing ?? this.#signing.get(sha256?.slice(0, 16) ?? '');
  }

  /** What two or more other apps run from their places of this name, under a higher revision. */
  findElsewhere(
    app: IndexedApp,
    { source = '', revision, sha256 }: RunningDocument,
  ): { readonly newest: NewerDocument; readonly apps: number } | undefined {
    if (revision === undefined || sha256 === undefined) return undefined;
    const there = [...(this.#elsewhere.get(source)?.values() ?? [])]
      .map(({ known, apps }) => ({ known, count: apps.has(app.name) ? 0 : apps.size }))
      .filter(({ known, count }) => count > 1 && (known.revision ?? 0) > revision)
      .sort((one, other) => other.count - one.count);
    const [most] = there;
    return most && { newest: describe(most.known, app), apps: most.count };
  }
}

interface IndexedApp {
  readonly name: string;
  readonly state: AppState;
  readonly views: readonly InstanceView[];
}

interface Known extends NewerDocument {
  readonly app: string;
}

interface RunningElsewhere {
  readonly known: Known;
  readonly apps: Set<string>;
}

interface Place {
  /** By revision and digits. */
  readonly versions: Map<string, Known>;
  /** An app that takes what is there only with a signature. */
  signing: string | undefined;
}

function createPlace(): Place {
  return { versions: new Map(), signing: undefined };
}

/** When a line first said that an app has a document, by the first 16 digits. */
export function findFirsts(apps: readonly IndexedApp[]): ReadonlyMap<string, number> {
  const firsts = new Map<string, number>();
  for (const { state } of apps) {
    for (const [digits, { first }] of state.sightings) {
      firsts.set(digits, Math.min(firsts.get(digits) ?? first, first));
    }
  }
  return firsts;
}

/** As versions are ordered by semver.org, as far as packages of this project have them. */
export function compareVersions(one: string, other: string): number {
  const [[oneNumbers, onePre], [otherNumbers, otherPre]] = [split(one), split(other)];
  const numbers = oneNumbers.localeCompare(otherNumbers, 'en', { numeric: true });
  if (numbers !== 0 || onePre === otherPre) return numbers;
  // A version before the release has a hyphen, and is lower than it.
  if (onePre === '' || otherPre === '') return onePre === '' ? 1 : -1;
  return onePre.localeCompare(otherPre, 'en', { numeric: true });
}

function split(version: string): readonly [string, string] {
  const [numbers = '', ...rest] = version.split('-');
  return [numbers, rest.join('-')];
}

/** What apps share; the other places are on the machine of each. */
function isAddress(source: string): boolean {
  return /^(?:blob|URL) /.test(source);
}

function namePlace({ name }: IndexedApp, source: string): string {
  return isAddress(source) ? source : `${source}\0${name}`;
}

function describe({ app, ...known }: Known, asking: IndexedApp): NewerDocument {
  return { ...known, app: app === asking.name ? undefined : app };
}

function openEntry<Key, Value>(entries: Map<Key, Value>, key: Key, create: () => Value): Value {
  const known = entries.get(key);
  if (known !== undefined) return known;
  const value = create();
  entries.set(key, value);
  return value;
}
