import type { TimeSpan } from './time-span.js';

/** `[from, until)`: the status lines of one process that follow one another, each from where the one before ended. */
export interface StatusChain {
  readonly from: number;
  readonly until: number;
  /** It begins with the line that is written at start: the process did nothing before. */
  readonly isBegun: boolean;
  /** What the lines tell of. It has gaps where the clock was put back. */
  readonly spans: readonly TimeSpan[];
}

interface Growing {
  from: number;
  until: number;
  readonly isBegun: boolean;
  /** Of the latest span, which ends with the chain. */
  begin: number;
  /** Before a clock was put back: few chains have any. */
  earlier: readonly TimeSpan[];
}

const none: readonly TimeSpan[] = [];

/**
 * Tells apart the processes that write status lines under one name, or under none: what a line counts begins where the line
 * before it ended, to the millisecond. So two processes whose lines are mixed are two chains, and a line that is missing
 * ends one chain and begins another. The order of the lines may be any.
 */
export class StatusChains {
  readonly #chains = new Set<Growing>();
  /** By end: what a later line goes on from. Of two with one end, either will do: they tell the same of the time after it. */
  readonly #ends = new Map<number, Growing>();

  add(since: number, time: number, isStart: boolean): void {
    const before = this.#ends.get(since);
    if (before === undefined || (isStart && since === time)) {
      const chain = { from: since, until: time, isBegun: isStart, begin: Math.min(since, time), earlier: none };
      this.#chains.add(chain);
      this.#ends.set(time, chain);
      return;
    }
    this.#ends.delete(since);
    // A clock that was put back: the line tells of calls before and after that, and proves nothing of any time. Nor do those
    // before, of the time that the clock shows again: it may have been ahead.
    if (time < since) {
      before.earlier = listSpans(before, time);
      before.begin = time;
    }
    before.until = time;
    this.#ends.set(time, before);
  }

  /** In the order of their beginning. */
  list(): readonly StatusChain[] {
    this.#join();
    return [...this.#chains]
      .sort((one, other) => one.from - other.from || one.until - other.until)
      .map((chain) => ({ from: chain.from, until: chain.until, isBegun: chain.isBegun, spans: listSpans(chain) }));
  }

  /** Chains that go on from each other, where lines were noted in another order than they were written in. */
  #join(): void {
    const ends = new Map<number, Growing>();
    for (const chain of this.#chains) ends.set(chain.until, chain);
    for (const chain of [...this.#chains].sort((one, other) => one.from - other.from)) {
      const before = chain.isBegun ? undefined : ends.get(chain.from);
      if (before === undefined || before === chain) continue;
      const lowest = Math.min(chain.begin, ...chain.earlier.map(({ from }) => from));
      before.earlier = [...listSpans(before, lowest < chain.from ? lowest : undefined), ...chain.earlier];
      before.begin = chain.begin;
      before.until = chain.until;
      ends.delete(chain.from);
      ends.set(before.until, before);
      this.#chains.delete(chain);
    }
    this.#ends.clear();
    for (const [end, chain] of ends) this.#ends.set(end, chain);
  }
}

/** Up to `end`. */
function listSpans({ earlier, begin, until }: Growing, end = Number.POSITIVE_INFINITY): readonly TimeSpan[] {
  return [...earlier, { from: begin, until }]
    .map((span) => ({ from: span.from, until: Math.min(span.until, end) }))
    .filter((span) => span.from <= span.until);
}
