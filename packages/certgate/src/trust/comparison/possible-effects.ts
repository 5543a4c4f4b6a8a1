import {
  findEntryWindows,
  type ListedEntry,
  listEntries,
  type TrustedAuthority,
  type TrustedIdentity,
  type TrustName,
  type TrustPin,
  type TrustSnapshot,
} from '@certgate/core/internal';
import { compareLists, indexByName, isGraceWider } from './compare-identities.js';
import { canAdmit, hasMore } from './in-force.js';
import { findNameHolder, isSameIdentity } from './shared-names.js';
import { describeCandidates } from './trust-change.js';
import { formatTrustCall } from '../../texts/tool-call.js';

interface EntrySort {
  /**
   * What the entry compares: a kind of hash, a type of name, or `spiffe`. A certificate has at most one value of each of
   * `exclusiveSorts`.
   */
  readonly sort: string;
  readonly issuedBy: string | undefined;
}

type SortedEntry = EntrySort & ListedEntry;

const exclusiveSorts: readonly string[] = [
  'thumbprintSha256',
  'thumbprintSha1',
  'publicKeySha256',
  'commonName',
  'spiffe',
];

/**
 * Describes who may gain although the documents don't show it. The gate refuses a certificate that matches entries of
 * two identities, or one entry that refuses it (disabled, over, of another authority). If that entry is removed, the
 * other one admits the certificate. The documents don't show which entries match one certificate, so the text names
 * those that could. Undefined if none could.
 */
export function describePossibleGains(before: TrustSnapshot, after: TrustSnapshot): string | undefined {
  return describe(findHidden(before, after), 'no longer match', 'refused it before and admit it now');
}

/** Describes who may lose, likewise: an added entry may lock out callers whom another entry admitted. */
export function describePossibleLosses(
  before: TrustSnapshot,
  after: TrustSnapshot,
  isAsked?: IsAsked,
): string | undefined {
  return describe(findHidden(after, before, isAsked), 'now match', 'admitted it before and refuse it now');
}

/** Whether another check already shows which other entries the pinned certificate matches. */
export type IsAsked = (pin: Pick<TrustPin, 'kind' | 'value'>) => boolean;

/**
 * `owners` are the identities whose entries match other certificates than before, and `holders` those whose entries may
 * match the same certificates.
 */
interface Hidden {
  readonly owners: ReadonlySet<string>;
  /**
   * The authorities that vouch for more certificates in one document than in the other, and under which that document
   * denies serial numbers.
   */
  readonly deniedUnder: readonly string[];
  readonly holders: ReadonlySet<string>;
}

/** The text names three identities. A fourth one only shows that there are more. */
const maximumNamed = 3;

function findHidden(more: TrustSnapshot, less: TrustSnapshot, isAsked: IsAsked = () => false): Hidden {
  const wider = listWiderAuthorities(more, less);
  const deniedUnder = wider.filter((name) => hasDeniedSerial(more, name));
  const entries = more.identities.flatMap(list).filter((entry) => {
    const { pin } = entry;
    if (isIn(less, entry)) return pin === undefined && wider.includes(keyOf(entry));
    return pin === undefined || !isAsked(pin);
  });
  const [owners, holders] = [new Set<string>(), new Set<string>()];
  if (entries.length === 0 && deniedUnder.length === 0) return { owners, deniedUnder, holders };
  const others = less.identities.flatMap(list).filter((entry) => canAdmit(less, entry));
  if (deniedUnder.length > 0) for (const { identity } of others.slice(0, maximumNamed + 1)) holders.add(identity.name);
  const groups = groupEntries(others);
  for (const entry of entries) {
    const isOld = isIn(less, entry);
    for (const group of groups) {
      // Both entries are in both documents and depend on the same authority. In each document, it vouches for a
      // certificate for both entries or for neither, so nothing changes between them.
      if (isExclusive(entry, group) || (isOld && keyOf(group) === keyOf(entry))) continue;
      for (const holder of group.holders) {
        if (isSameIdentity(holder, entry.identity) && !canRefuse(entry, holder, more, less)) continue;
        owners.add(entry.identity.name);
        holders.add(holder.name);
        if (holders.size > maximumNamed) break;
      }
    }
  }
  return { owners, deniedUnder, holders };
}

function describe({ owners, deniedUnder, holders }: Hidden, match: string, effect: string): string | undefined {
  if (holders.size === 0) return undefined;
  const whose = [
    ...(owners.size === 0 ? [] : [`a pin or name of ${describeCandidates([...owners])}`]),
    ...(deniedUnder.length === 0 ? [] : [`a denied serial number of the authority ${deniedUnder.join(', ')}`]),
  ];
  const named = [...holders].slice(0, maximumNamed).map((name) => `"${name}"`);
  const others = holders.size > maximumNamed ? ' or another identity' : '';
  return `Some certificates ${match} ${whose.join(' or ')}. If one of them also matches another pin or name, of ${named.join(' or ')}${others}, the gate may have ${effect}. The documents don't show whether there is such a certificate; to check one: ${formatTrustCall('explain', [], ['--certificate', 'FILE', '--function', 'NAME'])}`;
}

function keyOf({ issuedBy }: Pick<EntrySort, 'issuedBy'>): string {
  return issuedBy?.toLowerCase() ?? '';
}

/**
 * The authorities that both documents have, and that vouch for more certificates in `more` than in `less`. Names are in
 * lower case.
 */
function listWiderAuthorities(more: TrustSnapshot, less: TrustSnapshot): readonly string[] {
  const others = indexByName(less.authorities);
  return [...indexByName(more.authorities)].flatMap(([key, authority]) => {
    const other = others.get(key);
    return other !== undefined && other !== authority && isVouchingForMore(authority, other) ? [key] : [];
  });
}

function isVouchingForMore(one: TrustedAuthority, other: TrustedAuthority): boolean {
  const hash = ({ trustAnchors, intermediates }: TrustedAuthority): readonly string[] =>
    [...trustAnchors, ...intermediates].map(({ thumbprintSha256 }) => thumbprintSha256);
  return (
    compareLists(hash(other), hash(one)).added.length > 0 ||
    compareLists(other.spiffeTrustDomains, one.spiffeTrustDomains).added.length > 0 ||
    (one.dnsConstraintsWithLeadingDot !== other.dnsConstraintsWithLeadingDot &&
      one.dnsConstraintsWithLeadingDot === 'subdomains-only')
  );
}

function hasDeniedSerial({ denied }: TrustSnapshot, authority: string): boolean {
  return [...denied.serialNumbers.values()].some((entry) => keyOf(entry) === authority);
}

function list(identity: TrustedIdentity): readonly SortedEntry[] {
  return listEntries(identity).map((entry) => {
    const { issuedBy } = entry.pin ?? entry.trustName;
    return { ...entry, issuedBy, sort: entry.pin === undefined ? sortName(entry.trustName) : entry.pin.kind };
  });
}

/** The sort of a name. A certificate with a SPIFFE ID has only one URI. */
function sortName({ type, value }: TrustName): string {
  return type === 'uri' && /^spiffe:/i.test(value) ? 'spiffe' : type;
}

/**
 * Whether no certificate can match both entries. (A certificate's twin, with the other ECDSA signature, is ignored.)
 */
function isExclusive(one: EntrySort, other: EntrySort): boolean {
  if (one.sort !== other.sort) return [one, other].every(({ sort }) => /^(?:uri|spiffe)$/.test(sort));
  // Two authorities may vouch for one common name.
  return exclusiveSorts.includes(one.sort) && (one.sort !== 'commonName' || keyOf(one) === keyOf(other));
}

/**
 * Whether the document has the entry, for any identity. An entry that moved to another identity is a change of its own.
 */
function isIn(snapshot: TrustSnapshot, entry: SortedEntry): boolean {
  if (entry.pin === undefined) return findNameHolder(snapshot, entry.trustName) !== undefined;
  return snapshot.pins[entry.pin.kind].has(entry.pin.value);
}

/** Entries that compare the same thing under the same authority. */
interface EntryGroup extends EntrySort {
  readonly holders: Set<TrustedIdentity>;
}

function groupEntries(entries: readonly SortedEntry[]): readonly EntryGroup[] {
  const groups = new Map<string, EntryGroup>();
  for (const entry of entries) {
    const { sort, issuedBy, identity } = entry;
    const key = `${sort}\n${keyOf(entry)}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { sort, issuedBy, holders: new Set([identity]) });
    else group.holders.add(identity);
  }
  return [...groups.values()];
}

/**
 * Whether the entry refuses, in the document that has it, what another entry of the same identity admits in the other
 * document.
 */
function canRefuse(entry: SortedEntry, holder: TrustedIdentity, more: TrustSnapshot, less: TrustSnapshot): boolean {
  const { issuedBy, pin } = entry;
  if (pin === undefined && !canTakeBack(entry, more)) return false;
  return list(holder).some((other) => {
    if (isExclusive(entry, other) || !canAdmit(less, other)) return false;
    if (issuedBy !== undefined && keyOf(entry) !== keyOf(other)) return true;
    if (pin === undefined) return false;
    return (
      hasMore(findEntryWindows(less, other), findEntryWindows(more, { identity: holder, pin })) ||
      isGraceWider(other.pin?.acceptWithoutClientAuth, pin.acceptWithoutClientAuth)
    );
  });
}

/**
 * Whether a name can refuse a certificate that its authority issued, because of a denial or a revocation. A name
 * doesn't match certificates of other authorities.
 */
function canTakeBack(entry: SortedEntry, { authorities, denied }: TrustSnapshot): boolean {
  if (denied.thumbprintsSha256.size + denied.serialNumbers.size > 0) return true;
  return authorities.some(({ name, revocation }) => name.toLowerCase() === keyOf(entry) && revocation.mode !== 'off');
}
