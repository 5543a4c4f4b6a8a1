import {
  type Nomination,
  type PresentedName,
  findIssuingAuthorities,
  findNominations,
  listNames,
  maximumNames,
} from './authority-match.js';
import { type AuthorityContext, findAuthorityPath } from './authority-path.js';
import { readCandidates } from './candidate-issuers.js';
import { findDeniedAuthority, findDeniedSerial } from './deny-list.js';
import type { CertificationPath, PathFaultCode, PathCertificate } from '@certgate/x509/path';
import type { PresentedCertificate } from '../certificate-header/certificate-header.js';
import { escapeInvisible, shortenText } from '@certgate/x509/internal';
import { decidingAttributeTypes, findValueWithoutText } from '@certgate/x509/internal-certificates';
import {
  describeDenied,
  type TrustedAuthority,
  type TrustedIdentity,
  type TrustPin,
  type TrustSnapshot,
} from './trust-snapshot.js';
import type { NotFoundFinding } from './trust-finding.js';

/** One reason to take a certificate for an identity. */
export interface TrustMatch {
  readonly identity: TrustedIdentity;
  /** For logs: the pin's kind, or the name's and its authority. */
  readonly matchedBy: string;
  readonly pin: TrustPin | undefined;
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
      readonly code: 'certificate_on_deny_list' | 'path_budget_exhausted';
      readonly detail: string;
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
    return { outcome: 'refused', code: 'certificate_on_deny_list', detail: describeDenied(denied) };
  }
  if (!pathDecoding.ok) {
    // A pin of it is for the steps that decode and verify the certificate.
    if (needsIssuer) return { outcome: 'nominated', nominations: [] };
    return { outcome: 'settled', otherwise: describeUnread(pathDecoding.fault, issuers) };
  }
  const certificate = pathDecoding.value;
  const names = listNames(certificate);
  if (names.length > maximumNames) {
    return { outcome: 'refused', code: 'path_budget_exhausted', detail: describeExcess(names.length) };
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
  readonly code: PathFaultCode | 'certificate_on_deny_list';
  readonly detail: string;
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
}

/** Asks the authorities. What a pin of the twin's needs of its issuer, it needs of this certificate. */
export function findIssuedMatches(
  snapshot: TrustSnapshot,
  presented: PresentedCertificate,
  target: PathCertificate,
  { pinned, nominations }: { readonly pinned: readonly PinMatch[]; readonly nominations: readonly Nomination[] },
  now: number,
  context: AuthorityContext,
): IssuedMatches {
  const { candidates, fault } = readCandidates(presented);
  const paths = new PathsByAuthority((authority) => {
    const path = findAuthorityPath(authority, { target, candidates }, now, context);
    if (path.outcome === 'valid') return findDeniedAuthority(snapshot, path, presented.candidates) ?? path;
    return fault === undefined || path.code !== 'path_not_found'
      ? path
      : { ...path, detail: `${path.detail} ${fault}` };
  });
  const verdicts = [
    ...pinned.map((match) => matchPin(snapshot, match, paths)),
    ...nominations.map((nomination) => matchName(nomination, paths)),
  ];
  return {
    matches: verdicts.flatMap((verdict) => (verdict.outcome === 'match' ? verdict.match : [])),
    refusals: verdicts.flatMap((verdict) => (verdict.outcome === 'refused' ? verdict.refusal : [])),
    unissued: verdicts.flatMap((verdict) => (verdict.outcome === 'unissued' ? verdict.refusal : [])),
  };
}

/** What became of one pin or name. */
type MatchAttempt =
  | { readonly outcome: 'match'; readonly match: TrustMatch }
  | { readonly outcome: 'refused' | 'unissued'; readonly refusal: PathRefusal };

type InvalidPath = PathRefusal & { readonly outcome: 'invalid' };

/** One authority is asked once, however many pins and names refer to it. */
class PathsByAuthority {
  readonly #verdicts = new Map<TrustedAuthority, CertificationPath | InvalidPath>();
  readonly #find: (authority: TrustedAuthority) => CertificationPath | InvalidPath;

  constructor(find: (authority: TrustedAuthority) => CertificationPath | InvalidPath) {
    this.#find = find;
  }

  get(authority: TrustedAuthority): CertificationPath | InvalidPath {
    const known = this.#verdicts.get(authority);
    if (known !== undefined) return known;
    const verdict = this.#find(authority);
    this.#verdicts.set(authority, verdict);
    return verdict;
  }
}

/** All matches count, so none may be overlooked. */
function describeExcess(count: number): string {
  return `The certificate has ${count} names, of which ${maximumNames} are compared at most; issue one with fewer.`;
}

/** A pin with `issuedBy` whose certificate that authority didn't issue, or took back, is a match that denies. */
function matchPin({ authorities }: TrustSnapshot, match: PinMatch, paths: PathsByAuthority): MatchAttempt {
  const { issuedBy } = match.pin;
  if (issuedBy === undefined) return { outcome: 'match', match };
  const authority = authorities.find(({ name }) => name === issuedBy);
  const path: CertificationPath | InvalidPath =
    authority === undefined
      ? { outcome: 'invalid', code: 'path_not_found', detail: `The document has no authority "${issuedBy}".` }
      : paths.get(authority);
  if (path.outcome === 'invalid') return refuse(path.code, path.detail, match);
  return { outcome: 'match', match: { ...match, matchedBy: `${match.matchedBy} issued by ${issuedBy}`, path } };
}

/** Codes of a path that holds otherwise. */
const takenBack: ReadonlySet<string> = new Set([
  'certificate_revoked',
  'certificate_on_deny_list',
  'revocation_unavailable',
]);

/** One that the authority did issue and took back, or of which it can't be said now, denies. */
function matchName(nomination: Nomination, paths: PathsByAuthority): MatchAttempt {
  const { identity, trustName, authority } = nomination;
  const path = paths.get(authority);
  if (path.outcome === 'valid') {
    const matchedBy = `${trustName.type} issued by ${authority.name}`;
    return { outcome: 'match', match: { identity, matchedBy, path, pin: undefined, isOfTwin: false } };
  }
  if (!takenBack.has(path.code)) {
    const detail = `${path.detail} ${describeClaim(nomination)}`;
    return { outcome: 'unissued', refusal: { code: path.code, detail } };
  }
  const detail = `${path.detail} By its name (${trustName.type}) it is "${identity.name}", and the authority "${authority.name}" did issue it.`;
  return refuse(path.code, detail, nomination);
}

/** Whose certificate it would be; nobody has verified that. */
export function describeClaim({ identity, trustName, authority }: Nomination): string {
  return `By its name (${trustName.type}) it would be "${identity.name}", if the authority "${authority.name}" vouched for it.`;
}

const unknown: NotFoundFinding = Object.freeze({ outcome: 'notFound' });

/** Without candidates nothing is made: the refusal of a stranger is to cost little more than one hash. */
function describeUnknown({ candidates: { fault } }: PresentedCertificate): NotFoundFinding {
  if (fault === undefined) return unknown;
  return { outcome: 'notFound', detail: `No authority of the trust document has its issuer's name. ${fault}` };
}

function describeUnread(fault: string, issuers: readonly TrustedAuthority[]): NotFoundFinding {
  const detail = `It names an issuer of ${listAuthorityNames(issuers)}, and no name of it can be compared, since it is no certificate: ${fault}.`;
  return { outcome: 'notFound', detail };
}

function listAuthorityNames(authorities: readonly TrustedAuthority[]): string {
  return authorities.map(({ name }) => `"${name}"`).join(', ');
}

function describeStranger(
  names: readonly PresentedName[],
  issuers: readonly TrustedAuthority[],
  { subjectName }: PathCertificate,
): NotFoundFinding {
  const texts = names.map(([type, value]) => `${type} ${value}`);
  const listed = texts.length === 0 ? 'no name that an identity could have' : texts.join(', ');
  // A stranger chose them.
  const shown = escapeInvisible(shortenText(listed));
  const odd = findValueWithoutText(subjectName, decidingAttributeTypes);
  const remark = odd === undefined ? '' : ` Its ${shortenText(odd)} is no text, and stands for nobody.`;
  return {
    outcome: 'notFound',
    detail: `It names an issuer of ${listAuthorityNames(issuers)}, and no identity of the trust document is bound there to any of its names (${shown}); before you add one, ask the owner of the caller over another channel whether the certificate is the caller's.${remark}`,
  };
}

function refuse(code: PathRefusal['code'], detail: string, { identity }: Pick<TrustMatch, 'identity'>): MatchAttempt {
  return { outcome: 'refused', refusal: { code, detail, identityName: identity.name } };
}
