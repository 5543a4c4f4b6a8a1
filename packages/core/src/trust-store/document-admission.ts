import { describeFault } from '../encoding/describe-fault.js';
import { TrustDocumentError, maximumDocumentLength } from '../trust-document/document-error.js';
import { anyAudience, parseTrustDocumentInSlices } from '../trust-document/parse-document.js';
import { type RefreshOptions, type RefreshSettings, readRefreshOptions } from './refresh-options.js';
import { readSigned } from '../trust-sources/document-signature.js';
import type { TrustSource } from '../trust-sources/trust-source.js';
import type { TrustSnapshot } from '../trust-snapshot/trust-snapshot.js';

/** Those of a store's options that decide which documents it takes. */
export interface DocumentAdmissionOptions extends Pick<RefreshOptions, 'signedBy' | 'minimumRevision'> {
  /** The name of the app; absent: one that says none. `anyAudience`: it is not compared, as no gate would have it. */
  readonly audience?: string | typeof anyAudience | undefined;
}

/** One stored version of a document, as it was read. */
export interface ReadDocument {
  readonly bytes: Uint8Array;
  /** The detached signature beside it; undefined: there is none. */
  readonly signature: string | undefined;
}

/** Whether a store takes a document when it starts. */
export type DocumentAdmission =
  | { readonly outcome: 'taken'; readonly snapshot: TrustSnapshot }
  /** `fault` is what the store would report. */
  | { readonly outcome: 'refused'; readonly fault: string };

/**
 * Whether a store with these options would take a document when it starts, by the steps of the store itself. For tools
 * that say what a gate does; a store that has a newer document in use refuses more.
 *
 * @throws {CertgateError} (as a rejection) for an unknown option or what is no public key, or a
 * `minimumRevision` that is no whole number.
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
 * Bytes whose signature was verified, where one is asked for → the document.
 *
 * @throws {Error} (as a rejection) where a store with these settings refuses it: {TrustDocumentError} if it isn't valid.
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
