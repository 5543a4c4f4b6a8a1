import { createHash } from 'node:crypto';
import { type TrustDocumentOptions, parseTrustDocument } from '../trust-document.js';
import type { PresentedCertificate } from '../presented-certificate.js';
import { type TrustFinding, findInSnapshot } from '../trust-finding.js';
import type { TrustSnapshot } from '../trust-snapshot.js';
import type { TrustStore, TrustStoreReport } from '../trust-store.js';
import { readAudienceOption } from './refresh-options.js';

/**
 * A trust store over a document that is part of the code: JSON text, or the value it stands for.
 *
 * @throws {TrustDocumentError} at once when the document is not valid.
 */
export function trustStoreFromDocument(document: unknown, options: TrustDocumentOptions = {}): TrustStore {
  readAudienceOption(options);
  return new DocumentTrustStore(parseTrustDocument(document, options), describeConfiguration(document, options));
}

/**
 * A class, so that `{ ...store, find }` takes no `version` along: answers of another `find` must not be remembered under
 * the name of this one's content.
 */
class DocumentTrustStore implements TrustStore {
  readonly #snapshot: TrustSnapshot;
  readonly #configuration: string;

  constructor(snapshot: TrustSnapshot, configuration: string) {
    this.#snapshot = snapshot;
    this.#configuration = configuration;
    Object.freeze(this);
  }

  get version(): string {
    return 'document';
  }

  get configuration(): string {
    return this.#configuration;
  }

  find(certificate: PresentedCertificate, now: number): TrustFinding {
    return findInSnapshot(this.#snapshot, certificate, now);
  }

  report(): TrustStoreReport {
    const { revision, warnings } = this.#snapshot;
    return { description: 'document in code', revision, warnings, fault: undefined };
  }
}

/** The text itself would keep the document in memory twice. */
function describeConfiguration(document: unknown, options: TrustDocumentOptions): string {
  const text = typeof document === 'string' ? document : JSON.stringify(document);
  const sha256 = createHash('sha256').update(text).digest('hex');
  return JSON.stringify(['document', sha256, options.audience ?? null]);
}
