import type { TimeSpan } from './time-span.js';

/**
 * Status lines of one gate that follow one another: each reports the time from the end of the one before. `from` is
 * where the first line's time begins, and `until` is where the last line's ends (exclusive), in milliseconds since
 * 1970-01-01T00:00:00Z.
 */
export interface StatusChain {
  readonly from: number;
  readonly until: number;
  /**
   * Whether the chain begins with the line that a gate writes when it starts. If so, the gate decided no calls before
   * `from`.
   */
  readonly isBegun: boolean;
  /**
   * The time that the lines report, also if the clock was put back: the lines before that report only the time up to
   * where it was put, and the lines after it report the time from there.
   */
  readonly reported: TimeSpan;
}

interface Growing {
  readonly from: number;
  until: number;
  readonly isBegun: boolean;
  /** The beginning of the reported time: `from`, or where the clock was put back furthest. */
  lowest: number;
}

/**
 * Tells apart the gates, usually one in each process, that write status lines under one name, or under none. The time
 * that a line reports begins where the gate's line before it ended, to the millisecond. So the mixed lines of two gates
 * form two chains, and a missing line ends one chain and begins another. The order of the lines matters only if two of
 * them end in the same millisecond.
 */
export class StatusChains {
  readonly #chains = new Set<Growing>();
  /**
   * The chains by their end, where a later line may continue them. If two chains end at the same time, it does not
   * matter which one is continued: both report the same about the time after it.
   */
  readonly #ends = new Map<number, Growing>();

  add(since: number, time: number, isStart: boolean): void {
    const before = this.#ends.get(since);
    if (before === undefined || (isStart && since === time)) {
      const chain = { from: since, until: time, isBegun: isStart, lowest: Math.min(since, time) };
      this.#chains.add(chain);
      this.#ends.set(time, chain);
      return;
    }
    this.#ends.delete(since);
    // If the clock was put back, the line reports calls from before and after that, so it proves nothing about any
    // time. Earlier lines of the chain prove nothing about the time that the clock shows again, because the clock may
    // have been ahead.
    before.lowest = Math.min(before.lowest, time);
    before.until = time;
    this.#ends.set(time, before);
  }

  /** The chains, in the order of their beginning. */
  list(): readonly StatusChain[] {
    this.#join();
    return [...this.#chains]
      .sort((one, other) => one.from - other.from || one.until - other.until)
      .map(({ lowest, ...chain }) => ({ ...chain, reported: { from: lowest, until: chain.until } }));
  }

  /**
   * Joins chains that continue each other. Such chains remain if the lines were added in another order than they were
   * written in.
   */
  #join(): void {
    const ends = this.#ends;
    ends.clear();
    for (const chain of this.#chains) ends.set(chain.until, chain);
    for (const chain of [...this.#chains].sort((one, other) => one.from - other.from)) {
      const before = chain.isBegun ? undefined : ends.get(chain.from);
      if (before === undefined || before === chain) continue;
      before.lowest = Math.min(before.lowest, chain.lowest);
      before.until = chain.until;
      ends.delete(chain.from);
      ends.set(before.until, before);
      this.#chains.delete(chain);
    }
  }
}
