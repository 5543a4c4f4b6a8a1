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

/**
 * The deny list's entry for one of the certificate's thumbprints: its own, or the one with its other ECDSA signature. A
 * certificate that is denied by one thumbprint must not be admitted with another signature over the same contents.
 */
export function findDeniedCertificate(
  { denied: { thumbprintsSha256 } }: TrustSnapshot,
  certificate: PresentedCertificate,
): DeniedCertificate | undefined {
  return (
    thumbprintsSha256.get(certificate.thumbprintSha256) ??
    listTwins(certificate).flatMap(({ thumbprintSha256 }) => thumbprintsSha256.get(thumbprintSha256) ?? [])[0]
  );
}

/** The deny list's entry for the certificate's serial number under one of the authorities that may have issued it. */
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

/**
 * Whether the certificate is a self-issued trust anchor. No authority issued it, so no entry by serial number applies
 * to it.
 */
function isRoot(
  { thumbprintSha256 }: Pick<PathCertificate, 'thumbprintSha256'>,
  authorities: readonly TrustedAuthority[],
): boolean {
  return authorities.some(({ trustAnchors }) =>
    trustAnchors.some((anchor) => anchor.isSelfIssued && anchor.thumbprintSha256 === thumbprintSha256),
  );
}

/** The parts of a document that deny certificates. */
export type DenyingDocument = Pick<TrustSnapshot, 'authorities' | 'denied'>;

/**
 * The first entry of the documents' deny lists for a certificate of a certification path, or for a certificate that
 * signed a revocation list. CA certificates can be denied as well. An entry by serial number applies under every
 * authority that may have issued the certificate, as it does for a caller's. `candidates` are the CA certificates that
 * came with the caller's.
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

/**
 * Finds an entry by thumbprint, also by the thumbprint with the certificate's other ECDSA signature. Anybody can
 * compute that signature, and send a CA certificate that has it with a request.
 */
function findDeniedThumbprint(
  { thumbprintsSha256 }: DenyList,
  certificate: PathCertificate,
): DeniedCertificate | undefined {
  // Reading the thumbprint computes it, so an empty list is ruled out first.
  if (thumbprintsSha256.size === 0) return undefined;
  const ofTwins = listSignatureTwins(certificate.der).map((twin) => hashHex('sha256', twin));
  const thumbprints = [certificate.thumbprintSha256, ...ofTwins];
  return thumbprints.flatMap((each) => thumbprintsSha256.get(each) ?? [])[0];
}
