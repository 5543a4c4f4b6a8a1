import { CRLReasons } from '@peculiar/asn1-x509';

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

export function getReasonCode(reason: RevocationReason): CRLReasons {
  return CRLReasons[reason];
}
