const dayMilliseconds = 86_400_000;

/** Whoever calls chooses what is noticed: past this many, a day says nothing more. */
const maximumNoticed = 1000;

/** What is to be said once a day of each of many things, such as of each certificate. */
export class DailyNotice {
  /** When each key was noticed, the longest ago first. */
  readonly #noticedAt = new Map<string, number>();

  /** Whether it was said today. */
  isKnown(key: string, now: number): boolean {
    return isOfToday(this.#noticedAt.get(key), now);
  }

  /** Whether it is to be said now, in milliseconds; then it counts as said. */
  isDue(key: string, now: number): boolean {
    if (isOfToday(this.#noticedAt.get(key), now)) return false;
    this.#noticedAt.delete(key);
    const [oldest] = this.#noticedAt;
    if (this.#noticedAt.size >= maximumNoticed && oldest !== undefined) {
      if (isOfToday(oldest[1], now)) return false;
      this.#noticedAt.delete(oldest[0]);
    }
    this.#noticedAt.set(key, now);
    return true;
  }
}

/** A clock that was put back counts as another day. */
function isOfToday(noticedAt: number | undefined, now: number): boolean {
  return noticedAt !== undefined && Math.abs(now - noticedAt) < dayMilliseconds;
}
