import { CRLReasons } from '@peculiar/asn1-x509';
import { revocationReasons, type RevocationReason } from './certificate-choices.js';

export function isRevocationReason(value: unknown): value is RevocationReason {
  return revocationReasons.some((reason) => reason === value);
}

export function getReasonCode(reason: RevocationReason): CRLReasons {
  return CRLReasons[reason];
}
