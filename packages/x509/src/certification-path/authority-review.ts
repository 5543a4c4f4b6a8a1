import { aGeneralName, type GeneralName } from '../certificate/general-name.js';
import { aPathCertificate, type PathCertificate } from '../certificate/path-certificate.js';
import { aText, expectArgument, listOf, oneOf } from '../encoding/own-members.js';
import {
  constrainNames,
  findFaultOfGeneralName,
  type NameConstraintFault,
  unconstrainedNames,
} from './name-constraints.js';
import { type LeadingDotReading, leadingDotReadings } from './name-location.js';
import { defaultPathLimits, PathBudget } from './path-budget.js';
import type { PathFault } from './path-fault.js';
import { findLocalFault } from './path-validation.js';

/**
 * Why no path may contain this CA certificate in `strict`, whatever it issues. This can be said before anybody presents
 * a certificate. `purposes` are those of `findCertificationPath`. The certificate is judged as of the start of its
 * validity. Undefined if the certificate itself has no fault; its path may have one.
 *
 * @throws {CertgateError} if an argument is of another type.
 */
export function findAuthorityFault(
  certificate: PathCertificate,
  role: 'trust-anchor' | 'intermediate',
  purposes: readonly string[],
): PathFault | undefined {
  expectArgument(certificate, aPathCertificate, 'The certificate for findAuthorityFault');
  expectArgument(role, oneOf(['trust-anchor', 'intermediate']), 'The role for findAuthorityFault');
  expectArgument(purposes, listOf(aText), 'The purposes for findAuthorityFault');
  return findLocalFault(certificate, role, { now: certificate.notBefore, profile: 'strict', purposes });
}

/**
 * Why a certificate below these issuers can't have the name (RFC 5280 §4.2.1.10). Undefined if their name constraints
 * permit it. The number of comparisons is not limited, so the name and the issuers must come from the operator.
 *
 * @throws {CertgateError} if an argument is of another type.
 */
export function findNameConstraintFault(
  name: GeneralName,
  issuers: readonly PathCertificate[],
  leadingDot: LeadingDotReading,
): NameConstraintFault | undefined {
  expectArgument(name, aGeneralName, 'The name for findNameConstraintFault');
  expectArgument(issuers, listOf(aPathCertificate), 'The issuers for findNameConstraintFault');
  expectArgument(leadingDot, oneOf([...leadingDotReadings]), 'The reading for findNameConstraintFault');
  const state = issuers.reduce((above, issuer) => constrainNames(above, issuer, leadingDot), unconstrainedNames);
  const fault = findFaultOfGeneralName(state, name, new PathBudget({ ...defaultPathLimits, comparisons: Infinity }));
  return fault?.outcome === 'refused' ? fault.fault : undefined;
}
