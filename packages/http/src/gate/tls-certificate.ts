import { type DetailedPeerCertificate, TLSSocket } from 'node:tls';
import { type CertificateExtraction, type CertificateText, deny } from '@certgate/core';

/** As many CA certificates as core would look at (`maximumCandidates`); a self-signed one ends the chain as well. */
const maximumIssuers = 8;

/**
 * Reads the caller's certificate from a TLS connection that ends in this process. That the caller holds its private key was
 * shown in the handshake; nothing else of it was verified, unless the server refuses unauthorized connections itself.
 */
export class TlsCertificateReader {
  /** By connection. A connection keeps its certificate, since it can't be renegotiated. */
  readonly #read = new WeakMap<TLSSocket, CertificateExtraction>();
  readonly #acceptsChain: boolean;

  constructor(acceptsChain: boolean) {
    this.#acceptsChain = acceptsChain;
  }

  /** `socket` is that of the request. */
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
    // Never getPeerX509Certificate: in Node 20 it takes the rest of the chain away from all who ask later. Without a certificate,
    // the answer is an object without `raw`.
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

/** TLS 1.2 lets either side ask for another handshake, which may bring another certificate. Node then ends the connection. */
export function forbidRenegotiation(socket: unknown): void {
  if (socket instanceof TLSSocket) socket.disableRenegotiation();
}

/** What the caller sent beside its own certificate, as OpenSSL put it in order. A resumed session has none of it. */
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
