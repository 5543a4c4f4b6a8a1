import { readDer } from '../encoding/der.js';
import { expectArgument } from '../encoding/own-members.js';
import { aPathCertificate, noRevAvailType, type PathCertificate } from './path-certificate.js';
import { decodeAccessMethods } from './path-extensions.js';

const authorityInformationAccess = '1.3.6.1.5.5.7.1.1';
const ocspAccessMethod = '1.3.6.1.5.5.7.48.1';

/**
 * Returns what breaks RFC 9608 (§2, §3) in a certificate with `noRevAvail`, as the end of a sentence that begins with
 * "a certificate that …". A relying party must then treat the certificate as invalid. Undefined if nothing does, or if
 * the certificate lacks the extension.
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

/** In milliseconds. Both ends belong to the validity (RFC 5280 §4.1.2.5), and dates are whole seconds. */
export function measureLifetime(certificate: PathCertificate): number {
  expectArgument(certificate, aPathCertificate, 'The certificate for measureLifetime');
  const { notBefore, notAfter } = certificate;
  return notAfter - notBefore + 1000;
}

/**
 * Returns why missing revocation information must be a reason to refuse this certificate, as the end of a sentence that
 * begins with "it …". Undefined if the certificate says with `noRevAvail` that there is none, may say so, and has a
 * lifetime that the operator accepts.
 */
export function findNoRevAvailObstacle(
  certificate: PathCertificate,
  maximumLifetimeMilliseconds: number | undefined,
): string | undefined {
  if (!certificate.hasNoRevAvail) return "doesn't have noRevAvail";
  const fault = findNoRevAvailFault(certificate);
  if (fault !== undefined) return fault;
  const lifetime = measureLifetime(certificate);
  // Written so that a lifetime that is not a number is too long.
  if (maximumLifetimeMilliseconds !== undefined && lifetime <= maximumLifetimeMilliseconds) return undefined;
  return `has noRevAvail and a lifetime of ${lifetime / 1000} seconds, longer than the ${(maximumLifetimeMilliseconds ?? 0) / 1000} that the authority accepts`;
}
