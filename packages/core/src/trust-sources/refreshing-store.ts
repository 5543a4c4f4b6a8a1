import { describeFault } from '../fault-text.js';
import { expectKnownOptions } from '../known-options.js';
import type { PresentedCertificate } from '../presented-certificate.js';
import { TrustDocumentError, parseTrustDocument } from '../trust-document.js';
import { type TrustFinding, findInSnapshot } from '../trust-finding.js';
import type { TrustSnapshot } from '../trust-snapshot.js';
import type { TrustStore, TrustStoreReport } from '../trust-store.js';
import { type TrustSource, TrustSourceMisuse } from './trust-source.js';

export interface RefreshOptions {
  /** How often the source is looked at, in seconds; 30 by default. Looking happens on requests, no timer runs. */
  readonly refreshIntervalSeconds?: number;
  /** How long the last good document is used while reads fail, in seconds; one day by default, and no less than the interval. */
  readonly maximumStalenessSeconds?: number;
  /** How long one read may take, in seconds; 10 by default. */
  readonly readTimeoutSeconds?: number;
  /** The name of this app, for documents that have an `audience`. */
  readonly audience?: string | undefined;
}

const optionNames = ['refreshIntervalSeconds', 'maximumStalenessSeconds', 'readTimeoutSeconds', 'audience'];

/** A longer delay makes a timer fire at once. */
const maximumTimerMilliseconds = 2 ** 31 - 1;

/** Milliseconds; the wall clock moves when it is set, the monotonic one may stand still while the machine sleeps. */
export interface Clock {
  readonly wall: () => number;
  readonly monotonic: () => number;
}

const systemClock: Clock = { wall: () => Date.now(), monotonic: () => performance.now() };

interface Moment {
  readonly wall: number;
  readonly monotonic: number;
}

interface Loaded {
  readonly snapshot: TrustSnapshot;
  readonly sourceVersion: string | undefined;
  readonly version: string;
}

let loadCount = 0;

/** A trust store that keeps the last good version of a source's document and looks for a newer one while it is used. */
export class RefreshingTrustStore implements TrustStore {
  readonly #source: TrustSource;
  readonly #clock: Clock;
  readonly #audience: string | undefined;
  readonly #refreshInterval: number;
  readonly #maximumStaleness: number;
  readonly #readTimeout: number;
  #loaded: Loaded | undefined;
  #lastAttempt: Moment | undefined;
  #lastSuccess: Moment | undefined;
  #fault: string | undefined;
  /** Why the app must not start: the latest read found a document (or a set-up) that is not valid. */
  #startError: Error | undefined;
  #inFlight: Promise<void> | undefined;

  /** @throws {RangeError} for a duration that is not a positive, finite number of seconds; {TypeError} for an unknown option. */
  constructor(source: TrustSource, options: RefreshOptions = {}, clock: Clock = systemClock) {
    expectKnownOptions(options, optionNames, 'The trust store');
    this.#source = source;
    this.#clock = clock;
    this.#audience = options.audience;
    this.#refreshInterval = readDuration('refreshIntervalSeconds', options.refreshIntervalSeconds ?? 30);
    this.#maximumStaleness = readDuration('maximumStalenessSeconds', options.maximumStalenessSeconds ?? 86_400);
    if (this.#maximumStaleness < this.#refreshInterval) {
      // Every request between the two would be refused, with a source in good health.
      throw new RangeError('maximumStalenessSeconds must not be less than refreshIntervalSeconds.');
    }
    this.#readTimeout = readDuration('readTimeoutSeconds', options.readTimeoutSeconds ?? 10);
    if (this.#readTimeout > maximumTimerMilliseconds) {
      throw new RangeError(`readTimeoutSeconds must be at most ${Math.floor(maximumTimerMilliseconds / 1000)}.`);
    }
    // Another `find` put in place of this one would be remembered under this one's version.
    Object.freeze(this);
  }

  get configuration(): string | undefined {
    const { configuration } = this.#source;
    if (configuration === undefined) return undefined;
    const times = [this.#refreshInterval, this.#maximumStaleness, this.#readTimeout];
    return JSON.stringify([configuration, this.#audience ?? null, ...times]);
  }

  /**
   * Undefined while answers may not be remembered: before the first load, past the staleness limit, and when the process
   * slept for more than two intervals, since then a request waits for the refresh before it decides.
   */
  get version(): string | undefined {
    if (this.#loaded === undefined) return undefined;
    const age = this.#age(this.#lastAttempt);
    if (age > 2 * this.#refreshInterval || this.#age(this.#lastSuccess) > this.#maximumStaleness) return undefined;
    if (age > this.#refreshInterval) this.#refreshInBackground();
    return this.#loaded.version;
  }

  async start(): Promise<void> {
    await this.#refresh();
    if (this.#startError !== undefined) throw this.#startError;
  }

  find(certificate: PresentedCertificate, now: number): TrustFinding | Promise<TrustFinding> {
    if (this.version !== undefined) return this.#findInLoaded(certificate, now);
    return this.#refreshThenFind(certificate, now);
  }

  report(): TrustStoreReport {
    return {
      description: this.#source.description,
      revision: this.#loaded?.snapshot.revision,
      warnings: this.#loaded?.snapshot.warnings ?? [],
      fault: this.#fault,
    };
  }

  async #refreshThenFind(certificate: PresentedCertificate, now: number): Promise<TrustFinding> {
    // A source that fails is asked once per interval, not once per request.
    if (this.#age(this.#lastAttempt) > this.#refreshInterval || this.#inFlight !== undefined) await this.#refresh();
    // The read that was under way may have begun before the process slept.
    if (this.#age(this.#lastAttempt) > 2 * this.#refreshInterval) await this.#refresh();
    return this.#findInLoaded(certificate, now);
  }

  #findInLoaded(certificate: PresentedCertificate, now: number): TrustFinding {
    if (this.#loaded === undefined) {
      return {
        outcome: 'unavailable',
        detail: `No trust document could be read yet (${this.#source.description}): ${this.#fault ?? 'not loaded'}`,
      };
    }
    if (this.#age(this.#lastSuccess) > this.#maximumStaleness) {
      return {
        outcome: 'unavailable',
        detail: `The trust document has not been readable for more than ${this.#maximumStaleness / 1000} s (${this.#source.description}): ${this.#fault ?? 'stale'}`,
      };
    }
    return findInSnapshot(this.#loaded.snapshot, certificate, now);
  }

  #refreshInBackground(): void {
    // #refresh never rejects: a failed read is kept as the fault.
    this.#refresh().catch(() => undefined);
  }

  #refresh(): Promise<void> {
    this.#inFlight ??= this.#read().finally(() => {
      this.#inFlight = undefined;
    });
    return this.#inFlight;
  }

  async #read(): Promise<void> {
    const began = this.#moment();
    try {
      const reading = await withTimeout(this.#readTimeout, (signal) =>
        this.#source.read(this.#loaded?.sourceVersion, signal),
      );
      if (reading.changed) this.#replace(reading.text, reading.version);
      this.#lastSuccess = began;
      this.#fault = undefined;
      this.#startError = undefined;
    } catch (error) {
      this.#startError = findStartError(error, this.#source.description);
      this.#fault = this.#startError === undefined ? describeFault(error) : (error as Error).message;
    }
    // A read that took longer than a read may: the process slept meanwhile, and what it learned is of before.
    this.#lastAttempt = this.#age(began) > this.#readTimeout + 1000 ? began : this.#moment();
  }

  #replace(text: string, sourceVersion: string | undefined): void {
    const snapshot = parseTrustDocument(text, { audience: this.#audience });
    const present = this.#loaded?.snapshot.revision ?? 0;
    if (snapshot.revision < present) {
      throw new Error(
        `the document has revision ${snapshot.revision}, lower than ${present} which is in use; raise its revision`,
      );
    }
    loadCount += 1;
    this.#loaded = { snapshot, sourceVersion, version: `${this.#source.description}#${loadCount}` };
  }

  #moment(): Moment {
    return { wall: this.#clock.wall(), monotonic: this.#clock.monotonic() };
  }

  /** The larger of the two clocks' answers: one may have stood still, the other may have been set back. */
  #age(moment: Moment | undefined): number {
    if (moment === undefined) return Number.POSITIVE_INFINITY;
    return Math.max(this.#clock.wall() - moment.wall, this.#clock.monotonic() - moment.monotonic);
  }
}

/** The app that doesn't start must say which document is at fault. */
function findStartError(error: unknown, source: string): Error | undefined {
  if (error instanceof TrustDocumentError) return new TrustDocumentError(error.problems, source);
  return error instanceof TrustSourceMisuse ? error : undefined;
}

function readDuration(name: string, seconds: number): number {
  if (!Number.isFinite(seconds) || seconds <= 0) throw new RangeError(`${name} must be a positive number of seconds.`);
  return seconds * 1000;
}

async function withTimeout<T>(milliseconds: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
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
  }
}
