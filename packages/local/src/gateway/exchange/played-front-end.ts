import type { RawField } from '../../wire/raw-fields.js';
import type { RequestHead } from './request-refusals.js';

/** What a client presented in its handshake: the leaf is its own, proven by TLS; nothing else is. */
export interface PresentedCertificate {
  readonly der: Buffer;
  /** The certificates that came with it, each as DER, in the client's order. */
  readonly chain: readonly Buffer[];
}

/** A front end as the gateway plays it: what it does with a client's fields, and what it writes. */
export interface PlayedFrontEnd {
  /**
   * Those of the client's fields that reach the app. Fields of one connection, of framing and of Certgate's own are gone
   * already. `worstCase`: also those of which the front end's documentation doesn't say that they are taken away.
   */
  keepClientFields(fields: readonly RawField[], worstCase: boolean): readonly RawField[];
  /** The fields that carry the certificate, or say that there is none. */
  writeCertificate(certificate: PresentedCertificate | undefined): readonly RawField[];
  /** What else it says of a request. */
  describeRequest?(request: RequestFacts): readonly RawField[];
}

export interface RequestFacts {
  readonly head: RequestHead;
  readonly host: string;
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly tlsProtocol: string | null;
  /** `X-ARR-SSL`. */
  readonly serverCertificateSummary: string;
}
