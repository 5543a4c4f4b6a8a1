import { findLineText, type LogLine } from './line-facts.js';

export interface LineGroup {
  readonly line: LogLine;
  readonly count: number;
}

/**
 * The maximum number of groups. An unknown caller makes a new group with each certificate, and a log may have millions
 * of lines.
 */
const maximumGroups = 10_000;

/** Groups lines that say the same about the same caller. Each group keeps its last line. */
export class LineGroups {
  readonly #groups = new Map<string, LineGroup>();
  #leftOut = 0;

  add(line: LogLine): void {
    const keys = ['event', 'code', 'outcome', 'reportOnlyCode', 'function', 'identity', 'thumbprintSha256'];
    const key = JSON.stringify(keys.map((each) => findLineText(line, each)));
    const count = (this.#groups.get(key)?.count ?? 0) + 1;
    this.#groups.delete(key);
    this.#groups.set(key, { line, count });
    if (this.#groups.size <= maximumGroups) return;
    const [oldest = ''] = this.#groups.keys();
    this.#groups.delete(oldest);
    this.#leftOut += 1;
  }

  /**
   * Returns the newest groups, the oldest of them first, and how many others there are. Admissions and status lines
   * need no explanation, so they are left out before a refusal is.
   */
  takeLast(number: number): { readonly groups: readonly LineGroup[]; readonly leftOut: number } {
    const groups = [...this.#groups.values()];
    const wanted = [...groups.filter(isWell), ...groups.filter((group) => !isWell(group))].slice(-number);
    const taken = new Set(wanted);
    return {
      groups: groups.filter((group) => taken.has(group)),
      leftOut: this.#leftOut + groups.length - taken.size,
    };
  }
}

function isWell({ line }: LineGroup): boolean {
  const [event, outcome, deferred] = ['event', 'outcome', 'reportOnlyCode'].map((key) => findLineText(line, key));
  return event === 'status' || (event === 'decision' && outcome === 'allowed' && deferred === undefined);
}
