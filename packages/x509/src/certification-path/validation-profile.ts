import type { CertificatePublicKey } from '../certificate/certificate.js';
import {
  acceptedKeys,
  clientAuthentication,
  describePublicKey,
  isStrongKey,
  type KeyJudgement,
  judgeKey,
} from '../certificate/certificate-verification.js';
import {
  decidingAttributeTypes,
  describeAttributeType,
  findValueWithoutText,
} from '../certificate/distinguished-name.js';
import { runtimeRemedy } from '../certificate/ml-dsa.js';
import { type ArgumentRule, expectArgument, oneOf } from '../encoding/own-members.js';
import { shortenText } from '../encoding/shown-text.js';
import { tryDer } from '../encoding/der.js';
import { decodeKeyUsage } from '../certificate/client-certificate.js';
import { extensionTypes, isChosenAnchor, type PathCertificate } from '../certificate/path-certificate.js';
import { findNoRevAvailFault } from '../certificate/no-rev-avail.js';
import { type PathFault, type PathFaultCode, type PathRole, failPath } from './path-check.js';
import {
  aSignatureAlgorithm,
  type SignatureAlgorithm,
  describeSignatureAlgorithm,
  isVerifiable,
} from '../certificate/signature-algorithm.js';
import { isBeyondRuntime } from '../certificate/signature-verification.js';

/**
 * `rfc5280` asks what the standard's algorithm asks, for conformance runs over material of its time. `strict`, the default
 * everywhere, adds what a certificate of today must meet: strong keys and digests, critical basic constraints, the uses.
 */
export type ValidationProfile = 'strict' | 'rfc5280';

export const aProfile: ArgumentRule = oneOf(['strict', 'rfc5280'] satisfies ValidationProfile[]);

/** RFC 5280 §4.2.1.12. */
const anyExtendedKeyUsage = '2.5.29.37.0';

type Check = (certificate: PathCertificate, role: PathRole) => PathFault | undefined;

/** The first thing that a certificate alone, whatever its path, doesn't meet. */
export function findProfileFault(
  certificate: PathCertificate,
  role: PathRole,
  profile: ValidationProfile,
): PathFault | undefined {
  return firstFault(profile === 'strict' ? strictChecks : rfc5280Checks, certificate, role);
}

/** RFC 8446 and CA/Browser practice agree: MD5 and SHA-1 signatures are forgeable. What isn't verified is not called weak. */
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

/** A client needs it in `strict`; a use that is absent in a certificate limits nothing (§4.2.1.12). */
export function findPurposeFault(certificate: PathCertificate, role: PathRole, purpose: string): PathFault | undefined {
  const { extendedKeyUsage } = certificate;
  if (extendedKeyUsage === undefined || extendedKeyUsage.includes(purpose)) return undefined;
  // "Any" is what a CA may say of those below it; of itself, a caller says what it is for.
  if (role !== 'end-entity' && extendedKeyUsage.includes(anyExtendedKeyUsage)) return undefined;
  const name = purpose === clientAuthentication ? 'client authentication' : purpose;
  const what = `limits its use (extended key usage), and ${name} is not among the uses.`;
  return failAt('path_extended_key_usage_unsuitable', certificate, role, what);
}

/** `what` goes on after the certificate's name, up to the full stop. */
export function failAt(code: PathFaultCode, certificate: PathCertificate, role: PathRole, what: string): PathFault {
  return failPath(code, `${describe(certificate, role)} ${what}`, { certificate, role });
}

export function describe(certificate: PathCertificate, role: PathRole): string {
  const name = certificate.subjectText === '' ? 'without a subject' : `"${shortenText(certificate.subjectText)}"`;
  const nouns = {
    'trust-anchor': 'The trust anchor',
    intermediate: 'The CA certificate',
    'end-entity': 'The certificate',
    'crl-signer': 'The CRL signer',
  };
  return `${nouns[role]} ${name}`;
}

function firstFault(checks: readonly Check[], certificate: PathCertificate, role: PathRole): PathFault | undefined {
  for (const check of checks) {
    const fault = check(certificate, role);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

const malformed = (certificate: PathCertificate, role: PathRole, what: string): PathFault =>
  failAt('path_certificate_malformed', certificate, role, `${what}.`);

const unfit = (certificate: PathCertificate, role: PathRole, what: string): PathFault =>
  failAt('path_authority_unfit', certificate, role, `${what}.`);

/** §4.2: a critical extension that is not processed means reject. */
const checkCriticalExtensions: Check = (certificate, role) => {
  const { unknownCriticalExtensions } = certificate;
  if (unknownCriticalExtensions.length === 0) return undefined;
  const what = `has a critical extension that Certgate does not process: ${shortenText(unknownCriticalExtensions.join(', '))}.`;
  return failAt('path_critical_extension_unknown', certificate, role, what);
};

/** §6.1.4 (k), (n): version 3, basic constraints that say CA, and the right to sign certificates. */
const checkAuthority: Check = (certificate, role) => {
  const { version, basicConstraints, keyUsage } = certificate;
  if (role !== 'intermediate') return undefined;
  if (version !== 3 || basicConstraints === undefined)
    return unfit(certificate, role, 'has no basic constraints, so it is not a CA');
  if (!basicConstraints.isCertificateAuthority)
    return unfit(certificate, role, 'is not a CA certificate (basic constraints)');
  if (keyUsage !== undefined && !keyUsage.includes('keyCertSign'))
    return unfit(certificate, role, 'may not sign certificates (key usage without keyCertSign)');
  return undefined;
};

/** §4.1.2.4, §4.1.2.6: names may only be empty where a critical alternative name stands in their place. */
const checkNames: Check = (certificate, role) => {
  const { issuer, subject, subjectAlternativeNames, extensions } = certificate;
  if (issuer.relativeNames.length === 0) return malformed(certificate, role, 'has an empty issuer name');
  if (subject.relativeNames.length > 0) return undefined;
  if (role !== 'end-entity')
    return malformed(certificate, role, 'has an empty subject name, which only a caller may have');
  const isCritical = extensions.get(extensionTypes.subjectAlternativeName)?.isCritical ?? false;
  if (subjectAlternativeNames !== undefined && isCritical) return undefined;
  return malformed(certificate, role, 'has neither a subject name nor a critical subject alternative name');
};

/**
 * §4.1.2.4: what is decided by must be text: the names that chain, and of a caller what it may be known by. The rest of a
 * caller's subject is only shown, unless name constraints apply to it.
 */
const checkNamesAreText: Check = (certificate, role) => {
  const { issuer, subject, subjectName } = certificate;
  const names = { issuer: role !== 'trust-anchor' && issuer, subject: role !== 'end-entity' && subject };
  for (const [which, name] of Object.entries(names)) {
    if (name === false || name.incomparableType === undefined) continue;
    const type = describeAttributeType(name.incomparableType);
    return malformed(certificate, role, `has an ${which} name that can't be compared: its ${type} is not text`);
  }
  const value = role === 'end-entity' ? findValueWithoutText(subjectName, decidingAttributeTypes) : undefined;
  if (value === undefined) return undefined;
  const what = `is known by ${shortenText(value)}, which is not text; let the CA write it as a UTF8String`;
  return malformed(certificate, role, what);
};

/** The operator answers for an anchor, old as it may be. The same certificate in another role has come from anybody. */
const isForgiven = (certificate: PathCertificate, role: PathRole): boolean =>
  role === 'trust-anchor' && isChosenAnchor(certificate);

/** `decodeTrustAnchor` reads trailing zero bits. An anchor can be asked about in another role: it may sign others' lists. */
const checkKeyUsageEncoding: Check = (certificate, role) => {
  const usage = role === 'trust-anchor' ? undefined : certificate.extensions.get(extensionTypes.keyUsage);
  if (usage === undefined || tryDer(() => decodeKeyUsage(usage.value)) !== undefined) return undefined;
  return malformed(certificate, role, 'has a key usage that is not DER');
};

/** §4.1.2.2: positive, at most 20 octets. */
const checkSerialNumber: Check = (certificate, role) => {
  const { serialNumber } = certificate;
  const isPositive = /^[0-7]/.test(serialNumber) && !/^0+$/.test(serialNumber);
  if (isPositive && serialNumber.length <= 40) return undefined;
  if (serialNumber === '00' && isForgiven(certificate, role)) return undefined;
  return malformed(
    certificate,
    role,
    `has the serial number ${serialNumber.slice(0, 48)}, which must be positive and of 20 octets at most`,
  );
};

const checkPublicKey: Check = (certificate, role) => {
  const verdict = judgeKey(certificate.publicKey);
  if (verdict === 'accepted') return undefined;
  if (verdict === 'unsupported-by-runtime') {
    return failForRuntime(
      certificate,
      role,
      `has a key for ${describePublicKey(certificate.publicKey)}`,
      runtimeRemedy,
    );
  }
  const [code, what] =
    verdict === 'too-weak'
      ? (['path_key_too_weak', 'that is too weak'] as const)
      : (['path_key_unsupported', 'of a kind that Certgate does not support'] as const);
  const key = describePublicKey(certificate.publicKey);
  return failAt(code, certificate, role, `has a key (${key}) ${what}; issue it with ${acceptedKeys}.`);
};

/** The certificate may be good; an app on another Node decides about it. */
const failForRuntime = (certificate: PathCertificate, role: PathRole, what: string, remedy: string): PathFault =>
  failAt('algorithm_unsupported_by_runtime', certificate, role, `${what}, which this runtime can't verify: ${remedy}.`);

/** The signature is not by the issuer, or only another runtime could tell. `what` is said of the first. */
export function failUnsigned(
  certificate: PathCertificate,
  role: PathRole,
  issuer: PathCertificate,
  what: string,
): PathFault {
  const { signed, signatureAlgorithm } = certificate;
  if (!isBeyondRuntime(signed, issuer.verificationKey)) {
    return failAt('path_signature_invalid', certificate, role, what);
  }
  const by = `is signed with ${describeSignatureAlgorithm(signatureAlgorithm)} by a key (${describePublicKey(issuer.publicKey)})`;
  return failForRuntime(certificate, role, by, provenRemedy);
}

const provenRemedy =
  'it gave a wrong answer to a signature of this kind that is known; run the app on Node.js, with an OpenSSL that has the algorithm';

/**
 * Explicit curve parameters let the caller choose the mathematics (CVE-2020-0601): no profile takes them. Of a curve that
 * decoding doesn't know, OpenSSL tells whether the point is on it.
 */
const checkCurve: Check = (certificate, role) => {
  const key: CertificatePublicKey = certificate.publicKey;
  if (key.algorithm !== 'ec' || isStrongKey(key)) return undefined;
  if (key.curve === 'explicit parameters')
    return failAt('path_key_too_weak', certificate, role, 'has an EC key with explicit curve parameters.');
  if (certificate.verificationKey.key !== null) return undefined;
  const what = `has a key (${describePublicKey(key)}) that OpenSSL can't read.`;
  return failAt('path_key_unsupported', certificate, role, what);
};

/** A trust anchor is believed for its key, not for its signature (§6.1.1 (d)). */
const checkSignatureAlgorithmIn =
  (profile: ValidationProfile): Check =>
  (certificate, role) => {
    const { signatureAlgorithm } = certificate;
    const verdict = role === 'trust-anchor' ? 'accepted' : judgeAlgorithm(signatureAlgorithm, profile);
    if (verdict === 'accepted') return undefined;
    const algorithm = describeSignatureAlgorithm(signatureAlgorithm);
    if (verdict === 'unsupported-by-runtime')
      return failForRuntime(certificate, role, `is signed with ${algorithm}`, runtimeRemedy);
    const [code, why] =
      verdict === 'too-weak'
        ? (['path_algorithm_too_weak', 'is too weak; let the CA sign with SHA-256 or better'] as const)
        : ([
            'path_algorithm_unsupported',
            `Certgate does not support; let a CA with ${acceptedKeys} issue it`,
          ] as const);
    return failAt(code, certificate, role, `is signed with ${algorithm}, which ${why}.`);
  };

/** §4.2.1.3, §4.2.1.9: what a CA of today says of itself. */
const checkStrictAuthority: Check = (certificate, role) => {
  if (role === 'end-entity' || role === 'crl-signer') return undefined;
  const { basicConstraints, keyUsage } = certificate;
  if (basicConstraints?.isCertificateAuthority !== true)
    return unfit(certificate, role, 'is not a CA certificate (basic constraints)');
  if (!basicConstraints.isCritical && !isForgiven(certificate, role))
    return unfit(certificate, role, 'has basic constraints that are not critical');
  if (keyUsage?.includes('keyCertSign') !== true)
    return unfit(certificate, role, 'has no key usage with keyCertSign, which a CA needs');
  return undefined;
};

/**
 * §4.2.1.10, §4.2.1.11, §4.2.1.14: what limits the certificates beneath must be critical, or else a verifier that doesn't
 * know it would let through what the CA has shut out.
 */
const checkConstraintsCritical: Check = (certificate, role) => {
  const { nameConstraints, policyConstraints, inhibitAnyPolicy } = extensionTypes;
  const named = {
    'name constraints': nameConstraints,
    'policy constraints': policyConstraints,
    inhibitAnyPolicy: inhibitAnyPolicy,
  };
  const lax = Object.entries(named).find(([, type]) => certificate.extensions.get(type)?.isCritical === false);
  return lax === undefined ? undefined : unfit(certificate, role, `has ${lax[0]} that are not critical`);
};

/** A CA must not act as a caller, and a caller must not say that it may sign certificates (§4.2.1.3, §4.2.1.9, §4.2.1.10). */
const checkEndEntity: Check = (certificate, role) => {
  if (role !== 'end-entity') return undefined;
  const { basicConstraints, keyUsage, nameConstraints } = certificate;
  if (basicConstraints?.isCertificateAuthority === true)
    return unfit(certificate, role, 'is a CA certificate, which may not act as a client');
  if (basicConstraints?.pathLength !== undefined)
    return malformed(certificate, role, 'has a path length without being a CA');
  if (keyUsage?.includes('keyCertSign') === true)
    return unfit(certificate, role, 'may sign certificates (keyCertSign) without being a CA');
  if (nameConstraints !== undefined) return malformed(certificate, role, 'has name constraints without being a CA');
  return undefined;
};

/** §4.2.1.1, §4.2.1.2: key identifiers are there, and not critical; a self-signed certificate needs no authority's. */
const checkKeyIdentifiers: Check = (certificate, role) => {
  const { extensions, subjectKeyIdentifier, authorityKeyIdentifier, isSelfIssued } = certificate;
  const { subjectKeyIdentifier: subjectType, authorityKeyIdentifier: authorityType } = extensionTypes;
  if (extensions.get(subjectType)?.isCritical === true || extensions.get(authorityType)?.isCritical === true)
    return malformed(certificate, role, 'has a critical key identifier');
  const needsOne = role === 'intermediate' || (role === 'trust-anchor' && !isForgiven(certificate, role));
  if (needsOne && subjectKeyIdentifier === undefined)
    return malformed(certificate, role, 'has no subject key identifier, which a CA certificate must have');
  if (role !== 'trust-anchor' && !isSelfIssued && authorityKeyIdentifier?.keyIdentifier === undefined)
    return malformed(certificate, role, 'has no authority key identifier');
  return undefined;
};

/** RFC 9608 §3: one that contradicts itself is invalid; the extension alone is nothing against a certificate. */
const checkNoRevAvail: Check = (certificate, role) => {
  const fault = findNoRevAvailFault(certificate);
  return fault === undefined ? undefined : malformed(certificate, role, `${fault} (RFC 9608 section 3)`);
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
