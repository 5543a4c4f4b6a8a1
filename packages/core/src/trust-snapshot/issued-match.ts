import {
  type Nomination,
  type PresentedName,
  findIssuingAuthorities,
  findNominations,
  listNames,
  maximumNames,
} from './authority-match.js';
import { type AuthorityContext, describeMember, findAuthorityPath, isSignedByAuthority } from './authority-path.js';
import { readCandidates } from './candidate-issuers.js';
import { findDeniedIssued, findDeniedSerial } from './deny-list.js';
import type { CertificationPath, PathCertificate, PathFault, PathFaultCode } from '@certgate/x509/path';
import type { PresentedCertificate } from '../certificate-header/certificate-header.js';
import type {
  AuthorityQuestion,
  DenialFacts,
  MatchedIdentity,
  NameClaim,
  PathFacts,
  PathProblem,
  RevocationListEntry,
  PinEntry,
  PinFacts,
  StrangerFacts,
} from '../denial-facts.js';
import { loadPathValidation } from '../load-path-validation.js';
import { copyOwn, decidingAttributeTypes, findValueWithoutText, shortenText } from '@certgate/x509/internal';
import {
  listDenying,
  type NamedIdentity,
  type NameType,
  type TrustedAuthority,
  type TrustedIdentity,
  type TrustName,
  type TrustPin,
  type TrustSnapshot,
} from './trust-snapshot.js';
import { describeRefusal, type NotFoundFinding } from './trust-finding.js';

/** One reason to treat a certificate as an identity's. */
export interface TrustMatch {
  readonly identity: TrustedIdentity;
  /** For logs: the pin's kind or the name's type, with the authority's name if it has issued the certificate. */
  readonly matchedBy: string;
  readonly pin: TrustPin | undefined;
  readonly trustName: TrustName | undefined;
  /**
   * Whether the pin is a thumbprint of the same certificate with its other ECDSA signature. Such a match can refuse the
   * certificate, and never admits it.
   */
  readonly isOfTwin: boolean;
}

/** A match by a pin, with or without `issuedBy`. */
export interface PinMatch extends TrustMatch {
  readonly pin: TrustPin;
}

/** What the document and the certificate's bytes show before any authority's signature is verified. */
export type NamedMatches =
  | {
      readonly outcome: 'refused';
      readonly code: 'certificate_on_deny_list';
      readonly facts: DenialFacts['certificate_on_deny_list'];
    }
  | {
      readonly outcome: 'refused';
      readonly code: 'path_budget_exhausted';
      readonly facts: DenialFacts['path_budget_exhausted'];
    }
  /** No authority needs to be asked: the pins decide, and if no pin matched, the answer is `otherwise`. */
  | { readonly outcome: 'settled'; readonly otherwise: NotFoundFinding }
  /**
   * The answer depends on whether an authority issued the certificate: because of names (`nominations`), of pins with
   * `issuedBy`, or of both.
   */
  | { readonly outcome: 'nominated'; readonly nominations: readonly Nomination[] };

/**
 * Finds the identities that the certificate would have if an authority issued it. Compares names, and verifies no
 * signature.
 */
export function findNamedMatches(
  snapshot: TrustSnapshot,
  presented: PresentedCertificate,
  pinned: readonly PinMatch[],
): NamedMatches {
  const issuers = findIssuingAuthorities(snapshot, presented);
  const needsIssuer = pinned.some(({ pin }) => pin.issuedBy !== undefined);
  if (issuers.length === 0 && !needsIssuer) return { outcome: 'settled', otherwise: describeUnknown(presented) };
  const { pathDecoding } = presented;
  const readable = pathDecoding.ok ? pathDecoding.value : findDecoded(presented);
  const denied = readable === undefined ? undefined : findDeniedSerial(snapshot, readable, issuers);
  if (denied !== undefined) {
    return { outcome: 'refused', code: 'certificate_on_deny_list', facts: { entry: denied } };
  }
  if (!pathDecoding.ok) {
    // A pin with `issuedBy` matches. The later steps decode and verify the certificate, and refuse it if they can't.
    if (needsIssuer) return { outcome: 'nominated', nominations: [] };
    return { outcome: 'settled', otherwise: describeUnread(pathDecoding.fault, issuers) };
  }
  const certificate = pathDecoding.value;
  const names = listNames(certificate);
  if (names.length > maximumNames) {
    // Every match may refuse the certificate, so no name may be skipped.
    const facts = { nameCount: names.length, limit: maximumNames };
    return { outcome: 'refused', code: 'path_budget_exhausted', facts };
  }
  const nominations = findNominations(snapshot, names, issuers);
  if (nominations.length > 0 || needsIssuer) return { outcome: 'nominated', nominations };
  return { outcome: 'settled', otherwise: describeUnclaimed(names, issuers, certificate) };
}

/**
 * The certificate as the end-entity checks decode it: they may read one that path validation can't. Undefined if they
 * can't read it either.
 */
function findDecoded({
  decoding,
}: PresentedCertificate): Pick<PathCertificate, 'serialNumber' | 'thumbprintSha256'> | undefined {
  return decoding.ok ? decoding.certificate : undefined;
}

/** Why a certification path is refused: for a fault of its own, or for a certificate on it that a deny list names. */
export interface PathRefusal {
  readonly code: PathFaultCode;
  readonly facts: PathFacts | DenialFacts['certificate_on_deny_list'];
  readonly identityName?: string;
}

/** The results for the pins and names, after the authorities were asked. */
export interface IssuedMatches {
  /** Pins without `issuedBy`, and pins and names whose authority has a valid path to the certificate. */
  readonly matches: readonly TrustMatch[];
  /** The validated paths of the matches that depend on an authority. */
  readonly paths: readonly CertificationPath[];
  /**
   * Pins whose `issuedBy` authority has no valid path to the certificate. Names whose authority issued the certificate,
   * but whose path is revoked, is denied, or has an unknown revocation status.
   */
  readonly refusals: readonly PathRefusal[];
  /**
   * Names whose authority is not proven to have issued the certificate. They are not matches, because anybody can write
   * a name into a certificate.
   */
  readonly unproven: readonly PathRefusal[];
  /**
   * The intervals around now in which no CA certificate of an authority that was asked, and none that came with the
   * request, begins or ends. Afterwards, a name may match, also another identity's, or a path may lead through a denied
   * CA.
   */
  readonly steadyWhile: readonly CurrentSpan[];
}

/** [currentFrom, currentUntil) in milliseconds since 1970-01-01T00:00:00Z. */
export type CurrentSpan = Pick<CertificationPath, 'currentFrom' | 'currentUntil'>;

/**
 * The interval around `now` in which none of the certificates begins or ends. RFC 5280 §4.1.2.5: the instant notAfter
 * still belongs to the validity.
 */
function findSteadySpan(certificates: readonly PathCertificate[], now: number): CurrentSpan {
  const instants = certificates.flatMap(({ notBefore, notAfter }) => [notBefore, notAfter + 1]);
  return {
    currentFrom: Math.max(...instants.filter((at) => at <= now)),
    currentUntil: Math.min(...instants.filter((at) => at > now)),
  };
}

/**
 * Asks the authorities about the pins and names. A pin may be one of the twin, which is the same certificate with its
 * other ECDSA signature. If it has `issuedBy`, that authority must have issued this certificate.
 */
export function findIssuedMatches(
  snapshot: TrustSnapshot,
  presented: PresentedCertificate,
  target: PathCertificate,
  { pinned, nominations }: { readonly pinned: readonly PinMatch[]; readonly nominations: readonly Nomination[] },
  now: number,
  given: AuthorityContext,
): IssuedMatches {
  const context = copyOwn(given);
  const { candidates, fault } = readCandidates(presented);
  const denying = listDenying(snapshot, presented);
  const findEntry = (certificate: PathCertificate) => findDeniedIssued(denying, certificate, presented.candidates);
  const isDenied = (certificate: PathCertificate): boolean => findEntry(certificate) !== undefined;
  const paths = new PathsByAuthority((authority) => {
    const path = findAuthorityPath(authority, { target, candidates, isDenied }, now, context);
    if (path.outcome === 'valid') return path;
    const { code, about } = path;
    const entry = code === 'certificate_on_deny_list' ? about && findEntry(about.certificate) : undefined;
    if (entry !== undefined && about !== undefined)
      return { outcome: 'invalid', code, facts: { entry, certificate: describeMember(about) } };
    const chainFault = path.code === 'path_not_found' ? fault : undefined;
    const list = findList(path, authority, context);
    return { outcome: 'invalid', code: path.code, facts: describeProblem(path, chainFault, list) };
  });
  const named = nominations.map((nomination) => matchName(nomination, target, paths));
  const own = pinned.filter(({ isOfTwin }) => !isOfTwin);
  // A pin of the twin (the same certificate with its other ECDSA signature) never admits the certificate. If no pin of
  // the certificate itself matched, and no name's authority is proven to have issued it, the pin's authority is not
  // asked about it: that would cost work, and could turn the refusal into a 503.
  const hasOtherMatch = own.length > 0 || named.some(({ outcome }) => outcome !== 'unproven');
  const verdicts = [...(hasOtherMatch ? pinned : own).map((match) => matchPin(snapshot, match, paths)), ...named];
  return {
    matches: verdicts.flatMap((verdict) => (verdict.outcome === 'match' ? verdict.match : [])),
    paths: verdicts.flatMap((verdict) => (verdict.outcome === 'match' ? (verdict.path ?? []) : [])),
    refusals: verdicts.flatMap((verdict) => (verdict.outcome === 'refused' ? verdict.refusal : [])),
    unproven: verdicts.flatMap((verdict) => (verdict.outcome === 'unproven' ? verdict.refusal : [])),
    steadyWhile: paths
      .listAsked()
      .map((authority) => findSteadySpan([...authority.trustAnchors, ...authority.intermediates, ...candidates], now)),
  };
}

/** The result for one pin or one name. */
type MatchAttempt =
  /** `path` is undefined if the match does not depend on an authority. */
  | { readonly outcome: 'match'; readonly match: TrustMatch; readonly path: CertificationPath | undefined }
  | { readonly outcome: 'refused' | 'unproven'; readonly refusal: PathRefusal };

/** The fault of a path, without the pin or name for which the authority was asked. */
interface InvalidPath {
  readonly outcome: 'invalid';
  readonly code: PathFaultCode;
  readonly facts: PathProblem | Pick<DenialFacts['certificate_on_deny_list'], 'entry' | 'certificate'>;
}

/**
 * The revocation list behind a refusal, if the refusal is about revocation and such a list is known. Also reports a
 * revoked certificate to `noteRevoked`.
 */
function findList(
  { code, about }: PathFault,
  { name }: TrustedAuthority,
  { revocation }: AuthorityContext,
): RevocationListEntry | undefined {
  const isRevoked = code === 'certificate_revoked';
  if (about === undefined || (!isRevoked && code !== 'revocation_unavailable')) return undefined;
  const known = revocation.find(name);
  if (isRevoked) known?.noteRevoked?.(about.certificate);
  return known?.findList?.(about.certificate, isRevoked);
}

function describeProblem(
  fault: PathFault,
  chainFault: string | undefined,
  list: RevocationListEntry | undefined,
): PathProblem {
  const { about } = fault;
  const revoked = fault.code === 'certificate_revoked' ? fault.revoked : undefined;
  return {
    fault: loadPathValidation().describePathFault(fault),
    ...(about === undefined ? {} : { certificate: describeMember(about) }),
    ...(chainFault === undefined ? {} : { chainFault }),
    ...(list === undefined ? {} : { list: Object.freeze(list) }),
    ...(revoked?.at === undefined ? {} : { revokedAt: revoked.at }),
    ...(revoked === undefined ? {} : { reason: revoked.reason }),
  };
}

/** Finds each authority's path once, however many pins and names refer to it. */
class PathsByAuthority {
  readonly #verdicts = new Map<TrustedAuthority, CertificationPath | InvalidPath>();
  readonly #find: (authority: TrustedAuthority) => CertificationPath | InvalidPath;

  constructor(find: (authority: TrustedAuthority) => CertificationPath | InvalidPath) {
    this.#find = find;
  }

  listAsked(): readonly TrustedAuthority[] {
    return [...this.#verdicts.keys()];
  }

  get(authority: TrustedAuthority): CertificationPath | InvalidPath {
    const known = this.#verdicts.get(authority);
    if (known !== undefined) return known;
    const verdict = this.#find(authority);
    this.#verdicts.set(authority, verdict);
    return verdict;
  }
}

/**
 * Matches one pin. A pin with `issuedBy` is a match that denies if that authority has no valid path to the certificate.
 */
function matchPin({ authorities }: TrustSnapshot, match: PinMatch, paths: PathsByAuthority): MatchAttempt {
  const { issuedBy } = match.pin;
  if (issuedBy === undefined) return { outcome: 'match', match, path: undefined };
  const authority = authorities.find(({ name }) => name === issuedBy);
  const path: CertificationPath | InvalidPath =
    authority === undefined
      ? {
          outcome: 'invalid',
          code: 'path_not_found',
          facts: { fault: `The document has no authority "${issuedBy}".` },
        }
      : paths.get(authority);
  if (path.outcome === 'invalid') {
    const question = { authority: issuedBy, pin: describePinEntry(match) };
    return { outcome: 'refused', refusal: { ...describeInvalid(path, question), identityName: match.identity.name } };
  }
  return { outcome: 'match', match: { ...match, matchedBy: `${match.matchedBy} issued by ${issuedBy}` }, path };
}

/** The codes of paths that are valid but for a revocation, a deny list, or missing revocation information. */
const codesOfIssued: ReadonlySet<string> = new Set([
  'certificate_revoked',
  'certificate_on_deny_list',
  'revocation_unavailable',
]);

/** Whether a path that is refused with this code shows that the authority did issue the certificate. */
export function provesIssuance(code: string): boolean {
  return codesOfIssued.has(code);
}

/**
 * Matches one name. The name denies if its authority issued the certificate, but the path is revoked, is denied, or has
 * an unknown revocation status.
 */
function matchName(nomination: Nomination, target: PathCertificate, paths: PathsByAuthority): MatchAttempt {
  const { identity, trustName, authority } = nomination;
  const path = paths.get(authority);
  if (path.outcome === 'valid') {
    const matchedBy = `${trustName.type} issued by ${authority.name}`;
    return { outcome: 'match', match: { identity, matchedBy, pin: undefined, trustName, isOfTwin: false }, path };
  }
  const question = { authority: authority.name, claim: describeClaim(nomination) };
  if (!provesIssuance(path.code)) {
    const signed = isSignedByAuthority(authority, target) ? { isSigned: true as const } : {};
    return { outcome: 'unproven', refusal: describeInvalid(path, { ...question, ...signed }) };
  }
  const refusal = { ...describeInvalid(path, { ...question, isIssued: true }), identityName: identity.name };
  return { outcome: 'refused', refusal };
}

function describeInvalid({ code, facts }: InvalidPath, question: AuthorityQuestion): PathRefusal {
  return 'entry' in facts ? { code, facts: { ...facts, question } } : { code, facts: { ...facts, ...question } };
}

/** The claims that this library's stores created, to tell them from claims that a store of the user's own created. */
const ownClaims = new WeakSet<object>();

/**
 * The identity that the certificate would have by this name. The claim does not say whether the authority issued the
 * certificate.
 */
export function describeClaim({ identity, trustName }: NamedIdentity): NameClaim {
  const { type, value, issuedBy } = trustName;
  const claim = Object.freeze({ identity: identity.name, name: Object.freeze({ type, value, issuedBy }) });
  ownClaims.add(claim);
  return claim;
}

/** Whether this library created the claim, so that a store only passed it on. */
export function isOwnClaim(claim: unknown): claim is NameClaim {
  return typeof claim === 'object' && claim !== null && ownClaims.has(claim);
}

/** The pin in the form that the facts of denials have. */
export function describePinEntry({ pin, isOfTwin }: Pick<PinMatch, 'pin' | 'isOfTwin'>): PinEntry {
  const { kind, value, issuedBy, enabled, notBefore, notAfter } = pin;
  return {
    kind,
    value,
    ...(issuedBy === undefined ? {} : { issuedBy }),
    ...(enabled ? {} : { isDisabled: true }),
    ...(notBefore === undefined ? {} : { notBefore }),
    ...(notAfter === undefined ? {} : { notAfter }),
    ...(isOfTwin ? { isOfTwin } : {}),
  };
}

/**
 * The facts of a pin that is not in force, with the identity's other matching pins. `match` must be a match by a pin: a
 * pin's rule refuses no other match.
 */
export function describePinMatch(match: TrustMatch, matches: readonly TrustMatch[]): PinFacts {
  const { identity } = match;
  const others = listPins(matches.filter((each) => each.identity === identity && each.pin !== match.pin));
  return { identity: identity.name, pin: describePinEntry(match as PinMatch), others };
}

/**
 * The pins of the matches, each once: a pin is a match before the authorities are asked, and may be one again
 * afterwards.
 */
function listPins(matches: readonly TrustMatch[]): readonly PinEntry[] {
  const pinned = matches.filter(isPinMatch);
  return [...new Map(pinned.map((match) => [match.pin, describePinEntry(match)])).values()];
}

/** Groups the matches by identity, in the order of the matches. */
export function groupMatches(matches: readonly TrustMatch[]): readonly MatchedIdentity[] {
  return [...new Set(matches.map(({ identity }) => identity))].map((identity) => {
    const own = matches.filter((match) => match.identity === identity);
    return {
      identity: identity.name,
      pins: listPins(own),
      names: own.flatMap(({ trustName }) => trustName ?? []),
    };
  });
}

function isPinMatch(match: TrustMatch): match is PinMatch {
  return match.pin !== undefined;
}

const unknown: NotFoundFinding = Object.freeze({ outcome: 'notFound' });

/**
 * Creates nothing unless the certificates that came with the request have a fault: refusing an unknown caller should
 * cost little more than one hash.
 */
function describeUnknown({ candidates: { fault } }: PresentedCertificate): NotFoundFinding {
  return fault === undefined ? unknown : describeNotFound({ chainFault: fault });
}

function describeUnread(fault: string, issuers: readonly TrustedAuthority[]): NotFoundFinding {
  return describeNotFound({ authorities: issuers.map(({ name }) => name), decodingFault: fault });
}

function describeUnclaimed(
  names: readonly PresentedName[],
  issuers: readonly TrustedAuthority[],
  { subjectName }: PathCertificate,
): NotFoundFinding {
  const odd = findValueWithoutText(subjectName, decidingAttributeTypes);
  return describeNotFound({
    authorities: issuers.map(({ name }) => name),
    names: listReadable(names),
    ...(odd === undefined ? {} : { attributeWithoutText: shortenText(odd) }),
  });
}

function describeNotFound(given: StrangerFacts): NotFoundFinding {
  const { facts, detail } = describeRefusal('certificate_not_trusted', given);
  return { outcome: 'notFound', detail, facts };
}

/** Lists only as many names as an operator reads: an unknown caller chose them, and the refusal is remembered. */
function listReadable(names: readonly PresentedName[]): NonNullable<StrangerFacts['names']> {
  const readable: { readonly type: NameType; readonly value: string }[] = [];
  let length = 0;
  for (const [type, value] of names) {
    if (length > maximumReadable) break;
    readable.push({ type, value: shortenText(value) });
    length += value.length + type.length;
  }
  return readable;
}

/**
 * The list ends after the name that exceeds this many characters in all. `shortenText` cuts a text at the same length.
 */
const maximumReadable = 200;
