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

/** Counts admitted calls, so that it is known who used which pin last even where no line is written of a call. */
export class CallerTallies {
  /** By identity, then by what it was recognised by: three look-ups, which make nothing for a caller that is known. */
  #tallies = new Map<string, Map<string, Map<string | undefined, Tally>>>();
  #count = 0;
  #moreCalls = 0;

  note({ name, matchedBy, matched }: ClientIdentity, now: number): void {
    const known = this.#tallies.get(name)?.get(matchedBy)?.get(matched);
    if (known !== undefined) {
      known.calls += 1;
      known.last = now;
    } else if (this.#count < maximumCallers)
      this.#add({ identity: name, matchedBy, matched, first: now, last: now, calls: 1 });
    else this.#moreCalls += 1;
  }

  #add(tally: Tally): void {
    const { identity, matchedBy, matched } = tally;
    const ofIdentity = this.#tallies.get(identity) ?? new Map<string, Map<string | undefined, Tally>>();
    const ofKind = ofIdentity.get(matchedBy) ?? new Map<string | undefined, Tally>();
    this.#tallies.set(identity, ofIdentity.set(matchedBy, ofKind.set(matched, tally)));
    this.#count += 1;
  }

  /** What was counted since the last time. */
  take(): TakenTallies {
    const callers = [...this.#tallies.values()].flatMap((kinds) =>
      [...kinds.values()].flatMap((tallies) => [...tallies.values()]),
    );
    const taken = { callers, moreCalls: this.#moreCalls };
    this.#tallies = new Map();
    this.#count = 0;
    this.#moreCalls = 0;
    return taken;
  }
}
