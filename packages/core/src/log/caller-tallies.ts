import type { ClientIdentity } from '../access/decision.js';

/**
 * The admitted calls of one caller by one pin or name. `first` and `last` are in milliseconds since
 * 1970-01-01T00:00:00Z.
 */
export interface CallerTally {
  readonly identity: string;
  readonly matchedBy: string;
  /** The name itself, or the whole hash of the pin. Undefined if a custom trust store doesn't say. */
  readonly matched: string | undefined;
  readonly first: number;
  readonly last: number;
  readonly calls: number;
}

/** The counts that `take` returns. */
export interface TakenTallies {
  readonly callers: readonly CallerTally[];
  /** How many calls came from callers for whom there was no room. */
  readonly moreCalls: number;
}

/** The most tallies. A document may have any number of pins and names, and a custom store may answer with any words. */
const maximumCallers = 2_000;

type Tally = { -readonly [key in keyof CallerTally]: CallerTally[key] };

/** Counts admitted calls, in any order, so that the log shows who used which pin last even if calls have no lines. */
export class CallerTallies {
  /** The tallies of each identity, which rarely has more than two. A call of a known caller creates nothing. */
  #tallies = new Map<string, Tally[]>();
  #count = 0;
  #moreCalls = 0;

  note({ name, matchedBy, matched }: ClientIdentity, now: number): void {
    const ofIdentity = this.#tallies.get(name) ?? [];
    for (const tally of ofIdentity) {
      if (tally.matched !== matched || tally.matchedBy !== matchedBy) continue;
      tally.calls += 1;
      if (now < tally.first) tally.first = now;
      if (now > tally.last) tally.last = now;
      return;
    }
    if (this.#count >= maximumCallers) {
      this.#moreCalls += 1;
      return;
    }
    this.#count += 1;
    ofIdentity.push({ identity: name, matchedBy, matched, first: now, last: now, calls: 1 });
    this.#tallies.set(name, ofIdentity);
  }

  /** Returns what was counted since the last call of `take`. */
  take(): TakenTallies {
    const callers = [...this.#tallies.values()].flat();
    const taken = { callers, moreCalls: this.#moreCalls };
    this.#tallies = new Map();
    this.#count = 0;
    this.#moreCalls = 0;
    return taken;
  }
}
