import type { CertgateErrorCode } from '@certgate/core';

/** What `startLocalApp` and the app that it starts reject with; docs/errors.md lists the codes. */
export interface LocalAppError extends Error {
  readonly name: 'CertgateError';
  /** Stable, unlike the message. */
  readonly code: CertgateErrorCode;
}

/** As CertgateError has it, so that `instanceof` holds: for the class alone, a user's test would load core. */
const mark = Symbol.for('certgate/error');

export function createLocalAppError(
  code: CertgateErrorCode,
  message: string,
  options?: { readonly cause: unknown },
): LocalAppError {
  const error = Object.assign(new Error(message, options), { name: 'CertgateError' as const, code });
  Object.defineProperty(error, mark, { value: true });
  // Again: when the error was made, it did not have its name yet.
  Error.captureStackTrace(error, createLocalAppError);
  return error;
}

/** An option, a caller or a request that can't be meant. */
export function invalidInput(message: string): LocalAppError {
  return createLocalAppError('CERTGATE_ARGUMENT_INVALID', `startLocalApp: ${message}`);
}

/** As the checks below, of what a test hands over: tests in JavaScript have no types, and a value that is no JSON would be lost. */
export function expectObject(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw invalidInput(`${what} must be an object.`);
}

export function expectKnownKeys(value: object, known: readonly string[], what: string): void {
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw invalidInput(`${what} has no "${unknown}"; it can have ${known.join(', ')}.`);
}

export function expectText(value: unknown, what: string): string {
  if (typeof value === 'string' && value.trim() !== '') return value;
  throw invalidInput(`${what} must be a non-empty string.`);
}

export function expectTexts(value: unknown, what: string): readonly string[] {
  // A copy first: `every` passes over the holes of a list.
  const texts: readonly unknown[] = Array.isArray(value) ? [...(value as unknown[])] : [undefined];
  if (texts.every((text) => typeof text === 'string')) return texts;
  throw invalidInput(`${what} must be a list of strings.`);
}
