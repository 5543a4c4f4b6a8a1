import { ToolFailure } from '#local/tool-failure.js';
import { type LoggedBundle, parseChangeLogEntry } from './change-log.js';

interface Expectation {
  /**
   * Whether the bundle would change an existing authority. Only then must the log show that the bundle is not older.
   */
  readonly changesAuthority: boolean;
  /**
   * The sequence number that the operator accepts, in decimal digits, or `none`. Undefined if the operator named none.
   */
  readonly acceptSequence: string | undefined;
}

interface FoundBundle {
  readonly trustDomain: string;
  readonly sequence: bigint | undefined;
  readonly keysSha256?: string;
}

/**
 * Refuses a bundle that is older than an earlier one of the log, because some of its anchors may have been withdrawn
 * since. A number that the operator accepts overrides the log. The document's schema has no place for the sequence
 * number, so the lines of the log keep it. The log is not signed, so somebody who can change it can evade this check.
 * The check itself can only stop a change.
 *
 * @throws {ToolFailure} if the bundle is older, if it would change an authority and its age can't be determined, or if
 * the operator accepted another number.
 */
export function expectNewerBundle(
  log: readonly string[],
  { trustDomain, sequence, keysSha256 }: FoundBundle,
  { changesAuthority, acceptSequence }: Expectation,
): void {
  const found = sequence?.toString() ?? 'none';
  if (acceptSequence !== undefined) {
    if (acceptSequence === found) return;
    throw new ToolFailure(
      `The bundle of ${trustDomain} has the sequence number ${found}, and not ${acceptSequence}. Nothing was written.`,
      { remedy: 'Ask the trust domain for the number of its present bundle.' },
    );
  }
  const remedy = `If the trust domain confirms that this is its present bundle: --accept-sequence ${found}`;
  const last = findLastSequence(log, trustDomain);
  if (sequence !== undefined && last !== undefined && sequence < last) {
    throw new ToolFailure(
      `The bundle of ${trustDomain} has the sequence number ${sequence}, and an earlier one had ${last}. An older bundle may have CAs that were withdrawn. Nothing was written.`,
      { remedy },
    );
  }
  if (!changesAuthority) return;
  const namesake = listBundles(log, trustDomain).findLast((each) => each.sequence === found)?.keysSha256;
  if (sequence === last && namesake !== undefined && namesake !== keysSha256) {
    throw new ToolFailure(
      `The bundle of ${trustDomain} has the sequence number ${found}, as an earlier one with other keys had, so nobody can tell which of them is older. Nothing was written.`,
      { remedy },
    );
  }
  if (sequence !== undefined && last !== undefined) return;
  const reason =
    sequence === undefined
      ? 'has no sequence number'
      : `has the sequence number ${sequence}, and the log of changes has none of an earlier bundle`;
  throw new ToolFailure(
    `The bundle of ${trustDomain} ${reason}, so nobody can tell whether it is an older one. Nothing was written.`,
    { remedy },
  );
}

/**
 * The highest number of the trust domain in the log, beginning with the line in which the operator last accepted a
 * number. Lines whose change was not written are included. Undefined if these lines have no number.
 */
function findLastSequence(log: readonly string[], trustDomain: string): bigint | undefined {
  let last: bigint | undefined;
  for (const { sequence, isAccepted } of listBundles(log, trustDomain)) {
    const number = sequence === null ? undefined : BigInt(sequence);
    if (isAccepted) last = number;
    else if (number !== undefined && (last === undefined || number > last)) last = number;
  }
  return last;
}

function listBundles(log: readonly string[], trustDomain: string): readonly LoggedBundle[] {
  return log
    .flatMap((line) => parseChangeLogEntry(line)?.spiffeBundle ?? [])
    .filter((bundle) => bundle.trustDomain === trustDomain);
}
