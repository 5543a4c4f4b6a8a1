import type { CertificatePublicKey, NameAttribute } from '../certificate/certificate.js';
import type { NoRevAvailFault, NoRevAvailObstacle } from '../certificate/no-rev-avail.js';
import type { PathCertificate } from '../certificate/path-certificate.js';
import type { SignatureAlgorithm } from '../certificate/signature-algorithm.js';
import type { RevocationGap } from '../revocation/revocation-status.js';
import type { NameConstraintFault } from './name-constraints.js';
import type { PolicyFaultReason } from './policy-graph.js';

/** The place of a certificate in its path. */
export type PathRole = 'trust-anchor' | 'intermediate' | 'end-entity' | 'crl-signer';

/** Why a path is refused. */
export const pathFaultCodes = [
  'path_not_found',
  'path_budget_exhausted',
  'path_signature_invalid',
  'path_certificate_malformed',
  'path_certificate_not_yet_valid',
  'path_certificate_expired',
  'path_authority_unfit',
  'path_length_exceeded',
  'path_name_not_permitted',
  'path_policy_not_satisfied',
  'path_critical_extension_unknown',
  'path_key_unsupported',
  'path_key_too_weak',
  'path_algorithm_unsupported',
  'path_algorithm_too_weak',
  'algorithm_unsupported_by_runtime',
  'path_extended_key_usage_unsuitable',
  'certificate_revoked',
  'revocation_unavailable',
  'certificate_on_deny_list',
] as const;

/** Why no valid path was found. */
export type PathFaultCode = (typeof pathFaultCodes)[number];

/** Why a certificate doesn't have the form that a path requires. */
export type MalformedFacts =
  | {
      readonly reason:
        | 'issuer_name_empty'
        | 'subject_name_empty'
        /** An end entity without a subject needs a critical subject alternative name. */
        | 'subject_missing'
        | 'key_usage_not_der'
        | 'key_identifier_critical'
        | 'subject_key_identifier_missing'
        | 'authority_key_identifier_missing'
        | 'path_length_without_authority'
        | 'name_constraints_without_authority';
    }
  | {
      readonly reason: 'name_without_text';
      readonly name: 'issuer' | 'subject';
      /** The object identifier of the attribute that is not text. */
      readonly attributeType: string;
    }
  /** The attribute that would identify an end entity. */
  | { readonly reason: 'attribute_without_text'; readonly attribute: NameAttribute }
  /** The serial number in hexadecimal. */
  | { readonly reason: 'serial_number'; readonly serialNumber: string }
  | { readonly reason: 'no_rev_avail'; readonly noRevAvail: NoRevAvailFault };

/** Why a certificate can't have its role. */
export type UnfitFacts =
  | {
      readonly reason:
        | 'basic_constraints_missing'
        | 'basic_constraints_not_critical'
        | 'not_authority'
        /** Its key usage lacks `keyCertSign`. */
        | 'may_not_sign'
        /** In `strict`: it has no key usage, or one without `keyCertSign`. */
        | 'key_cert_sign_missing'
        | 'authority_as_client'
        /** An end entity has `keyCertSign`. */
        | 'client_may_sign';
    }
  | {
      readonly reason: 'constraint_not_critical';
      readonly extension: 'nameConstraints' | 'policyConstraints' | 'inhibitAnyPolicy';
    };

/** The facts of a fault by its code, besides the certificate. Times are in milliseconds since 1970-01-01T00:00:00Z. */
export interface PathFaultFacts {
  readonly path_not_found: {
    readonly reason: 'target_is_anchor' | 'issuer_missing' | 'issuer_differs' | 'certificate_repeated';
  };
  /** The resource of which one call may not use more. */
  readonly path_budget_exhausted: { readonly reason: 'steps' | 'signatures' | 'name_comparisons' | 'policies' };
  readonly path_signature_invalid: {
    /**
     * `issuer_of_name`: a certificate with the issuer's name did not sign it. `certificate_above`: the next certificate
     * of the path, or its trust anchor, did not sign it.
     */
    readonly reason: 'issuer_of_name' | 'certificate_above';
    /** The certificate whose key does not verify the signature. */
    readonly issuer: PathCertificate;
  };
  readonly path_certificate_malformed: MalformedFacts;
  readonly path_certificate_not_yet_valid: { readonly notBefore: number };
  readonly path_certificate_expired: { readonly notAfter: number };
  readonly path_authority_unfit: UnfitFacts;
  readonly path_length_exceeded:
    /** A CA above the certificate limits the length of the path. */
    | { readonly reason: 'path_length' }
    /** `maximumIntermediates` of the question, or its default, limits it. */
    | { readonly reason: 'maximum_intermediates'; readonly maximumIntermediates: number };
  readonly path_name_not_permitted: NameConstraintFault;
  readonly path_policy_not_satisfied: { readonly reason: PolicyFaultReason };
  /** Object identifiers. */
  readonly path_critical_extension_unknown: { readonly extensions: readonly string[] };
  readonly path_key_unsupported: {
    /** `unreadable`: OpenSSL can't read the key. */
    readonly reason: 'kind' | 'unreadable';
    readonly publicKey: CertificatePublicKey;
  };
  readonly path_key_too_weak: {
    readonly reason: 'strength' | 'explicit_parameters';
    readonly publicKey: CertificatePublicKey;
  };
  readonly path_algorithm_unsupported: { readonly signatureAlgorithm: SignatureAlgorithm };
  readonly path_algorithm_too_weak: { readonly signatureAlgorithm: SignatureAlgorithm };
  readonly algorithm_unsupported_by_runtime:
    | { readonly reason: 'key'; readonly publicKey: CertificatePublicKey }
    | { readonly reason: 'signature'; readonly signatureAlgorithm: SignatureAlgorithm }
    | {
        /** The runtime gave a wrong answer about a known signature of this kind. */
        readonly reason: 'known_answer';
        readonly signatureAlgorithm: SignatureAlgorithm;
        readonly issuer: PathCertificate;
      };
  readonly path_extended_key_usage_unsuitable: {
    /** The object identifier that the extended key usage lacks. */
    readonly purpose: string;
    readonly extendedKeyUsage: readonly string[];
  };
  /** The time of the revocation, if it is known, and its reason (RFC 5280 §5.3.1). */
  readonly certificate_revoked: { readonly revoked: { readonly at: number | undefined; readonly reason: string } };
  readonly revocation_unavailable: {
    readonly gaps: readonly RevocationGap[];
    /** Set if the certificate has `noRevAvail`, but that does not excuse it. */
    readonly noRevAvail?: NoRevAvailObstacle;
  };
  readonly certificate_on_deny_list: object;
}

/** The certificate that a fault is about. */
export interface PathFaultSubject {
  readonly certificate: PathCertificate;
  readonly role: PathRole;
}

/** Why no path was found: a code and its facts. `describePathFault` makes the sentence. */
export type PathFault<Code extends PathFaultCode = PathFaultCode> = {
  [Each in Code]: {
    readonly outcome: 'invalid';
    readonly code: Each;
    /** The certificate at fault and its role. Absent if the fault is one of the whole path. */
    readonly about?: PathFaultSubject;
    /**
     * The number of CA certificates that came with the target and are not the authority's own. Present if they were
     * tried, and none of them leads to a trust anchor.
     */
    readonly unvouchedCandidates?: number;
    /** Present if no other path could help: the target itself is revoked, or the budget is spent. */
    readonly isFinal?: true;
  } & PathFaultFacts[Each];
}[Code];

export function failPath<Code extends PathFaultCode>(
  code: Code,
  facts: PathFaultFacts[Code],
  about?: PathFaultSubject,
): PathFault {
  const fault: object = { outcome: 'invalid', code, ...facts, ...(about && { about }) };
  return Object.freeze(fault) as PathFault;
}

/** `failPath` for a fault that is about a certificate. */
export function failAt<Code extends PathFaultCode>(
  code: Code,
  certificate: PathCertificate,
  role: PathRole,
  facts: PathFaultFacts[Code],
): PathFault {
  return failPath(code, facts, { certificate, role });
}

export function failFinally(fault: PathFault): PathFault {
  return Object.freeze({ ...fault, isFinal: true });
}

export function exhausted(reason: PathFaultFacts['path_budget_exhausted']['reason']): PathFault {
  return failFinally(failPath('path_budget_exhausted', { reason }));
}
