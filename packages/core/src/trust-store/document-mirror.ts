import { describeFault } from '../encoding/describe-fault.js';
import { digestSha256 } from '../trust-sources/document-bytes.js';
import { readSigned } from '../trust-sources/document-signature.js';
import { pause, readWithin, type TrustSource, TrustSourceMisuse } from '../trust-sources/trust-source.js';
import type { TrustSnapshot } from '../trust-snapshot/trust-snapshot.js';
import { readAdmittedDocument } from './document-admission.js';
import type { RefreshSettings } from './refresh-options.js';
import type { TrustMirrorReport } from './trust-store.js';

interface NamedDocument {
  readonly digest: string;
  readonly revision: number;
}

/** A document that was signed with a key of `signedBy`. */
interface SignedBytes {
  readonly bytes: Uint8Array;
  readonly digest: string;
  readonly sourceVersion: string | undefined;
}

/** How long the store waits for the mirror if the first source answered, or if a document is already in use. */
const longestWaitMilliseconds = 2_000;

/**
 * The second source of a signed document: `trustStoreFrom([address, mirror])`. It is read when the app starts, and
 * later if a read of the first source failed. Its document is used only if its revision is higher than the known one,
 * so that an old mirror undoes nothing. Reading the same document again does not extend a staleness limit: a file that
 * was deployed with the app can always be read.
 */
export class DocumentMirror {
  readonly #source: TrustSource;
  readonly #settings: RefreshSettings;
  readonly #signaturePause: number;
  #reading: Promise<SignedBytes | undefined> | undefined;
  /** The last document of the mirror that was parsed. The same document need not be parsed again. */
  #known: (NamedDocument & Pick<SignedBytes, 'sourceVersion'>) | undefined;
  #fault: string | undefined;
  #misuse: TrustSourceMisuse | undefined;

  constructor(source: TrustSource, settings: RefreshSettings, signaturePauseMilliseconds: number) {
    this.#source = source;
    this.#settings = settings;
    this.#signaturePause = signaturePauseMilliseconds;
  }

  get configuration(): string | undefined {
    return this.#source.configuration;
  }

  /**
   * Why the app must not start because of the mirror, even if the first source works: otherwise the mistake would only
   * show in an outage. Undefined unless the latest read of the mirror failed because of a wrong set-up.
   */
  get misuse(): TrustSourceMisuse | undefined {
    return this.#misuse;
  }

  report(isInUse: boolean): TrustMirrorReport {
    return { description: this.#source.description, isInUse, fault: this.#fault };
  }

  /** A text to append to the fault of the first source. */
  describe(isInUse: boolean): string {
    const { description } = this.#source;
    if (isInUse) return `; the document of the mirror (${description}) is in use`;
    return this.#fault === undefined ? '' : `; nor can the mirror (${description}) be used: ${this.#fault}`;
  }

  /**
   * Starts a read of the mirror at the same time as the read of the first source. `findLater` or `expectNoneLater` uses
   * its result. `inUse` is the document in use, if there is one.
   */
  begin(inUse: NamedDocument | undefined): void {
    this.#reading ??= this.#tryRead(inUse);
  }

  /** Forgets the read, because the first source works: the read's result would be old when it is needed. */
  forgetReading(): void {
    this.#reading = undefined;
  }

  /**
   * The mirror's document if its revision is higher than that of the document in use, or if no document is in use;
   * otherwise undefined. Also undefined if the mirror does not answer in time. Never rejects.
   */
  async findLater(
    inUse: NamedDocument | undefined,
  ): Promise<{ readonly snapshot: TrustSnapshot; readonly digest: string } | undefined> {
    const reading = (this.#reading ??= this.#tryRead(inUse));
    const signed = await (inUse === undefined ? reading : this.#awaitBriefly(reading));
    // The read goes on, and may have ended by the next call.
    if (signed === 'late') return undefined;
    this.#reading = undefined;
    return signed && this.#parseLater(signed, inUse);
  }

  /**
   * Checks when the app starts that the mirror has no higher revision than the first source: of the two documents, the
   * one with the higher revision is used.
   *
   * @throws {Error} (as a rejection) if the mirror's revision is higher; `findLater` then returns its document.
   * {TrustSourceMisuse} if the mirror can never be read.
   */
  async expectNoneLater(first: NamedDocument): Promise<void> {
    const signed = await this.#awaitBriefly((this.#reading ??= this.#tryRead(undefined)));
    if (this.#misuse !== undefined) throw this.#misuse;
    if (signed === 'late') this.#fault = `it did not answer within ${longestWaitMilliseconds / 1000} s`;
    const later = signed === 'late' ? undefined : signed && (await this.#parseLater(signed, first));
    if (later !== undefined) {
      const { revision } = later.snapshot;
      throw new Error(
        `the document has revision ${first.revision}, lower than ${revision} in the mirror (${this.#source.description}); raise its revision`,
      );
    }
  }

  async #awaitBriefly<T>(reading: Promise<T>): Promise<T | 'late'> {
    const waiting = new AbortController();
    const late = pause(longestWaitMilliseconds, waiting.signal).then(() => 'late' as const);
    const first = await Promise.race([reading, late]);
    waiting.abort();
    return first;
  }

  async #tryRead(inUse: NamedDocument | undefined): Promise<SignedBytes | undefined> {
    try {
      const signed = await readWithin(this.#settings.readTimeout, (signal) => this.#readSigned(inUse, signal));
      this.#misuse = undefined;
      this.#fault = undefined;
      return signed;
    } catch (error) {
      this.#misuse = error instanceof TrustSourceMisuse ? error : undefined;
      this.#fault = this.#misuse?.message ?? describeFault(error);
      return undefined;
    }
  }

  /**
   * Undefined if the mirror still has the document that was parsed before, and its revision is not higher than the one
   * in use.
   */
  async #readSigned(inUse: NamedDocument | undefined, signal: AbortSignal): Promise<SignedBytes | undefined> {
    const { verifier } = this.#settings;
    if (verifier === undefined) throw new Error('signedBy is not set');
    const lastVersion = isLater(this.#known, inUse) ? undefined : this.#known?.sourceVersion;
    const reading = await readSigned(this.#source, verifier, { lastVersion, signal }, this.#signaturePause, []);
    if (!reading.changed) return undefined;
    return { bytes: reading.bytes, digest: await digestSha256(reading.bytes), sourceVersion: reading.version };
  }

  async #parseLater(
    { bytes, digest, sourceVersion }: SignedBytes,
    inUse: NamedDocument | undefined,
  ): Promise<{ readonly snapshot: TrustSnapshot; readonly digest: string } | undefined> {
    if (digest === inUse?.digest) return undefined;
    if (digest === this.#known?.digest && !isLater(this.#known, inUse)) return undefined;
    try {
      const snapshot = await readAdmittedDocument(bytes, this.#settings);
      this.#known = { digest, revision: snapshot.revision, sourceVersion };
      return isLater(snapshot, inUse) ? { snapshot, digest } : undefined;
    } catch (error) {
      this.#fault = describeFault(error);
      return undefined;
    }
  }
}

function isLater(document: { readonly revision: number } | undefined, inUse: NamedDocument | undefined): boolean {
  return document !== undefined && (inUse === undefined || document.revision > inUse.revision);
}
