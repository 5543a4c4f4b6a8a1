import { describeFault } from '../encoding/describe-fault.js';
import { TrustDocumentError, maximumDocumentLength } from '../trust-document/document-error.js';
import { anyAudience, parseTrustDocumentInSlices } from '../trust-document/parse-document.js';
import { type RefreshOptions, type RefreshSettings, readRefreshOptions } from './refresh-options.js';
import { readSigned } from '../trust-sources/document-signature.js';
import type { TrustSource } from '../trust-sources/trust-source.js';
import type { TrustSnapshot } from '../trust-snapshot/trust-snapshot.js';

/** The options of a store that decide which documents it accepts. */
export interface DocumentAdmissionOptions extends Pick<RefreshOptions, 'signedBy' | 'minimumRevision'> {
  /**
   * The name of the app; absent if the app gives none. With `anyAudience`, the document's audience is not compared; no
   * gate does that.
   */
  readonly audience?: string | typeof anyAudience | undefined;
}

/** One stored version of a document, as it was read. */
export interface ReadDocument {
  readonly bytes: Uint8Array;
  /** The detached signature of the document. Undefined if there is none. */
  readonly signature: string | undefined;
}

/** Whether a store would accept a document when it starts. */
export type DocumentAdmission =
  | { readonly outcome: 'taken'; readonly snapshot: TrustSnapshot }
  /** `fault` is what the store would report, without the description of its source. */
  | { readonly outcome: 'refused'; readonly fault: string };

/**
 * Whether a store with these options would accept a document when it starts, by the same steps as the store. For tools
 * that show what a gate does. A store that already uses a newer document refuses more.
 *
 * @throws {CertgateError} (as a rejection) if an option is unknown or its value is not valid.
 */
export async function admitDocument(
  { bytes, signature }: ReadDocument,
  { audience, ...options }: DocumentAdmissionOptions,
): Promise<DocumentAdmission> {
  const settings = readRefreshOptions(audience === anyAudience ? options : { ...options, audience });
  const source: TrustSource = {
    description: 'document',
    configuration: undefined,
    read: () => Promise.resolve({ changed: true, bytes, version: undefined, signature }),
  };
  try {
    if (settings.verifier !== undefined) {
      const request = { lastVersion: undefined, signal: new AbortController().signal };
      await readSigned(source, settings.verifier, request, 0, []);
    }
    return { outcome: 'taken', snapshot: await readAdmittedDocument(bytes, { ...settings, audience }) };
  } catch (error) {
    return {
      outcome: 'refused',
      fault: error instanceof TrustDocumentError ? error.message : describeFault(error),
    };
  }
}

/**
 * Parses the bytes of a document. If a signature is required, the caller of this function has verified it.
 *
 * @throws {Error} (as a rejection) if a store with these settings refuses the document; {TrustDocumentError} if it
 * isn't valid.
 */
export async function readAdmittedDocument(
  bytes: Uint8Array,
  { audience, minimumRevision }: Pick<DocumentAdmissionOptions, 'audience'> & Pick<RefreshSettings, 'minimumRevision'>,
): Promise<TrustSnapshot> {
  if (bytes.length > maximumDocumentLength) throw new Error(`it is larger than ${maximumDocumentLength} bytes`);
  const snapshot = await parseTrustDocumentInSlices(bytes, { audience });
  if (snapshot.revision < minimumRevision) {
    throw new Error(`the document has revision ${snapshot.revision}, lower than minimumRevision (${minimumRevision})`);
  }
  return snapshot;
}
