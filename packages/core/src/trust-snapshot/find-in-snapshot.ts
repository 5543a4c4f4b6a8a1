import type { AuthorityContext } from './authority-path.js';
import { intersectGraces } from './client-auth-grace.js';
import type { CertificationPath } from '@certgate/x509/path';
import { noRevocationInformation } from './revocation-information.js';
import {
  type PinMatch,
  type TrustMatch,
  describeClaim,
  describePinMatch,
  findIssuedMatches,
  findNamedMatches,
  groupMatches,
  type PathRefusal,
} from './issued-match.js';
import type { DenialFacts } from '../denial-facts.js';
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

/** A snapshot answers at once. */
export type SnapshotFinding =
  | Exclude<TrustFinding, NominatedFinding>
  | (Omit<NominatedFinding, 'confirm'> & {
      /** Verifies what the authority says. It takes milliseconds. */
      readonly confirm: () => ConfirmedFinding;
    });

/**
 * Looks a certificate up in a snapshot at `now` (milliseconds): by its pins, and by its names under the authorities whose
 * issuer's name it bears. A locked document denies every certificate. Otherwise all matches are computed, and one that
 * denies is enough. Nothing is verified: where the answer depends on an authority's word, it is a nomination, and its
 * `confirm` does the expensive work. A pure function of its arguments.
 */
export function findInSnapshot(
  snapshot: TrustSnapshot,
  certificate: PresentedCertificate,
  now: number,
  context: AuthorityContext = withoutInformation,
): SnapshotFinding {
  // Before anything is looked up: neither the answer nor its timing tells a caller whether a locked document knows it.
  if (snapshot.locked !== undefined) return deny('trust_locked', snapshot.locked);
  const denied = snapshot.denied.thumbprintsSha256.size > 0 ? findDeniedCertificate(snapshot, certificate) : undefined;
  if (denied !== undefined) return deny('certificate_on_deny_list', { entry: denied });
  const own = findPins(snapshot, certificate);
  // For a stranger, no twin is computed.
  const pinned = own.length === 0 ? own : [...own, ...findPinsOfTwin(snapshot, certificate, own)];
  if (snapshot.authorities.length === 0) return concludePins(pinned, notFound, certificate, now);
  const named = findNamedMatches(snapshot, certificate, pinned);
  if (named.outcome === 'settled') return concludePins(pinned, named.otherwise, certificate, now);
  if (named.outcome === 'refused') {
    const denial: RefusedFinding = deny(named.code, named.facts);
    return findStrictest([denial, ...listMatchesDenial(pinned, certificate, now)]) ?? denial;
  }
  const { nominations } = named;
  const claims = { pinned: own.length === 0 ? findPinsOfTwin(snapshot, certificate, own) : pinned, nominations };
  const [pin] = own;
  const [nomination] = nominations;
  // What the document says of a pin costs no signature either.
  return (
    findMatchesDenial(claims.pinned, certificate, now) ?? {
      outcome: 'nominated',
      ...(pin === undefined ? {} : { identityName: pin.identity.name }),
      ...(pin !== undefined || nomination === undefined ? {} : { claim: describeClaim(nomination) }),
      confirm: () => confirmMatches(snapshot, certificate, claims, now, context),
    }
  );
}

/** What pins say alone; where there is none, `otherwise`. */
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

/** The certification paths, and what the matches that they leave say together. */
function confirmMatches(
  snapshot: TrustSnapshot,
  certificate: PresentedCertificate,
  claims: Parameters<typeof findIssuedMatches>[3],
  now: number,
  context: AuthorityContext,
): ConfirmedFinding {
  const { pathDecoding } = certificate;
  // The gate has looked before.
  if (!pathDecoding.ok) {
    const refusal = describeRefusal('path_certificate_malformed', { fault: pathDecoding.fault });
    return { outcome: 'denied', step: 'certification-path', ...refusal };
  }
  const issued = findIssuedMatches(snapshot, certificate, pathDecoding.value, claims, now, context);
  const { matches, refusals, unissued } = issued;
  const denial = findStrictest<RefusedNomination>([
    ...refusals.map(refuseByPath),
    // A pin is somebody's before its authority is asked.
    ...listMatchesDenial([...claims.pinned, ...matches], certificate, now).map(
      (each) => ({ ...each, step: 'client-identity' }) as const,
    ),
  ]);
  if (denial !== undefined) return denial;
  const first = matches.find(({ isOfTwin }) => !isOfTwin);
  if (first !== undefined) return describeMatches(first, matches);
  const claimed = findStrictest(unissued);
  if (claimed === undefined) return notFound;
  return { ...refuseByPath(claimed), isUnissued: true };
}

function refuseByPath({
  code,
  facts,
  identityName,
}: PathRefusal): RefusedNomination & { readonly step: 'certification-path' } {
  const known = identityName === undefined ? {} : { identityName };
  return { outcome: 'denied', step: 'certification-path', ...describeRefusal(code, facts), ...known };
}

function listMatchesDenial(...question: Parameters<typeof findMatchesDenial>): readonly MatchDenial[] {
  const denial = findMatchesDenial(...question);
  return denial === undefined ? [] : [denial];
}

const noPins: readonly PinMatch[] = Object.freeze([]);

/** A loop that makes nothing for a stranger, whose refusal is to cost little more than one hash. */
function findPins(snapshot: TrustSnapshot, certificate: PresentedCertificate): readonly PinMatch[] {
  let found = noPins;
  for (const kind of pinKinds) {
    const pinned = findPin(snapshot, kind, certificate);
    if (pinned !== undefined)
      found = [...found, { ...pinned, matchedBy: kind, trustName: undefined, path: undefined, isOfTwin: false }];
  }
  return found;
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
 * Pins of the same certificate under its other signature. They admit nothing here, and whatever refuses by them refuses
 * this one as well: a pin that is disabled or over, of another identity, or whose `issuedBy` did not issue it.
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
    .flatMap((twin) => findPins(snapshot, twin).filter(isByThumbprint))
    .map((match) => ({ ...match, isOfTwin: true }));
}

/** A pin of the public key is one of both. */
function isByThumbprint({ pin }: PinMatch): boolean {
  return pin.kind !== 'publicKeySha256';
}

function describeMatches(first: TrustMatch, matches: readonly TrustMatch[]): FoundFinding {
  const { identity, matchedBy } = first;
  const pins = matches.flatMap(({ pin }) => pin ?? []);
  const paths = matches.flatMap(({ path }) => path ?? []);
  // A name, or an authority's word, accepts nothing: all that matched must be pins that accept it.
  const graces = matches.map(({ pin }) => pin?.acceptWithoutClientAuth);
  const grace = graces.includes(undefined) ? undefined : intersectGraces(graces);
  const starts = [...pins.flatMap(({ notBefore }) => notBefore ?? []), ...paths.map(({ validFrom }) => validFrom)];
  const ends = [
    ...pins.flatMap(({ notAfter }) => notAfter ?? []),
    ...paths.map(({ validUntil }) => validUntil),
    ...(identity.expiresAt === undefined ? [] : [identity.expiresAt]),
  ];
  return {
    outcome: 'found',
    identity,
    matchedBy,
    matched: nameMatch(first),
    validFrom: Math.max(Number.NEGATIVE_INFINITY, ...starts),
    validUntil: Math.min(Number.POSITIVE_INFINITY, ...ends),
    ...(grace === undefined ? {} : { acceptWithoutClientAuth: grace }),
    ...(paths.length === 0
      ? {}
      : {
          isPathValidated: true,
          currentFrom: Math.max(...paths.map(({ currentFrom }) => currentFrom)),
          currentUntil: Math.min(...paths.map(({ currentUntil }) => currentUntil)),
          pathAuthorities: paths.flatMap(listAuthorities),
        }),
  };
}

function nameMatch({ pin, trustName }: TrustMatch): string {
  return pin?.value ?? trustName?.value ?? '';
}

/** All but the caller's own. */
function listAuthorities({ trustAnchor, certificates }: CertificationPath): readonly Uint8Array[] {
  return [trustAnchor, ...certificates.slice(0, -1)].map(({ der }) => der);
}

type MatchCode = Extract<TrustDenialCode, `identity_${string}` | `pin_${string}`>;
/** Why matches refuse: they are of two identities, or one of them is not in force. */
type MatchDenial = RefusedFinding<MatchCode>;

/** All matches must be of one identity, and none of them may deny. */
function findMatchesDenial(
  matches: readonly TrustMatch[],
  certificate: PresentedCertificate,
  now: number,
): MatchDenial | undefined {
  const [first] = matches;
  const stranger = first && matches.find(({ identity }) => identity !== first.identity);
  if (first !== undefined && stranger !== undefined) {
    return deny('identity_ambiguous', { identities: groupMatches(matches) });
  }
  return findStrictest(matches.flatMap((match) => findMatchDenial(match, matches, certificate, now) ?? []));
}

/** Of several reasons, the one that counts; of equals, the first. */
function findStrictest<Reason extends { readonly code: DenialCode }>(reasons: readonly Reason[]): Reason | undefined {
  const [strictest] = [...reasons].sort((one, other) => rankDenial(one.code) - rankDenial(other.code));
  return strictest;
}

function findMatchDenial(
  match: TrustMatch,
  matches: readonly TrustMatch[],
  certificate: PresentedCertificate,
  now: number,
): MatchDenial | undefined {
  const { identity, pin } = match;
  const { name, expiresAt } = identity;
  if (!identity.enabled) return deny('identity_disabled', { identity: name, matched: nameMatch(match) }, name);
  // Here and below: written so that a time which is no number is outside the window.
  if (expiresAt !== undefined && !(now < expiresAt)) {
    return deny('identity_expired', { identity: name, matched: nameMatch(match), expiresAt }, name);
  }
  return pin === undefined ? undefined : findPinDenial(match, pin, matches, certificate, now);
}

function findPinDenial(
  match: TrustMatch,
  pin: TrustPin,
  matches: readonly TrustMatch[],
  certificate: PresentedCertificate,
  now: number,
): MatchDenial | undefined {
  const { enabled, notBefore, notAfter } = pin;
  const isEarly = notBefore !== undefined && !(now >= notBefore);
  const isOver = notAfter !== undefined && !(now < notAfter);
  // Of nearly every match, nothing more is made.
  if (enabled && !isEarly && !isOver) return undefined;
  const facts = describePinMatch({ ...match, pin }, matches);
  const name = facts.identity;
  if (!enabled) return deny('pin_disabled', facts, name);
  if (isEarly) return deny('pin_not_yet_valid', { ...facts, notBefore }, name);
  return isOver ? deny('pin_expired', { ...facts, notAfter, ...describeOwnEnd(certificate, now) }, name) : undefined;
}

/**
 * `trust add --certificate` copies the certificate's end to the pin, whose end is noticed first. Decodes the certificate,
 * so it is for those that a pin knows: a stranger's is never decoded.
 */
function describeOwnEnd({ decoding }: PresentedCertificate, now: number): OwnEnd {
  if (!decoding.ok) return {};
  const { notAfter } = decoding.certificate;
  // RFC 5280 §4.1.2.5: notAfter is still within the validity.
  return { certificateNotAfter: notAfter, isCertificateExpired: !(now <= notAfter) };
}

type OwnEnd = { readonly certificateNotAfter?: number; readonly isCertificateExpired?: boolean };

function deny<Code extends TrustDenialCode>(
  code: Code,
  facts: DenialFacts[Code],
  identityName?: string,
): RefusedFinding<Code> {
  const known = identityName === undefined ? {} : { identityName };
  return { outcome: 'denied', ...describeRefusal(code, facts), ...known };
}
