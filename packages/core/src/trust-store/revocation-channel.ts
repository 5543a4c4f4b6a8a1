import { channel } from 'node:diagnostics_channel';
import type { RevocationListStatus } from './lists-in-use.js';
import { revocationChannelName } from './trust-channel.js';

/** One revocation list that an authority of the trust document goes by. */
export interface RevocationListEvent {
  readonly version: 1;
  /**
   * `revocation_current`: it counts. `revocation_ends_soon`: it is in the last third of its time. `revocation_ended`: the
   * next one is overdue. `revocation_forgotten`: no authority goes by it any more.
   */
  readonly code: ListState | 'revocation_forgotten';
  /** The authority of the trust document. */
  readonly authority: string;
  /** RFC 4514. */
  readonly issuer: string;
  /** Its CRL number, in decimal. */
  readonly number: string | undefined;
  /** Where it was read, e.g. `file corp.crl`. */
  readonly source: string | undefined;
  readonly isDelta: boolean;
  /** Milliseconds since 1970-01-01T00:00:00Z, as `end`: `thisUpdate` and `nextUpdate`. */
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

/** How far a list is in its time. */
export type ListState = 'revocation_current' | 'revocation_ends_soon' | 'revocation_ended';

const lists = channel(revocationChannelName);

/** `now` is in milliseconds. */
export function findListState({ begin, end }: Pick<RevocationListStatus, 'begin' | 'end'>, now: number): ListState {
  if (!(now < end)) return 'revocation_ended';
  return end - now <= (end - begin) / 3 ? 'revocation_ends_soon' : 'revocation_current';
}

/** `before`: those that were told the last time. */
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

/** Node reports a subscriber that throws as an uncaught exception of its own. */
function publish(status: RevocationListStatus, code: RevocationListEvent['code']): void {
  const { authority, issuer, number, source, isDelta, begin, end } = status;
  lists.publish(Object.freeze({ version: 1, code, authority, issuer, number, source, isDelta, begin, end }));
}
