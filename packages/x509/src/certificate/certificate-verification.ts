import { aClientCertificate, type ClientCertificate, type KeyUsage } from './client-certificate.js';
import type { CertificatePublicKey } from './certificate.js';
import { isVerifiedByRuntime, nameMlDsa } from './ml-dsa.js';
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

/** The ends of a certificate's validity, in milliseconds since 1970-01-01T00:00:00Z. */
export interface ValidityTimes {
  readonly notBefore: number;
  readonly notAfter: number;
}

/** The facts of a fault by its code. Times are in milliseconds since 1970-01-01T00:00:00Z. */
export interface CertificateFaultFacts {
  readonly certificate_not_yet_valid: ValidityTimes;
  readonly certificate_expired: ValidityTimes;
  readonly certificate_is_authority: object;
  /** Object identifiers. */
  readonly certificate_critical_extension_unknown: { readonly extensions: readonly string[] };
  /** Object identifiers; client authentication is not among them. */
  readonly certificate_extended_key_usage_unsuitable: { readonly extendedKeyUsage: readonly string[] };
  readonly certificate_key_usage_unsuitable: { readonly keyUsage: readonly KeyUsage[] };
  readonly certificate_key_unsupported: { readonly publicKey: CertificatePublicKey };
  readonly certificate_key_too_weak: { readonly publicKey: CertificatePublicKey };
  /** A path has faults with this code too, for other reasons. */
  readonly algorithm_unsupported_by_runtime: {
    readonly reason: 'client_key';
    readonly publicKey: CertificatePublicKey;
  };
}

/** A requirement that a certificate does not meet: a code and its facts. `describeCertificateFault` makes the sentence. */
export type CertificateFault<Code extends CertificateFaultCode = CertificateFaultCode> = {
  [Each in Code]: { readonly code: Each } & CertificateFaultFacts[Each];
}[Code];

type FactsFinder<Code extends CertificateFaultCode> = (
  certificate: ClientCertificate,
  now: number,
) => CertificateFaultFacts[Code] | false | undefined;

/** The end-entity checks, in their order. They leave out what only a certification path shows (issuer, revocation). */
const requirements: { readonly [Code in CertificateFaultCode]: FactsFinder<Code> } = {
  // Written so that a time that is not a number is outside the validity.
  certificate_not_yet_valid: ({ notBefore, notAfter }, now) => !(now >= notBefore) && { notBefore, notAfter },
  certificate_expired: ({ notBefore, notAfter }, now) => !(now <= notAfter) && { notBefore, notAfter },
  certificate_is_authority: ({ isCertificateAuthority }) => isCertificateAuthority && {},
  certificate_critical_extension_unknown: ({ unknownCriticalExtensions: extensions }) =>
    extensions.length > 0 && { extensions },
  certificate_extended_key_usage_unsuitable: ({ extendedKeyUsage }) =>
    extendedKeyUsage && !extendedKeyUsage.includes(clientAuthentication) && { extendedKeyUsage },
  // RFC 8446 §4.4.3 and RFC 5246 §7.4.8: a TLS client signs the handshake.
  certificate_key_usage_unsuitable: ({ keyUsage }) =>
    keyUsage && !keyUsage.includes('digitalSignature') && { keyUsage },
  certificate_key_unsupported: ({ publicKey }) => judgeKey(publicKey) === 'unsupported' && { publicKey },
  certificate_key_too_weak: ({ publicKey }) => judgeKey(publicKey) === 'too-weak' && { publicKey },
  algorithm_unsupported_by_runtime: ({ publicKey }) =>
    judgeKey(publicKey) === 'unsupported-by-runtime' && { reason: 'client_key', publicKey },
};

function findFault(
  code: CertificateFaultCode,
  certificate: ClientCertificate,
  now: number,
): CertificateFault | undefined {
  const facts = requirements[code](certificate, now);
  return facts ? ({ code, ...facts } as CertificateFault) : undefined;
}

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
 * @throws {CertgateError} if an argument is of another type, or if an option is unknown.
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
  for (const code of certificateFaultCodes) {
    if (isPathValidated && code === 'certificate_critical_extension_unknown') continue;
    const fault = findFault(code, certificate, now);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** Returns every requirement that the certificate doesn't meet, for tools that show all of them at once. */
export function listCertificateFaults(certificate: ClientCertificate, now: number): readonly CertificateFault[] {
  expectClient(certificate, now, 'listCertificateFaults');
  return certificateFaultCodes.flatMap((code) => findFault(code, certificate, now) ?? []);
}

/** The keys that `judgeKey` accepts on any runtime, in words for people. */
export const acceptedKeys: `RSA of ${typeof minimumRsaBits} bits or more, ${string}` =
  'RSA of 2048 bits or more, EC P-256, P-384, P-521, or Ed25519';

const acceptedCurves: ReadonlySet<string> = new Set(['P-256', 'P-384', 'P-521']);
/** Curves with less than 112 bits of security, and curves that the key's owner may have made (CVE-2020-0601). */
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
