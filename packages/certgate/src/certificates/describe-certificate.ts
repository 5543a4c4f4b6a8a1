import { decodeClientCertificate, type ClientCertificate } from '@certgate/core/internal';

/** Decodes a certificate with the gate's own decoder. */
export function getDecoded({ certificateDer }: { readonly certificateDer: Uint8Array }): ClientCertificate {
  const decoding = decodeClientCertificate(certificateDer);
  if (!decoding.ok) throw new Error(`a new certificate can't be decoded: ${decoding.fault}`);
  return decoding.certificate;
}
