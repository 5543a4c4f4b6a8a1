import { decodeClientCertificate, type ClientCertificate } from '@certgate/core/internal';

/**
 * Decodes a new certificate with the gate's own decoder. What this tool reports about a certificate comes from there.
 */
export function getDecoded({ certificateDer }: { readonly certificateDer: Uint8Array }): ClientCertificate {
  const decoding = decodeClientCertificate(certificateDer);
  if (!decoding.ok) throw new Error(`a new certificate can't be decoded: ${decoding.fault}`);
  return decoding.certificate;
}
