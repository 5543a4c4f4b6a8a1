import { formatInstant } from '../encoding/timestamp.js';
import { aMemberOf, expectArgument } from '../encoding/own-members.js';
import { shortenText } from '../encoding/shown-text.js';
import type { CertificatePublicKey } from './certificate.js';
import {
  acceptedKeys,
  type CertificateFault,
  type CertificateFaultCode,
  describePublicKey,
  type ValidityTimes,
} from './certificate-verification.js';
import { runtimeRemedy } from './ml-dsa.js';

/**
 * The sentence about a fault, for operators: what is wrong and, for most faults, what to do. Decide by the code:
 * sentences may change.
 *
 * @throws {CertgateError} if the code of `fault` is not a `CertificateFaultCode`.
 */
export function describeCertificateFault(fault: CertificateFault): string {
  const aFault = aMemberOf(sentences, 'code', 'a fault of findCertificateFault');
  expectArgument(fault, aFault, 'The fault for describeCertificateFault');
  return describeFirstFault(fault);
}

/** `describeCertificateFault` for an argument that is known to be right. */
export function describeFirstFault(fault: CertificateFault): string {
  return (sentences[fault.code] as (fault: CertificateFault) => string)(fault);
}

const sentences: { readonly [Code in CertificateFaultCode]: (fault: CertificateFault<Code>) => string } = {
  certificate_not_yet_valid: (times) =>
    `The certificate ${describeBeginning(times)}; check the clock where it was made.`,
  certificate_expired: (times) => `The certificate ${describeExpiry(times)}; issue a new one.`,
  certificate_is_authority: () =>
    'The certificate is a CA certificate (basicConstraints CA:TRUE), which may not act as a client. ' +
    '`openssl req -x509` makes those by default: add `-addext basicConstraints=critical,CA:FALSE`.',
  certificate_critical_extension_unknown: ({ extensions }) =>
    `The certificate has a critical extension that Certgate does not understand: ${shortenText(extensions.join(', '))} (RFC 5280 section 4.2).`,
  certificate_extended_key_usage_unsuitable: () =>
    'The certificate limits its use (extended key usage) and client authentication is not among the uses; issue it with `clientAuth`.',
  certificate_key_usage_unsuitable: () =>
    'The certificate has a key usage without `digitalSignature`, which a TLS client needs.',
  certificate_key_unsupported: ({ publicKey }) => describeKey(publicKey, 'is of a kind that Certgate does not support'),
  certificate_key_too_weak: ({ publicKey }) => describeKey(publicKey, 'is too weak'),
  algorithm_unsupported_by_runtime: ({ publicKey }) =>
    `This Node.js can't verify signatures by the certificate's key (${describePublicKey(publicKey)}): ${runtimeRemedy}.`,
};

function describeKey(publicKey: CertificatePublicKey, why: string): string {
  return `The certificate's key (${describePublicKey(publicKey)}) ${why}; issue one with ${acceptedKeys}.`;
}

/** Completes a sentence about a certificate that is not valid yet. */
export function describeBeginning(times: ValidityTimes): string {
  return describeReversed(times) ?? `is valid from ${formatInstant(times.notBefore)}`;
}

/** Completes a sentence about a certificate that is no longer valid. */
export function describeExpiry(times: ValidityTimes): string {
  return describeReversed(times) ?? `expired at ${formatInstant(times.notAfter)}`;
}

/** Undefined unless the certificate ends before it begins. */
function describeReversed({ notBefore, notAfter }: ValidityTimes): string | undefined {
  if (notAfter >= notBefore) return undefined;
  return `ends at ${formatInstant(notAfter)}, before it begins (${formatInstant(notBefore)}), so it is never valid`;
}
