/** Milliseconds; the wall clock moves when it is set, the monotonic one may stand still while the machine sleeps. */
export interface Clock {
  readonly wall: () => number;
  readonly monotonic: () => number;
}

export const systemClock: Clock = { wall: () => Date.now(), monotonic: () => performance.now() };

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
      Math.max(Math.min(toleranceMilliseconds / 4, 1_000), 1),
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
