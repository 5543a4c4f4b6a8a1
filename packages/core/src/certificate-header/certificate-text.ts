import type { Denial, DenialCodeOf } from '../denial.js';

/**
 * How a certificate is written as text.
 *
 * | encoding | is | written by |
 * |---|---|---|
 * | `base64` | base64 of the DER (RFC 4648 §4), on one line | App Service, HAProxy, Caddy, Traefik, RFC 9440 |
 * | `percent-encoded-pem` | the text between the two armour lines of a PEM block, with line feed, `+`, `/` and `=` percent-encoded | nginx, Envoy, Application Gateway |
 */
export type CertificateEncoding = 'base64' | 'percent-encoded-pem';

/** The caller's certificate as a front end wrote it. Nothing has been decoded. */
export interface CertificateText {
  readonly outcome: 'extracted';
  /**
   * The text of the leaf without what surrounds it. The gate remembers certificates by the end of this text, and
   * callers share the armour of a PEM block and the end of a chain.
   */
  readonly leaf: string;
  readonly encoding: CertificateEncoding;
  /**
   * The CA certificates that came with it, as the front end wrote them. Undefined if none came, or if the app doesn't
   * accept them (`acceptForwardedChain`).
   */
  readonly chain: ChainText | undefined;
}

/** CA certificates that came with the caller's. They are not verified. */
export interface ChainText {
  readonly text: string;
  /**
   * `percent-encoded-pem`: whole blocks, with their armour. `byte-sequences`: a list by RFC 8941. `base64-list`: base64, with
   * commas between the certificates.
   */
  readonly encoding: 'percent-encoded-pem' | 'byte-sequences' | 'base64-list';
  /** Whether the text may be another line of the header, which a comma joined to the certificate's line. */
  readonly isPerhapsLine?: boolean;
}

/** The text of the caller's certificate, or why there is none. */
export type CertificateExtraction = CertificateText | Denial<DenialCodeOf<'certificate-header'>>;
