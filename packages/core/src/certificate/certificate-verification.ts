import { formatInstant } from '../encoding/timestamp.js';
import type { ClientCertificate } from './client-certificate.js';
import type { CertificatePublicKey } from './public-key.js';
import { shortenText } from '../encoding/shown-text.js';
import { type Denial, type DenialCode, deny } from '../denial.js';

/** RFC 5280 §4.2.1.12, id-kp-clientAuth. */
export const clientAuthentication = '1.3.6.1.5.5.7.3.2';

/** NIST SP 800-57 part 1: 112 bits of security, the least that is still allowed. */
export const minimumRsaBits = 2048;

interface Requirement {
  readonly code: DenialCode;
  /** One sentence for the operator when the certificate doesn't meet the requirement. */
  readonly findFault: (certificate: ClientCertificate, now: number) => string | undefined;
}

/** The end-entity checks, in their order. What only a certification path can tell (its issuer, revocation) is not here. */
const requirements: readonly Requirement[] = [
  {
    code: 'certificate_not_yet_valid',
    findFault: ({ notBefore }, now) =>
      // Written so that a time which is no number is outside the validity.
      !(now >= notBefore)
        ? `The certificate is valid from ${formatInstant(notBefore)}; check the clock where it was made.`
        : undefined,
  },
  {
    code: 'certificate_expired',
    findFault: ({ notAfter }, now) =>
      !(now <= notAfter)
        ? `The certificate expired at ${formatInstant(notAfter)}; issue a new one and add its pin to the trust document.`
        : undefined,
  },
  {
    code: 'certificate_is_authority',
    findFault: ({ isCertificateAuthority }) =>
      isCertificateAuthority
        ? 'The certificate is a CA certificate (basicConstraints CA:TRUE), which may not act as a client. ' +
          '`openssl req -x509` makes those by default: add `-addext basicConstraints=critical,CA:FALSE`.'
        : undefined,
  },
  {
    code: 'certificate_critical_extension_unknown',
    findFault: ({ unknownCriticalExtensions }) =>
      unknownCriticalExtensions.length > 0
        ? `The certificate has a critical extension that Certgate does not understand: ${shortenText(unknownCriticalExtensions.join(', '))} (RFC 5280 section 4.2).`
        : undefined,
  },
  {
    code: 'certificate_extended_key_usage_unsuitable',
    findFault: ({ extendedKeyUsage }) =>
      extendedKeyUsage !== undefined && !extendedKeyUsage.includes(clientAuthentication)
        ? 'The certificate limits its use (extended key usage) and client authentication is not among the uses; issue it with `clientAuth`.'
        : undefined,
  },
  {
    code: 'certificate_key_usage_unsuitable',
    findFault: ({ keyUsage }) =>
      // RFC 8446 §4.4.2.2 and RFC 5246 §7.4.6: the client signs the handshake.
      keyUsage !== undefined && !keyUsage.includes('digitalSignature')
        ? 'The certificate has a key usage without `digitalSignature`, which a TLS client needs.'
        : undefined,
  },
  {
    code: 'certificate_key_too_weak',
    findFault: ({ publicKey }) =>
      isStrongKey(publicKey)
        ? undefined
        : `The certificate's key (${describePublicKey(publicKey)}) is not accepted: RSA of ${minimumRsaBits} bits or more, EC P-256, P-384, P-521, or Ed25519.`,
  },
];

export interface CertificateVerificationOptions {
  /** A certification path was or will be validated: it processes more critical extensions than these checks know. */
  readonly isPathValidated?: boolean;
}

/** The first requirement that an end-entity certificate doesn't meet at `now` (milliseconds), as a denial. */
export function findCertificateDenial(
  certificate: ClientCertificate,
  now: number,
  { isPathValidated = false }: CertificateVerificationOptions = {},
): Denial | undefined {
  for (const { code, findFault } of requirements) {
    if (isPathValidated && code === 'certificate_critical_extension_unknown') continue;
    const fault = findFault(certificate, now);
    if (fault !== undefined) return deny(code, fault);
  }
  return undefined;
}

/** Every requirement that the certificate doesn't meet, for tools that show all of them at once. */
export function listCertificateFaults(certificate: ClientCertificate, now: number): readonly Denial[] {
  return requirements.flatMap(({ code, findFault }) => {
    const fault = findFault(certificate, now);
    return fault === undefined ? [] : [deny(code, fault)];
  });
}

/** An allow list: what is not known to be strong is refused. */
export function isStrongKey(key: CertificatePublicKey): boolean {
  if (key.algorithm === 'rsa') return key.bits >= minimumRsaBits;
  if (key.algorithm === 'ec') return key.curve === 'P-256' || key.curve === 'P-384' || key.curve === 'P-521';
  return key.algorithm === 'ed25519';
}

export function describePublicKey(key: CertificatePublicKey): string {
  switch (key.algorithm) {
    case 'rsa':
      return `RSA ${key.bits}`;
    case 'ec':
      return `EC ${key.curve}`;
    case 'ed25519':
      return 'Ed25519';
    case 'ed448':
      return 'Ed448';
    case 'other':
      return `algorithm ${key.objectIdentifier}`;
  }
}
