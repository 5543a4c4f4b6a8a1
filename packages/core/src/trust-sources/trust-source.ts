/** A place that a trust document is read from. */
export interface TrustSource {
  /** For messages, e.g. `file trust.json`. */
  readonly description: string;

  /** Names where the document is: two sources that name the same read the same. Undefined (or absent): nobody can say. */
  readonly configuration?: string | undefined;

  /**
   * Reads the document, or says that it is still the one named by `lastVersion`. Rejects when it can't be read now; a
   * `TrustSourceMisuse` when it never will be.
   */
  read(lastVersion: string | undefined, signal: AbortSignal): Promise<TrustSourceReading>;
}

export type TrustSourceReading =
  { readonly changed: false } | { readonly changed: true; readonly text: string; readonly version: string | undefined };

/** The source was set up wrongly: the app must not start with it. */
export class TrustSourceMisuse extends Error {
  override readonly name = 'TrustSourceMisuse';
}
