import { copyOwn, findInstant, formatInstant, CertgateError, invalidArgument } from '@certgate/core';
import { describeOpening, expectHandler, wrapHandler } from './function-policy.js';
import { type AnyHandler, closedPolicy, findPolicy } from './gate/shared-state.js';

const maximumDays = 90;

/** Where the policy holds the end of what each wrapper opens. */
const endKeys = { reportOnly: 'reportOnlyUntil', observe: 'observedUntil' } as const;

type Opener = keyof typeof endKeys;

/** What `reportOnly` and `observe` do: a new function, marked as open in their way until the end that the options name. */
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

/** In milliseconds: the one option of both. */
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
  // Written so that a clock that gives no number refuses.
  if (!(instant <= latest)) {
    throw invalidArgument(
      `${who} opens a function for a while, so until may be at most ${maximumDays} days ahead, ${formatInstant(latest)} now; ` +
        `it is ${formatInstant(instant)}.`,
    );
  }
  return instant;
}

/** No text of the app's is secret here; one that is long is cut. */
function showValue(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, 60));
  return value instanceof Date ? 'a Date: pass its toISOString()' : value === null ? 'null' : typeof value;
}

/** The first moment of a day in a month's time: an example that is right whenever it is read. */
function suggestEnd(): string {
  const day = 86_400_000;
  return formatInstant(Math.floor(Date.now() / day + 30) * day);
}
