import { createHash } from 'node:crypto';
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
    configuration: describeConfiguration(document, options),
    find: (certificate, now) => findInSnapshot(snapshot, certificate, now),
    report: () => ({
      description: 'document in code',
      revision: snapshot.revision,
      warnings: snapshot.warnings,
      fault: undefined,
    }),
  });
}

/** The text itself would keep the document in memory twice. */
function describeConfiguration(document: unknown, options: TrustDocumentOptions): string {
  const text = typeof document === 'string' ? document : JSON.stringify(document);
  const sha256 = createHash('sha256').update(text).digest('hex');
  return JSON.stringify(['document', sha256, options.audience ?? null]);
}
