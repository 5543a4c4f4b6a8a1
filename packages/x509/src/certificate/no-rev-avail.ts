import { readDer } from '../encoding/der.js';
import { expectArgument } from '../encoding/own-members.js';
import { aPathCertificate, noRevAvailType, type PathCertificate } from './path-certificate.js';
import { decodeAccessMethods } from './path-extensions.js';

const authorityInformationAccess = '1.3.6.1.5.5.7.1.1';
const ocspAccessMethod = '1.3.6.1.5.5.7.48.1';

/** What breaks RFC 9608 (§2, §3) in a certificate with `noRevAvail`, or prevents the check. */
export type NoRevAvailFault =
  | { readonly reason: 'critical' | 'authority' | 'crl_distribution_points' | 'freshest_crl' | 'ocsp_address' }
  /** `fault` says why the authority information access can't be decoded. */
  | { readonly reason: 'information_access'; readonly fault: string };

/** Why `noRevAvail` does not excuse a certificate from revocation information. */
export type NoRevAvailObstacle =
  | NoRevAvailFault
  /**
   * `not_accepted`: no maximum lifetime is set, the path has a CA certificate that came with the caller's, or it
   * leads to a CRL's signer.
   */
  | { readonly reason: 'absent' | 'not_accepted' }
  /** Both lifetimes are in milliseconds. */
  | { readonly reason: 'lifetime'; readonly lifetime: number; readonly maximumLifetime: number };

/**
 * Returns what breaks RFC 9608 (§2, §3) in a certificate with `noRevAvail`, or prevents the check. The `strict` profile
 * refuses such a certificate. Undefined if the certificate keeps these rules, or doesn't have the extension.
 * `describeNoRevAvailObstacle` makes the words.
 */
export function findNoRevAvailFault(certificate: PathCertificate): NoRevAvailFault | undefined {
  expectArgument(certificate, aPathCertificate, 'The certificate for findNoRevAvailFault');
  if (!certificate.hasNoRevAvail) return undefined;
  const { basicConstraints, crlDistributionPoints, freshestCrl, extensions } = certificate;
  if (extensions.get(noRevAvailType)?.isCritical === true) return { reason: 'critical' };
  if (basicConstraints?.isCertificateAuthority === true) return { reason: 'authority' };
  if (crlDistributionPoints !== undefined) return { reason: 'crl_distribution_points' };
  if (freshestCrl !== undefined) return { reason: 'freshest_crl' };
  const access = extensions.get(authorityInformationAccess);
  if (access === undefined) return undefined;
  const methods = readDer(() => decodeAccessMethods(access.value));
  if (!methods.ok) return { reason: 'information_access', fault: methods.fault };
  return methods.value.includes(ocspAccessMethod) ? { reason: 'ocsp_address' } : undefined;
}

/** In milliseconds. Both ends belong to the validity (RFC 5280 §4.1.2.5), and dates are whole seconds. */
export function measureLifetime(certificate: PathCertificate): number {
  expectArgument(certificate, aPathCertificate, 'The certificate for measureLifetime');
  const { notBefore, notAfter } = certificate;
  return notAfter - notBefore + 1000;
}

/**
 * Returns why missing revocation information must be a reason to refuse this certificate. Undefined if the certificate
 * says with `noRevAvail` that there is none, may say so, and has a lifetime that the operator accepts.
 */
export function findNoRevAvailObstacle(
  certificate: PathCertificate,
  maximumLifetimeMilliseconds: number | undefined,
): NoRevAvailObstacle | undefined {
  if (!certificate.hasNoRevAvail) return { reason: 'absent' };
  const fault = findNoRevAvailFault(certificate);
  if (fault !== undefined) return fault;
  if (maximumLifetimeMilliseconds === undefined) return { reason: 'not_accepted' };
  const lifetime = measureLifetime(certificate);
  // Written so that a lifetime that is not a number is too long.
  if (lifetime <= maximumLifetimeMilliseconds) return undefined;
  return { reason: 'lifetime', lifetime, maximumLifetime: maximumLifetimeMilliseconds };
}
