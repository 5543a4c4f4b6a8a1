import type { CertificatePublicKey } from '../certificate/certificate.js';
import { isStrongKey, type KeyJudgement, judgeKey } from '../certificate/certificate-verification.js';
import { decidingAttributeTypes, findAttributeWithoutText } from '../certificate/distinguished-name.js';
import { type ArgumentRule, expectArgument, oneOf } from '../encoding/own-members.js';
import { tryDer } from '../encoding/der.js';
import { decodeKeyUsage } from '../certificate/client-certificate.js';
import { extensionTypes, isChosenAnchor, type PathCertificate } from '../certificate/path-certificate.js';
import { findNoRevAvailFault } from '../certificate/no-rev-avail.js';
import {
  failAt,
  type MalformedFacts,
  type PathFault,
  type PathFaultFacts,
  type PathRole,
  type UnfitFacts,
} from './path-fault.js';
import { aSignatureAlgorithm, type SignatureAlgorithm, isVerifiable } from '../certificate/signature-algorithm.js';
import { isBeyondRuntime } from '../certificate/signature-verification.js';

/**
 * `rfc5280` requires what the standard's algorithm requires, for conformance suites with material of its time.
 * `strict`, the default, adds what a certificate of today must meet: strong keys and digests, critical basic
 * constraints, uses.
 */
export type ValidationProfile = 'strict' | 'rfc5280';

export const aProfile: ArgumentRule = oneOf(['strict', 'rfc5280'] satisfies ValidationProfile[]);

/** RFC 5280 §4.2.1.12. */
const anyExtendedKeyUsage = '2.5.29.37.0';

type Check = (certificate: PathCertificate, role: PathRole) => PathFault | undefined;

/** The first requirement that a certificate on its own doesn't meet, whatever its path. */
export function findProfileFault(
  certificate: PathCertificate,
  role: PathRole,
  profile: ValidationProfile,
): PathFault | undefined {
  return firstFault(profile === 'strict' ? strictChecks : rfc5280Checks, (check) => check(certificate, role));
}

/**
 * MD5 and SHA-1 signatures can be forged, as RFC 8446 and CA/Browser practice agree. A scheme that isn't verified here
 * is not called weak.
 */
function judgeAlgorithm(algorithm: SignatureAlgorithm, profile: ValidationProfile): KeyJudgement {
  if (algorithm.scheme === 'unknown') return 'unsupported';
  if (!isVerifiable(algorithm)) return 'unsupported-by-runtime';
  if (profile === 'rfc5280') return 'accepted';
  if ('digest' in algorithm) return algorithm.digest === 'md5' || algorithm.digest === 'sha1' ? 'too-weak' : 'accepted';
  return algorithm.scheme === 'ed448' ? 'unsupported' : 'accepted';
}

/** Whether the profile accepts signatures of this algorithm. */
export function isAlgorithmAccepted(algorithm: SignatureAlgorithm, profile: ValidationProfile): boolean {
  expectArgument(algorithm, aSignatureAlgorithm, 'The algorithm for isAlgorithmAccepted');
  expectArgument(profile, aProfile, 'The profile for isAlgorithmAccepted');
  return judgeAlgorithm(algorithm, profile) === 'accepted';
}

/** Why the certificate doesn't allow the purpose. Without extended key usages, it allows every purpose (§4.2.1.12). */
export function findPurposeFault(certificate: PathCertificate, role: PathRole, purpose: string): PathFault | undefined {
  const { extendedKeyUsage } = certificate;
  if (extendedKeyUsage === undefined || extendedKeyUsage.includes(purpose)) return undefined;
  // A CA may allow "any" to the certificates below it. A caller's own certificate must name its purpose.
  if (role !== 'end-entity' && extendedKeyUsage.includes(anyExtendedKeyUsage)) return undefined;
  return failAt('path_extended_key_usage_unsuitable', certificate, role, { purpose, extendedKeyUsage });
}

/** Returns the first fault that is found, in the order of the values. */
export function firstFault<T>(values: readonly T[], find: (value: T) => PathFault | undefined): PathFault | undefined {
  for (const value of values) {
    const fault = find(value);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** The reasons that come without further facts. */
type PlainReason<Facts> = Facts extends { readonly reason: infer Reason }
  ? Exclude<keyof Facts, 'reason'> extends never
    ? Reason
    : never
  : never;

const malformed = (certificate: PathCertificate, role: PathRole, reason: PlainReason<MalformedFacts>): PathFault =>
  failAt('path_certificate_malformed', certificate, role, { reason });

const unfit = (certificate: PathCertificate, role: PathRole, reason: PlainReason<UnfitFacts>): PathFault =>
  failAt('path_authority_unfit', certificate, role, { reason });

/** §4.2: a certificate with an unprocessed critical extension must be rejected. */
const checkCriticalExtensions: Check = (certificate, role) => {
  const { unknownCriticalExtensions: extensions } = certificate;
  return extensions.length === 0
    ? undefined
    : failAt('path_critical_extension_unknown', certificate, role, { extensions });
};

/** §6.1.4 (k), (n): version 3, basic constraints with cA, and the right to sign certificates. */
const checkAuthority: Check = (certificate, role) => {
  const { version, basicConstraints, keyUsage } = certificate;
  if (role !== 'intermediate') return undefined;
  if (version !== 3 || basicConstraints === undefined) return unfit(certificate, role, 'basic_constraints_missing');
  if (!basicConstraints.isCertificateAuthority) return unfit(certificate, role, 'not_authority');
  if (keyUsage !== undefined && !keyUsage.includes('keyCertSign')) return unfit(certificate, role, 'may_not_sign');
  return undefined;
};

/**
 * §4.1.2.4, §4.1.2.6: the issuer must have a name. Only an end entity's subject may be empty, and only if a critical
 * alternative name replaces it.
 */
const checkNames: Check = (certificate, role) => {
  const { issuer, subject, subjectAlternativeNames, extensions } = certificate;
  if (issuer.relativeNames.length === 0) return malformed(certificate, role, 'issuer_name_empty');
  if (subject.relativeNames.length > 0) return undefined;
  if (role !== 'end-entity') return malformed(certificate, role, 'subject_name_empty');
  const isCritical = extensions.get(extensionTypes.subjectAlternativeName)?.isCritical ?? false;
  if (subjectAlternativeNames !== undefined && isCritical) return undefined;
  return malformed(certificate, role, 'subject_missing');
};

/**
 * §4.1.2.4: what decides must be text: the names that chain, and the attributes that identify a caller. The rest of a
 * caller's subject is only shown, unless name constraints apply to it.
 */
const checkNamesAreText: Check = (certificate, role) => {
  const { issuer, subject, subjectName } = certificate;
  const names = { issuer: role !== 'trust-anchor' && issuer, subject: role !== 'end-entity' && subject };
  for (const which of ['issuer', 'subject'] as const) {
    const name = names[which];
    if (name === false || name.incomparableType === undefined) continue;
    const facts = { reason: 'name_without_text', name: which, attributeType: name.incomparableType } as const;
    return failAt('path_certificate_malformed', certificate, role, facts);
  }
  const attribute = role === 'end-entity' ? findAttributeWithoutText(subjectName, decidingAttributeTypes) : undefined;
  return (
    attribute &&
    failAt('path_certificate_malformed', certificate, role, { reason: 'attribute_without_text', attribute })
  );
};

/**
 * The operator answers for an anchor, however old it is. In any other role, anybody may have sent the same certificate.
 */
const isForgiven = (certificate: PathCertificate, role: PathRole): boolean =>
  role === 'trust-anchor' && isChosenAnchor(certificate);

/**
 * Checks trailing zero bits, which `decodeTrustAnchor` accepts. An anchor may be in another role if it signs others'
 * lists.
 */
const checkKeyUsageEncoding: Check = (certificate, role) => {
  const usage = role === 'trust-anchor' ? undefined : certificate.extensions.get(extensionTypes.keyUsage);
  if (usage === undefined || tryDer(() => decodeKeyUsage(usage.value)) !== undefined) return undefined;
  return malformed(certificate, role, 'key_usage_not_der');
};

/** §4.1.2.2: serial numbers are positive and have at most 20 octets. */
const checkSerialNumber: Check = (certificate, role) => {
  const { serialNumber } = certificate;
  const isPositive = /^[0-7]/.test(serialNumber) && !/^0+$/.test(serialNumber);
  if (isPositive && serialNumber.length <= 40) return undefined;
  if (serialNumber === '00' && isForgiven(certificate, role)) return undefined;
  return failAt('path_certificate_malformed', certificate, role, { reason: 'serial_number', serialNumber });
};

const checkPublicKey: Check = (certificate, role) => {
  const { publicKey } = certificate;
  switch (judgeKey(publicKey)) {
    case 'accepted':
      return undefined;
    case 'unsupported-by-runtime':
      return failForRuntime(certificate, role, { reason: 'key', publicKey });
    case 'too-weak':
      return failAt('path_key_too_weak', certificate, role, { reason: 'strength', publicKey });
    case 'unsupported':
      return failAt('path_key_unsupported', certificate, role, { reason: 'kind', publicKey });
  }
};

/** The certificate may be good; an app on another Node could decide that. */
const failForRuntime = (
  certificate: PathCertificate,
  role: PathRole,
  facts: PathFaultFacts['algorithm_unsupported_by_runtime'],
): PathFault => failAt('algorithm_unsupported_by_runtime', certificate, role, facts);

/** The signature is not the issuer's, for this reason, unless only another runtime could tell. */
export function failUnsigned(
  certificate: PathCertificate,
  role: PathRole,
  issuer: PathCertificate,
  reason: PathFaultFacts['path_signature_invalid']['reason'],
): PathFault {
  const { signed, signatureAlgorithm } = certificate;
  return isBeyondRuntime(signed, issuer.verificationKey)
    ? failForRuntime(certificate, role, { reason: 'known_answer', signatureAlgorithm, issuer })
    : failAt('path_signature_invalid', certificate, role, { reason, issuer });
}

/**
 * With explicit curve parameters, the caller chooses the mathematics (CVE-2020-0601), so both profiles refuse them. If
 * decoding doesn't know the curve, OpenSSL checks that the point is on it.
 */
const checkCurve: Check = (certificate, role) => {
  const publicKey: CertificatePublicKey = certificate.publicKey;
  if (publicKey.algorithm !== 'ec' || isStrongKey(publicKey)) return undefined;
  if (publicKey.curve === 'explicit parameters')
    return failAt('path_key_too_weak', certificate, role, { reason: 'explicit_parameters', publicKey });
  if (certificate.verificationKey.key !== null) return undefined;
  return failAt('path_key_unsupported', certificate, role, { reason: 'unreadable', publicKey });
};

/** A trust anchor is trusted for its key, not for its signature (§6.1.1 (d)). */
const checkSignatureAlgorithmIn =
  (profile: ValidationProfile): Check =>
  (certificate, role) => {
    const { signatureAlgorithm } = certificate;
    switch (role === 'trust-anchor' ? 'accepted' : judgeAlgorithm(signatureAlgorithm, profile)) {
      case 'accepted':
        return undefined;
      case 'unsupported-by-runtime':
        return failForRuntime(certificate, role, { reason: 'signature', signatureAlgorithm });
      case 'too-weak':
        return failAt('path_algorithm_too_weak', certificate, role, { signatureAlgorithm });
      case 'unsupported':
        return failAt('path_algorithm_unsupported', certificate, role, { signatureAlgorithm });
    }
  };

/** §4.2.1.3, §4.2.1.9: the extensions that a CA of today has. */
const checkStrictAuthority: Check = (certificate, role) => {
  if (role === 'end-entity' || role === 'crl-signer') return undefined;
  const { basicConstraints, keyUsage } = certificate;
  if (basicConstraints?.isCertificateAuthority !== true) return unfit(certificate, role, 'not_authority');
  if (!basicConstraints.isCritical && !isForgiven(certificate, role))
    return unfit(certificate, role, 'basic_constraints_not_critical');
  if (keyUsage?.includes('keyCertSign') !== true) return unfit(certificate, role, 'key_cert_sign_missing');
  return undefined;
};

/**
 * §4.2.1.10, §4.2.1.11, §4.2.1.14: limits on the certificates below must be critical. Otherwise, a verifier that
 * doesn't know them would accept what the CA has excluded.
 */
const checkConstraintsCritical: Check = (certificate, role) => {
  const extension = (['nameConstraints', 'policyConstraints', 'inhibitAnyPolicy'] as const).find(
    (name) => certificate.extensions.get(extensionTypes[name])?.isCritical === false,
  );
  return (
    extension && failAt('path_authority_unfit', certificate, role, { reason: 'constraint_not_critical', extension })
  );
};

/**
 * A CA must not act as a caller, and a caller's certificate must not allow signing certificates (§4.2.1.3, §4.2.1.9,
 * §4.2.1.10).
 */
const checkEndEntity: Check = (certificate, role) => {
  if (role !== 'end-entity') return undefined;
  const { basicConstraints, keyUsage, nameConstraints } = certificate;
  if (basicConstraints?.isCertificateAuthority === true) return unfit(certificate, role, 'authority_as_client');
  if (basicConstraints?.pathLength !== undefined) return malformed(certificate, role, 'path_length_without_authority');
  if (keyUsage?.includes('keyCertSign') === true) return unfit(certificate, role, 'client_may_sign');
  if (nameConstraints !== undefined) return malformed(certificate, role, 'name_constraints_without_authority');
  return undefined;
};

/**
 * §4.2.1.1, §4.2.1.2: key identifiers are not critical. A CA above the target needs its own, except for an anchor of
 * `decodeTrustAnchor`. Below the anchor, a certificate that is not self-issued needs its issuer's.
 */
const checkKeyIdentifiers: Check = (certificate, role) => {
  const { extensions, subjectKeyIdentifier, authorityKeyIdentifier, isSelfIssued } = certificate;
  const { subjectKeyIdentifier: subjectType, authorityKeyIdentifier: authorityType } = extensionTypes;
  if (extensions.get(subjectType)?.isCritical === true || extensions.get(authorityType)?.isCritical === true)
    return malformed(certificate, role, 'key_identifier_critical');
  const needsOne = role === 'intermediate' || (role === 'trust-anchor' && !isForgiven(certificate, role));
  if (needsOne && subjectKeyIdentifier === undefined)
    return malformed(certificate, role, 'subject_key_identifier_missing');
  if (role !== 'trust-anchor' && !isSelfIssued && authorityKeyIdentifier?.keyIdentifier === undefined)
    return malformed(certificate, role, 'authority_key_identifier_missing');
  return undefined;
};

/** RFC 9608 §3: a certificate that contradicts its noRevAvail is invalid. The extension on its own is not a fault. */
const checkNoRevAvail: Check = (certificate, role) => {
  const noRevAvail = findNoRevAvailFault(certificate);
  return noRevAvail && failAt('path_certificate_malformed', certificate, role, { reason: 'no_rev_avail', noRevAvail });
};

const rfc5280Checks: readonly Check[] = [
  checkCriticalExtensions,
  checkKeyUsageEncoding,
  checkNames,
  checkAuthority,
  checkCurve,
  checkSignatureAlgorithmIn('rfc5280'),
];

const strictChecks: readonly Check[] = [
  checkCriticalExtensions,
  checkKeyUsageEncoding,
  checkNames,
  checkNamesAreText,
  checkAuthority,
  checkStrictAuthority,
  checkConstraintsCritical,
  checkEndEntity,
  checkSerialNumber,
  checkKeyIdentifiers,
  checkNoRevAvail,
  checkPublicKey,
  checkSignatureAlgorithmIn('strict'),
];
