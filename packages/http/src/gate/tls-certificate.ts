import { type DetailedPeerCertificate, TLSSocket } from 'node:tls';
import { type CertificateExtraction, type CertificateText, deny } from '@certgate/core';

/**
 * The most CA certificates that are read: as many as core would use (`maximumCandidates`). A self-signed one ends the
 * chain too.
 */
const maximumIssuers = 8;

/**
 * Reads the caller's certificate from a TLS connection that ends in this process. The handshake has shown that the
 * caller has the certificate's private key. Nothing else was verified, unless the server itself refuses unauthorized
 * connections.
 */
export class TlsCertificateReader {
  /** The results by connection. A connection keeps its certificate, because it can't be renegotiated. */
  readonly #read = new WeakMap<TLSSocket, CertificateExtraction>();
  readonly #acceptsChain: boolean;

  constructor(acceptsChain: boolean) {
    this.#acceptsChain = acceptsChain;
  }

  /** Reads the certificate. `socket` is the request's connection. */
  read(socket: unknown): CertificateExtraction {
    if (!(socket instanceof TLSSocket)) return deny('certificate_missing', { problem: 'connection_without_tls' });
    const known = this.#read.get(socket);
    if (known !== undefined) return known;
    forbidRenegotiation(socket);
    const extraction = this.#extract(socket);
    this.#read.set(socket, extraction);
    return extraction;
  }

  #extract(socket: TLSSocket): CertificateExtraction {
    // getPeerX509Certificate must not be used: in Node 20, it removes the rest of the chain for all later readers.
    // Without a certificate, the result is an object without `raw`.
    const peer = this.#acceptsChain ? socket.getPeerCertificate(true) : socket.getPeerCertificate();
    if (!Object.hasOwn(peer, 'raw')) return deny('certificate_missing', { problem: 'handshake_without_certificate' });
    const leaf = peer.raw.toString('base64');
    const text: CertificateText = { outcome: 'extracted', leaf, encoding: 'base64', chain: undefined };
    const issuers = this.#acceptsChain ? listIssuers(peer as DetailedPeerCertificate) : [];
    if (issuers.length === 0) return text;
    const chain = issuers.map((der) => `:${der.toString('base64')}:`).join(', ');
    return { ...text, chain: { text: chain, encoding: 'byte-sequences' } };
  }
}

/**
 * Forbids another handshake, which could bring another certificate. In TLS 1.2, either side may ask for one. Node then
 * ends the connection.
 */
export function forbidRenegotiation(socket: unknown): void {
  if (socket instanceof TLSSocket) socket.disableRenegotiation();
}

/**
 * The CA certificates that Node links to the caller's, one issuer after the other: those that the caller sent, and
 * possibly those in the server's `ca`. In a resumed session, those of the caller are missing.
 */
function listIssuers(peer: DetailedPeerCertificate): readonly Buffer[] {
  const issuers: Buffer[] = [];
  let { issuerCertificate: next }: Partial<DetailedPeerCertificate> = peer;
  let raw = peer.raw;
  while (next !== undefined && !next.raw.equals(raw) && issuers.length < maximumIssuers) {
    ({ raw } = next);
    issuers.push(raw);
    ({ issuerCertificate: next } = next as Partial<DetailedPeerCertificate>);
  }
  return issuers;
}
