// The checks of a client's certificate from any issuer (docs/authorities.md, "How a certificate is checked").
import type { ClientCertificate } from '@certgate/x509';
import type { PathCertificate } from '@certgate/x509/path';
import type { Certificate } from '../facts.js';

const [serverAuth, clientAuth, anyUsage] = ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2', '2.5.29.37.0'] as const;

/** The contents of the object identifiers of key usage, alternative names, basic constraints, extended key usage. */
const understood = ['551d0f', '551d11', '551d13', '551d25'];

type Fault = (client: ClientCertificate, now: number, certificate: Certificate) => boolean;

/** The faults, in the order in which they are reported. */
const faults: Readonly<Record<string, Fault>> = {
  // The validity includes both ends.
  certificate_not_yet_valid: ({ notBefore }, now) => now < notBefore,
  certificate_expired: ({ notAfter }, now) => now > notAfter,
  certificate_is_authority: ({ isCertificateAuthority }) => isCertificateAuthority,
  certificate_critical_extension_unknown: (_, __, { criticalExtensions }) =>
    criticalExtensions.some((type) => !understood.includes(type)),
  certificate_extended_key_usage_unsuitable: ({ extendedKeyUsage }) => extendedKeyUsage?.includes(clientAuth) === false,
  certificate_key_usage_unsuitable: ({ keyUsage }) => keyUsage?.includes('digitalSignature') === false,
  certificate_key_unsupported: ({ publicKey }) => !isStrong(publicKey) && !isWeak(publicKey),
  certificate_key_too_weak: ({ publicKey }) => isWeak(publicKey),
};

export const faultCodes: readonly string[] = Object.keys(faults);

type PublicKey = ClientCertificate['publicKey'];

/** Whether the key is strong enough. The reference doesn't ask whether the runtime can verify ML-DSA. */
function isStrong(key: PublicKey): boolean {
  if (key.algorithm === 'rsa') return key.bits >= 2048;
  if (key.algorithm === 'ec') return ['P-256', 'P-384', 'P-521'].includes(key.curve);
  return ['ed25519', 'ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87'].includes(key.algorithm);
}

function isWeak(key: PublicKey): boolean {
  if (key.algorithm === 'rsa') return key.bits < 2048;
  return key.algorithm === 'ec' && ['P-192', 'explicit parameters'].includes(key.curve);
}

export function listFaults(certificate: Certificate, now: number): readonly string[] {
  const { client } = certificate;
  if (client === undefined) return ['certificate_malformed'];
  return faultCodes.filter((code) => faults[code]?.(client, now, certificate));
}

/** Whether the certificate is only for TLS servers, like those of public CAs. */
export function isForServersOnly({ client }: Certificate): boolean {
  const usages = client?.extendedKeyUsage ?? [];
  return usages.includes(serverAuth) && !usages.includes(clientAuth) && !usages.includes(anyUsage);
}

const [noRevAvail, informationAccess] = ['2.5.29.56', '1.3.6.1.5.5.7.1.1'] as const;
/** The object identifier 1.3.6.1.5.5.7.48.1 in DER, which marks the address of an OCSP responder. */
const ocsp = Buffer.from('06082b06010505073001', 'hex');

/** Whether noRevAvail is valid (RFC 9608 §2, §3): not critical, not of a CA, and no way to revocation information. */
function isExempt({ basicConstraints, crlDistributionPoints, extensions, freshestCrl }: PathCertificate): boolean {
  const isPlain = extensions.get(noRevAvail)?.isCritical === false && basicConstraints?.isCertificateAuthority !== true;
  const hasResponder = Buffer.from(extensions.get(informationAccess)?.value ?? []).includes(ocsp);
  return isPlain && crlDistributionPoints === undefined && freshestCrl === undefined && !hasResponder;
}

/** The validity in seconds, both ends included. Infinity if revocation information can exist for the certificate. */
export function measureExemptLifetime(certificate: PathCertificate): number {
  return isExempt(certificate) ? (certificate.notAfter - certificate.notBefore) / 1000 + 1 : Infinity;
}
