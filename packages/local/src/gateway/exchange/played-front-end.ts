import type { RawField } from '../../wire/raw-fields.js';
import type { RequestHead } from './request-refusals.js';

/** What a client presented in its handshake. TLS proves only that the client has the key of the leaf certificate. */
export interface CertificateToForward {
  readonly der: Buffer;
  /** Further certificates that the client sent, each in DER, in the client's order. */
  readonly chain: readonly Buffer[];
}

/** A front end that the gateway plays: what it does with the client's fields, and which fields it writes. */
export interface PlayedFrontEnd {
  /**
   * The client's fields that reach the app. Fields of the connection, of the body's framing, and Certgate's own are
   * already removed. With `worstCase`, fields also pass that the front end may not remove in some version or by its
   * documentation.
   */
  keepClientFields(fields: readonly RawField[], worstCase: boolean): readonly RawField[];
  /** The fields that contain the certificate, or that show that there is none. */
  writeCertificate(certificate: CertificateToForward | undefined): readonly RawField[];
  /** Further fields that the front end adds to a request. */
  describeRequest?(request: RequestFacts): readonly RawField[];
}

export interface RequestFacts {
  readonly head: RequestHead;
  readonly host: string;
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly tlsProtocol: string | null;
  /** The value of `X-ARR-SSL`. */
  readonly serverCertificateSummary: string;
}
