import { CommandFailure } from '../command-line/command-failure.js';
import type { ChangeLogEntry } from './change-log.js';
import { isEnabled } from './edits/identity-edits.js';
import type { LoadedTrustDocument } from './load-trust-document.js';
import { readTrustHistory, type HistoryItem } from './trust-history.js';
import type { TrustLocation } from './location/trust-location.js';

/**
 * The names (in lower case) that `lock` disabled and that nobody has decided about since: what `unlock` is to enable.
 * Whom `disable` named meanwhile stays out, also when it found them disabled already.
 *
 * @throws {CommandFailure} when no lock is in force, or the log can't tell what happened after it.
 */
export function listLockedIdentities(history: readonly HistoryItem[]): ReadonlySet<string> {
  const locked = new Set<string>();
  let isLocked = false;
  for (const item of history) {
    if (item.kind === 'change') isLocked = follow(item.entry, locked, isLocked);
    else if (isLocked && (item.kind === 'gap' || item.kind === 'uncertain')) {
      throw new CommandFailure(
        'After the lock the document was changed by something other than this tool, so the log does not tell whom it shut out.',
        { remedy: 'Compare, and enable them by name: certgate trust log, certgate trust enable NAME' },
      );
    }
  }
  if (isLocked) return locked;
  throw new CommandFailure('No lock is in force: the log holds none that was not undone.', {
    remedy: 'To enable single identities: certgate trust enable NAME',
  });
}

/** Whether a lock stands in the log that was neither undone nor followed by a change past this tool. */
export function isLockInForce(history: readonly HistoryItem[]): boolean {
  return history.reduce((isLocked, item) => {
    if (item.kind === 'gap' || item.kind === 'uncertain') return false;
    if (item.kind !== 'change') return isLocked;
    return item.entry.verb === 'lock' || (isLocked && item.entry.verb !== 'unlock');
  }, false);
}

/**
 * Under a lock nobody new is let in: whoever locked was told that nobody is left, and a pipeline or a colleague whose change
 * was under way must not make that untrue. Whom `enable` names is another matter: somebody decided about them.
 *
 * @throws {CommandFailure} when a lock is in force.
 */
export async function expectNoLock(
  location: TrustLocation,
  { document, documentSha256 }: LoadedTrustDocument,
): Promise<void> {
  // A lock leaves somebody disabled; without, the log needn't be read.
  if (document.identities.every(isEnabled)) return;
  const history = readTrustHistory(await location.readLog(), { documentSha256, revision: document.revision });
  if (!isLockInForce(history)) return;
  throw new CommandFailure(
    'Everyone is shut out by `trust lock`, and this would let somebody in. Nothing was written.',
    {
      remedy: 'End the lock first: certgate trust unlock. To let the new one in all the same: --even-if-locked',
    },
  );
}

function follow({ verb, identities, revision }: ChangeLogEntry, locked: Set<string>, isLocked: boolean): boolean {
  const names = identities?.map((name) => name.toLowerCase());
  switch (verb) {
    case 'lock':
      if (names === undefined) {
        throw new CommandFailure(
          `The log's line of the lock (revision ${revision}) names nobody: there were too many.`,
          {
            remedy: 'Enable them by name: certgate trust enable NAME',
          },
        );
      }
      for (const name of names) locked.add(name);
      return true;
    case 'unlock':
      locked.clear();
      return false;
    case 'enable':
    case 'disable':
    case 'remove':
      for (const name of names ?? []) locked.delete(name);
      return isLocked;
    default:
      return isLocked;
  }
}
