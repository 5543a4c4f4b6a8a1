import type { DenialCode } from '../denial.js';
import { DenialTotals } from './denial-totals.js';
import { type Draft, formatLogLine, formatTime, type LineStart, startLine } from './log-text.js';

/**
 * Denials that were not logged, and that no later line of the same kind has reported. Written at most once a minute.
 * Level warning.
 */
export interface SuppressedLogLine extends LineStart<'suppressed'> {
  /** RFC 3339: when the first of these denials happened. */
  readonly since: string;
  /** How many there were, by code. */
  readonly denials: Readonly<Partial<Record<DenialCode, number>>>;
  /** How many denials were of known callers, by identity; only the 20 identities with the most denials. */
  readonly identities?: Readonly<Record<string, number>>;
  /** How many denials there were in all. */
  readonly total: number;
}

interface Suppressed {
  readonly code: DenialCode;
  readonly identity: string | undefined;
  /** When the first of the counted denials happened, in milliseconds since 1970-01-01T00:00:00Z. */
  readonly since: number;
  count: number;
}

/** The limit of pairs of code and identity, because a custom trust store may make up identities. */
const maximumKinds = 10_000;
const maximumIdentities = 20;

/**
 * Counts denials that have no line, until a line reports the count: the next line of the same kind, or a line of its
 * own.
 */
export class SuppressedDenials {
  readonly #kinds = new Map<string, Suppressed>();

  /** `now` is in milliseconds since 1970-01-01T00:00:00Z. */
  note(code: DenialCode, identity: string | undefined, now: number): void {
    const known = this.#kinds.get(nameKind(code, identity));
    if (known !== undefined) known.count += 1;
    else if (identity === undefined || this.#kinds.size < maximumKinds)
      this.#kinds.set(nameKind(code, identity), { code, identity, since: now, count: 1 });
    else this.note(code, undefined, now);
  }

  /** Returns the count for a line of this kind, and resets it. */
  take(code: DenialCode, identity: string | undefined): number {
    // The usual case.
    if (this.#kinds.size === 0) return 0;
    const name = nameKind(code, identity);
    const { count = 0 } = this.#kinds.get(name) ?? {};
    this.#kinds.delete(name);
    return count;
  }

  /**
   * Makes a line about all remaining numbers of denials, and resets them. Undefined if there are none. `now` is in
   * milliseconds since 1970-01-01T00:00:00Z.
   */
  takeLine(now: number): string | undefined {
    const left = [...this.#kinds.values()];
    if (left.length === 0) return undefined;
    this.#kinds.clear();
    const totals = new DenialTotals();
    const identities = new Map<string, number>();
    for (const { code, identity, count } of left) {
      totals.count(code, count);
      if (identity !== undefined) identities.set(identity, (identities.get(identity) ?? 0) + count);
    }
    const most = [...identities].sort(([, one], [, other]) => other - one).slice(0, maximumIdentities);
    return formatLogLine({
      ...startLine('suppressed', now),
      since: formatTime(Math.min(...left.map(({ since }) => since))),
      denials: totals.take(),
      identities: most.length === 0 ? undefined : Object.fromEntries(most),
      total: left.reduce((sum, { count }) => sum + count, 0),
    } satisfies Draft<SuppressedLogLine>);
  }
}

function nameKind(code: DenialCode, identity: string | undefined): string {
  return identity === undefined ? code : `${code} ${identity}`;
}
