import { hash } from 'node:crypto';
import { readKnownOptions } from '@certgate/x509/internal';
import { type TrustDocumentOptions, parseTrustDocument } from '../trust-document/parse-document.js';
import type { PresentedCertificate } from '../certificate-header/certificate-header.js';
import { findInSnapshot } from '../trust-snapshot/find-in-snapshot.js';
import type { TrustFinding } from '../trust-snapshot/trust-finding.js';
import type { StrangerClaim } from '../denial-facts.js';
import { findStrangerClaim } from '../trust-snapshot/stranger-claim.js';
import type { TrustSnapshot } from '../trust-snapshot/trust-snapshot.js';
import type { TrustStore, TrustStoreReport } from './trust-store.js';
import { noteListing } from './listed-documents.js';
import { type RefreshOptions, readAudienceOption } from './refresh-options.js';
import { RefreshingTrustStore } from './refreshing-store.js';
import type { TrustSource } from '../trust-sources/trust-source.js';

export type DocumentStoreOptions = TrustDocumentOptions & Pick<RefreshOptions, 'crlBlobs'>;

/**
 * A trust store over a document that is part of the code: JSON text, or the value that the text represents.
 *
 * @example
 * ```ts
 * import { trustStoreFromDocument } from '@certgate/azure-functions';
 *
 * const trustStore = trustStoreFromDocument({ schemaVersion: 1, revision: 1, identities: [] });
 * ```
 *
 * @throws {TrustDocumentError} at once if the document is not valid. {CertgateError} if an option is unknown or its
 * value is not valid, or if path validation can't be loaded.
 */
export function trustStoreFromDocument(document: unknown, given: DocumentStoreOptions = {}): TrustStore {
  const options = readKnownOptions(given, ['audience', 'crlBlobs'], 'The trust store');
  const audience = readAudienceOption(options);
  const snapshot = parseTrustDocument(document, { audience });
  const hasLists = snapshot.authorities.some(({ revocation }) => revocation.crls.length > 0 || revocation.ocsp);
  if (hasLists || 'crlBlobs' in options) return new RefreshingTrustStore(createConstantSource(document), options);
  return new DocumentTrustStore(snapshot, hashDocument(document), audience);
}

/** A source that never changes, for a document whose authorities use revocation information that does. */
function createConstantSource(document: unknown): TrustSource {
  const version = 'document';
  const bytes = Buffer.from(typeof document === 'string' ? document : JSON.stringify(document));
  return {
    description: 'document in code',
    configuration: `document ${hashDocument(document)}`,
    read: ({ lastVersion }) =>
      Promise.resolve(lastVersion === version ? { changed: false } : { changed: true, bytes, version }),
  };
}

/**
 * A class, so that `{ ...store, find }` does not copy `version`: the answers of another `find` must not be remembered
 * under this store's version.
 */
class DocumentTrustStore implements TrustStore {
  readonly #snapshot: TrustSnapshot;
  readonly #sha256: string;
  readonly #audience: string | undefined;

  constructor(snapshot: TrustSnapshot, sha256: string, audience: string | undefined) {
    this.#snapshot = snapshot;
    this.#sha256 = sha256;
    this.#audience = audience;
    const source = { description: 'document in code', configuration: `document ${sha256}` };
    noteListing(
      this,
      () => [snapshot],
      () => [{ sources: [source], options: { audience } }],
    );
    Object.freeze(this);
  }

  get version(): string {
    return 'document';
  }

  get configuration(): string {
    return describeConfiguration(this.#sha256, this.#audience);
  }

  find(certificate: PresentedCertificate, now: number): TrustFinding {
    return findInSnapshot(this.#snapshot, certificate, now);
  }

  report(): TrustStoreReport {
    const { revision, warnings, locked } = this.#snapshot;
    const common = { description: 'document in code', revision, sha256: this.#sha256, warnings, fault: undefined };
    return locked === undefined ? common : { ...common, isLocked: true };
  }

  findClaim(certificate: PresentedCertificate, now: number): StrangerClaim | undefined {
    return findStrangerClaim(this.#snapshot, certificate, now);
  }
}

/** The SHA-256 of the text, or of a value's JSON. Keeping the text itself would have the document in memory twice. */
function hashDocument(document: unknown): string {
  const text = typeof document === 'string' ? document : JSON.stringify(document);
  return hash('sha256', text, 'hex').toUpperCase();
}

function describeConfiguration(sha256: string, audience: string | undefined): string {
  return JSON.stringify(['document', sha256, audience ?? null]);
}
