// Which lists an instance uses, and what they say about a path's certificates (docs/authorities.md, "Revocation").
import type { CertificateRevocationList, PathCertificate } from '@certgate/x509/path';
import * as facts from '../facts.js';
import { type Authority, type Document, isDenied as isOnDenyList } from './document.js';
import { measureExemptLifetime } from './leaf.js';

/** A list that was read from a source, with the documents of all stores that were in use then. */
export type ListReading = Readonly<{
  source: string;
  at: number;
  documents: readonly Document[];
  authority: Authority;
  list: CertificateRevocationList;
}>;

/** A list that a CA of the authority signed. Lists are compared within their place: the same source, key and scope. */
type Kept = ListReading & {
  readonly key: string;
  readonly scope: string;
  readonly number: bigint;
  readonly isDelta: boolean;
  readonly base: bigint;
  /** True if the list can only revoke: it clears no certificate, and replaces no list. */
  readonly onlyRevokes: boolean;
};

const mostOfAPlace = 4;

/** The lists that an instance keeps after one more reading. */
function keep(before: readonly Kept[], reading: ListReading): readonly Kept[] {
  const { list, authority, at } = reading;
  const signers = facts.listIssuers(list, authority);
  const [signer] = signers;
  if (signer === undefined || isNumberTooLow(list, authority)) return before;
  const { crlNumber: number = -1n, deltaBaseNumber: base = 0n } = list;
  const key = facts.keyOf(signer);
  const scope = `${key} ${facts.describeScope(list)}`;
  const isDelta = list.deltaBaseNumber !== undefined;
  const item: Kept = { ...reading, key, scope, number, isDelta, base, onlyRevokes: false };
  const isOfPlace = (each: Kept): boolean => each.source === item.source && each.scope === scope;
  const revoking = before.filter((each) => isOfPlace(each) && each.onlyRevokes);
  const alike = before.filter((each) => isOfPlace(each) && !each.onlyRevokes && each.isDelta === isDelta);
  if (alike.some((each) => each.list === list)) return before;

  // A newer list replaces older ones, sometimes only later, when its date or its base has come.
  const isAfter = (next: Kept, each: Kept): boolean =>
    !isOlder(next, each, at) && !isTwin(next, each) && (!isFuture(next, at) || isFuture(each, at));
  const takesPlace = (next: Kept, each: Kept): boolean => hasBase(next, before, at) && isAfter(next, each);
  const withoutReplaced = (lists: readonly Kept[]): readonly Kept[] =>
    lists.filter((each, index) => !lists.slice(index + 1).some((next) => takesPlace(next, each)));
  let inUse = withoutReplaced([...alike, item]);
  // A delta contains all entries of an earlier delta with the same or a later base, which is therefore dropped.
  if (inUse.length > mostOfAPlace) inUse = inUse.filter((each) => each.base < base || !isAfter(item, each));
  const isOld = alike.some((each) => hasBase(each, before, at) && isOlder(item, each, at));
  const mayReplace = signers.some((ca) => maySignNow(ca, reading, before));
  if (isOld || inUse.length > mostOfAPlace || (alike.length > 0 && !mayReplace)) {
    if (revoking.some((each) => each.list === list)) return before;
    const all = [...revoking, { ...item, onlyRevokes: true }];
    const dates = all.map((each) => each.list.thisUpdate);
    const oldest = all.length > mostOfAPlace ? all[dates.indexOf(Math.min(...dates))] : undefined;
    return [...before.filter((each) => !revoking.includes(each)), ...all.filter((each) => each !== oldest)];
  }
  const isOver = (each: Kept): boolean =>
    isOfPlace(each) && (each.list === list || ((each.isDelta || !isDelta) && takesPlace(item, each)));
  const others = before.filter((each) => !alike.includes(each) && !isOver(each));
  return [...others, ...inUse];
}

/** Whether the list's number is below the minimum, whose issuer is written like a CA certificate's subject. */
function isNumberTooLow(list: CertificateRevocationList, authority: Authority): boolean {
  const { minimumCrlNumbers = [] } = authority.revocation ?? {};
  const namesakes = facts.listNamesakes(list, authority).map(({ subjectText }) => subjectText);
  const { crlNumber = -1n } = list;
  return minimumCrlNumbers.some(({ issuer, number }) => namesakes.includes(issuer) && crlNumber < BigInt(number));
}

const isFuture = ({ list }: Kept, at: number): boolean => list.thisUpdate > at;

const isTwin = (one: Kept, other: Kept): boolean =>
  one.number === other.number && one.list.thisUpdate === other.list.thisUpdate;

/** Whether `one` is older, by number or date. If the other's date is in the future, a higher number decides. */
const isOlder = (one: Kept, other: Kept, at: number): boolean =>
  one.number < other.number ||
  (one.list.thisUpdate < other.list.thisUpdate && !(isFuture(other, at) && one.number > other.number));

/** Whether the list is complete, or is a delta and a complete list of its scope is as new as its base. */
function hasBase({ isDelta, scope, base }: Kept, lists: readonly Kept[], at: number): boolean {
  const isBase = (each: Kept): boolean =>
    !each.isDelta && !each.onlyRevokes && each.scope === scope && !isFuture(each, at);
  return !isDelta || lists.some((each) => isBase(each) && each.number >= base);
}

/** Whether the signer has a path now, and is neither denied by a document nor known to be revoked. */
function maySignNow(ca: PathCertificate, { authority, documents, at }: ListReading, lists: readonly Kept[]): boolean {
  return facts.decodedOf(authority.trustAnchors).some((anchor) => {
    const context = {
      authority,
      anchor,
      documents,
      mode: 'when-available',
      now: at,
      lists: listUsable(lists, authority),
      chain: [],
    };
    return !isDenied(anchor, context) && isGoodSigner(ca, context, []);
  });
}

/** The lists that CAs of the present document signed, and whose number is high enough. */
const listUsable = (lists: readonly Kept[], authority: Authority): readonly Kept[] =>
  lists.filter(({ list }) => facts.listIssuers(list, authority).length > 0 && !isNumberTooLow(list, authority));

type Status = 'revoked' | 'good' | 'unknown';
type Context = Readonly<{
  authority: Authority;
  anchor: PathCertificate;
  documents: readonly Document[];
  /** The CA certificates that came with the caller's certificate. */
  chain: readonly facts.Certificate[];
  lists: readonly Kept[];
  mode: string;
  now: number;
}>;

/** The status of a certificate. `asked` has the certificates whose status is being found, against cycles. */
function findStatus(
  certificate: PathCertificate,
  issuer: PathCertificate,
  context: Context,
  asked: facts.Path,
): Status {
  const { authority, now } = context;
  const issuerKey = facts.keyOf(issuer);
  const reasonsIn = ({ list }: Kept): readonly string[] => facts.findReasons(list, certificate) ?? [];
  const about = context.lists.flatMap((each) => {
    if (facts.findReasons(each.list, certificate) === undefined) return [];
    const signers = facts.listIssuers(each.list, authority);
    const isGood = each.key === issuerKey || signers.some((ca) => isGoodSigner(ca, context, asked));
    // A list still revokes if its signer has no path now, but had one when it signed the list.
    const then = Math.min(each.list.thisUpdate, now);
    const revokes = isGood || signers.some((ca) => hadPath(ca, context, then, []));
    return revokes ? [{ ...each, clears: isGood && !each.onlyRevokes }] : [];
  });
  const clearing = about.filter(({ clears }) => clears);
  const isCurrent = ({ list: { thisUpdate, nextUpdate = 0 } }: Kept): boolean =>
    thisUpdate <= now && now < nextUpdate + (authority.revocation?.graceSeconds ?? 0) * 1000;

  // Every reason except a hold is final, even if the list has expired. In a delta, removeFromCRL is not a reason.
  const isFinal = (reason: string, { isDelta }: Kept): boolean =>
    reason !== 'certificateHold' && !(reason === 'removeFromCRL' && isDelta);
  if (about.some((each) => reasonsIn(each).some((reason) => isFinal(reason, each)))) return 'revoked';
  // A hold is lifted by a newer list without the certificate, or by a delta that removes the entry from its list.
  const isBaseOf = (delta: Kept, { isDelta, scope, number }: Kept): boolean =>
    !isDelta && scope === delta.scope && delta.base <= number && number <= delta.number;
  const liftsHold = (newer: Kept): boolean => {
    if (!newer.isDelta) return reasonsIn(newer).length === 0;
    const isRemoved = reasonsIn(newer).length > 0 && reasonsIn(newer).every((reason) => reason === 'removeFromCRL');
    return isRemoved && clearing.some((each) => isBaseOf(newer, each) && isCurrent(each));
  };
  const isNewer = (newer: Kept, { scope, number, list }: Kept): boolean =>
    newer.scope === scope && newer.number > number && newer.list.thisUpdate >= list.thisUpdate;
  const isLifted = (held: Kept): boolean =>
    clearing.some((newer) => isNewer(newer, held) && isCurrent(newer) && liftsHold(newer));
  if (about.some((each) => reasonsIn(each).includes('certificateHold') && !isLifted(each))) return 'revoked';
  // The certificate is good by a current complete list of the key that signed it, or of the CA that publishes its
  // lists, unless another list shows that a newer complete list exists.
  const known = clearing.filter((each) => !isFuture(each, now));
  const isOfKey = ({ key, list }: Kept): boolean => key === issuerKey || list.issuer.key !== certificate.issuer.key;
  const isOutrun = ({ scope, number }: Kept): boolean =>
    known.some((each) => each.scope === scope && (each.isDelta ? each.base : each.number) > number);
  const isClear = (each: Kept): boolean =>
    !each.isDelta && isOfKey(each) && isCurrent(each) && each.number >= 0n && !isOutrun(each);
  return clearing.some(isClear) ? 'good' : 'unknown';
}

/** Whether a list's signer is valid below the same anchor. Needed unless its key issued the certificate. */
function isGoodSigner(ca: PathCertificate, context: Context, asked: facts.Path): boolean {
  if (!facts.isInForce(ca, context.now)) return false;
  if (ca === context.anchor) return true;
  if (asked.includes(ca) || isDenied(ca, context)) return false;
  return facts.listIssuers(ca, context.authority).some((issuer) => {
    if (!isGoodSigner(issuer, context, [...asked, ca])) return false;
    const status = findStatus(ca, issuer, context, [...asked, ca]);
    return status === 'good' || (status === 'unknown' && context.mode === 'when-available');
  });
}

/** Whether the CA had a path at that time. Revocations and deny lists are ignored. */
function hadPath(ca: PathCertificate, context: Context, then: number, asked: facts.Path): boolean {
  if (!facts.isInForce(ca, then) || asked.includes(ca)) return false;
  if (facts.decodedOf(context.authority.trustAnchors).includes(ca)) return true;
  return facts.listIssuers(ca, context.authority).some((issuer) => hadPath(issuer, context, then, [...asked, ca]));
}

function isDenied(ca: PathCertificate, { authority, documents, chain }: Context): boolean {
  const all = [...authority.trustAnchors, ...(authority.intermediates ?? []), ...chain];
  return all.some((each) => each.path === ca && documents.some((document) => isOnDenyList(document, each, chain)));
}

type Lists = ReadonlyMap<string, readonly ListReading[]>;

/**
 * The lists that the app's code gives to an authority, and whether they make revocation information required. Lists
 * under a name that the document lacks belong to each authority that the code doesn't name and whose CA signed one.
 * While there is no such authority, they may belong to any authority whose mode the document doesn't state.
 */
function findKept(given: Lists, { authorities = [] }: Document, authority: Authority) {
  const keepAll = (readings: readonly ListReading[]): readonly Kept[] => readings.reduce<readonly Kept[]>(keep, []);
  const own = given.get(authority.name.toLowerCase());
  if (own !== undefined) return { kept: keepAll(own), isRequired: true };
  const names = authorities.map(({ name }) => name.toLowerCase());
  const others = [...given].flatMap(([name, readings]) => (names.includes(name) ? [] : [keepAll(readings)]));
  const isOf = (by: Authority, { list }: Kept): boolean => facts.listIssuers(list, by).length > 0;
  const unnamed = authorities.filter(({ name }) => !given.has(name.toLowerCase()));
  const isUnknown = others.some((lists) => !unnamed.some((by) => lists.some((each) => isOf(by, each))));
  const isListed = others.some((lists) => lists.some((each) => isOf(authority, each)));
  return { kept: others.flat(), isRequired: isListed || (isUnknown && authority.revocation?.mode === undefined) };
}

const onDenyList = 'certificate_on_deny_list';

/** Why the authority doesn't vouch for the certificate. Undefined if a valid path has nothing revoked or denied. */
export function ask(
  { document, lists: given }: { readonly document: Document; readonly lists: Lists },
  documents: readonly Document[],
  authority: Authority,
  { target, chain, now }: { target: PathCertificate; chain: readonly facts.Certificate[]; now: number },
): string | undefined {
  const { mode: written = 'off', scope, noRevAvailMaximumLifetimeSeconds = 0 } = authority.revocation ?? {};
  // Lists that the code gives are a source of revocation information, which makes the mode "required".
  const { kept, isRequired } = findKept(given, document, authority);
  const mode = written === 'off' && isRequired ? 'required' : written;
  const isExempt = measureExemptLifetime(target) <= noRevAvailMaximumLifetimeSeconds;
  const lists = listUsable(kept, authority);
  const own = facts.listPaths(authority, target, now);
  const isWhole = own.paths.length > 0 || chain.length === 0;
  const { paths, code } = isWhole ? own : facts.listPaths(authority, target, now, chain);
  const answers = paths.map((path) => {
    const [anchor = target] = path;
    const context = { authority, anchor, documents, chain, lists, mode, now };
    const statuses = path.map((certificate, index): Status => {
      const issuer = path[index - 1];
      if (mode === 'off' || issuer === undefined || (scope === 'end-entity' && certificate !== target)) return 'good';
      const status = findStatus(certificate, issuer, context, [target]);
      const isUnasked = mode === 'when-available' || (isExempt && certificate === target);
      // On a path with forwarded CAs, unknown is never good: a caller could choose a CA that no list is about.
      return status === 'unknown' && isUnasked && isWhole ? 'good' : status;
    });
    if (statuses.includes('revoked')) return 'certificate_revoked';
    if (statuses.includes('unknown')) return 'revocation_unavailable';
    // The deny lists of all documents apply to CA certificates as well: a path must not contain a denied one.
    return path.some((ca) => isDenied(ca, context)) ? onDenyList : undefined;
  });
  if (answers.includes(undefined)) return undefined;
  return answers.includes(onDenyList) ? onDenyList : (answers[0] ?? code);
}
