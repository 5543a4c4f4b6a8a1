import { decodeClientCertificate, type ClientCertificate } from '@certgate/core/internal';

/** What is said of a new certificate is read back from it, by the decoder that will judge it. */
export function getDecoded({ certificateDer }: { readonly certificateDer: Uint8Array }): ClientCertificate {
  const decoding = decodeClientCertificate(certificateDer);
  if (!decoding.ok) throw new Error(`a new certificate can't be decoded: ${decoding.fault}`);
  return decoding.certificate;
}
