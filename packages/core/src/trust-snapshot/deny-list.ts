import type { PathCertificate } from '@certgate/x509/path';
import { hashHex } from '@certgate/x509/internal';
import { listSignatureTwins } from '@certgate/x509/internal-certificates';
import { listTwins, type PresentedCertificate } from '../certificate-header/certificate-header.js';
import { type CandidateList, noCandidates } from '../certificate-header/candidate-certificate.js';
import { findIssuingAuthorities } from './authority-match.js';
import {
  type DeniedCertificate,
  deniedSerialKey,
  type DenyList,
  type TrustedAuthority,
  type TrustSnapshot,
} from './trust-snapshot.js';

/** By any of its thumbprints: a certificate that is denied by one must not be admitted by another signature over the same. */
export function findDeniedCertificate(
  { denied: { thumbprintsSha256 } }: TrustSnapshot,
  certificate: PresentedCertificate,
): DeniedCertificate | undefined {
  return (
    thumbprintsSha256.get(certificate.thumbprintSha256) ??
    listTwins(certificate).flatMap(({ thumbprintSha256 }) => thumbprintsSha256.get(thumbprintSha256) ?? [])[0]
  );
}

/** The entry for the certificate's serial number under one of the authorities that may have issued it. */
export function findDeniedSerial(
  { denied, authorities }: Pick<TrustSnapshot, 'authorities' | 'denied'>,
  certificate: Pick<PathCertificate, 'serialNumber' | 'thumbprintSha256'>,
  issuers: readonly TrustedAuthority[],
): DeniedCertificate | undefined {
  if (denied.serialNumbers.size === 0) return undefined;
  for (const { name } of issuers) {
    const entry = denied.serialNumbers.get(deniedSerialKey(name, certificate.serialNumber));
    if (entry !== undefined && !isRoot(certificate, authorities)) return entry;
  }
  return undefined;
}

/** Nobody issued it, so its serial number is nobody's. */
function isRoot(
  { thumbprintSha256 }: Pick<PathCertificate, 'thumbprintSha256'>,
  authorities: readonly TrustedAuthority[],
): boolean {
  return authorities.some(({ trustAnchors }) =>
    trustAnchors.some((anchor) => anchor.isSelfIssued && anchor.thumbprintSha256 === thumbprintSha256),
  );
}

/** What of a document denies certificates. */
export type DenyingDocument = Pick<TrustSnapshot, 'authorities' | 'denied'>;

/**
 * The entry of a document for a certificate of a path, or one that signed a list: the deny list is for every certificate, a
 * CA's among them. A serial number counts under every authority that may have issued the CA certificate, as it does of a
 * caller's. `candidates` came with the caller's.
 */
export function findDeniedIssued(
  documents: readonly DenyingDocument[],
  certificate: PathCertificate,
  candidates: CandidateList = noCandidates,
): DeniedCertificate | undefined {
  const { issuer } = certificate;
  const [entry] = documents.flatMap(
    (each) =>
      findDeniedThumbprint(each.denied, certificate) ??
      findDeniedSerial(each, certificate, findIssuingAuthorities(each, { issuer, candidates })) ??
      [],
  );
  return entry;
}

/** Also under its other signature: a CA certificate may have come with the request, from whoever has computed that. */
function findDeniedThumbprint(
  { thumbprintsSha256 }: DenyList,
  certificate: PathCertificate,
): DeniedCertificate | undefined {
  // The thumbprint is worked out when it is read.
  if (thumbprintsSha256.size === 0) return undefined;
  const ofTwins = listSignatureTwins(certificate.der).map((twin) => hashHex('sha256', twin));
  const thumbprints = [certificate.thumbprintSha256, ...ofTwins];
  return thumbprints.flatMap((each) => thumbprintsSha256.get(each) ?? [])[0];
}
