import { formatTrustCall } from '../../texts/tool-call.js';
import { ToolFailure } from '#local/tool-failure.js';
import { formatChangeLogEntry } from './change-log.js';
import { loadTrustDocument } from './load-trust-document.js';
import type { TrustLocation } from './location/trust-location.js';
import type { SigningKey } from './signing/signing-key.js';
import type { ChangeRequest } from './update-trust-document.js';

export interface StoredSignature {
  readonly outcome: 'written' | 'planned';
  readonly revision: number;
  readonly documentSha256: string;
  readonly signature: string;
}

/**
 * Signs the stored bytes and changes none of them. If others write meanwhile, it fails with a conflict instead of
 * signing their document, because a signer vouches only for what they have seen. `reviewedSha256` is the SHA-256 of the
 * document that the signer reviewed, in lower-case hexadecimal; by default that of the stored one.
 */
export async function signStoredDocument(
  location: TrustLocation,
  change: ChangeRequest & { readonly signingKey: SigningKey; readonly reviewedSha256?: string },
): Promise<StoredSignature> {
  const { document, bytes, documentSha256, etag } = await loadTrustDocument(location);
  const { reviewedSha256 = documentSha256 } = change;
  if (reviewedSha256 !== documentSha256) {
    throw new ToolFailure(
      `The document at ${location.description} is not the one with this hash: its SHA-256 is ${documentSha256}. Nothing was written.`,
      { remedy: `To see what changed: ${formatTrustCall('log')}` },
    );
  }
  const signature = await change.signingKey.sign(bytes);
  const { revision } = document;
  if (change.dryRun === true) return { outcome: 'planned', revision, documentSha256, signature };
  await location.appendLog(
    formatChangeLogEntry({
      version: 1,
      at: new Date().toISOString(),
      verb: change.verb,
      by: change.by,
      reason: change.reason,
      revision,
      documentSha256,
      previousDocumentSha256: documentSha256,
      signed: true,
      changes: [],
      touches: [],
    }),
  );
  if ((await location.write({ bytes, signature }, etag)) === 'conflict') {
    throw new ToolFailure('The document was changed while it was being signed; nothing was written.', {
      remedy: `See what changed, then sign again: ${formatTrustCall('log')}`,
      kind: 'conflict',
    });
  }
  return { outcome: 'written', revision, documentSha256, signature };
}
