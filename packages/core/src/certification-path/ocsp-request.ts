// STUB until the revocation branch is merged
import type { PathCertificate } from './path-certificate.js';
export const encodeOcspRequest = (_q: {
  certificate: PathCertificate;
  issuer: PathCertificate;
}): { der: Uint8Array; nonce: Uint8Array } => ({ der: new Uint8Array(), nonce: new Uint8Array() });
