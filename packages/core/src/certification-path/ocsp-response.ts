// STUB until the revocation branch is merged
import type { DerDecoding } from '../encoding/der.js';
export interface OcspResponse {
  readonly der: Uint8Array;
}
export const decodeOcspResponse = (_der: Uint8Array): DerDecoding<OcspResponse> => ({ ok: false, fault: 'stub' });
