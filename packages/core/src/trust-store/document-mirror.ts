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

/** Bytes that a key of `signedBy` has signed. */
interface SignedBytes {
  readonly bytes: Uint8Array;
  readonly digest: string;
  readonly sourceVersion: string | undefined;
}

/** The first place answers, or there is a document in use: neither waits for longer for the mirror. */
const longestWaitMilliseconds = 2_000;

/**
 * The second place of a signed document: `trustStoreFrom([address, mirror])`. It is read when the app starts, and later
 * whenever the first place gives no document. It counts only with a higher revision than what is known, so that an old
 * mirror undoes nothing. It renews no limit either: a file that was deployed with the app can always be read.
 */
export class DocumentMirror {
  readonly #source: TrustSource;
  readonly #settings: RefreshSettings;
  readonly #signaturePause: number;
  #reading: Promise<SignedBytes | undefined> | undefined;
  /** The last document of the mirror that was parsed: the same needs no second look. */
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

  /** Why the app must not start, also where the first place is well: otherwise it would only show in an outage. */
  get misuse(): TrustSourceMisuse | undefined {
    return this.#misuse;
  }

  report(isInUse: boolean): TrustMirrorReport {
    return { description: this.#source.description, isInUse, fault: this.#fault };
  }

  /** To be added to what is wrong with the first place. */
  describe(isInUse: boolean): string {
    const { description } = this.#source;
    if (isInUse) return `; the document of the mirror (${description}) is in use`;
    return this.#fault === undefined ? '' : `; nor can the mirror (${description}) be used: ${this.#fault}`;
  }

  /** Begins a read for `findLater` or `expectNoneLater`, beside that of the first place. `inUse`: as there. */
  begin(inUse: NamedDocument | undefined): void {
    this.#reading ??= this.#tryRead(inUse);
  }

  /** The first place is well: what was read beside it would be old when it is needed. */
  forgetReading(): void {
    this.#reading = undefined;
  }

  /** The mirror's document if its revision is higher than that in use. Never rejects. */
  async findLater(
    inUse: NamedDocument | undefined,
  ): Promise<{ readonly snapshot: TrustSnapshot; readonly digest: string } | undefined> {
    const reading = (this.#reading ??= this.#tryRead(inUse));
    const signed = await (inUse === undefined ? reading : this.#awaitBriefly(reading));
    // It may have ended by the next time.
    if (signed === 'late') return undefined;
    this.#reading = undefined;
    return signed && this.#parseLater(signed, inUse);
  }

  /**
   * Of the two documents that the app finds when it starts, the one with the higher revision counts.
   *
   * @throws {Error} (as a rejection) when that is the mirror's, which `findLater` then gives; {TrustSourceMisuse} when the
   * mirror can never be read.
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

  /** Undefined: it is what was parsed before, and not later than what is in use. */
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
