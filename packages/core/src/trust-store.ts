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
  readonly warnings: readonly TrustStoreWarning[];
  /** Why the latest read failed; undefined when it succeeded. */
  readonly fault: string | undefined;
  /**
   * When the latest good read began, in milliseconds since 1970-01-01T00:00:00Z. Undefined (or absent): never, or the
   * store doesn't read.
   */
  readonly lastSuccessAt?: number | undefined;
  /** How long ago that is, by whichever clock says more. */
  readonly ageMilliseconds?: number | undefined;
}

/** What the document itself warns of, and what only shows when one follows another. */
export interface TrustStoreWarning {
  readonly code: TrustWarning['code'] | 'revision_reused';
  /** Where in the document, e.g. `identities[3].certificates[0]`. */
  readonly path: string;
  readonly message: string;
}
