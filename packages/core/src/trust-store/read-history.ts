import { describeFault } from '../encoding/describe-fault.js';
import { TrustDocumentError } from '../trust-document/document-error.js';
import { TrustDocumentRefusal, TrustSourceMisuse } from '../trust-sources/trust-source.js';

/** Durations in milliseconds. */
export interface StalenessLimits {
  /** How long the last good document decides while reads fail. */
  readonly maximumStaleness: number;
  /** How long it decides once a document was read after it and refused; at most `maximumStaleness`. */
  readonly maximumStalenessAfterRefusal: number;
}

/** `unreachable`: the document could not be read. `refused`: it was read, and is not taken. */
export type ReadFailure = 'unreachable' | 'refused';

/**
 * What the reads of one trust source came to, and how long the last good document may therefore decide.
 *
 * Both limits count from the last good read, and a refusal is remembered until the next good read. So no order of
 * refused documents, failed reads and sleep lets a document decide for longer than the shorter limit that applies.
 */
export class ReadHistory {
  readonly #ages: AgeKeeper;
  readonly #limits: StalenessLimits;
  /** When the last good read began, since that is how old the document may be. */
  #lastSuccess: Moment | undefined;
  #failureCount = 0;
  #failure: ReadFailure | undefined;
  #fault: string | undefined;
  /** Why the latest refused document since the last good read was refused. */
  #refusal: string | undefined;
  #startError: Error | undefined;

  constructor(ages: AgeKeeper, limits: StalenessLimits) {
    this.#ages = ages;
    this.#limits = limits;
  }

  /** How many reads have failed since the last good one. */
  get failureCount(): number {
    return this.#failureCount;
  }

  /** Of the latest read; undefined when it was good. */
  get failure(): ReadFailure | undefined {
    return this.#failure;
  }

  get fault(): string | undefined {
    return this.#fault;
  }

  /** Why the app must not start: the latest read found a document (or a set-up) that is not valid. */
  get startError(): Error | undefined {
    return this.#startError;
  }

  get lastSuccess(): Moment | undefined {
    return this.#lastSuccess;
  }

  isStale(now?: Moment): boolean {
    return this.#ages.age(this.#lastSuccess, now) > this.#limit;
  }

  /** When the document in use stops deciding unless a good read comes first, by the wall clock, in milliseconds. */
  get usableUntil(): number | undefined {
    return this.#lastSuccess && this.#lastSuccess.wall + this.#limit;
  }

  noteSuccess(began: Moment): void {
    this.#lastSuccess = began;
    this.#failureCount = 0;
    this.#failure = undefined;
    this.#fault = undefined;
    this.#refusal = undefined;
    this.#startError = undefined;
  }

  /**
   * After a failure: a document of the mirror has come into use. What is known of the first place stays as it is, and so
   * does the limit that applies, which counts from now on.
   */
  noteMirrored(began: Moment): void {
    this.#lastSuccess = began;
    this.#startError = undefined;
  }

  /** `isRead`: the source had given the document before this went wrong. `source` describes it, for messages. */
  noteFailure(error: unknown, isRead: boolean, source: string): void {
    this.#failureCount += 1;
    this.#startError = findStartError(error, source);
    this.#fault = this.#startError === undefined ? describeFault(error) : (error as Error).message;
    this.#failure = isRead || error instanceof TrustDocumentRefusal ? 'refused' : 'unreachable';
    if (this.#failure === 'refused') this.#refusal = this.#fault;
  }

  /** Why a document that is stale does not decide, for the operator. */
  describeStaleness(source: string): string {
    const limit = this.#limit / 1000;
    const fault = this.#fault ?? 'no read has ended';
    if (this.#refusal === undefined)
      return `The trust document has not been readable for more than ${limit} s (${source}): ${fault}`;
    const later = this.#failure === 'unreachable' ? ` Since then it could not be read: ${fault}` : '';
    return `The trust document (${source}) was refused, and the last good one is more than ${limit} s old, which is maximumStalenessAfterRefusalSeconds. Publish a document that can be accepted: ${this.#refusal}${later}`;
  }

  get #limit(): number {
    const { maximumStaleness, maximumStalenessAfterRefusal } = this.#limits;
    return this.#refusal === undefined ? maximumStaleness : maximumStalenessAfterRefusal;
  }
}

/** The app that doesn't start must say which document is at fault. */
function findStartError(error: unknown, source: string): Error | undefined {
  if (error instanceof TrustDocumentError) return new TrustDocumentError(error.problems, source);
  return error instanceof TrustSourceMisuse ? error : undefined;
}

/** Milliseconds; the wall clock moves when it is set, the monotonic one may stand still while the machine sleeps. */
export interface Clock {
  readonly wall: () => number;
  readonly monotonic: () => number;
}

export const systemClock: Clock = {
  wall: () => Date.now(),
  // The clock of `performance.now()`, which has Node load ten modules at its first use.
  monotonic: () => {
    const [seconds, nanoseconds] = process.hrtime();
    return seconds * 1_000 + nanoseconds / 1_000_000;
  },
};

export interface Moment {
  readonly wall: number;
  readonly monotonic: number;
}

/** Set back by more than a correction: what the wall clock said earlier can't be compared with what it says now. */
const correctionMilliseconds = 1_000;

/** Tells how long ago something was, by two clocks of which neither is to be believed alone. */
export class AgeKeeper {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  moment(): Moment {
    return { wall: this.#clock.wall(), monotonic: this.#clock.monotonic() };
  }

  /** The larger of the two clocks' answers: one may have stood still, the other may have been set back. */
  age(moment: Moment | undefined, now: Moment = this.moment()): number {
    if (moment === undefined) return Number.POSITIVE_INFINITY;
    return Math.max(now.wall - moment.wall, now.monotonic - moment.monotonic);
  }

  /**
   * The same, but endless where the wall clock was set back since: the other clock may have stood still, so that nobody
   * knows. For questions whose answer "too old" costs a read and no more.
   */
  ageAtWorst(moment: Moment | undefined, now: Moment = this.moment()): number {
    if (moment !== undefined && now.wall < moment.wall - correctionMilliseconds) return Number.POSITIVE_INFINITY;
    return this.age(moment, now);
  }
}

/**
 * Notices that the process was frozen (a serverless instance between requests, SIGSTOP, a laptop's lid) while a read was
 * under way: its answer may be of before, however young it looks.
 */
export class FreezeWatch {
  readonly #ages: AgeKeeper;
  readonly #tolerance: number;
  readonly #timer: NodeJS.Timeout;
  #lastTick: Moment;
  #longestGap = 0;

  constructor(ages: AgeKeeper, toleranceMilliseconds: number) {
    this.#ages = ages;
    this.#tolerance = toleranceMilliseconds;
    this.#lastTick = ages.moment();
    this.#timer = setInterval(
      () => {
        this.#tick();
      },
      Math.min(toleranceMilliseconds / 4, 1_000),
    );
    this.#timer.unref();
  }

  /** Ends the watch and says whether the process stood still for longer than tolerated. */
  end(): boolean {
    clearInterval(this.#timer);
    this.#tick();
    return this.#longestGap > this.#tolerance;
  }

  #tick(): void {
    this.#longestGap = Math.max(this.#longestGap, this.#ages.ageAtWorst(this.#lastTick));
    this.#lastTick = this.#ages.moment();
  }
}
