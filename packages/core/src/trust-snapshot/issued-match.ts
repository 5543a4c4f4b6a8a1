import {
  type Nomination,
  type PresentedName,
  findIssuingAuthorities,
  findNominations,
  listNames,
  maximumNames,
} from './authority-match.js';
import { type AuthorityContext, type AuthorityRefusal, findAuthorityPath } from './authority-path.js';
import type { CertificationPath, PathCertificate } from '@certgate/x509/path';
import type { PresentedCertificate } from './presented-certificate.js';
import { decidingAttributeTypes, findValueWithoutText, escapeInvisible, shortenText } from '@certgate/x509';
import type { TrustedAuthority, TrustedIdentity, TrustPin, TrustSnapshot } from './trust-snapshot.js';
import { deniedSerialKey, describeDenied } from './deny-list.js';
import type { TrustFinding } from './trust-finding.js';

/** One reason to take a certificate for an identity. */
export interface TrustMatch {
  readonly identity: TrustedIdentity;
  /** For logs: the pin's kind, or the name's and its authority. */
  readonly matchedBy: string;
  readonly pin: TrustPin | undefined;
  /** Where the match rests on an authority's word. */
  readonly path: CertificationPath | undefined;
}

/** By a pin, whatever its `issuedBy` asks for. */
export interface PinMatch extends TrustMatch {
  readonly pin: TrustPin;
}

export type IssuedMatches =
  | {
      readonly outcome: 'matched';
      readonly matches: readonly TrustMatch[];
      /** The answer where there is no match. */
      readonly otherwise: TrustFinding;
    }
  | (Pick<AuthorityRefusal, 'code' | 'detail'> & { readonly outcome: 'refused'; readonly identityName?: string });

/**
 * The matches that hold once the authorities were asked: pins that need no issuer, pins whose issuer it is, and names
 * bound to an authority that issued the certificate. Names are compared first; only where one fits is a path built.
 */
export function findIssuedMatches(
  snapshot: TrustSnapshot,
  presented: PresentedCertificate,
  pinned: readonly PinMatch[],
  now: number,
  context: AuthorityContext,
): IssuedMatches {
  const issuers = findIssuingAuthorities(snapshot, presented);
  const needsIssuer = pinned.some(({ pin }) => pin.issuedBy !== undefined);
  if (issuers.length === 0 && !needsIssuer) return matched(pinned);
  const { pathDecoding } = presented;
  if (!pathDecoding.ok) {
    const { decoding } = presented;
    const denied = decoding.ok ? findDeniedSerial(snapshot, decoding.certificate, issuers) : undefined;
    if (denied !== undefined) return denied;
    // A pin of it is for the end-entity checks.
    if (!needsIssuer)
      return { outcome: 'matched', matches: pinned, otherwise: describeUnread(pathDecoding.fault, issuers) };
    return refuse({ code: 'certificate_malformed', detail: `It is no certificate: ${pathDecoding.fault}.` }, pinned[0]);
  }
  const certificate = pathDecoding.value;
  const denied = findDeniedSerial(snapshot, certificate, issuers);
  if (denied !== undefined) return denied;
  const names = listNames(certificate);
  if (names.length > maximumNames) return refuse(describeExcess(names.length));
  const paths = new PathsByAuthority((authority) => {
    const path = findAuthorityPath(authority, presented, now, context);
    return path.outcome === 'valid' ? (findDeniedAuthority(snapshot, authority, path) ?? path) : path;
  });
  const byPin = matchPins(snapshot, pinned, paths);
  if (byPin.outcome === 'refused') return byPin;
  const nominations = findNominations(snapshot, names, issuers);
  const byName = matchNames(nominations, paths);
  if (byName.outcome === 'refused') return byName;
  const otherwise = nominations.length === 0 ? describeStranger(names, issuers, certificate) : byName.otherwise;
  return { outcome: 'matched', matches: [...byPin.matches, ...byName.matches], otherwise };
}

/** One authority is asked once, however many pins and names refer to it. */
class PathsByAuthority {
  readonly #verdicts = new Map<TrustedAuthority, CertificationPath | AuthorityRefusal>();
  readonly #find: (authority: TrustedAuthority) => CertificationPath | AuthorityRefusal;

  constructor(find: (authority: TrustedAuthority) => CertificationPath | AuthorityRefusal) {
    this.#find = find;
  }

  get(authority: TrustedAuthority): CertificationPath | AuthorityRefusal {
    const known = this.#verdicts.get(authority);
    if (known !== undefined) return known;
    const verdict = this.#find(authority);
    this.#verdicts.set(authority, verdict);
    return verdict;
  }
}

function findDeniedSerial(
  { denied }: TrustSnapshot,
  { serialNumber }: Pick<PathCertificate, 'serialNumber'>,
  issuers: readonly TrustedAuthority[],
): IssuedMatches | undefined {
  for (const { name } of issuers) {
    const entry = denied.serialNumbers.get(deniedSerialKey(name, serialNumber));
    if (entry !== undefined) return refuse({ code: 'certificate_on_deny_list', detail: describeDenied(entry) });
  }
  return undefined;
}

/** The deny list is for every certificate, a CA's among them: with it goes all that it issued. */
function findDeniedAuthority(
  { denied }: TrustSnapshot,
  authority: TrustedAuthority,
  { certificates, trustAnchor }: CertificationPath,
): AuthorityRefusal | undefined {
  for (const certificate of [trustAnchor, ...certificates]) {
    const { thumbprintSha256, serialNumber, subjectText } = certificate;
    // An anchor's own serial number is nobody's under it.
    const bySerial =
      certificate === trustAnchor ? undefined : denied.serialNumbers.get(deniedSerialKey(authority.name, serialNumber));
    const entry = denied.thumbprintsSha256.get(thumbprintSha256) ?? bySerial;
    if (entry === undefined) continue;
    const detail = `The certification path leads through "${subjectText}". ${describeDenied(entry)}`;
    return { outcome: 'invalid', code: 'certificate_on_deny_list', detail };
  }
  return undefined;
}

/** All matches count, so none may be overlooked. */
function describeExcess(count: number): Pick<AuthorityRefusal, 'code' | 'detail'> {
  return {
    code: 'path_budget_exhausted',
    detail: `The certificate has ${count} names, of which ${maximumNames} are compared at most; issue one with fewer.`,
  };
}

/** A pin with `issuedBy` whose certificate that authority didn't issue, or took back, is a match that denies. */
function matchPins(
  { authorities }: TrustSnapshot,
  pinned: readonly PinMatch[],
  paths: PathsByAuthority,
): IssuedMatches {
  const matches: TrustMatch[] = [];
  for (const match of pinned) {
    const { issuedBy } = match.pin;
    if (issuedBy === undefined) {
      matches.push(match);
      continue;
    }
    const authority = authorities.find(({ name }) => name === issuedBy);
    const path: CertificationPath | AuthorityRefusal =
      authority === undefined
        ? { outcome: 'invalid', code: 'path_not_found', detail: `The document has no authority "${issuedBy}".` }
        : paths.get(authority);
    if (path.outcome === 'invalid') return refuse(path, match);
    matches.push({ ...match, matchedBy: `${match.matchedBy} issued by ${issuedBy}`, path });
  }
  return matched(matches);
}

/** Codes of a path that holds otherwise. */
const takenBack: ReadonlySet<string> = new Set([
  'certificate_revoked',
  'certificate_on_deny_list',
  'revocation_unavailable',
]);

/**
 * A name under an authority that didn't issue the certificate is no match: anybody can write it. One that the authority
 * did issue and took back, or of which it can't be said now, denies.
 */
function matchNames(nominations: readonly Nomination[], paths: PathsByAuthority): IssuedMatches {
  const matches: TrustMatch[] = [];
  let otherwise: TrustFinding | undefined;
  for (const { identity, subject, authority } of nominations) {
    const path = paths.get(authority);
    if (path.outcome === 'valid') {
      matches.push({ identity, matchedBy: `${subject.type} issued by ${authority.name}`, path, pin: undefined });
      continue;
    }
    const isIssued = takenBack.has(path.code);
    const detail = `${path.detail} By its name (${subject.type}) it ${
      isIssued
        ? `is "${identity.name}", and the authority "${authority.name}" did issue it.`
        : `would be "${identity.name}", if the authority "${authority.name}" vouched for it.`
    }`;
    if (isIssued) return refuse({ code: path.code, detail }, { identity });
    otherwise ??= { outcome: 'denied', code: path.code, detail };
  }
  return { outcome: 'matched', matches, otherwise: otherwise ?? { outcome: 'notFound' } };
}

function describeUnread(fault: string, issuers: readonly TrustedAuthority[]): TrustFinding {
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
): TrustFinding {
  const texts = names.map(([type, value]) => `${type} ${value}`);
  const listed = texts.length === 0 ? 'no name that a subject could be bound to' : texts.join(', ');
  // A stranger chose them.
  const shown = escapeInvisible(shortenText(listed));
  const odd = findValueWithoutText(subjectName, decidingAttributeTypes);
  const remark = odd === undefined ? '' : ` Its ${shortenText(odd)} is no text, and stands for nobody.`;
  return {
    outcome: 'notFound',
    detail: `It names an issuer of ${listAuthorityNames(issuers)}, and no identity of the trust document is bound there to any of its names (${shown}); before you add one, ask the owner of the caller over another channel whether the certificate is the caller's.${remark}`,
  };
}

function matched(matches: readonly TrustMatch[]): IssuedMatches {
  return { outcome: 'matched', matches, otherwise: { outcome: 'notFound' } };
}

function refuse(
  { code, detail }: Pick<AuthorityRefusal, 'code' | 'detail'>,
  match?: Pick<TrustMatch, 'identity'>,
): IssuedMatches {
  const known = match === undefined ? {} : { identityName: match.identity.name };
  return { outcome: 'refused', code, detail, ...known };
}
