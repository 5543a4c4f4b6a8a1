import type { TestContext } from 'node:test';
import type { HttpResponseInit, InvocationContext } from '@azure/functions';
import { findClientIdentity } from '../request-identity.js';
import { type SecuredApp, createSecuredApp } from './secured-app.js';

// What the tests of `observe` and `reportOnly`, the marks that end by themselves, have in common.

export const now: number = Date.UTC(2027, 0, 1);
export const until = '2027-01-15T00:00:00Z';
export const end: number = Date.UTC(2027, 0, 15);
/** `observe` requires a key for the function. To `reportOnly`, it makes no difference. */
export const authLevel = 'function';

export type Handler = (...args: readonly unknown[]) => HttpResponseInit;

export const secret: Handler = () => ({ body: 'secret' });
/** Answers with the caller's name, as an observed handler may. */
export const whoami: Handler = (...args) => ({
  body: findClientIdentity(args.at(-1) as InvocationContext)?.name ?? 'nobody',
});

/** Sets the clock of `Date`, in milliseconds since 1970-01-01T00:00:00Z. */
export type SetTime = (instant: number) => void;

/** Sets `Date` to `now`, and silences the console's warnings. */
export function setClock(context: TestContext): SetTime {
  context.mock.method(console, 'warn', () => undefined);
  context.mock.timers.enable({ apis: ['Date'], now });
  return (instant) => {
    context.mock.timers.setTime(instant);
  };
}

/** Creates an app that is secured at `now`. */
export function startQuietly(
  context: TestContext,
  options: Parameters<typeof createSecuredApp>[1] = {},
  environment?: Readonly<Record<string, string>>,
): SecuredApp & { readonly setTime: SetTime } {
  const setTime = setClock(context);
  return { ...createSecuredApp(context, options, environment), setTime };
}

export function pick(
  line: Readonly<Record<string, unknown>> | undefined,
  ...keys: readonly string[]
): readonly unknown[] {
  return keys.map((key) => line?.[key]);
}
