import { describeFault } from '../encoding/describe-fault.js';
import { TrustDocumentError } from '../trust-document/document-error.js';
import { TrustDocumentRefusal, TrustSourceMisuse } from '../trust-sources/trust-source.js';

/** In milliseconds. */
export interface StalenessLimits {
  /** How long the last good document is used while reads fail. */
  readonly maximumStaleness: number;
  /**
   * How long the last good document is used after a later document was read and refused; at most `maximumStaleness`.
   */
  readonly maximumStalenessAfterRefusal: number;
}

/** `unreachable`: the document could not be read. `refused`: it was read, and is not accepted. */
export type ReadFailure = 'unreachable' | 'refused';

/**
 * The results of a trust source's reads, and how long the last good document may be used because of them.
 *
 * Both limits are measured from the last good read, and a refusal is remembered until the next good read. So no order
 * of refused documents, failed reads and sleep keeps a document in use for longer than the limit that applies.
 */
export class ReadHistory {
  readonly #ages: AgeKeeper;
  readonly #limits: StalenessLimits;
  /** When the last good read began, because the document may be as old as that. */
  #lastSuccess: Moment | undefined;
  #failureCount = 0;
  #failure: ReadFailure | undefined;
  #fault: string | undefined;
  /** Why a document was refused since the last good read; the latest such reason. Undefined if none was refused. */
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

  /** The kind of failure of the latest read. Undefined unless it failed. */
  get failure(): ReadFailure | undefined {
    return this.#failure;
  }

  get fault(): string | undefined {
    return this.#fault;
  }

  /**
   * Why the app must not start: the latest read found a document (or a set-up) that is not valid, and no document of
   * the mirror is used instead. Undefined otherwise.
   */
  get startError(): Error | undefined {
    return this.#startError;
  }

  get lastSuccess(): Moment | undefined {
    return this.#lastSuccess;
  }

  isStale(now?: Moment): boolean {
    return this.#ages.age(this.#lastSuccess, now) > this.#limit;
  }

  /**
   * Until when, at most, the document in use can be used if no further read succeeds, by the wall clock, in
   * milliseconds since 1970-01-01T00:00:00Z. Undefined if no read succeeded yet.
   */
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
   * Notes that a document of the mirror came into use after the first source failed. The failure stays noted, and so
   * does the limit that applies, which is now measured from `began`.
   */
  noteMirrored(began: Moment): void {
    this.#lastSuccess = began;
    this.#startError = undefined;
  }

  /**
   * `isRead`: whether the source had given the document before the failure. `source`: the source's description, for
   * messages.
   */
  noteFailure(error: unknown, isRead: boolean, source: string): void {
    this.#failureCount += 1;
    this.#startError = findStartError(error, source);
    this.#fault = this.#startError === undefined ? describeFault(error) : (error as Error).message;
    this.#failure = isRead || error instanceof TrustDocumentRefusal ? 'refused' : 'unreachable';
    if (this.#failure === 'refused') this.#refusal = this.#fault;
  }

  /** Why a stale document is not used, for the operator. */
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

/**
 * The error with which the app must fail to start. It names the source, so that the operator knows which document is at
 * fault. Undefined if the app may start.
 */
function findStartError(error: unknown, source: string): Error | undefined {
  if (error instanceof TrustDocumentError) return new TrustDocumentError(error.problems, source);
  return error instanceof TrustSourceMisuse ? error : undefined;
}

/**
 * Both clocks are in milliseconds. The wall clock jumps when it is set, and the monotonic clock may stand still while
 * the machine sleeps.
 */
export interface Clock {
  readonly wall: () => number;
  readonly monotonic: () => number;
}

export const systemClock: Clock = {
  wall: () => Date.now(),
  // The same clock as `performance.now()`, whose first use makes Node load more modules.
  monotonic: () => {
    const [seconds, nanoseconds] = process.hrtime();
    return seconds * 1_000 + nanoseconds / 1_000_000;
  },
};

export interface Moment {
  readonly wall: number;
  readonly monotonic: number;
}

/** If the wall clock was set back by more than this, an earlier time can't be compared with the present one. */
const correctionMilliseconds = 1_000;

/** Measures how long ago a moment was, by two clocks, because neither is reliable without the other. */
export class AgeKeeper {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  moment(): Moment {
    return { wall: this.#clock.wall(), monotonic: this.#clock.monotonic() };
  }

  /**
   * The longer of the two clocks' answers, in milliseconds: one clock may have stood still, the other may have been set
   * back. Infinite if `moment` is undefined.
   */
  age(moment: Moment | undefined, now: Moment = this.moment()): number {
    if (moment === undefined) return Number.POSITIVE_INFINITY;
    return Math.max(now.wall - moment.wall, now.monotonic - moment.monotonic);
  }

  /**
   * Like `age`, but infinite if the wall clock now shows a time more than a second before `moment`: it was set back,
   * and the monotonic clock may have stood still, so the age is unknown. Only for questions where the answer "too old"
   * costs no more than a read.
   */
  ageAtWorst(moment: Moment | undefined, now: Moment = this.moment()): number {
    if (moment !== undefined && now.wall < moment.wall - correctionMilliseconds) return Number.POSITIVE_INFINITY;
    return this.age(moment, now);
  }
}

/**
 * Notices that the process was frozen during a read (a serverless instance between requests, SIGSTOP, a laptop's lid).
 * The read's answer may then be from before the freeze, however new it looks.
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

  /**
   * Ends the watch, and returns whether the process stood still for longer than the tolerance, or the wall clock was
   * set back by more than a second.
   */
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
