/**
 * What one may choose for a certificate, its authority and its revocation. The command line names these choices in its
 * help, so they stand apart from what loads the libraries that make certificates.
 */

/** Of a certificate for a caller. */
export const usualDays = 90;
export const maximumDays = 3650;

/** RSA 2048 is too little for a key that is meant to stand for ten years. */
export const authorityKeyAlgorithms = ['ec-p256', 'ec-p384', 'rsa-3072', 'rsa-4096', 'ed25519'] as const;
export type AuthorityKeyAlgorithm = (typeof authorityKeyAlgorithms)[number];

/** By the names of RFC 5280 §4.2.1.12. */
export const extendedKeyUsageNames = [
  'clientAuth',
  'serverAuth',
  'codeSigning',
  'emailProtection',
  'OCSPSigning',
] as const;
export type ExtendedKeyUsageName = (typeof extendedKeyUsageNames)[number];

/**
 * RFC 5280 §5.3.1, by its names. `removeFromCRL` is none of them: it isn't a reason that a list holds, but the end of a
 * hold. Attribute authorities (`aACompromise`) have no part here.
 */
export const revocationReasons = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  'privilegeWithdrawn',
] as const;
export type RevocationReason = (typeof revocationReasons)[number];

export function isRevocationReason(value: unknown): value is RevocationReason {
  return revocationReasons.some((reason) => reason === value);
}
