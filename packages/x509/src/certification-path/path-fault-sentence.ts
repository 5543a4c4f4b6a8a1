import type { CertificatePublicKey } from '../certificate/certificate.js';
import {
  acceptedKeys,
  clientAuthentication,
  describePublicKey,
  type ValidityTimes,
} from '../certificate/certificate-verification.js';
import { describeAttributeType } from '../certificate/distinguished-name.js';
import { runtimeRemedy } from '../certificate/ml-dsa.js';
import { describeSignatureAlgorithm, type SignatureAlgorithm } from '../certificate/signature-algorithm.js';
import { aMemberOf, copyOwn, expectArgument } from '../encoding/own-members.js';
import { shortenText } from '../encoding/shown-text.js';
import { describeNoRevAvailObstacle, describeRevocationGaps } from '../revocation/revocation-sentences.js';
import { describeNameConstraintFault } from './name-constraint-sentence.js';
import type {
  MalformedFacts,
  PathFault,
  PathFaultCode,
  PathFaultFacts,
  PathFaultSubject,
  UnfitFacts,
} from './path-fault.js';
import { describeBeginning, describeExpiry } from '../certificate/certificate-fault-sentence.js';

/**
 * Describes a fault for operators: what is wrong and, for many faults, what to do. Decide by the code, because
 * sentences may change.
 *
 * @throws {CertgateError} if the code of `fault` is not a `PathFaultCode`.
 */
export function describePathFault(fault: PathFault): string {
  const aFault = aMemberOf(sentences, 'code', 'a fault of findCertificationPath');
  expectArgument(fault, aFault, 'The fault for describePathFault');
  const { unvouchedCandidates } = copyOwn(fault);
  const sentence = (sentences[fault.code] as (fault: PathFault) => string)(fault);
  return unvouchedCandidates === undefined
    ? sentence
    : `${sentence} None of the unknown CA certificates that came with it (${unvouchedCandidates}) leads to the authority.`;
}

const nouns = {
  'trust-anchor': 'The trust anchor',
  intermediate: 'The CA certificate',
  'end-entity': 'The certificate',
  'crl-signer': 'The CRL signer',
} as const;

function name({ about }: { readonly about?: PathFaultSubject }): string {
  if (about === undefined) return nouns['end-entity'];
  const { certificate, role } = about;
  return `${nouns[role]} ${certificate.subjectText === '' ? 'without a subject' : `"${shortenText(certificate.subjectText)}"`}`;
}

function describeUnavailable(fault: PathFault<'revocation_unavailable'>): string {
  const { about, gaps, noRevAvail } = copyOwn(fault);
  const detail = describeRevocationGaps(gaps);
  if (about === undefined) return detail;
  const remedy =
    about.role === 'intermediate'
      ? ' The list of its own issuer is required too; if there is none, "scope": "end-entity" checks only callers.'
      : noRevAvail === undefined
        ? ''
        : ` It ${describeNoRevAvailObstacle(noRevAvail)}; see "noRevAvailMaximumLifetimeSeconds".`;
  return `${name(fault)}: cannot tell whether it is revoked. ${detail}${remedy}`;
}

const policies: Readonly<Record<PathFaultFacts['path_policy_not_satisfied']['reason'], string>> = {
  certificate_missing: 'a certification path without a certificate has no policies',
  policy_missing: 'a policy is required, and with this certificate no policy is left',
  any_policy_mapped: 'a policy mapping names anyPolicy',
  policy_not_acceptable: 'a policy is required, and the path has none of those that are acceptable',
};

const notFound = {
  target_is_anchor: 'is a trust anchor itself, which vouches for others only',
  issuer_differs: 'names another issuer than the certificate above it',
  certificate_repeated: 'is already in the path',
} as const;

const provenRemedy =
  'it gave a wrong answer to a signature of this kind that is known; run the app on Node.js, with an OpenSSL that has the algorithm';

/** `what` continues the sentence after the certificate's name, up to the full stop. */
function say(fault: { readonly about?: PathFaultSubject }, what: string): string {
  return `${name(fault)} ${what}.`;
}

/** The end that the fault doesn't name comes from the certificate. A fault that was made by hand may have none. */
function timesOf(fault: PathFault<'path_certificate_not_yet_valid' | 'path_certificate_expired'>): ValidityTimes {
  const { notBefore = -Infinity, notAfter = Infinity } = fault.about?.certificate ?? {};
  return { notBefore, notAfter, ...fault };
}

const sentences: { readonly [Code in PathFaultCode]: (fault: PathFault<Code>) => string } = {
  path_not_found: (fault) =>
    fault.reason === 'issuer_missing'
      ? `No certificate of the authority has the name of the issuer of ${name(fault).replace('The', 'the')}.`
      : say(fault, notFound[fault.reason]),
  path_budget_exhausted: ({ reason }) =>
    `Deciding about this path would take more ${reason.replace('_', ' ')} than one call may cost; simplify the authority's certificates.`,
  path_signature_invalid: (fault) =>
    fault.reason === 'issuer_of_name'
      ? say(fault, `is not signed by "${fault.issuer.subjectText}"`)
      : say(fault, 'is not signed by the key of the certificate above it'),
  path_certificate_malformed: (fault) => say(fault, describeMalformed(fault)),
  path_certificate_not_yet_valid: (fault) => say(fault, describeBeginning(timesOf(fault))),
  path_certificate_expired: (fault) => say(fault, describeExpiry(timesOf(fault))),
  path_authority_unfit: (fault) => say(fault, describeUnfit(fault)),
  path_length_exceeded: (fault) =>
    fault.reason === 'maximum_intermediates'
      ? `The path has more than ${fault.maximumIntermediates} CA certificates between the trust anchor and the caller.`
      : say(fault, 'is deeper than a CA above it allows (path length)'),
  path_name_not_permitted: (fault) =>
    `${name(fault)}: ${describeNameConstraintFault(fault, fault.about?.certificate)}.`,
  path_policy_not_satisfied: ({ reason }) => `The path's certificate policies are not acceptable: ${policies[reason]}.`,
  path_critical_extension_unknown: (fault) =>
    say(fault, `has a critical extension that Certgate does not process: ${shortenText(fault.extensions.join(', '))}`),
  path_key_unsupported: (fault) =>
    fault.reason === 'unreadable'
      ? say(fault, `has a key (${describePublicKey(fault.publicKey)}) that OpenSSL can't read`)
      : say(fault, describeUnacceptedKey(fault.publicKey, 'of a kind that Certgate does not support')),
  path_key_too_weak: (fault) =>
    fault.reason === 'explicit_parameters'
      ? say(fault, 'has an EC key with explicit curve parameters')
      : say(fault, describeUnacceptedKey(fault.publicKey, 'that is too weak')),
  path_algorithm_unsupported: (fault) =>
    say(fault, `${signedWith(fault)}, which Certgate does not support; let a CA with ${acceptedKeys} issue it`),
  path_algorithm_too_weak: (fault) =>
    say(fault, `${signedWith(fault)}, which is too weak; let the CA sign with SHA-256 or better`),
  algorithm_unsupported_by_runtime: (fault) => say(fault, describeBeyondRuntime(fault)),
  path_extended_key_usage_unsuitable: (fault) => {
    const use = fault.purpose === clientAuthentication ? 'client authentication' : fault.purpose;
    return say(fault, `limits its use (extended key usage), and ${use} is not among the uses`);
  },
  certificate_revoked: (fault) => {
    const { at, reason } = fault.revoked;
    return say(fault, `is revoked${at === undefined ? '' : ` since ${new Date(at).toISOString()}`} (${reason})`);
  },
  revocation_unavailable: describeUnavailable,
  certificate_on_deny_list: (fault) => say(fault, 'is denied by the operator'),
};

function describeUnacceptedKey(publicKey: CertificatePublicKey, why: string): string {
  return `has a key (${describePublicKey(publicKey)}) ${why}; issue it with ${acceptedKeys}`;
}

function signedWith({ signatureAlgorithm }: { readonly signatureAlgorithm: SignatureAlgorithm }): string {
  return `is signed with ${describeSignatureAlgorithm(signatureAlgorithm)}`;
}

function describeBeyondRuntime(facts: PathFaultFacts['algorithm_unsupported_by_runtime']): string {
  const suffix = "which this runtime can't verify:";
  switch (facts.reason) {
    case 'key':
      return `has a key for ${describePublicKey(facts.publicKey)}, ${suffix} ${runtimeRemedy}`;
    case 'signature':
      return `${signedWith(facts)}, ${suffix} ${runtimeRemedy}`;
    case 'known_answer':
      return `${signedWith(facts)} by a key (${describePublicKey(facts.issuer.publicKey)}), ${suffix} ${provenRemedy}`;
  }
}

function describeMalformed(facts: MalformedFacts): string {
  switch (facts.reason) {
    case 'issuer_name_empty':
      return 'has an empty issuer name';
    case 'subject_name_empty':
      return 'has an empty subject name, which only a caller may have';
    case 'subject_missing':
      return 'has neither a subject name nor a critical subject alternative name';
    case 'name_without_text':
      return `has an ${facts.name} name that can't be compared: its ${describeAttributeType(facts.attributeType)} is not text`;
    case 'attribute_without_text': {
      const { type, value } = facts.attribute;
      const shown = shortenText(`${describeAttributeType(type)}=${value}`);
      return `is known by ${shown}, which is not text; let the CA write it as a UTF8String`;
    }
    case 'key_usage_not_der':
      return 'has a key usage that is not DER';
    case 'serial_number':
      return `has the serial number ${facts.serialNumber.slice(0, 48)}, which must be positive and of 20 octets at most`;
    case 'key_identifier_critical':
      return 'has a critical key identifier';
    case 'subject_key_identifier_missing':
      return 'has no subject key identifier, which a CA certificate must have';
    case 'authority_key_identifier_missing':
      return 'has no authority key identifier';
    case 'path_length_without_authority':
      return 'has a path length without being a CA';
    case 'name_constraints_without_authority':
      return 'has name constraints without being a CA';
    case 'no_rev_avail':
      return `${describeNoRevAvailObstacle(facts.noRevAvail)} (RFC 9608 section 3)`;
  }
}

const constraints = {
  nameConstraints: 'name constraints',
  policyConstraints: 'policy constraints',
  inhibitAnyPolicy: 'inhibitAnyPolicy',
} as const;

function describeUnfit(facts: UnfitFacts): string {
  switch (facts.reason) {
    case 'basic_constraints_missing':
      return 'has no basic constraints, so it is not a CA';
    case 'basic_constraints_not_critical':
      return 'has basic constraints that are not critical';
    case 'not_authority':
      return 'is not a CA certificate (basic constraints)';
    case 'may_not_sign':
      return 'may not sign certificates (key usage without keyCertSign)';
    case 'key_cert_sign_missing':
      return 'has no key usage with keyCertSign, which a CA needs';
    case 'constraint_not_critical':
      return `has ${constraints[facts.extension]} that are not critical`;
    case 'authority_as_client':
      return 'is a CA certificate, which may not act as a client';
    case 'client_may_sign':
      return 'may sign certificates (keyCertSign) without being a CA';
  }
}
