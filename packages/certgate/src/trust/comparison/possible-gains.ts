import type { TrustedIdentity, TrustName, TrustPin, TrustSnapshot } from '@certgate/core/internal';
import { isGraceWider, isSameIssuer, isWider } from './compare-identities.js';
import { findNameHolder, isSameIdentity } from './shared-names.js';
import { describeCandidates } from './trust-change.js';
import { formatTrustCall } from '../../faults/tool-call.js';

/** A pin or a name of an identity. */
interface Entry {
  readonly identity: TrustedIdentity;
  /** What it is compared with: of `exclusiveSorts`, a certificate has one value. */
  readonly sort: string;
  readonly issuedBy: string | undefined;
  readonly pin?: TrustPin;
  readonly trustName?: TrustName;
}

const exclusiveSorts: readonly string[] = [
  'thumbprintSha256',
  'thumbprintSha1',
  'publicKeySha256',
  'commonName',
  'spiffe',
];

/**
 * A certificate that matches entries of two identities is refused, and so is one that matches an entry which refuses it
 * (disabled, over, of another authority). When that entry goes, the other one admits. Which entries match one certificate
 * is not in the documents: this names where it could be so, and is silent where it can't. Undefined: nowhere.
 */
export function describePossibleGains(before: TrustSnapshot, after: TrustSnapshot): string | undefined {
  const removed = listEntries(before).filter((entry) => !isIn(after, entry));
  if (removed.length === 0) return undefined;
  const left = groupBySort(listEntries(after).filter(canAdmit));
  const losers = new Set<string>();
  const winners = new Set<string>();
  for (const entry of removed) {
    for (const [sort, holders] of left) {
      if (isExclusive(entry.sort, sort)) continue;
      for (const holder of holders) {
        if (isSameIdentity(holder, entry.identity) && !canRefuse(entry, holder)) continue;
        losers.add(entry.identity.name);
        winners.add(holder.name);
        // Three are named, and a fourth shows that there are others.
        if (winners.size > 3) break;
      }
    }
  }
  if (winners.size === 0) return undefined;
  const named = [...winners].slice(0, 3).map((name) => `"${name}"`);
  const others = winners.size > 3 ? ' or another identity' : '';
  return `${describeCandidates([...losers])} no longer ${losers.size > 1 ? 'have' : 'has'} a pin or name. If a certificate that matched it also matches ${named.join(' or ')}${others}, it was refused before and is admitted now. The documents don't show whether there is such a certificate; to check one: ${formatTrustCall('explain', [], ['--certificate', 'FILE', '--function', 'NAME'])}`;
}

function listEntries({ identities }: Pick<TrustSnapshot, 'identities'>): readonly Entry[] {
  return identities.flatMap((identity) => [
    ...identity.pins.map((pin) => ({ identity, sort: pin.kind, issuedBy: pin.issuedBy, pin })),
    ...identity.names.map((trustName) => ({
      identity,
      sort: sortName(trustName),
      issuedBy: trustName.issuedBy,
      trustName,
    })),
  ]);
}

/** A certificate with a SPIFFE ID has one URI alone. */
function sortName({ type, value }: TrustName): string {
  return type === 'uri' && /^spiffe:/i.test(value) ? 'spiffe' : type;
}

/** No certificate matches entries of both. (A certificate's twin, with its other ECDSA signature, is left aside.) */
function isExclusive(one: string, other: string): boolean {
  return one === other ? exclusiveSorts.includes(one) : [one, other].every((sort) => /^(?:uri|spiffe)$/.test(sort));
}

/** With whomever: that an entry has moved is told as such. */
function isIn(snapshot: TrustSnapshot, { pin, trustName }: Entry): boolean {
  if (pin !== undefined) return snapshot.pins[pin.kind].has(pin.value);
  return trustName !== undefined && findNameHolder(snapshot, trustName) !== undefined;
}

function canAdmit({ identity, pin }: Entry): boolean {
  return identity.enabled && pin?.enabled !== false;
}

function groupBySort(entries: readonly Entry[]): ReadonlyMap<string, ReadonlySet<TrustedIdentity>> {
  const groups = new Map<string, Set<TrustedIdentity>>();
  for (const { sort, identity } of entries) {
    const group = groups.get(sort);
    if (group === undefined) groups.set(sort, new Set([identity]));
    else group.add(identity);
  }
  return groups;
}

/** Did it refuse what an entry of the same identity admits? */
function canRefuse({ sort, issuedBy, pin }: Entry, holder: TrustedIdentity): boolean {
  return listEntries({ identities: [holder] }).some((other) => {
    if (!canAdmit(other) || isExclusive(sort, other.sort)) return false;
    if (issuedBy !== undefined && !isSameIssuer({ issuedBy }, other)) return true;
    if (pin === undefined) return false;
    return (
      !pin.enabled ||
      isWider(other.pin ?? always, pin) ||
      isGraceWider(other.pin?.acceptWithoutClientAuth, pin.acceptWithoutClientAuth)
    );
  });
}

const always = { notBefore: undefined, notAfter: undefined };
