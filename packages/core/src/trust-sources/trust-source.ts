// trust-sources/: where a trust document is read from (file, variable, URL, blob), and its signature.

import { CertgateError } from '@certgate/x509/internal';

/** A place that a trust document is read from. */
export interface TrustSource {
  /** For messages, e.g. `file trust.json`. Holds no secret: a URL's query, above all, stays out of it. */
  readonly description: string;

  /** Names where the document is: two sources that name the same read the same. Undefined (or absent): nobody can say. */
  readonly configuration?: string | undefined;

  /** Where the document's detached signature is looked for, for messages. */
  readonly signatureDescription?: string | undefined;

  /**
   * Reads the document, or says that it is still the one named by `lastVersion`. Rejects when it can't be read now; with
   * a `TrustSourceMisuse` when it never will be; with a `TrustDocumentRefusal` when it is there and can't be taken. It buffers no more than `maximumDocumentLength` bytes; what the bytes mean
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
export class TrustSourceMisuse extends CertgateError {
  override readonly name = 'TrustSourceMisuse';
  declare readonly code: 'CERTGATE_TRUST_SOURCE_MISUSE';

  constructor(message: string) {
    super('CERTGATE_TRUST_SOURCE_MISUSE', message);
  }
}

/**
 * The document was read, and is not taken: its author wrote something that does not count. Anything else that a read
 * rejects with means that the document could not be read.
 */
export class TrustDocumentRefusal extends Error {}

/** The same kind of error in other words: whether the document was there must not get lost on the way. */
export function rewordReadFault(error: unknown, message: string): Error {
  return error instanceof TrustDocumentRefusal ? new TrustDocumentRefusal(message) : new Error(message);
}

/**
 * Does work that must come to an end: it is told by its signal when the time is over, and what it does later counts for
 * nothing.
 *
 * @throws {Error} (as a rejection) when the time is over.
 */
export async function readWithin<T>(milliseconds: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      controller.abort();
      reject(new Error(`the source did not answer within ${milliseconds / 1000} s`));
    }, milliseconds);
    timer.unref();
  });
  try {
    return await Promise.race([work(controller.signal), late]);
  } finally {
    clearTimeout(timer);
    // Whatever the source left open: the storage SDK, for one, throws at an answer without a length and keeps it.
    controller.abort();
  }
}

/** Resolves after that time, or at once when the signal is aborted. A moment that somebody waits for: it isn't unref'ed. */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(finish, milliseconds);
    function finish(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    }
    signal.addEventListener('abort', finish);
  });
}
