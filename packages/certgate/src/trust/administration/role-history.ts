import type { TrustDocumentIdentity } from '@certgate/core/internal';
import type { ChangeLogEntry } from './change-log.js';
import type { HistoryItem } from './trust-history.js';

/** Why the log doesn't show which change gave a role. */
export type RoleHistoryLimit =
  /** No line is older. */
  | 'log_begins'
  /** Something other than the tool changed the document, or put an older one back. */
  | 'changed_outside'
  /** A line without roles: of an earlier version, of a document that replaced an unreadable one, or a very long one. */
  | 'not_recorded'
  /** The role went, and no line brings it back. */
  | 'contradiction';

/** An identity of the document in force, with one of its roles. */
export interface HeldRole {
  readonly identity: string;
  readonly role: string;
  /** The change that gave it; it has been there in every document since. */
  readonly since?: ChangeLogEntry;
  /** Lines that meant the same document: any of them may have made the change. */
  readonly orBy: readonly ChangeLogEntry[];
  /** Where `since` is not known. */
  readonly limit?: RoleHistoryLimit;
  /** With `limit`: the earliest change after which the role is known to have been there without a break. */
  readonly atLeastSince?: ChangeLogEntry;
}

/** Who has which role since when, back from the document in force as far as the log leads. */
export function listHeldRoles(
  identities: readonly TrustDocumentIdentity[],
  history: readonly HistoryItem[],
): readonly HeldRole[] {
  const search = new RoleSearch(identities, history);
  const limit = search.run();
  return search.finish(limit);
}

class RoleSearch {
  readonly #history: readonly HistoryItem[];
  readonly #roles: readonly { readonly identity: string; readonly role: string; readonly key: string }[];
  readonly #open: Set<string>;
  readonly #found = new Map<string, Omit<HeldRole, 'identity' | 'role'>>();
  #earliest: ChangeLogEntry | undefined;

  constructor(identities: readonly TrustDocumentIdentity[], history: readonly HistoryItem[]) {
    this.#history = history;
    this.#roles = identities.flatMap(({ name, roles }) =>
      [...new Set(roles)].map((role) => ({ identity: name, role, key: keyOf(name, role) })),
    );
    this.#open = new Set(this.#roles.map(({ key }) => key));
  }

  /** Newest first. What came to nothing, and lines that can't be read, are not on the way: hashes connect the others. */
  run(): RoleHistoryLimit {
    for (const item of [...this.#history].reverse()) {
      if (this.#open.size === 0) break;
      if (item.kind === 'gap') return item.isBeginning ? 'log_begins' : 'changed_outside';
      if (item.kind === 'undone' || item.kind === 'uncertain') return 'changed_outside';
      if (item.kind !== 'change' || isSignature(item.entry)) continue;
      // Its document had every role that is still open.
      this.#earliest = item.entry;
      if (item.entry.touches === undefined) return 'not_recorded';
      this.#take(item.entry);
    }
    return 'log_begins';
  }

  #take(entry: ChangeLogEntry): void {
    for (const { identity, gained, lost } of entry.roles ?? []) {
      for (const role of gained) this.#close(keyOf(identity, role), { since: entry, orBy: this.#listSame(entry) });
      for (const role of lost) this.#close(keyOf(identity, role), { limit: 'contradiction', orBy: [] });
    }
  }

  #close(key: string, found: Omit<HeldRole, 'identity' | 'role'>): void {
    if (this.#open.delete(key)) this.#found.set(key, found);
  }

  #listSame({ documentSha256 }: ChangeLogEntry): readonly ChangeLogEntry[] {
    return this.#history.flatMap((item) =>
      item.kind === 'same' && item.entry.documentSha256 === documentSha256 ? [item.entry] : [],
    );
  }

  finish(limit: RoleHistoryLimit): readonly HeldRole[] {
    const earliest = this.#earliest === undefined ? {} : { atLeastSince: this.#earliest };
    return this.#roles.map(({ identity, role, key }) => ({
      identity,
      role,
      ...(this.#found.get(key) ?? { limit, orBy: [], ...earliest }),
    }));
  }
}

function isSignature({ documentSha256, previousDocumentSha256 }: ChangeLogEntry): boolean {
  return documentSha256 === previousDocumentSha256;
}

/** Letter case doesn't tell names apart, but roles. */
function keyOf(name: string, role: string): string {
  return JSON.stringify([name.toLowerCase(), role]);
}
