import type { TrustDocumentIdentity } from '@certgate/core/internal';
import type { ChangeLogEntry } from './change-log.js';
import type { HistoryItem } from './trust-history.js';

/** Why the log doesn't show which change gave a role. */
export type RoleHistoryLimit =
  /** The log has no older line. */
  | 'log_begins'
  /** Something other than the tool changed the document, or put an older one back. */
  | 'changed_outside'
  /**
   * A line has no roles: an earlier version of the tool wrote it, or its change replaced an unreadable document, or it
   * would have been too long with them.
   */
  | 'not_recorded'
  /** A line says that the role was removed, and no later line says that it was given again. */
  | 'contradiction';

/** An identity of the document in force, with one of its roles. */
export interface RoleOrigin {
  readonly identity: string;
  readonly role: string;
  /** The entry of the change that gave the role. Every later document has the role. Undefined if `limit` is set. */
  readonly since?: ChangeLogEntry;
  /** Other entries for the same document: the change of any of them may have given the role. */
  readonly orBy: readonly ChangeLogEntry[];
  /** Why `since` is not known. Undefined if it is known. */
  readonly limit?: RoleHistoryLimit;
  /**
   * With `limit`: the earliest change after which the role is known to have been there without a break. Undefined if no
   * change shows that, or if the limit is `contradiction`.
   */
  readonly atLeastSince?: ChangeLogEntry;
}

/**
 * Lists since when each identity has each role. The search goes back from the document in force as far as the log
 * allows.
 */
export function listRoleOrigins(
  identities: readonly TrustDocumentIdentity[],
  history: readonly HistoryItem[],
): readonly RoleOrigin[] {
  const search = new RoleSearch(identities, history);
  const limit = search.run();
  return search.finish(limit);
}

class RoleSearch {
  readonly #history: readonly HistoryItem[];
  readonly #roles: readonly { readonly identity: string; readonly role: string; readonly key: string }[];
  readonly #open: Set<string>;
  readonly #found = new Map<string, Omit<RoleOrigin, 'identity' | 'role'>>();
  #earliest: ChangeLogEntry | undefined;

  constructor(identities: readonly TrustDocumentIdentity[], history: readonly HistoryItem[]) {
    this.#history = history;
    this.#roles = identities.flatMap(({ name, roles }) =>
      [...new Set(roles)].map((role) => ({ identity: name, role, key: keyOf(name, role) })),
    );
    this.#open = new Set(this.#roles.map(({ key }) => key));
  }

  /**
   * Goes from the newest item to the oldest. It skips lines that can't be read, that are not known to have been carried
   * out, that repeat a change, or that only sign, because hashes connect the others.
   */
  run(): RoleHistoryLimit {
    for (const item of [...this.#history].reverse()) {
      if (this.#open.size === 0) break;
      if (item.kind === 'gap') return item.isBeginning ? 'log_begins' : 'changed_outside';
      if (item.kind === 'undone' || item.kind === 'uncertain') return 'changed_outside';
      if (item.kind !== 'change' || isSignature(item.entry)) continue;
      // The document of this entry had every role that is still open.
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

  #close(key: string, found: Omit<RoleOrigin, 'identity' | 'role'>): void {
    if (this.#open.delete(key)) this.#found.set(key, found);
  }

  #listSame({ documentSha256 }: ChangeLogEntry): readonly ChangeLogEntry[] {
    return this.#history.flatMap((item) =>
      item.kind === 'same' && item.entry.documentSha256 === documentSha256 ? [item.entry] : [],
    );
  }

  finish(limit: RoleHistoryLimit): readonly RoleOrigin[] {
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

/** Names are compared without letter case, roles with it. */
function keyOf(name: string, role: string): string {
  return JSON.stringify([name.toLowerCase(), role]);
}
