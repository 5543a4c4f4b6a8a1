import { copyOwn, findInstant, formatInstant, CertgateError, invalidArgument } from '@certgate/core';
import { describeOpening, expectHandler, wrapHandler } from './function-policy.js';
import { type AnyHandler, closedPolicy, findPolicy } from './gate/shared-state.js';

const maximumDays = 90;

/** The member of the policy that has the end of each wrapper. */
const endKeys = { reportOnly: 'reportOnlyUntil', observe: 'observedUntil' } as const;

type Opener = keyof typeof endKeys;

/**
 * What `reportOnly` and `observe` have in common: a new function with a mark that opens it, in the way of `who`, until
 * the end in the options.
 */
export function openForAWhile<Handler extends AnyHandler>(who: Opener, handler: Handler, options: unknown): Handler {
  expectHandler(who, handler);
  const until = readUntil(who, options);
  const inner = findPolicy(handler) ?? closedPolicy;
  if (inner.kind === 'anonymous') {
    throw new CertgateError(
      'CERTGATE_POLICY_CONFLICT',
      `${who} was given an anonymous handler, which refuses nobody. Remove one of the two.`,
    );
  }
  const opening = describeOpening(inner);
  if (opening !== undefined) {
    throw new CertgateError(
      'CERTGATE_POLICY_CONFLICT',
      `${who} was given a handler that ${opening} already. Remove one of the two.`,
    );
  }
  const policy = copyOwn({ kind: 'certificate', roles: inner.roles, [endKeys[who]]: until } as const);
  return wrapHandler(handler, policy, (_args, call) => call());
}

/**
 * Reads `until`, the only option of both wrappers, which is a time in RFC 3339. Returns milliseconds since
 * 1970-01-01T00:00:00Z. @throws {CertgateError} if it is missing, not such a time, or too far ahead, or if there is
 * another option.
 */
function readUntil(who: Opener, options: unknown): number {
  if (typeof options !== 'object' || options === null) {
    throw invalidArgument(`${who} needs options as its second argument: { until: '${suggestEnd()}' }.`);
  }
  const unknown = Reflect.ownKeys(options).find((key) => key !== 'until');
  if (unknown !== undefined) {
    throw invalidArgument(`${who} has no option ${String(unknown)}; its only option is until.`);
  }
  const until = Object.hasOwn(options, 'until') ? (options as { readonly until: unknown }).until : undefined;
  const instant = typeof until === 'string' ? findInstant(until) : undefined;
  if (instant === undefined) {
    throw invalidArgument(
      `${who} needs an end: until is ${showValue(until)}, and must be an RFC 3339 time in UTC that the calendar has, at most ${maximumDays} days ahead, such as ${suggestEnd()}.`,
    );
  }
  const latest = Date.now() + maximumDays * 86_400_000;
  // The comparison is negated so that it also refuses if the clock gives no number.
  if (!(instant <= latest)) {
    throw invalidArgument(
      `${who} opens a function for a while, so until may be at most ${maximumDays} days ahead, ${formatInstant(latest)} now; ` +
        `it is ${formatInstant(instant)}.`,
    );
  }
  return instant;
}

/** Shows a wrong value in an error. The texts of the app's code are not secret; a long one is cut. */
function showValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60));
  return value instanceof Date ? 'a Date: pass its toISOString()' : value === null ? 'null' : typeof value;
}

/** The beginning of the day in 30 days (UTC), as an example of a valid end. */
function suggestEnd(): string {
  const day = 86_400_000;
  return formatInstant(Math.floor(Date.now() / day + 30) * day);
}
