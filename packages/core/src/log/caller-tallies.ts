import type { ClientIdentity } from '../access/decision.js';

/** The admitted calls of one caller by one pin or name; times in milliseconds. */
export interface CallerTally {
  readonly identity: string;
  readonly matchedBy: string;
  /** The name itself, or all digits of the pin; undefined: a trust store of the app's own doesn't say. */
  readonly matched: string | undefined;
  readonly first: number;
  readonly last: number;
  readonly calls: number;
}

/** What was counted. */
export interface TakenTallies {
  readonly callers: readonly CallerTally[];
  /** Calls of callers that found no room any more. */
  readonly moreCalls: number;
}

/** Authorities may admit callers without end. */
const maximumCallers = 2_000;

type Tally = { -readonly [key in keyof CallerTally]: CallerTally[key] };

/** Counts admitted calls, in any order, so that it is known who used which pin last even where no line is written of a call. */
export class CallerTallies {
  /** By identity; few have more than one or two. Nothing is made for a caller that is known. */
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

  /** What was counted since the last time. */
  take(): TakenTallies {
    const callers = [...this.#tallies.values()].flat();
    const taken = { callers, moreCalls: this.#moreCalls };
    this.#tallies = new Map();
    this.#count = 0;
    this.#moreCalls = 0;
    return taken;
  }
}
