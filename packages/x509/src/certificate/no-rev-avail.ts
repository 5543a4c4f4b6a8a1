import { readDer } from '../encoding/der.js';
import { expectArgument } from '../encoding/own-members.js';
import { aPathCertificate, noRevAvailType, type PathCertificate } from './path-certificate.js';
import { decodeAccessMethods } from './path-extensions.js';

const authorityInformationAccess = '1.3.6.1.5.5.7.1.1';
const ocspAccessMethod = '1.3.6.1.5.5.7.48.1';

/**
 * What RFC 9608 (§2, §3) forbids beside `noRevAvail`, for "a certificate that …": a relying party must take such a
 * certificate for invalid. Undefined: nothing, or the certificate doesn't have the extension.
 */
export function findNoRevAvailFault(certificate: PathCertificate): string | undefined {
  expectArgument(certificate, aPathCertificate, 'The certificate for findNoRevAvailFault');
  if (!certificate.hasNoRevAvail) return undefined;
  const { basicConstraints, crlDistributionPoints, freshestCrl, extensions } = certificate;
  if (extensions.get(noRevAvailType)?.isCritical === true) return 'marks noRevAvail as critical, which it must not be';
  if (basicConstraints?.isCertificateAuthority === true) return 'has noRevAvail and is a CA certificate';
  if (crlDistributionPoints !== undefined) return 'has noRevAvail and CRL distribution points';
  if (freshestCrl !== undefined) return 'has noRevAvail and a freshest CRL';
  const access = extensions.get(authorityInformationAccess);
  if (access === undefined) return undefined;
  const methods = readDer(() => decodeAccessMethods(access.value));
  if (!methods.ok) return `has noRevAvail and an authority information access that can't be read (${methods.fault})`;
  return methods.value.includes(ocspAccessMethod) ? 'has noRevAvail and the address of an OCSP responder' : undefined;
}

/** In milliseconds. RFC 5280 §4.1.2.5: both ends belong to the validity, and dates are whole seconds. */
export function measureLifetime(certificate: PathCertificate): number {
  expectArgument(certificate, aPathCertificate, 'The certificate for measureLifetime');
  const { notBefore, notAfter } = certificate;
  return notAfter - notBefore + 1000;
}

/**
 * Why a certificate without revocation information is no reason to let anybody in; undefined: it says by `noRevAvail`
 * that there is none, may say so, and lives no longer than the operator accepts that. A sentence's end, for "it …".
 */
export function findNoRevAvailObstacle(
  certificate: PathCertificate,
  maximumLifetimeMilliseconds: number | undefined,
): string | undefined {
  if (!certificate.hasNoRevAvail) return "doesn't have noRevAvail";
  const fault = findNoRevAvailFault(certificate);
  if (fault !== undefined) return fault;
  const lifetime = measureLifetime(certificate);
  // Written so that a lifetime which is no number is too long.
  if (maximumLifetimeMilliseconds !== undefined && lifetime <= maximumLifetimeMilliseconds) return undefined;
  return `has noRevAvail and a lifetime of ${lifetime / 1000} seconds, longer than the ${(maximumLifetimeMilliseconds ?? 0) / 1000} that the authority accepts`;
}
