import { channel } from 'node:diagnostics_channel';
import type { RevocationListStatus } from './lists-in-use.js';
import { revocationChannelName } from './trust-channel.js';

/** One revocation list that an authority of the trust document uses, or has used. */
export interface RevocationListEvent {
  readonly version: 1;
  /**
   * `revocation_current`: the list is valid. `revocation_ends_soon`: it is in the last third of its time.
   * `revocation_ended`: the next list is overdue. `revocation_forgotten`: the authority uses no such list any more.
   */
  readonly code: ListState | 'revocation_forgotten';
  /** The authority of the trust document. */
  readonly authority: string;
  /** The list's issuer (RFC 4514). */
  readonly issuer: string;
  /** The list's CRL number, in decimal. Undefined if it has none. */
  readonly number: string | undefined;
  /** The place from which the list was read, e.g. `file corp.crl`. */
  readonly source: string | undefined;
  readonly isDelta: boolean;
  /** `begin` is the list's `thisUpdate`, `end` its `nextUpdate`, both in milliseconds since 1970-01-01T00:00:00Z. */
  readonly begin: number;
  readonly end: number;
}

/** A read of a revocation list that failed: the source gave none, or one that is not accepted. */
export interface RevocationReadFailure {
  readonly version: 1;
  readonly code: 'revocation_read_failed';
  /** The authority of the trust document. */
  readonly authority: string;
  /** The place from which the list is read, e.g. `file corp.crl`. */
  readonly source: string;
  /** Why it failed. */
  readonly fault: string;
}

/** How much of a list's time has passed. */
export type ListState = 'revocation_current' | 'revocation_ends_soon' | 'revocation_ended';

const lists = channel(revocationChannelName);

/** The state of a list at `now`, in milliseconds since 1970-01-01T00:00:00Z. */
export function findListState({ begin, end }: Pick<RevocationListStatus, 'begin' | 'end'>, now: number): ListState {
  if (!(now < end)) return 'revocation_ended';
  return end - now <= (end - begin) / 3 ? 'revocation_ends_soon' : 'revocation_current';
}

/**
 * Publishes each list in use, and each list of `before` that is not used any more. `before`: the lists that were in use
 * after the previous reads.
 */
export function publishLists(
  inUse: readonly RevocationListStatus[],
  before: readonly RevocationListStatus[],
  now: number,
): void {
  if (!lists.hasSubscribers) return;
  for (const status of before)
    if (!inUse.some((other) => isSamePlace(other, status))) publish(status, 'revocation_forgotten');
  for (const status of inUse) publish(status, findListState(status, now));
}

function isSamePlace(one: RevocationListStatus, other: RevocationListStatus): boolean {
  return one.authority === other.authority && one.issuer === other.issuer && one.isDelta === other.isDelta;
}

export function publishReadFailure(authority: string, source: string, fault: string): void {
  lists.publish(Object.freeze({ version: 1, code: 'revocation_read_failed', authority, source, fault }));
}

/** If a subscriber throws, Node reports an uncaught exception of its own. */
function publish(status: RevocationListStatus, code: RevocationListEvent['code']): void {
  const { authority, issuer, number, source, isDelta, begin, end } = status;
  lists.publish(Object.freeze({ version: 1, code, authority, issuer, number, source, isDelta, begin, end }));
}
