import type { PresentedCertificate } from './presented-certificate.js';
import type { TrustFinding } from './trust-finding.js';
import type { TrustWarning } from './trust-snapshot.js';

/**
 * What answers who a certificate belongs to. A store of your own needs `find` alone.
 *
 * Whatever goes wrong in it (a throw, a rejection, a timeout, an answer of another shape) is answered with 503, never
 * with a pass.
 */
export interface TrustStore {
  /** `now` is in milliseconds since 1970-01-01T00:00:00Z. */
  find(certificate: PresentedCertificate, now: number): TrustFinding | Promise<TrustFinding>;

  /**
   * Names the store's present content: as long as it stays the same, earlier answers hold and are remembered. Undefined
   * (or absent): the store can't vouch for that now, and `find` is asked at every request.
   */
  readonly version?: string | undefined;

  /**
   * Names everything that the answers depend on, options included: two stores that name the same answer the same.
   * Undefined (or absent): nobody can say. An app of several bundles has a store in each, and only one of them is used.
   */
  readonly configuration?: string | undefined;

  /**
   * Loads the content for the first time, when the app starts. Rejects when the content is there and not valid, which
   * keeps the app from starting; resolves when it is out of reach, since `find` then answers `unavailable`.
   */
  start?(): Promise<void>;

  /** What an operator should know of it. */
  report?(): TrustStoreReport;
}

export interface TrustStoreReport {
  /** Where the trust comes from, e.g. `file trust.json`. */
  readonly description: string;
  readonly revision: number | undefined;
  readonly warnings: readonly TrustWarning[];
  /** Why the latest read failed; undefined when it succeeded. */
  readonly fault: string | undefined;
}
