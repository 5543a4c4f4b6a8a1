import type { ClientCertificate } from '@certgate/x509';
import type { FoundIdentity } from '../trust-snapshot/trust-finding.js';

/** The named caller that a certificate maps to. */
export interface ClientIdentity {
  readonly name: string;
  readonly roles: readonly string[];
  /** Lower-case names of the functions it may call; undefined: every function; empty: none. */
  readonly functions: readonly string[] | undefined;
  /** Who answers for it, by the trust document. */
  readonly owner: string | undefined;
  readonly certificate: ClientCertificate;
  /** What the certificate was recognised by, e.g. `thumbprintSha256`. */
  readonly matchedBy: string;
  /**
   * Milliseconds since 1970-01-01T00:00:00Z: when the caller is refused, if nobody does anything. The earliest of the
   * certificate's `notAfter`, the pin's `notAfter` and the identity's `expiresAt`.
   */
  readonly accessEndsAt: number;
  /** The other end of that interval: the latest of the certificate's and the pin's `notBefore`. */
  readonly accessBeginsAt: number;
}

/** [trustBeginsAt, trustEndsAt) in milliseconds: when what admits the certificate holds; infinite where it has no end. */
export function createClientIdentity(
  { name, roles, functions, owner }: FoundIdentity,
  certificate: ClientCertificate,
  matchedBy: string,
  trustBeginsAt: number = Number.NEGATIVE_INFINITY,
  trustEndsAt: number = Number.POSITIVE_INFINITY,
): ClientIdentity {
  return Object.freeze({
    name,
    roles: Object.freeze([...roles]),
    functions: functions === undefined ? undefined : Object.freeze([...functions]),
    owner,
    certificate,
    matchedBy,
    accessEndsAt: Math.min(certificate.notAfter, trustEndsAt),
    accessBeginsAt: Math.max(certificate.notBefore, trustBeginsAt),
  });
}
