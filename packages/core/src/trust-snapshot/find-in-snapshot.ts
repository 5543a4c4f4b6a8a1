import type { AuthorityContext } from './authority-path.js';
import { intersectGraces } from './client-auth-grace.js';
import { readCandidates } from './candidate-issuers.js';
import type { CertificationPath } from '@certgate/x509/path';
import { noRevocationInformation } from './revocation-information.js';
import { formatInstant } from '@certgate/x509/internal';
import { listSignatureTwins } from '@certgate/x509/internal-certificates';
import { type PinMatch, type TrustMatch, describeClaim, findIssuedMatches, findNamedMatches } from './issued-match.js';
import { listDers } from '../certificate-header/candidate-certificate.js';
import { hashTail, type PresentedCertificate, presentCertificate } from '../certificate-header/certificate-header.js';
import type {
  ConfirmedFinding,
  FoundFinding,
  NominatedFinding,
  NotFoundFinding,
  RefusedFinding,
  TrustDenialCode,
  TrustFinding,
} from './trust-finding.js';
import {
  describeDenied,
  describeLock,
  type PinKind,
  pinKinds,
  type PinnedIdentity,
  type TrustLock,
  type TrustSnapshot,
} from './trust-snapshot.js';

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
  if (snapshot.locked !== undefined) return denyLocked(snapshot.locked);
  const denied = findDenied(snapshot, certificate);
  if (denied !== undefined) return denied;
  const pinned = findPins(snapshot, certificate);
  if (snapshot.authorities.length === 0) return concludePins(pinned, notFound, certificate, now);
  const named = findNamedMatches(snapshot, certificate, pinned);
  if (named.outcome === 'refused') return denyMatch(named.code, named.detail);
  if (named.outcome === 'settled') return concludePins(pinned, named.otherwise, certificate, now);
  const { nominations } = named;
  const [pin] = pinned;
  const [nomination] = nominations;
  // What the document says of a pin costs no signature either.
  return (
    findMatchesDenial(pinned, certificate, now) ?? {
      outcome: 'nominated',
      ...(pin === undefined ? {} : { identityName: pin.identity.name }),
      ...(pin !== undefined || nomination === undefined ? {} : { claim: describeClaim(nomination) }),
      confirm: () => confirmMatches(snapshot, certificate, { pinned, nominations }, now, context),
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
  claims: Parameters<typeof findIssuedMatches>[2],
  now: number,
  context: AuthorityContext,
): ConfirmedFinding {
  const { pathDecoding } = certificate;
  // The gate has looked before.
  if (!pathDecoding.ok) {
    const detail = `No path can lead to what is no certificate: ${pathDecoding.fault}.`;
    return { outcome: 'denied', step: 'certification-path', code: 'path_certificate_malformed', detail };
  }
  const { candidates, fault } = readCandidates(certificate);
  const issued = findIssuedMatches(snapshot, { target: pathDecoding.value, candidates }, claims, now, context);
  if (issued.outcome === 'refused') {
    const detail =
      fault === undefined || issued.code !== 'path_not_found' ? issued.detail : `${issued.detail} ${fault}`;
    return { ...issued, detail, outcome: 'denied', step: 'certification-path' };
  }
  const matches = issued.matches.some(({ path }) => path !== undefined)
    ? [...issued.matches, ...findPinsOfTwins(snapshot, certificate)]
    : issued.matches;
  const [first] = matches;
  if (first === undefined) return notFound;
  const denial = findMatchesDenial(matches, certificate, now);
  return denial === undefined ? describeMatches(first, matches) : { ...denial, step: 'client-identity' };
}

function denyLocked(lock: TrustLock): RefusedFinding {
  const detail = `The trust document is locked ${describeLock(lock)}. Nobody is admitted until \`certgate trust unlock\`.`;
  return denyMatch('trust_locked', detail);
}

/** All matches must be of one identity, and none of them may deny. */
function findMatchesDenial(
  matches: readonly TrustMatch[],
  certificate: PresentedCertificate,
  now: number,
): MatchDenial | undefined {
  const [first] = matches;
  const stranger = first && matches.find(({ identity }) => identity !== first.identity);
  if (first !== undefined && stranger !== undefined) {
    return denyMatch(
      'identity_ambiguous',
      `The certificate stands for two identities, "${first.identity.name}" and "${stranger.identity.name}"; leave it in one.`,
    );
  }
  for (const match of matches) {
    const denial = findMatchDenial(match, certificate, now);
    if (denial !== undefined) return denial;
  }
  return undefined;
}

const noPins: readonly PinMatch[] = Object.freeze([]);

/** A loop that makes nothing for a stranger, whose refusal is to cost little more than one hash. */
function findPins(snapshot: TrustSnapshot, certificate: PresentedCertificate): readonly PinMatch[] {
  let found = noPins;
  for (const kind of pinKinds) {
    const pinned = findPin(snapshot, kind, certificate);
    if (pinned !== undefined) found = [...found, { ...pinned, matchedBy: kind, path: undefined }];
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

/** By any of its thumbprints: a certificate that is denied by one must not be admitted by another signature over the same. */
function findDenied({ denied }: TrustSnapshot, certificate: PresentedCertificate): RefusedFinding | undefined {
  const { thumbprintsSha256 } = denied;
  if (thumbprintsSha256.size === 0) return undefined;
  const entry =
    thumbprintsSha256.get(certificate.thumbprintSha256) ??
    listTwins(certificate).flatMap((twin) => thumbprintsSha256.get(twin.thumbprintSha256) ?? [])[0];
  return entry === undefined ? undefined : denyMatch('certificate_on_deny_list', describeDenied(entry));
}

/** Of one that an authority's word admits: a pin that is disabled, or over, denies the same certificate signed otherwise. */
function findPinsOfTwins(snapshot: TrustSnapshot, certificate: PresentedCertificate): readonly PinMatch[] {
  const { thumbprintSha256, thumbprintSha1 } = snapshot.pins;
  if (thumbprintSha256.size + thumbprintSha1.size === 0) return noPins;
  // Of the same public key: a pin of that was found before.
  return listTwins(certificate).flatMap((twin) =>
    findPins(snapshot, twin).filter(({ pin }) => pin.kind !== 'publicKeySha256'),
  );
}

/** The same certificate under the other signature that holds for it as well; none unless it is signed with ECDSA. */
export function listTwins({ der, candidates }: PresentedCertificate): readonly PresentedCertificate[] {
  return listSignatureTwins(der).map((twin) => presentCertificate(twin, listDers(candidates)));
}

function findMatchDenial(
  { identity, pin }: TrustMatch,
  certificate: PresentedCertificate,
  now: number,
): MatchDenial | undefined {
  const { name } = identity;
  if (!identity.enabled) {
    return denyMatch('identity_disabled', `The identity "${name}" is disabled in the trust document.`, name);
  }
  // Here and below: written so that a time which is no number is outside the window.
  if (identity.expiresAt !== undefined && !(now < identity.expiresAt)) {
    return denyMatch(
      'identity_expired',
      `The identity "${name}" ended at ${formatInstant(identity.expiresAt)} (expiresAt).`,
      name,
    );
  }
  if (pin === undefined) return undefined;
  if (!pin.enabled) return denyMatch('pin_disabled', `This pin of "${name}" is disabled in the trust document.`, name);
  if (pin.notBefore !== undefined && !(now >= pin.notBefore)) {
    return denyMatch(
      'pin_not_yet_valid',
      `This pin of "${name}" begins at ${formatInstant(pin.notBefore)} (notBefore).`,
      name,
    );
  }
  if (pin.notAfter !== undefined && !(now < pin.notAfter)) {
    const detail = `This pin of "${name}" ended at ${formatInstant(pin.notAfter)} (notAfter).${describeOwnEnd(certificate, now)}`;
    return denyMatch('pin_expired', detail, name);
  }
  return undefined;
}

/**
 * `trust add --certificate` copies the certificate's end to the pin, whose end is noticed first. Decodes the certificate,
 * so it is for those that a pin knows: a stranger's is never decoded.
 */
function describeOwnEnd({ decoding }: PresentedCertificate, now: number): string {
  if (!decoding.ok) return '';
  const { notAfter } = decoding.certificate;
  // RFC 5280 §4.1.2.5: notAfter is still within the validity.
  return now <= notAfter
    ? ` The certificate itself is valid until ${formatInstant(notAfter)}.`
    : ` The certificate itself has expired too, at ${formatInstant(notAfter)}: the caller needs a new one, and a longer pin does not help.`;
}

function describeMatches({ identity, matchedBy }: TrustMatch, matches: readonly TrustMatch[]): FoundFinding {
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

/** All but the caller's own. */
function listAuthorities({ trustAnchor, certificates }: CertificationPath): readonly Uint8Array[] {
  return [trustAnchor, ...certificates.slice(0, -1)].map(({ der }) => der);
}

type MatchCode = Extract<TrustDenialCode, `identity_${string}` | `pin_${string}`>;
type MatchDenial = RefusedFinding & { readonly code: MatchCode };

function denyMatch<Code extends TrustDenialCode>(
  code: Code,
  detail: string,
  identityName?: string,
): RefusedFinding & { readonly code: Code } {
  return { outcome: 'denied', code, detail, ...(identityName === undefined ? {} : { identityName }) };
}
