import type { AuthorityContext } from './authority-path.js';
import { intersectGraces } from './client-auth-grace.js';
import type { CertificationPath } from '@certgate/x509/path';
import { noRevocationInformation } from './revocation-information.js';
import {
  type CurrentSpan,
  type PinMatch,
  type TrustMatch,
  describeClaim,
  describePinMatch,
  findIssuedMatches,
  findNamedMatches,
  groupMatches,
  type PathRefusal,
} from './issued-match.js';
import type { DenialFacts, IdentityFacts, PinFacts } from '../denial-facts.js';
import { hashTail, listTwins, type PresentedCertificate } from '../certificate-header/certificate-header.js';
import { type DenialCode, rankDenial } from '../denial.js';
import { findDeniedCertificate } from './deny-list.js';
import {
  type ConfirmedFinding,
  describeRefusal,
  type FoundFinding,
  type NominatedFinding,
  type NotFoundFinding,
  type RefusedFinding,
  type RefusedNomination,
  type TrustDenialCode,
  type TrustFinding,
} from './trust-finding.js';
import { type PinKind, pinKinds, type PinnedIdentity, type TrustPin, type TrustSnapshot } from './trust-snapshot.js';

const notFound: NotFoundFinding = Object.freeze({ outcome: 'notFound' });
const withoutInformation: AuthorityContext = Object.freeze({ revocation: noRevocationInformation });

/** What a snapshot answers. It answers synchronously, also in `confirm`. */
export type SnapshotFinding =
  | Exclude<TrustFinding, NominatedFinding>
  | (Omit<NominatedFinding, 'confirm'> & {
      /** Verifies the certification paths. This can take milliseconds. */
      readonly confirm: () => ConfirmedFinding;
    });

/**
 * Looks a certificate up in a snapshot at `now` (milliseconds since 1970-01-01T00:00:00Z): by its pins, and by its
 * names under the authorities that own a CA certificate with the name of its issuer, or of an issuer in the chain that
 * came with it. A locked document denies every certificate, and a deny list the certificates that it names. Otherwise
 * one match that denies is enough to refuse. No authority's signature is verified: if the answer depends on an
 * authority, it is a nomination, and its `confirm` does the expensive work.
 */
export function findInSnapshot(
  snapshot: TrustSnapshot,
  certificate: PresentedCertificate,
  now: number,
  context: AuthorityContext = withoutInformation,
): SnapshotFinding {
  // Must come before any look-up: neither the answer nor its timing shows a caller whether a locked document knows it.
  if (snapshot.locked !== undefined) return refuse('trust_locked', snapshot.locked);
  const denied = snapshot.denied.thumbprintsSha256.size > 0 ? findDeniedCertificate(snapshot, certificate) : undefined;
  if (denied !== undefined) return refuse('certificate_on_deny_list', { entry: denied });
  const own = findPins(snapshot, certificate);
  // If no pin of the certificate itself matches, its other ECDSA signature is not computed here, but only for a deny
  // list of thumbprints (above), or if a name nominates the certificate (below): unknown callers should cost little.
  const pinned = own.length === 0 ? own : own.concat(findPinsOfTwin(snapshot, certificate, own));
  if (snapshot.authorities.length === 0) return concludePins(pinned, notFound, certificate, now);
  const named = findNamedMatches(snapshot, certificate, pinned);
  if (named.outcome === 'settled') return concludePins(pinned, named.otherwise, certificate, now);
  if (named.outcome === 'refused') {
    const denial: RefusedFinding = refuse(named.code, named.facts);
    return findStrictestReason([denial, findMatchesDenial(pinned, certificate, now)]) ?? denial;
  }
  const { nominations } = named;
  const claims = { pinned: own.length === 0 ? findPinsOfTwin(snapshot, certificate, own) : pinned, nominations };
  const [pin] = own;
  const [nomination] = nominations;
  // The rules of the matching pins and of their identities need no signature either, so they come first.
  return (
    findMatchesDenial(claims.pinned, certificate, now) ?? {
      outcome: 'nominated',
      ...(pin === undefined ? {} : { identityName: pin.identity.name }),
      ...(pin !== undefined || nomination === undefined ? {} : { claim: describeClaim(nomination) }),
      confirm: () => confirmMatches(snapshot, certificate, claims, now, context),
    }
  );
}

/** The answer if no authority is asked: what the pins say, or `otherwise` if no pin matched. */
function concludePins(
  pinned: readonly PinMatch[],
  otherwise: NotFoundFinding,
  certificate: PresentedCertificate,
  now: number,
): Exclude<TrustFinding, NominatedFinding> {
  const [first] = pinned;
  if (first === undefined) return otherwise;
  return findMatchesDenial(pinned, certificate, now) ?? describeMatches(first, pinned);
}

/** Validates the certification paths, and combines the matches that are left. */
function confirmMatches(
  snapshot: TrustSnapshot,
  certificate: PresentedCertificate,
  claims: Parameters<typeof findIssuedMatches>[3],
  now: number,
  context: AuthorityContext,
): ConfirmedFinding {
  const { pathDecoding } = certificate;
  // The gate refuses such a certificate before it confirms. Another caller of `confirm` may not have looked.
  if (!pathDecoding.ok) {
    const refusal = describeRefusal('path_certificate_malformed', { fault: pathDecoding.fault });
    return { outcome: 'denied', step: 'certification-path', ...refusal };
  }
  const issued = findIssuedMatches(snapshot, certificate, pathDecoding.value, claims, now, context);
  const { matches, paths, refusals, unproven, steadyWhile } = issued;
  // A pin matches before its authority is asked, so the pins are checked together with the confirmed matches.
  const ofMatches = findMatchesDenial([...claims.pinned, ...matches], certificate, now);
  const denial = findStrictestReason<RefusedNomination>([
    ...refusals.map(refuseByPath),
    ofMatches && { ...ofMatches, step: 'client-identity' },
  ]);
  if (denial !== undefined) return denial;
  const first = matches.find(({ isOfTwin }) => !isOfTwin);
  if (first !== undefined) return describeMatches(first, matches, paths, steadyWhile);
  const claimed = findStrictestReason(unproven);
  if (claimed === undefined) return notFound;
  return { ...refuseByPath(claimed), isUnproven: true, ...intersectSpans(steadyWhile) };
}

function refuseByPath({
  code,
  facts,
  identityName,
}: PathRefusal): RefusedNomination & { readonly step: 'certification-path' } {
  const known = identityName === undefined ? {} : { identityName };
  return { outcome: 'denied', step: 'certification-path', ...describeRefusal(code, facts), ...known };
}

const noPins: readonly PinMatch[] = Object.freeze([]);

/**
 * The pins of the certificate. The loop creates nothing for an unknown caller, whose refusal should cost little more
 * than one hash.
 */
function findPins(snapshot: TrustSnapshot, certificate: PresentedCertificate): readonly PinMatch[] {
  let found: PinMatch[] | undefined;
  for (const kind of pinKinds) {
    const pinned = findPin(snapshot, kind, certificate);
    if (pinned === undefined) continue;
    const { identity, pin } = pinned;
    (found ??= []).push({ identity, matchedBy: kind, pin, trustName: undefined, isOfTwin: false });
  }
  return found ?? noPins;
}

function findPin(
  snapshot: TrustSnapshot,
  kind: PinKind,
  certificate: PresentedCertificate,
): PinnedIdentity | undefined {
  const pins = snapshot.pins[kind];
  if (pins.size === 0) return undefined;
  const value = certificate[kind];
  if (value === undefined || !snapshot.pinTails[kind].has(hashTail(value))) return undefined;
  return pins.get(value);
}

/**
 * The pins of the same certificate with its other ECDSA signature. They never admit this certificate, and they can
 * refuse it like the other: if the pin or its identity is not in force, if it is another identity's pin, or if its
 * `issuedBy` authority has no valid path to the certificate.
 */
function findPinsOfTwin(
  snapshot: TrustSnapshot,
  certificate: PresentedCertificate,
  own: readonly PinMatch[],
): readonly PinMatch[] {
  const { thumbprintSha256, thumbprintSha1 } = snapshot.pins;
  const others = thumbprintSha256.size + thumbprintSha1.size - own.filter(isByThumbprint).length;
  if (others === 0) return noPins;
  return listTwins(certificate)
    .flatMap((twin) => findPins(snapshot, twin))
    .filter(isByThumbprint)
    .map((match) => ({ ...match, isOfTwin: true }));
}

/**
 * A pin of the public key matches the certificate with either ECDSA signature, so it is not a pin of the other
 * signature only.
 */
function isByThumbprint({ pin }: PinMatch): boolean {
  return pin.kind !== 'publicKeySha256';
}

/**
 * The answer for matches that all admit, with the validated paths of those that depend on an authority. In the
 * intervals `others`, no CA certificate of the authorities that were asked begins or ends.
 */
function describeMatches(
  first: TrustMatch,
  matches: readonly TrustMatch[],
  paths: readonly CertificationPath[] = [],
  others: readonly CurrentSpan[] = [],
): FoundFinding {
  const { identity, matchedBy } = first;
  // Names and authorities never accept a certificate without clientAuth: every match must be a pin that accepts it.
  const graces = matches.map(({ pin }) => pin?.acceptWithoutClientAuth);
  const grace = graces.includes(undefined) ? undefined : intersectGraces(graces);
  const current = [...paths, ...others];
  return {
    outcome: 'found',
    identity,
    matchedBy,
    matched: nameMatch(first),
    ...intersectValidity([...matches.map(findEntrySpan), ...paths]),
    ...(grace === undefined ? {} : { acceptWithoutClientAuth: grace }),
    ...(current.length === 0 ? {} : intersectSpans(current)),
    ...(paths.length === 0 ? {} : { isPathValidated: true, pathAuthorities: paths.flatMap(listAuthorities) }),
  };
}

function intersectValidity(spans: readonly ReturnType<typeof findEntrySpan>[]): ReturnType<typeof findEntrySpan> {
  let [validFrom, validUntil] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (const span of spans) {
    validFrom = Math.max(validFrom, span.validFrom);
    validUntil = Math.min(validUntil, span.validUntil);
  }
  return { validFrom, validUntil };
}

/** The interval that all spans have in common. A bound that is absent does not limit it. */
export function intersectSpans(spans: readonly Partial<CurrentSpan>[]): CurrentSpan {
  return {
    currentFrom: Math.max(...spans.map(({ currentFrom = Number.NEGATIVE_INFINITY }) => currentFrom)),
    currentUntil: Math.min(...spans.map(({ currentUntil = Number.POSITIVE_INFINITY }) => currentUntil)),
  };
}

function nameMatch({ pin, trustName }: TrustMatch): string {
  return pin?.value ?? trustName?.value ?? '';
}

/** The CA certificates of the path, in DER: all but the caller's own certificate. */
function listAuthorities({ trustAnchor, certificates }: CertificationPath): readonly Uint8Array[] {
  return [trustAnchor, ...certificates.slice(0, -1)].map(({ der }) => der);
}

/**
 * What the rules for entries look at: a match's identity, and its pin. The pin is undefined if the certificate matched
 * by a name.
 */
export type TrustEntry = Pick<TrustMatch, 'pin'> & { readonly identity: TrustMatch['identity'] | undefined };
/** Why an entry of the document is not in force. */
export type EntryCode = Exclude<Extract<TrustDenialCode, `identity_${string}` | `pin_${string}`>, 'identity_ambiguous'>;

/**
 * `on`: in force if the value is true. `from`, `until`: in force in [from, until), in milliseconds since
 * 1970-01-01T00:00:00Z. A value that is undefined sets no bound.
 */
interface EntryRule {
  readonly of: 'identity' | 'pin';
  readonly bound: 'on' | 'from' | 'until';
  /** The member that has the value. If the value is a time, the denial's facts contain it too. */
  readonly key: 'enabled' | 'expiresAt' | 'notBefore' | 'notAfter';
}

/**
 * Decides when an entry is in force. Each rule is here once, in the order in which the rules refuse. The refusal, the
 * interval for which an admission is remembered, and what tools say about an entry all come from here. No member is
 * optional, because a polluted prototype would supply it.
 */
export const entryRules: Readonly<Record<EntryCode, EntryRule>> = Object.freeze({
  identity_disabled: { of: 'identity', bound: 'on', key: 'enabled' },
  identity_expired: { of: 'identity', bound: 'until', key: 'expiresAt' },
  pin_disabled: { of: 'pin', bound: 'on', key: 'enabled' },
  pin_not_yet_valid: { of: 'pin', bound: 'from', key: 'notBefore' },
  pin_expired: { of: 'pin', bound: 'until', key: 'notAfter' },
});

/** The codes, in the order of the rules. */
export const entryCodes = Object.freeze(Object.keys(entryRules)) as readonly EntryCode[];

/** The value that the rule looks at. Undefined if the entry has none: then the rule does not apply. */
export function readBound(code: EntryCode, entry: TrustEntry): boolean | number | undefined {
  const { of, key } = entryRules[code];
  const subject: { readonly [Key in EntryRule['key']]?: boolean | number | undefined } | undefined = entry[of];
  return subject?.[key];
}

/** Whether the rule lets the entry admit at `now`. False if a time that the rule compares is NaN. */
export function isInForce(code: EntryCode, entry: TrustEntry, now: number): boolean {
  const value = readBound(code, entry);
  if (typeof value !== 'number') return value !== false;
  return entryRules[code].bound === 'from' ? now >= value : now < value;
}

/**
 * [validFrom, validUntil) in milliseconds since 1970-01-01T00:00:00Z: when the entry is in force. Empty if its pin or
 * its identity is disabled.
 */
export function findEntrySpan(entry: TrustEntry): Pick<CertificationPath, 'validFrom' | 'validUntil'> {
  let validFrom = Number.NEGATIVE_INFINITY;
  let validUntil = Number.POSITIVE_INFINITY;
  for (const code of entryCodes) {
    const value = readBound(code, entry);
    if (value === false) validUntil = Number.NEGATIVE_INFINITY;
    if (typeof value !== 'number') continue;
    if (entryRules[code].bound === 'from') validFrom = Math.max(validFrom, value);
    else validUntil = Math.min(validUntil, value);
  }
  return { validFrom, validUntil };
}

/**
 * Whether the deny list names a pin's certificate, as far as the document shows. Denials by serial number or by the
 * thumbprint with the other ECDSA signature, and pins of another hash, can't be decided without the certificate.
 */
export function isPinDenied({ denied }: Pick<TrustSnapshot, 'denied'>, { kind, value }: TrustPin): boolean {
  return kind === 'thumbprintSha256' && denied.thumbprintsSha256.has(value);
}

type MatchCode = EntryCode | 'identity_ambiguous';
/** Why matches refuse: they belong to several identities, or one of them is not in force. */
type MatchDenial = RefusedFinding<MatchCode>;

/** Denies unless all matches belong to one identity, and each of them is in force. */
function findMatchesDenial(
  matches: readonly TrustMatch[],
  certificate: PresentedCertificate,
  now: number,
): MatchDenial | undefined {
  const [first] = matches;
  const isAmbiguous = matches.some(({ identity }) => identity !== first?.identity);
  if (isAmbiguous) return refuse('identity_ambiguous', { identities: groupMatches(matches) });
  return findStrictestReason(matches.map((match) => findMatchDenial(match, matches, certificate, now)));
}

/** The strictest of several reasons, by `rankDenial`; if two are equal, the first. */
function findStrictestReason<Reason extends { readonly code: DenialCode }>(
  reasons: readonly (Reason | undefined)[],
): Reason | undefined {
  let strictest: Reason | undefined;
  for (const reason of reasons) {
    const isStricter = reason && (strictest === undefined || rankDenial(reason.code) < rankDenial(strictest.code));
    if (isStricter === true) strictest = reason;
  }
  return strictest;
}

type MatchFacts = (PinFacts | IdentityFacts) & { -readonly [Key in EntryRule['key']]?: boolean | number | undefined };

function findMatchDenial(
  match: TrustMatch,
  matches: readonly TrustMatch[],
  certificate: PresentedCertificate,
  now: number,
): MatchDenial | undefined {
  const code = entryCodes.find((each) => !isInForce(each, match, now));
  if (code === undefined) return undefined;
  const { name } = match.identity;
  const { of, bound, key } = entryRules[code];
  // Assigned, because spreading a computed key makes a refusal more expensive.
  const facts: MatchFacts =
    of === 'pin' ? describePinMatch(match, matches) : { identity: name, matched: nameMatch(match) };
  if (bound !== 'on') facts[key] = readBound(code, match);
  if (key === 'notAfter') Object.assign(facts, describeOwnEnd(certificate, now));
  return refuse(code, facts as DenialFacts[EntryCode], name);
}

/**
 * When the certificate itself ends. `trust add --certificate` copies the certificate's end to the pin, so the pin's end
 * is noticed first. This decodes the certificate, so call it only if a pin matched.
 */
function describeOwnEnd({ decoding }: PresentedCertificate, now: number): OwnEnd {
  if (!decoding.ok) return {};
  const { notAfter } = decoding.certificate;
  // RFC 5280 §4.1.2.5: the instant notAfter still belongs to the validity.
  return { certificateNotAfter: notAfter, isCertificateExpired: !(now <= notAfter) };
}

type OwnEnd = { readonly certificateNotAfter?: number; readonly isCertificateExpired?: boolean };

function refuse<Code extends TrustDenialCode>(
  code: Code,
  facts: DenialFacts[Code],
  identityName?: string,
): RefusedFinding<Code> {
  const known = identityName === undefined ? {} : { identityName };
  return { outcome: 'denied', ...describeRefusal(code, facts), ...known };
}
