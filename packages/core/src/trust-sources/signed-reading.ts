import type { DocumentSignatureVerdict, DocumentSignatureVerifier } from './document-signature.js';
import { pause } from './read-within.js';
import type { TrustSource, TrustSourceReading } from './trust-source.js';

/**
 * Reads a source whose document must be signed; nothing of it is parsed here. Document and signature are mostly two files
 * with a writer who may be between them, so a pair that doesn't fit is read once more, a moment later.
 *
 * @throws {Error} (as a rejection) when the document isn't signed by one of the keys.
 */
export async function readSigned(
  source: TrustSource,
  verifier: DocumentSignatureVerifier,
  lastVersion: string | undefined,
  signal: AbortSignal,
  pauseMilliseconds: number,
): Promise<TrustSourceReading> {
  let verdict: DocumentSignatureVerdict = 'absent';
  for (const delay of [0, pauseMilliseconds]) {
    if (delay > 0) await pause(delay, signal);
    const reading = await source.read({ lastVersion, signal, withSignature: true });
    if (!reading.changed) return reading;
    verdict = await verifier.verify(reading.bytes, reading.signature);
    if (verdict === 'fits') return reading;
  }
  throw new Error(describeVerdict(verdict, source.signatureDescription ?? 'beside the document'));
}

function describeVerdict(verdict: DocumentSignatureVerdict, place: string): string {
  switch (verdict) {
    case 'malformed':
      return `the document's signature (${place}) is not base64 in one line; sign it again`;
    case 'wrong':
      return `the document's signature (${place}) was not made over these bytes with a key of signedBy; either the document was changed and not signed again, or somebody else signed it`;
    default:
      return `the document is not signed, and signedBy wants that; its signature is looked for in ${place}`;
  }
}
