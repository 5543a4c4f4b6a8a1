const dayMilliseconds = 86_400_000;

/**
 * The limit for 24 hours, because callers choose what is noticed. Further keys are not due until the oldest is a day
 * old.
 */
const maximumNoticed = 1000;

/** Decides what to log once a day for each of many things, for example for each certificate. */
export class DailyNotice {
  /** When each key was noticed, in milliseconds, the longest ago first. */
  readonly #noticedAt = new Map<string, number>();

  /** Whether the key was noticed in the last 24 hours. `now` is in milliseconds. */
  isKnown(key: string, now: number): boolean {
    return isOfToday(this.#noticedAt.get(key), now);
  }

  /** Whether the key should be logged now. If so, it is noticed. `now` is in milliseconds. */
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

/** If the clock was set back by a day or more, the notice is not of today. */
function isOfToday(noticedAt: number | undefined, now: number): boolean {
  return noticedAt !== undefined && Math.abs(now - noticedAt) < dayMilliseconds;
}
