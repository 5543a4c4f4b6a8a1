/** A place that a trust document is read from. */
export interface TrustSource {
  /** For messages, e.g. `file trust.json`. Holds no secret: a URL's query, above all, stays out of it. */
  readonly description: string;

  /** Names where the document is: two sources that name the same read the same. Undefined (or absent): nobody can say. */
  readonly configuration?: string | undefined;

  /** Where the document's detached signature is looked for, for messages. */
  readonly signatureDescription?: string | undefined;

  /**
   * Reads the document, or says that it is still the one named by `lastVersion`. Rejects when it can't be read now; a
   * `TrustSourceMisuse` when it never will be. It buffers no more than `maximumDocumentLength` bytes; what the bytes mean
   * is the store's business.
   */
  read(request: TrustReadRequest): Promise<TrustSourceReading>;
}

export interface TrustReadRequest {
  /** The version of the document in use. Undefined: there is none, or the source named none. */
  readonly lastVersion: string | undefined;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
  /** Whether the detached signature is wanted too. */
  readonly withSignature: boolean;
}

export type TrustSourceReading =
  | { readonly changed: false }
  | {
      readonly changed: true;
      readonly bytes: Uint8Array;
      readonly version: string | undefined;
      /** As it stands there, undecoded; undefined (or absent): there is none. */
      readonly signature?: string | undefined;
    };

/** The source was set up wrongly: the app must not start with it. */
export class TrustSourceMisuse extends Error {
  override readonly name = 'TrustSourceMisuse';
}
