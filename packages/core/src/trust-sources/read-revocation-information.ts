import { type AuthorityContext, type OcspWanted, findAuthorityPath } from '../authority-path.js';
import { presentCertificate } from '../presented-certificate.js';
import type { RevocationInformation } from '../revocation-information.js';
import type { TrustedAuthority } from '../trust-authority.js';
import { findInSnapshot } from '../trust-finding.js';
import type { TrustSnapshot } from '../trust-snapshot.js';
import { RevocationKeeper } from './revocation-keeper.js';

export interface RevocationReadingOptions {
  /** The certificate whose responders are asked; undefined: no responder is. */
  readonly certificateDer?: Uint8Array | undefined;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly now: number;
  /** Whose responder is asked, whatever the document says of the certificate's names; undefined: whom the decision would. */
  readonly authority?: TrustedAuthority | undefined;
  /** Default 10,000. */
  readonly readTimeoutMilliseconds?: number;
}

/**
 * Reads once what a store would keep: the CRLs that the document's authorities name, and what their OCSP responders say of
 * one certificate. For tools that explain a decision. Never rejects: what can't be read is missing, and said so.
 */
export async function readRevocationInformation(
  snapshot: TrustSnapshot,
  { certificateDer, now, authority, readTimeoutMilliseconds = 10_000 }: RevocationReadingOptions,
): Promise<RevocationInformation> {
  const keeper = new RevocationKeeper(new Map());
  await keeper.refresh(snapshot.authorities, readTimeoutMilliseconds, now);
  if (certificateDer === undefined) return keeper;
  const wanted: OcspWanted[] = [];
  const presented = presentCertificate(certificateDer);
  const context: AuthorityContext = { revocation: keeper, onOcspWanted: (each) => wanted.push(each) };
  if (authority === undefined) findInSnapshot(snapshot, presented, now, context);
  else findAuthorityPath(authority, presented, now, context);
  await keeper.ask(wanted, now);
  return keeper;
}
