import { formatInstant } from '../encoding/timestamp.js';
import { aClientCertificate, type ClientCertificate } from './client-certificate.js';
import type { CertificatePublicKey } from './certificate.js';
import { isVerifiedByRuntime, nameMlDsa, runtimeRemedy } from './ml-dsa.js';
import { describeUnsupportedAlgorithm } from './signature-algorithm.js';
import {
  aFlag,
  anInstant,
  type ArgumentRule,
  expectArgument,
  type MemberRules,
  optional,
  readMembers,
} from '../encoding/own-members.js';
import { shortenText } from '../encoding/shown-text.js';

/** RFC 5280 §4.2.1.12, id-kp-clientAuth. */
export const clientAuthentication = '1.3.6.1.5.5.7.3.2';

/** NIST SP 800-57 part 1: 2048 bits give 112 bits of security, the least that is still allowed. */
export const minimumRsaBits = 2048;

/** Why a certificate doesn't suit a TLS client, whoever issued it. */
export const certificateFaultCodes = [
  'certificate_not_yet_valid',
  'certificate_expired',
  'certificate_is_authority',
  'certificate_critical_extension_unknown',
  'certificate_extended_key_usage_unsuitable',
  'certificate_key_usage_unsuitable',
  'certificate_key_unsupported',
  'certificate_key_too_weak',
  'algorithm_unsupported_by_runtime',
] as const;

/** The requirement that a certificate does not meet. */
export type CertificateFaultCode = (typeof certificateFaultCodes)[number];

/** A requirement that a certificate does not meet; `detail` is a sentence for people. */
export interface CertificateFault {
  readonly code: CertificateFaultCode;
  /** One sentence for the operator: what is wrong and what to do. */
  readonly detail: string;
}

interface Requirement {
  readonly code: CertificateFaultCode;
  /**
   * Returns a sentence for the operator if the certificate doesn't meet the requirement at `now` (milliseconds since
   * 1970-01-01T00:00:00Z).
   */
  readonly findFault: (certificate: ClientCertificate, now: number) => string | undefined;
}

/** The end-entity checks, in their order. They leave out what only a certification path shows (issuer, revocation). */
const requirements: readonly Requirement[] = [
  {
    code: 'certificate_not_yet_valid',
    findFault: ({ notBefore }, now) =>
      // Written so that a time that is not a number is outside the validity.
      !(now >= notBefore)
        ? `The certificate is valid from ${formatInstant(notBefore)}; check the clock where it was made.`
        : undefined,
  },
  {
    code: 'certificate_expired',
    findFault: ({ notAfter }, now) =>
      !(now <= notAfter) ? `The certificate expired at ${formatInstant(notAfter)}; issue a new one.` : undefined,
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
      // RFC 8446 §4.4.2.2 and RFC 5246 §7.4.6: a TLS client signs the handshake.
      keyUsage !== undefined && !keyUsage.includes('digitalSignature')
        ? 'The certificate has a key usage without `digitalSignature`, which a TLS client needs.'
        : undefined,
  },
  {
    code: 'certificate_key_unsupported',
    findFault: ({ publicKey }) =>
      judgeKey(publicKey) === 'unsupported'
        ? `The certificate's key (${describePublicKey(publicKey)}) is of a kind that Certgate does not support; issue one with ${acceptedKeys}.`
        : undefined,
  },
  {
    code: 'certificate_key_too_weak',
    findFault: ({ publicKey }) =>
      judgeKey(publicKey) === 'too-weak'
        ? `The certificate's key (${describePublicKey(publicKey)}) is too weak; issue one with ${acceptedKeys}.`
        : undefined,
  },
  {
    code: 'algorithm_unsupported_by_runtime',
    findFault: ({ publicKey }) =>
      judgeKey(publicKey) === 'unsupported-by-runtime'
        ? `This Node.js can't verify signatures by the certificate's key (${describePublicKey(publicKey)}): ${runtimeRemedy}.`
        : undefined,
  },
];

/** How `findCertificateFault` checks. */
export interface CertificateVerificationOptions {
  /**
   * Set it if a certification path has been or will be validated: path validation processes more critical extensions
   * than these checks know.
   */
  readonly isPathValidated?: boolean;
}

function expectClient(certificate: ClientCertificate, now: number, owner: string): void {
  expectArgument(certificate, aClientCertificate, `The certificate for ${owner}`);
  expectArgument(now, anInstant, `The time for ${owner}`);
}

/**
 * Returns the first requirement that an end-entity certificate doesn't meet at `now` (milliseconds since
 * 1970-01-01T00:00:00Z), or undefined if it meets all.
 *
 * @throws {CertgateError} if an argument is of another type.
 *
 * @example
 * ```ts
 * import { type ClientCertificate, findCertificateFault } from '@certgate/x509';
 *
 * export const isUsable = (certificate: ClientCertificate) => findCertificateFault(certificate, Date.now()) === undefined;
 * ```
 */
export function findCertificateFault(
  certificate: ClientCertificate,
  now: number,
  options: CertificateVerificationOptions = {},
): CertificateFault | undefined {
  expectClient(certificate, now, 'findCertificateFault');
  const rules: MemberRules<CertificateVerificationOptions> = { isPathValidated: optional(aFlag) };
  const { isPathValidated = false } = readMembers(options, 'The options of findCertificateFault', rules);
  return findFirstFault(certificate, now, isPathValidated);
}

/** `findCertificateFault` without its checks of the arguments, which the caller has already made. */
export function findFirstFault(
  certificate: ClientCertificate,
  now: number,
  isPathValidated: boolean,
): CertificateFault | undefined {
  for (const { code, findFault } of requirements) {
    if (isPathValidated && code === 'certificate_critical_extension_unknown') continue;
    const detail = findFault(certificate, now);
    if (detail !== undefined) return { code, detail };
  }
  return undefined;
}

/** Returns every requirement that the certificate doesn't meet, for tools that show all of them at once. */
export function listCertificateFaults(certificate: ClientCertificate, now: number): readonly CertificateFault[] {
  expectClient(certificate, now, 'listCertificateFaults');
  return requirements.flatMap(({ code, findFault }) => {
    const detail = findFault(certificate, now);
    return detail === undefined ? [] : [{ code, detail }];
  });
}

/** The keys that `judgeKey` accepts on any runtime, in words for people. */
export const acceptedKeys: string = `RSA of ${minimumRsaBits} bits or more, EC P-256, P-384, P-521, or Ed25519`;

const acceptedCurves: ReadonlySet<string> = new Set(['P-256', 'P-384', 'P-521']);
/** Curves with less than 112 bits of security, and curves that the key's owner made (CVE-2020-0601). */
const weakCurves: ReadonlySet<string> = new Set(['P-192', 'explicit parameters']);

export type KeyJudgement = 'accepted' | 'too-weak' | 'unsupported' | 'unsupported-by-runtime';

/**
 * An allow list. A key that is not on it is called weak only if it is known to be weak; SLH-DSA, for example, is not.
 */
export function judgeKey(key: CertificatePublicKey): KeyJudgement {
  switch (key.algorithm) {
    case 'rsa':
      return key.bits >= minimumRsaBits ? 'accepted' : 'too-weak';
    case 'ec':
      if (acceptedCurves.has(key.curve)) return 'accepted';
      return weakCurves.has(key.curve) ? 'too-weak' : 'unsupported';
    case 'ed25519':
      return 'accepted';
    // ML-DSA-44, the weakest set, has security category 2 (FIPS 204 §4): breaking it should cost as much as finding a
    // collision of SHA-256.
    case 'ml-dsa-44':
    case 'ml-dsa-65':
    case 'ml-dsa-87':
      return isVerifiedByRuntime(key.algorithm) ? 'accepted' : 'unsupported-by-runtime';
    case 'ed448':
    case 'other':
    default:
      return 'unsupported';
  }
}

export function isStrongKey(key: CertificatePublicKey): boolean {
  return judgeKey(key) === 'accepted';
}

const keyAlgorithms = ['rsa', 'ec', 'ed25519', 'ed448', 'ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87', 'other'] as const;
const aPublicKey: ArgumentRule = {
  words: 'the publicKey of a certificate',
  holds: (value) => keyAlgorithms.includes((value as CertificatePublicKey | null | undefined)?.algorithm as never),
};

/** The algorithm and size of a key for people, such as `RSA 2048` or `EC P-256`. */
export function describePublicKey(key: CertificatePublicKey): string {
  expectArgument(key, aPublicKey, 'The key for describePublicKey');
  switch (key.algorithm) {
    case 'rsa':
      return `RSA ${key.bits}`;
    case 'ec':
      return `EC ${key.curve}`;
    case 'ed25519':
      return 'Ed25519';
    case 'ed448':
      return 'Ed448';
    case 'ml-dsa-44':
    case 'ml-dsa-65':
    case 'ml-dsa-87':
      return nameMlDsa(key.algorithm);
    case 'other':
      return describeUnsupportedAlgorithm(key.objectIdentifier);
  }
}
