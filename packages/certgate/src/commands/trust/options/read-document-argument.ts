import { readBoundedStream } from '../../../certificates/read-bounded-file.js';
import { ToolFailure } from '#local/tool-failure.js';
import { missingDocument } from '../../../trust/administration/load-trust-document.js';
import { maximumDocumentBytes, type StoredDocument } from '../../../trust/administration/location/trust-location.js';
import { openTrustLocation } from '../../../trust/administration/open-trust-location.js';

export interface DocumentArgument {
  /** What messages call the document. */
  readonly description: string;
  readonly stored: StoredDocument;
}

/** Reads a document that is named on the command line: a location as for `--store`, or `-` for standard input. */
export async function readDocumentArgument(text: string): Promise<DocumentArgument> {
  if (text === '-') {
    const bytes = await readBoundedStream(process.stdin, 'Standard input', maximumDocumentBytes);
    if (bytes.length === 0) throw new ToolFailure('Standard input is empty, but a trust document was expected.');
    return { description: 'standard input', stored: { bytes, etag: '', signature: undefined } };
  }
  const location = await openTrustLocation(text);
  const stored = await location.read();
  if (stored === undefined) throw missingDocument(location);
  return { description: location.description, stored };
}
