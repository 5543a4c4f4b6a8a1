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
  PathFault as PathProblem,
  RevocationListEntry,
  PinEntry,
  PinFacts,
  StrangerFacts,
} from '../denial-facts.js';
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

/** One reason to take a certificate for an identity. */
export interface TrustMatch {
  readonly identity: TrustedIdentity;
  /** For logs: the pin's kind, or the name's and its authority. */
  readonly matchedBy: string;
  readonly pin: TrustPin | undefined;
  readonly trustName: TrustName | undefined;
  /** Where the match rests on an authority's word. */
  readonly path: CertificationPath | undefined;
  /** By a thumbprint of the certificate under its other signature: it may refuse, and admits nothing. */
  readonly isOfTwin: boolean;
}

/** By a pin, whatever its `issuedBy` asks for. */
export interface PinMatch extends TrustMatch {
  readonly pin: TrustPin;
}

/** What the document and the certificate's bytes tell alone, before any authority's word is verified. */
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
  /** No authority has a part in it: pins decide, and where there is none, `otherwise`. */
  | { readonly outcome: 'settled'; readonly otherwise: NotFoundFinding }
  /** By names, by pins with `issuedBy`, or both. */
  | { readonly outcome: 'nominated'; readonly nominations: readonly Nomination[] };

/** Who the certificate would be, if an authority issued it. Compares names and verifies nothing. */
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
    // A pin of it is for the steps that decode and verify the certificate.
    if (needsIssuer) return { outcome: 'nominated', nominations: [] };
    return { outcome: 'settled', otherwise: describeUnread(pathDecoding.fault, issuers) };
  }
  const certificate = pathDecoding.value;
  const names = listNames(certificate);
  if (names.length > maximumNames) {
    // All matches count, so none may be overlooked.
    const facts = { nameCount: names.length, limit: maximumNames };
    return { outcome: 'refused', code: 'path_budget_exhausted', facts };
  }
  const nominations = findNominations(snapshot, names, issuers);
  if (nominations.length > 0 || needsIssuer) return { outcome: 'nominated', nominations };
  return { outcome: 'settled', otherwise: describeStranger(names, issuers, certificate) };
}

/** What the end-entity checks can read may be more than a path can. */
function findDecoded({
  decoding,
}: PresentedCertificate): Pick<PathCertificate, 'serialNumber' | 'thumbprintSha256'> | undefined {
  return decoding.ok ? decoding.certificate : undefined;
}

/** What a path is refused for: its own fault, or a CA on it that the document denies. */
export interface PathRefusal {
  readonly code: PathFaultCode;
  readonly facts: PathFacts | DenialFacts['certificate_on_deny_list'];
  readonly identityName?: string;
}

/** What pins and names come to once the authorities were asked. */
export interface IssuedMatches {
  /** Pins that need no issuer, pins whose issuer it is, and names bound to an authority that issued the certificate. */
  readonly matches: readonly TrustMatch[];
  /** Pins whose issuer it isn't, and names of what an authority issued and took back, or of which that can't be said now. */
  readonly refusals: readonly PathRefusal[];
  /** Names under an authority that didn't issue the certificate: no matches, since anybody can write them. */
  readonly unissued: readonly PathRefusal[];
  /**
   * While the paths to the authorities that were asked stay as they are. Afterwards, a name may be a match, of another
   * identity, or a path may lead through a CA that is denied.
   */
  readonly steadyWhile: readonly CurrentSpan[];
}

/** [currentFrom, currentUntil) in milliseconds. */
export type CurrentSpan = Pick<CertificationPath, 'currentFrom' | 'currentUntil'>;

/** Around `now`, none of the certificates begins or ends. RFC 5280 §4.1.2.5: notAfter is still within the validity. */
function findSteadySpan(certificates: readonly PathCertificate[], now: number): CurrentSpan {
  const instants = certificates.flatMap(({ notBefore, notAfter }) => [notBefore, notAfter + 1]);
  return {
    currentFrom: Math.max(...instants.filter((at) => at <= now)),
    currentUntil: Math.min(...instants.filter((at) => at > now)),
  };
}

/** Asks the authorities. What a pin of the twin's needs of its issuer, it needs of this certificate. */
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
    return { outcome: 'invalid', code: path.code, facts: describePathFault(path, chainFault, list) };
  });
  const named = nominations.map((nomination) => matchName(nomination, target, paths));
  const own = pinned.filter(({ isOfTwin }) => !isOfTwin);
  // By its twin nobody is admitted: where nothing else stands, the twin's issuer is not worth a question, nor a 503.
  const isOpen = own.length > 0 || named.some(({ outcome }) => outcome !== 'unissued');
  const verdicts = [...(isOpen ? pinned : own).map((match) => matchPin(snapshot, match, paths)), ...named];
  return {
    matches: verdicts.flatMap((verdict) => (verdict.outcome === 'match' ? verdict.match : [])),
    refusals: verdicts.flatMap((verdict) => (verdict.outcome === 'refused' ? verdict.refusal : [])),
    unissued: verdicts.flatMap((verdict) => (verdict.outcome === 'unissued' ? verdict.refusal : [])),
    steadyWhile: paths
      .listAsked()
      .map((authority) => findSteadySpan([...authority.trustAnchors, ...authority.intermediates, ...candidates], now)),
  };
}

/** What became of one pin or name. */
type MatchAttempt =
  | { readonly outcome: 'match'; readonly match: TrustMatch }
  | { readonly outcome: 'refused' | 'unissued'; readonly refusal: PathRefusal };

/** What is wrong, whoever asked the authority. */
interface InvalidPath {
  readonly outcome: 'invalid';
  readonly code: PathFaultCode;
  readonly facts: PathProblem | Pick<DenialFacts['certificate_on_deny_list'], 'entry' | 'certificate'>;
}

/** What the refusal rests on, where it is about revocation. */
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

function describePathFault(
  { detail, about, revoked }: PathFault,
  chainFault: string | undefined,
  list: RevocationListEntry | undefined,
): PathProblem {
  return {
    fault: detail,
    ...(about === undefined ? {} : { certificate: describeMember(about) }),
    ...(chainFault === undefined ? {} : { chainFault }),
    ...(list === undefined ? {} : { list: Object.freeze(list) }),
    ...(revoked?.at === undefined ? {} : { revokedAt: revoked.at }),
    ...(revoked === undefined ? {} : { reason: revoked.reason }),
  };
}

/** One authority is asked once, however many pins and names refer to it. */
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

/** A pin with `issuedBy` whose certificate that authority didn't issue, or took back, is a match that denies. */
function matchPin({ authorities }: TrustSnapshot, match: PinMatch, paths: PathsByAuthority): MatchAttempt {
  const { issuedBy } = match.pin;
  if (issuedBy === undefined) return { outcome: 'match', match };
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
  return { outcome: 'match', match: { ...match, matchedBy: `${match.matchedBy} issued by ${issuedBy}`, path } };
}

/** Codes of a path that holds otherwise. */
const takenBack: ReadonlySet<string> = new Set([
  'certificate_revoked',
  'certificate_on_deny_list',
  'revocation_unavailable',
]);

/** Whether the authority has issued a certificate whose path is refused with this code. */
export function isTakenBack(code: string): boolean {
  return takenBack.has(code);
}

/** One that the authority did issue and took back, or of which it can't be said now, denies. */
function matchName(nomination: Nomination, target: PathCertificate, paths: PathsByAuthority): MatchAttempt {
  const { identity, trustName, authority } = nomination;
  const path = paths.get(authority);
  if (path.outcome === 'valid') {
    const matchedBy = `${trustName.type} issued by ${authority.name}`;
    return { outcome: 'match', match: { identity, matchedBy, path, pin: undefined, trustName, isOfTwin: false } };
  }
  const question = { authority: authority.name, claim: describeClaim(nomination) };
  if (!isTakenBack(path.code)) {
    const signed = isSignedByAuthority(authority, target) ? { isSigned: true as const } : {};
    return { outcome: 'unissued', refusal: describeInvalid(path, { ...question, ...signed }) };
  }
  const refusal = { ...describeInvalid(path, { ...question, isIssued: true }), identityName: identity.name };
  return { outcome: 'refused', refusal };
}

function describeInvalid({ code, facts }: InvalidPath, question: AuthorityQuestion): PathRefusal {
  return 'entry' in facts ? { code, facts: { ...facts, question } } : { code, facts: { ...facts, ...question } };
}

/** What this library's stores claimed, so that claims of another making are told from them. */
const ownClaims = new WeakSet<object>();

/** Whose certificate it would be; nobody has verified that. */
export function describeClaim({ identity, trustName }: NamedIdentity): NameClaim {
  const { type, value, issuedBy } = trustName;
  const claim = Object.freeze({ identity: identity.name, name: Object.freeze({ type, value, issuedBy }) });
  ownClaims.add(claim);
  return claim;
}

/** Whether a store passed it on from one of this library's. */
export function isOwnClaim(claim: unknown): claim is NameClaim {
  return typeof claim === 'object' && claim !== null && ownClaims.has(claim);
}

/** As the facts of denials have it. */
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

/** A pin that is not in force, with those beside it. Only a match by a pin is refused by a pin's rule. */
export function describePinMatch(match: TrustMatch, matches: readonly TrustMatch[]): PinFacts {
  const { identity } = match;
  const others = listPins(matches.filter((each) => each.identity === identity && each.pin !== match.pin));
  return { identity: identity.name, pin: describePinEntry(match as PinMatch), others };
}

/** Each once: a match by a pin is there before its authority is asked, and after. */
function listPins(matches: readonly TrustMatch[]): readonly PinEntry[] {
  const pinned = matches.filter(isPinMatch);
  return [...new Map(pinned.map((match) => [match.pin, describePinEntry(match)])).values()];
}

/** By identity, in the order of the matches. */
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

/** Without candidates nothing is made: the refusal of a stranger is to cost little more than one hash. */
function describeUnknown({ candidates: { fault } }: PresentedCertificate): NotFoundFinding {
  return fault === undefined ? unknown : describeNotFound({ chainFault: fault });
}

function describeUnread(fault: string, issuers: readonly TrustedAuthority[]): NotFoundFinding {
  return describeNotFound({ authorities: issuers.map(({ name }) => name), decodingFault: fault });
}

function describeStranger(
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

/** A stranger chose them, and the refusal is remembered: as many as an operator reads. */
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

/** A little more than what `shortenText` leaves. */
const maximumReadable = 200;
