// STUB until the revocation branch is merged
export interface CertificateRevocationList {
  readonly der: Uint8Array;
}
