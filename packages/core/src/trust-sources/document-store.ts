import { type TrustDocumentOptions, parseTrustDocument } from '../trust-document.js';
import { findInSnapshot } from '../trust-finding.js';
import type { TrustStore } from '../trust-store.js';

/**
 * A trust store over a document that is part of the code: JSON text, or the value it stands for.
 *
 * @throws {TrustDocumentError} at once when the document is not valid.
 */
export function trustStoreFromDocument(document: unknown, options: TrustDocumentOptions = {}): TrustStore {
  const snapshot = parseTrustDocument(document, options);
  return Object.freeze<TrustStore>({
    version: 'document',
    find: (certificate, now) => findInSnapshot(snapshot, certificate, now),
    report: () => ({
      description: 'document in code',
      revision: snapshot.revision,
      warnings: snapshot.warnings,
      fault: undefined,
    }),
  });
}
