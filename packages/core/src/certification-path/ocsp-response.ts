// STUB until the revocation branch is merged
export interface OcspResponse {
  readonly der: Uint8Array;
}
