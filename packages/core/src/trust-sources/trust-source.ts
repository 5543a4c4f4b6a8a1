// trust-sources/: reads a trust document and its signature from a file, an app setting, a URL or a blob.

import { CertgateError } from '@certgate/x509/internal';

/** A place that a trust document or a revocation list is read from. */
export interface TrustSource {
  /** Names the place in messages, e.g. `file trust.json`. It must not contain a secret, such as a URL's query. */
  readonly description: string;

  /**
   * Identifies the place: two sources with the same text read the same document. Undefined (or absent) if sources can't
   * be compared, for example if a function computes their request headers.
   */
  readonly configuration?: string | undefined;

  /** The expected place of the document's detached signature, for messages. */
  readonly signatureDescription?: string | undefined;

  /**
   * Reads the document, or says that it is still the version `lastVersion`. Buffers at most `maximumDocumentLength`
   * bytes. The store decides what the bytes mean.
   *
   * @throws {TrustSourceMisuse} (as a rejection) if the source is set up wrongly, so that it can never be read;
   * {TrustDocumentRefusal} if the document is there and can't be accepted; any other Error if it can't be read now.
   */
  read(request: TrustReadRequest): Promise<TrustSourceReading>;
}

export interface TrustReadRequest {
  /** The version that the reader already has. Undefined if it wants the document in any case. */
  readonly lastVersion: string | undefined;
  /** Aborted when nothing waits for the answer any more. */
  readonly signal: AbortSignal;
  /** Whether to read the detached signature as well. */
  readonly withSignature: boolean;
}

export type TrustSourceReading =
  | { readonly changed: false }
  | {
      readonly changed: true;
      readonly bytes: Uint8Array;
      readonly version: string | undefined;
      /** The detached signature as it is stored, not decoded. Undefined (or absent) if there is none. */
      readonly signature?: string | undefined;
    };

/** The source is set up wrongly: the app must not start with it. */
export class TrustSourceMisuse extends CertgateError {
  override readonly name = 'TrustSourceMisuse';
  declare readonly code: 'CERTGATE_TRUST_SOURCE_MISUSE';

  constructor(message: string) {
    super('CERTGATE_TRUST_SOURCE_MISUSE', message);
  }
}

/**
 * The document is there and is not accepted, for example because it or its signature is too large, or because it is not
 * signed. `TrustSourceMisuse` means that it can never be read, and any other error that it can't be read now.
 */
export class TrustDocumentRefusal extends Error {}

/**
 * The same kind of error with another message. A `TrustDocumentRefusal` stays one, so that the store still knows that
 * the document was there.
 */
export function rewordReadFault(error: unknown, message: string): Error {
  return error instanceof TrustDocumentRefusal ? new TrustDocumentRefusal(message) : new Error(message);
}

/**
 * Runs work that must end in time. When the time is over, the signal is aborted, and the work's later result is
 * ignored.
 *
 * @throws {Error} (as a rejection) when the time is over. Also rejects with what the work throws.
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
    // Ends what the source left open. The storage SDK, for example, throws at an answer without a length, and keeps it
    // open.
    controller.abort();
  }
}

/**
 * Resolves after that time, or as soon as the signal is aborted, which it may already be. The timer is not unref'ed,
 * because a caller waits for it.
 */
export function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(finish, milliseconds);
    function finish(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    }
    signal.addEventListener('abort', finish);
    if (signal.aborted) finish();
  });
}
