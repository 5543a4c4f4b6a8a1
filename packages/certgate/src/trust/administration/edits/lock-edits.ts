import type { TrustDocument, TrustDocumentLock } from '@certgate/core/internal';
import { formatTrustChange } from '../../../faults/tool-call.js';
import { ToolFailure } from '../../../faults/tool-failure.js';

// Pure, as the edits of identities are: a document in, a document out.

/** A lock that is there already stays, with the reason it had. */
export function lockDocument(document: TrustDocument, lock: TrustDocumentLock): TrustDocument {
  return document.locked === undefined ? { ...document, locked: lock } : document;
}

/** Takes the lock away and nothing else. @throws {ToolFailure} when there is none. */
export function unlockDocument(document: TrustDocument): TrustDocument {
  const { locked, ...rest } = document;
  if (locked !== undefined) return rest;
  throw new ToolFailure('The document is not locked. Nothing was written.', {
    remedy: `To admit a single identity again: ${formatTrustChange('enable', ['NAME'])}`,
  });
}
