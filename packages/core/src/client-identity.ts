import type { ClientCertificate } from './client-certificate.js';
import type { FoundIdentity } from './trust-finding.js';

/** The named caller that a certificate maps to. */
export interface ClientIdentity {
  readonly name: string;
  readonly roles: readonly string[];
  /** Lower-case names of the functions it may call; undefined: every function; empty: none. */
  readonly functions: readonly string[] | undefined;
  readonly certificate: ClientCertificate;
  /** What the certificate was recognised by, e.g. `thumbprintSha256`. */
  readonly matchedBy: string;
}

export function createClientIdentity(
  { name, roles, functions }: FoundIdentity,
  certificate: ClientCertificate,
  matchedBy: string,
): ClientIdentity {
  return Object.freeze({
    name,
    roles: Object.freeze([...roles]),
    functions: functions === undefined ? undefined : Object.freeze([...functions]),
    certificate,
    matchedBy,
  });
}
