import type { PathCertificate } from '@certgate/x509/path';
import type { NameAttribute } from '@certgate/x509';
import { findSpiffeId, hasSpiffeScheme, nameAttributeTypes } from '@certgate/x509/internal';
import type { PresentedCertificate } from '../certificate-header/certificate-header.js';
import { listIssuerNames } from './candidate-issuers.js';
import {
  listNameKeys,
  type NamedIdentity,
  type NameType,
  type TrustedAuthority,
  type TrustSnapshot,
} from './trust-snapshot.js';

/** An identity that a certificate would have, if the authority really issued it. */
export interface Nomination extends NamedIdentity {
  readonly authority: TrustedAuthority;
}

/** A name that a certificate contains. */
export type PresentedName = readonly [NameType, string];

/**
 * The authorities of each snapshot by issuer name. The keys are the snapshots' lists, so an index lives as long as its
 * snapshot.
 */
const issuerIndexes = new WeakMap<readonly TrustedAuthority[], ReadonlyMap<string, readonly TrustedAuthority[]>>();

/**
 * The authorities that own a CA certificate with the name of the issuer, or with the name of a further issuer that the
 * certificates that came with the request show. Only names are compared; whether any of the authorities signed is not
 * verified.
 */
export function findIssuingAuthorities(
  { authorities }: Pick<TrustSnapshot, 'authorities'>,
  presented: Pick<PresentedCertificate, 'issuer' | 'candidates'>,
): readonly TrustedAuthority[] {
  const { issuer } = presented;
  if (issuer === undefined || authorities.length === 0) return [];
  let index = issuerIndexes.get(authorities);
  if (index === undefined) {
    index = indexByIssuer(authorities);
    issuerIndexes.set(authorities, index);
  }
  const { candidates } = presented;
  if (candidates.certificates.length === 0) return index.get(issuer.key) ?? [];
  return findByNames(index, listIssuerNames(presented));
}

function findByNames(
  index: ReadonlyMap<string, readonly TrustedAuthority[]>,
  names: readonly string[],
): readonly TrustedAuthority[] {
  return [...new Set(names.flatMap((name) => index.get(name) ?? []))];
}

function indexByIssuer(authorities: readonly TrustedAuthority[]): ReadonlyMap<string, readonly TrustedAuthority[]> {
  const index = new Map<string, Set<TrustedAuthority>>();
  for (const authority of authorities) {
    for (const { subject } of [...authority.trustAnchors, ...authority.intermediates]) {
      index.set(subject.key, (index.get(subject.key) ?? new Set()).add(authority));
    }
  }
  return new Map([...index].map(([key, set]) => [key, [...set]]));
}

/**
 * The identities that the document binds to one of the certificate's names under one of these authorities. Each binding
 * is listed once.
 */
export function findNominations(
  { names: trustNames }: TrustSnapshot,
  names: readonly PresentedName[],
  authorities: readonly TrustedAuthority[],
): readonly Nomination[] {
  const found = new Map<NamedIdentity, Nomination>();
  for (const [type, value] of names) {
    for (const authority of authorities) {
      for (const key of listNameKeys(authority.name, type, value)) {
        const named = trustNames.get(key);
        if (named !== undefined) found.set(named, { ...named, authority });
      }
    }
  }
  return [...found.values()];
}

/** A certificate has few names. Without this limit, one with thousands would cause thousands of look-ups. */
export const maximumNames = 256;

/**
 * The names of the certificate that an identity can be bound to. The function that calls this one must enforce
 * `maximumNames`.
 */
export function listNames(certificate: PathCertificate): readonly PresentedName[] {
  const { subjectAlternativeNames = [], subjectName } = certificate;
  const texts = (form: string): readonly string[] =>
    subjectAlternativeNames.flatMap((name) => ('text' in name && name.form === form ? [name.text] : []));
  const attributes = (wanted: string): readonly NameAttribute[] =>
    subjectName.flat().filter(({ type }) => type === wanted);
  const commonNames = attributes(nameAttributeTypes.commonName);
  return [
    ...texts('dNSName').map((value) => ['dns', value] as const),
    ...listUris(texts('uniformResourceIdentifier')).map((value) => ['uri', value] as const),
    ...texts('rfc822Name').map((value) => ['email', value] as const),
    // If there are several common names, in any encoding, it is unclear which one is the caller's, so none is used.
    ...(commonNames.length === 1 ? commonNames : []).filter(isText).map(({ value }) => ['commonName', value] as const),
    ...attributes(nameAttributeTypes.organizationalUnit)
      .filter(isText)
      .map(({ value }) => ['organizationalUnit', value] as const),
  ];
}

function isText({ isEncoded }: NameAttribute): boolean {
  return isEncoded !== true;
}

/**
 * X509-SVID §2 and §3.1: a caller's certificate with a SPIFFE ID must have exactly one URI, and the ID must have a
 * path. Otherwise, none of the certificate's URIs is used.
 */
function listUris(uris: readonly string[]): readonly string[] {
  if (!uris.some(hasSpiffeScheme)) return uris;
  return uris.length === 1 && uris.every((uri) => findSpiffeId(uri) !== undefined) ? uris : [];
}
