// Which lists an instance goes by, and what they say of the certificates of a path (docs/authorities.md, "Revocation").
import type { CertificateRevocationList, PathCertificate } from '@certgate/x509/path';
import * as facts from '../facts.js';
import { type Authority, type Document, isDenied as isOnDenyList } from './document.js';
import { measureExemptLifetime } from './leaf.js';

/** What was read from a source of lists, for the documents of all stores that were in use then. */
export type ListReading = Readonly<{
  source: string;
  at: number;
  documents: readonly Document[];
  authority: Authority;
  list: CertificateRevocationList;
}>;

/** A list that a CA of the authority signed. Lists are compared within their place: source, key, and what they are about. */
type Kept = ListReading & {
  readonly key: string;
  readonly scope: string;
  readonly number: bigint;
  readonly isDelta: boolean;
  readonly base: bigint;
  /** It clears and replaces nothing, and revokes. */
  readonly isBeside: boolean;
};

const mostOfAPlace = 4;

/** What an instance keeps of the lists that it read, one after the other. */
function keep(before: readonly Kept[], reading: ListReading): readonly Kept[] {
  const { list, authority, at } = reading;
  const signers = facts.listIssuers(list, authority);
  const [signer] = signers;
  if (signer === undefined || isNumberTooLow(list, authority)) return before;
  const { crlNumber: number = -1n, deltaBaseNumber: base = 0n } = list;
  const key = facts.keyOf(signer);
  const scope = `${key} ${facts.describeScope(list)}`;
  const isDelta = list.deltaBaseNumber !== undefined;
  const item: Kept = { ...reading, key, scope, number, isDelta, base, isBeside: false };
  const isOfPlace = (each: Kept): boolean => each.source === item.source && each.scope === scope;
  const beside = before.filter((each) => isOfPlace(each) && each.isBeside);
  const alike = before.filter((each) => isOfPlace(each) && !each.isBeside && each.isDelta === isDelta);
  if (alike.some((each) => each.list === list)) return before;

  // The newest takes the place of what came before it, also where that may be only now: its time, or its base, has come.
  const isAfter = (next: Kept, each: Kept): boolean =>
    !isOlder(next, each, at) && !isTwin(next, each) && (!isFuture(next, at) || isFuture(each, at));
  const takesPlace = (next: Kept, each: Kept): boolean => hasBase(next, before, at) && isAfter(next, each);
  const withoutReplaced = (lists: readonly Kept[]): readonly Kept[] =>
    lists.filter((each, index) => !lists.slice(index + 1).some((next) => takesPlace(next, each)));
  let inUse = withoutReplaced([...alike, item]);
  // A delta has all that one before it to the same base has, or to a later one.
  if (inUse.length > mostOfAPlace) inUse = inUse.filter((each) => each.base < base || !isAfter(item, each));
  const isOld = alike.some((each) => hasBase(each, before, at) && isOlder(item, each, at));
  const mayReplace = signers.some((ca) => maySignNow(ca, reading, before));
  if (isOld || inUse.length > mostOfAPlace || (alike.length > 0 && !mayReplace)) {
    if (beside.some((each) => each.list === list)) return before;
    const all = [...beside, { ...item, isBeside: true }];
    const dates = all.map((each) => each.list.thisUpdate);
    const oldest = all.length > mostOfAPlace ? all[dates.indexOf(Math.min(...dates))] : undefined;
    return [...before.filter((each) => !beside.includes(each)), ...all.filter((each) => each !== oldest)];
  }
  const isOver = (each: Kept): boolean =>
    isOfPlace(each) && (each.list === list || ((each.isDelta || !isDelta) && takesPlace(item, each)));
  const others = before.filter((each) => !alike.includes(each) && !isOver(each));
  return [...others, ...inUse];
}

/** The document writes an issuer as one of the authority's certificates does. Names that compare as equal are the same. */
function isNumberTooLow(list: CertificateRevocationList, authority: Authority): boolean {
  const { minimumCrlNumbers = [] } = authority.revocation ?? {};
  const namesakes = facts.listNamesakes(list, authority).map(({ subjectText }) => subjectText);
  const { crlNumber = -1n } = list;
  return minimumCrlNumbers.some(({ issuer, number }) => namesakes.includes(issuer) && crlNumber < BigInt(number));
}

const isFuture = ({ list }: Kept, at: number): boolean => list.thisUpdate > at;

const isTwin = (one: Kept, other: Kept): boolean =>
  one.number === other.number && one.list.thisUpdate === other.list.thisUpdate;

/** A CA whose clock ran ahead, and was set right, goes by its numbers. */
const isOlder = (one: Kept, other: Kept, at: number): boolean =>
  one.number < other.number ||
  (one.list.thisUpdate < other.list.thisUpdate && !(isFuture(other, at) && one.number > other.number));

/** Whether there is a complete list that is as new as the delta's base: then no older delta is needed. */
function hasBase({ isDelta, scope, base }: Kept, lists: readonly Kept[], at: number): boolean {
  const isBase = (each: Kept): boolean =>
    !each.isDelta && !each.isBeside && each.scope === scope && !isFuture(each, at);
  return !isDelta || lists.some((each) => isBase(each) && each.number >= base);
}

/** The signer has a path now, and is neither denied by any document nor known to be revoked. */
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

/** Only what the CAs of the document that is in use now have signed. */
const listUsable = (lists: readonly Kept[], authority: Authority): readonly Kept[] =>
  lists.filter(({ list }) => facts.listIssuers(list, authority).length > 0 && !isNumberTooLow(list, authority));

type Status = 'revoked' | 'good' | 'unknown';
type Context = Readonly<{
  authority: Authority;
  anchor: PathCertificate;
  documents: readonly Document[];
  /** CA certificates that came with the caller's. */
  chain: readonly facts.Certificate[];
  lists: readonly Kept[];
  mode: string;
  now: number;
}>;

/** `asked`: what is being asked about already, against circles of signers. */
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
    // A revocation outlives its signer, who had a path when signing.
    const then = Math.min(each.list.thisUpdate, now);
    const revokes = isGood || signers.some((ca) => hadPath(ca, context, then, []));
    return revokes ? [{ ...each, clears: isGood && !each.isBeside }] : [];
  });
  const clearing = about.filter(({ clears }) => clears);
  const isCurrent = ({ list: { thisUpdate, nextUpdate = 0 } }: Kept): boolean =>
    thisUpdate <= now && now < nextUpdate + (authority.revocation?.graceSeconds ?? 0) * 1000;

  // A revocation stays, also when its list has ended or its source is gone. Only a delta takes an entry back.
  const isFinal = (reason: string, { isDelta }: Kept): boolean =>
    reason !== 'certificateHold' && !(reason === 'removeFromCRL' && isDelta);
  if (about.some((each) => reasonsIn(each).some((reason) => isFinal(reason, each)))) return 'revoked';
  // A certificate on hold comes back by a newer list without it, or by a delta that takes the entry back from its list.
  const isBaseOf = (delta: Kept, { isDelta, scope, number }: Kept): boolean =>
    !isDelta && scope === delta.scope && delta.base <= number && number <= delta.number;
  const takesBack = (newer: Kept): boolean => {
    if (!newer.isDelta) return reasonsIn(newer).length === 0;
    const isTold = reasonsIn(newer).length > 0 && reasonsIn(newer).every((reason) => reason === 'removeFromCRL');
    return isTold && clearing.some((each) => isBaseOf(newer, each) && isCurrent(each));
  };
  const isNewer = (newer: Kept, { scope, number, list }: Kept): boolean =>
    newer.scope === scope && newer.number > number && newer.list.thisUpdate >= list.thisUpdate;
  const isLifted = (held: Kept): boolean =>
    clearing.some((newer) => isNewer(newer, held) && isCurrent(newer) && takesBack(newer));
  if (about.some((each) => reasonsIn(each).includes('certificateHold') && !isLifted(each))) return 'revoked';
  // Good by a current list of the key that signed the certificate, or of the CA that publishes its lists, unless another one
  // tells of a newer complete list.
  const known = clearing.filter((each) => !isFuture(each, now));
  const isOfKey = ({ key, list }: Kept): boolean => key === issuerKey || list.issuer.key !== certificate.issuer.key;
  const isOutrun = ({ scope, number }: Kept): boolean =>
    known.some((each) => each.scope === scope && (each.isDelta ? each.base : each.number) > number);
  const isClear = (each: Kept): boolean =>
    !each.isDelta && isOfKey(each) && isCurrent(each) && each.number >= 0n && !isOutrun(each);
  return clearing.some(isClear) ? 'good' : 'unknown';
}

/** Whoever signed a list and did not issue the certificate must be valid below the same anchor. */
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

/** Whether it had a path then, whatever is revoked or denied. */
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
 * The lists that the code gives to an authority, and whether that makes revocation information required. Those under a name
 * that the document lacks are of each authority that the code doesn't name and whose CA signed them. As long as there is
 * none, they may be of any whose mode the document doesn't state.
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
  const isTold = others.some((lists) => lists.some((each) => isOf(authority, each)));
  return { kept: others.flat(), isRequired: isTold || (isUnknown && authority.revocation?.mode === undefined) };
}

const onDenyList = 'certificate_on_deny_list';

/** Did the authority issue the certificate, by a path that is valid now, with nothing on it revoked or denied? Why not. */
export function ask(
  { document, lists: given }: { readonly document: Document; readonly lists: Lists },
  documents: readonly Document[],
  authority: Authority,
  { target, chain, now }: { target: PathCertificate; chain: readonly facts.Certificate[]; now: number },
): string | undefined {
  const { mode: written = 'off', scope, noRevAvailMaximumLifetimeSeconds = 0 } = authority.revocation ?? {};
  // Lists that the code gives are a source, and a source means "required".
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
      // Whoever sends a CA certificate could choose the one of which nothing is known.
      return status === 'unknown' && isUnasked && isWhole ? 'good' : status;
    });
    if (statuses.includes('revoked')) return 'certificate_revoked';
    if (statuses.includes('unknown')) return 'revocation_unavailable';
    // The deny lists of all documents are for CA certificates too: no path leads through one.
    return path.some((ca) => isDenied(ca, context)) ? onDenyList : undefined;
  });
  if (answers.includes(undefined)) return undefined;
  return answers.includes(onDenyList) ? onDenyList : (answers[0] ?? code);
}
