// STUB until the revocation branch is merged
export interface OcspResponse {
  readonly der: Uint8Array;
}
export const decodeOcspResponse = (der: Uint8Array): { readonly ok: true; readonly value: OcspResponse } => ({
  ok: true,
  value: { der },
});
