/**
 * The choices that a user has for a certificate, its authority and its revocation. They are in a module of their own,
 * because the help of the command line names them, and must not load the libraries that make certificates.
 */

/** The default number of days for a certificate that an authority issues to a caller. */
export const usualDays = 90;
export const maximumDays = 3650;

/** RSA 2048 is missing: it is too short for a key that may be used for ten years. */
export const authorityKeyAlgorithms = ['ec-p256', 'ec-p384', 'rsa-3072', 'rsa-4096', 'ed25519'] as const;
export type AuthorityKeyAlgorithm = (typeof authorityKeyAlgorithms)[number];

/** The names are those of RFC 5280 §4.2.1.12. */
export const extendedKeyUsageNames = [
  'clientAuth',
  'serverAuth',
  'codeSigning',
  'emailProtection',
  'OCSPSigning',
] as const;
export type ExtendedKeyUsageName = (typeof extendedKeyUsageNames)[number];

/**
 * The reasons of RFC 5280 §5.3.1, with their names there. `removeFromCRL` is missing, because it does not revoke, but
 * ends a hold. `aACompromise` is missing, because it is for attribute authorities.
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
export type RevocationReasonChoice = (typeof revocationReasons)[number];

export function isRevocationReason(value: unknown): value is RevocationReasonChoice {
  return revocationReasons.some((reason) => reason === value);
}
