import { findInstant, formatInstant } from '@certgate/core';

const maximumDays = 90;

/** The end of what opens a function for a while, in milliseconds: the one option of `reportOnly` and of `observe`. */
export function readUntil(who: 'reportOnly' | 'observe', options: unknown): number {
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(`${who} needs options as its second argument: { until: '${suggestEnd()}' }.`);
  }
  const unknown = Reflect.ownKeys(options).find((key) => key !== 'until');
  if (unknown !== undefined) {
    throw new TypeError(`${who} does not know the option ${String(unknown)}; known is until.`);
  }
  const until = Object.hasOwn(options, 'until') ? (options as { readonly until: unknown }).until : undefined;
  const instant = typeof until === 'string' ? findInstant(until) : undefined;
  if (instant === undefined) {
    throw new TypeError(
      `${who} needs an end: until, an RFC 3339 time in UTC that the calendar has, at most ${maximumDays} days ahead, such as ${suggestEnd()}.`,
    );
  }
  const latest = Date.now() + maximumDays * 86_400_000;
  // Written so that a clock that gives no number refuses.
  if (!(instant <= latest)) {
    throw new RangeError(
      `${who} opens a function for a while, so until may be at most ${maximumDays} days ahead, ${formatInstant(latest)} now; ` +
        `it is ${formatInstant(instant)}.`,
    );
  }
  return instant;
}

/** The first moment of a day in a month's time: an example that is right whenever it is read. */
function suggestEnd(): string {
  const day = 86_400_000;
  return formatInstant(Math.floor(Date.now() / day + 30) * day);
}
