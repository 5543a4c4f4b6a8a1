import type { OcspResponse } from './ocsp-response.js';
import type { PathCertificate } from './path-certificate.js';
import type { SignatureAlgorithm } from './signature-algorithm.js';

/** Is this certificate revoked, by these responses? */
export interface OcspQuestion {
  readonly certificate: PathCertificate;
  /** Its issuer, already validated; may be the trust anchor. */
  readonly issuer: PathCertificate;
  /** Any responses: those that are about other certificates are passed over. */
  readonly responses: readonly OcspResponse[];
  /** For the responses' signatures and those of the responders' certificates. */
  readonly isAlgorithmAccepted: (algorithm: SignatureAlgorithm) => boolean;
  readonly profile: 'strict' | 'rfc5280';
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly now: number;
  /** For so long after its end an answer is current still. */
  readonly graceMilliseconds: number;
  /** What was sent with the request; undefined: nothing was, or the responses have been compared before. */
  readonly nonce?: Uint8Array | undefined;
  /** Strict: a response without the nonce that was sent is refused, unless this is true. */
  readonly allowMissingNonce?: boolean | undefined;
  /** How long an answer without nextUpdate is current; 10 minutes where it is left out. */
  readonly freshnessMilliseconds?: number | undefined;
  /** How far the responder's clock may be ahead of ours; 0 where it is left out. */
  readonly clockSkewMilliseconds?: number | undefined;
  /**
   * For responders' certificates without ocsp-nocheck (RFC 6960 §4.2.2.2.1): is it not revoked? Where it is left out,
   * such responders are refused in the strict profile.
   */
  readonly isResponderGood?: ((responder: PathCertificate) => boolean) | undefined;
}
