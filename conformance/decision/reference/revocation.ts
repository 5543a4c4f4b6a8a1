// Which lists an instance goes by, and what they say of the certificates of a path (docs/authorities.md, "Revocation").
import type { CertificateRevocationList, PathCertificate } from '@certgate/x509/path';
import * as facts from '../facts.js';
import type { Authority } from './document.js';

/** What was read from a source of lists, for the authority as the document described it then. */
export type ListReading = Readonly<{
  source: string;
  at: number;
  authority: Authority;
  list: CertificateRevocationList;
}>;

/** A list that a CA of the authority signed. Lists are compared within their scope: key, and what they are about. */
type Accepted = ListReading & { key: string; scope: string; number: bigint; isDelta: boolean; base: bigint };

/** Signed by a CA that is valid, with the number that the document asks for, and not older than what was read before. */
function accept(readings: readonly ListReading[]): readonly Accepted[] {
  return readings.reduce<readonly Accepted[]>((before, reading) => {
    const { list, authority, at } = reading;
    const signer = facts.listSigners(list, authority).find((ca) => facts.isInForce(ca, at));
    if (signer === undefined || isNumberTooLow(list, authority)) return before;
    const { crlNumber: number = -1n, deltaBaseNumber: base = 0n } = list;
    const key = facts.keyOf(signer);
    const scope = `${key} ${facts.describeScope(list)}`;
    const accepted = { ...reading, key, scope, number, isDelta: list.deltaBaseNumber !== undefined, base };
    const isKnown = before.some(
      (each) =>
        isAlike(each, accepted) && (each.list === list || (isOlder(accepted, each) && hasBase(each, before, at))),
    );
    return isKnown ? before : [...before, accepted];
  }, []);
}

function isNumberTooLow({ crlNumber = -1n, issuerText }: CertificateRevocationList, authority: Authority): boolean {
  const { minimumCrlNumbers = [] } = authority.revocation ?? {};
  return minimumCrlNumbers.some(({ issuer, number }) => issuer === issuerText && crlNumber < BigInt(number));
}

const isAlike = (one: Accepted, other: Accepted): boolean =>
  one.source === other.source && one.scope === other.scope && one.isDelta === other.isDelta;

const isOlder = (one: Accepted, other: Accepted): boolean =>
  one.number < other.number || one.list.thisUpdate < other.list.thisUpdate;

/** Whether there is a complete list that is as new as the delta's base: then no older delta is needed. */
function hasBase({ isDelta, scope, base }: Accepted, lists: readonly Accepted[], at: number): boolean {
  const isBase = (each: Accepted): boolean => !each.isDelta && each.scope === scope && each.list.thisUpdate <= at;
  return !isDelta || lists.some((each) => isBase(each) && each.number >= base);
}

/** What no newer list of its source has replaced. One of the future replaces its like alone. */
function listKept(accepted: readonly Accepted[]): readonly Accepted[] {
  return accepted.filter((each, index) => {
    const isReplacedBy = (next: Accepted, position: number): boolean =>
      position > index &&
      isAlike(each, next) &&
      !isOlder(next, each) &&
      (next.list.thisUpdate <= next.at || each.list.thisUpdate > next.at) &&
      hasBase(next, accepted.slice(0, position), next.at);
    return !accepted.some(isReplacedBy);
  });
}

type Status = 'revoked' | 'good' | 'unknown';
type Context = { authority: Authority; anchor: PathCertificate; lists: readonly Accepted[]; mode: string; now: number };

/** `asked`: what is being asked about already, against circles of signers. */
function findStatus(
  certificate: PathCertificate,
  issuer: PathCertificate,
  context: Context,
  asked: facts.Path,
): Status {
  const { authority, now, lists } = context;
  const issuerKey = facts.keyOf(issuer);
  const reasonsIn = ({ list }: Accepted): readonly string[] => facts.findReasons(list, certificate) ?? [];
  const accepted = lists.filter(({ list, key }) => {
    if (facts.findReasons(list, certificate) === undefined) return false;
    return key === issuerKey || facts.listSigners(list, authority).some((ca) => isGoodSigner(ca, context, asked));
  });
  const kept = listKept(accepted);
  const isCurrent = ({ list: { thisUpdate, nextUpdate = 0 } }: Accepted): boolean =>
    thisUpdate <= now && now < nextUpdate + (authority.revocation?.graceSeconds ?? 0) * 1000;

  // A revocation once seen stays, also when its list has ended or its source is gone.
  const isFinal = (reason: string): boolean => reason !== 'certificateHold' && reason !== 'removeFromCRL';
  if (accepted.some((each) => reasonsIn(each).some(isFinal))) return 'revoked';
  // A certificate on hold comes back by a newer list without it, or by a delta that takes the entry back from its list.
  const isBaseOf = (delta: Accepted, { isDelta, scope, number }: Accepted): boolean =>
    !isDelta && scope === delta.scope && delta.base <= number && number <= delta.number;
  const takesBack = (newer: Accepted): boolean => {
    if (!newer.isDelta) return reasonsIn(newer).length === 0;
    return reasonsIn(newer).includes('removeFromCRL') && kept.some((each) => isBaseOf(newer, each) && isCurrent(each));
  };
  const isLifted = ({ scope, number }: Accepted): boolean =>
    kept.some((newer) => newer.scope === scope && newer.number > number && isCurrent(newer) && takesBack(newer));
  if (kept.some((each) => reasonsIn(each).includes('certificateHold') && !isLifted(each))) return 'revoked';
  // Good by a current list of the key that signed the certificate, unless another one tells of a newer complete list.
  const known = kept.filter(({ list }) => list.thisUpdate <= now);
  const complete = kept.filter(({ isDelta, key }) => !isDelta && key === issuerKey);
  const isOutrun = ({ scope, number }: Accepted): boolean =>
    known.some((each) => each.scope === scope && (each.isDelta ? each.base : each.number) > number);
  return complete.some((each) => isCurrent(each) && each.number >= 0n && !isOutrun(each)) ? 'good' : 'unknown';
}

/** Whoever signed a list and did not issue the certificate must be valid below the same anchor. */
function isGoodSigner(ca: PathCertificate, context: Context, asked: facts.Path): boolean {
  if (ca === context.anchor) return true;
  if (asked.includes(ca) || !facts.isInForce(ca, context.now)) return false;
  return facts.listIssuers(ca, context.authority).some((issuer) => {
    if (!isGoodSigner(issuer, context, [...asked, ca])) return false;
    const status = findStatus(ca, issuer, context, [...asked, ca]);
    return status === 'good' || (status === 'unknown' && context.mode === 'when-available');
  });
}

type Readings = readonly ListReading[] | undefined;
type PathAnswer = { readonly path: facts.Path } | { readonly code: string };

/** Did the authority issue the certificate, by a path that is valid now, and on which nothing is revoked? */
export function ask(authority: Authority, readings: Readings, target: PathCertificate, now: number): PathAnswer {
  const { mode: written = 'off', scope, noRevAvailMaximumLifetimeSeconds = 0 } = authority.revocation ?? {};
  // Lists that the code gives are a source, and a source means "required".
  const mode = written === 'off' && readings !== undefined ? 'required' : written;
  const isExempt = facts.measureExemptLifetime(target) <= noRevAvailMaximumLifetimeSeconds * 1000;
  // Only what the CAs of the document that is in use now have signed.
  const isOfAuthority = ({ list }: Accepted): boolean =>
    facts.listSigners(list, authority).length > 0 && !isNumberTooLow(list, authority);
  const lists = accept(readings ?? []).filter(isOfAuthority);
  const { paths, code } = facts.listPaths(authority, target, now);
  const answers = paths.map((path): PathAnswer => {
    const [anchor = target] = path;
    const statuses = path.map((certificate, index): Status => {
      const issuer = path[index - 1];
      if (mode === 'off' || issuer === undefined || (scope === 'end-entity' && certificate !== target)) return 'good';
      const status = findStatus(certificate, issuer, { authority, anchor, lists, mode, now }, [target]);
      const isUnasked = mode === 'when-available' || (isExempt && certificate === target);
      return status === 'unknown' && isUnasked ? 'good' : status;
    });
    if (statuses.includes('revoked')) return { code: 'certificate_revoked' };
    return statuses.includes('unknown') ? { code: 'revocation_unavailable' } : { path };
  });
  return answers.find((answer) => 'path' in answer) ?? answers[0] ?? { code };
}
