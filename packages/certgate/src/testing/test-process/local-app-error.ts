import type { CertgateErrorCode } from '@certgate/core';

/** The error with which `startLocalApp` and the app's methods reject. docs/errors.md lists its codes. */
export interface LocalAppError extends Error {
  readonly name: 'CertgateError';
  /** A code that stays the same between versions, unlike the message. */
  readonly code: CertgateErrorCode;
}

/**
 * The mark that `CertgateError` uses for `instanceof`. Importing the class itself would make a user's test load core.
 */
const mark = Symbol.for('certgate/error');

export function createLocalAppError(
  code: CertgateErrorCode,
  message: string,
  options?: { readonly cause: unknown },
): LocalAppError {
  const error = Object.assign(new Error(message, options), { name: 'CertgateError' as const, code });
  Object.defineProperty(error, mark, { value: true });
  // Captures the stack again, because the error had another name when it was made.
  Error.captureStackTrace(error, createLocalAppError);
  return error;
}

/** The error for an option, a caller or a request that is not valid. */
export function invalidInput(message: string): LocalAppError {
  return createLocalAppError('CERTGATE_ARGUMENT_INVALID', `startLocalApp: ${message}`);
}

/**
 * Checks a value from a test, like the functions below. A test in JavaScript has no types, and a value that is not JSON
 * would be lost on its way to the app's process.
 */
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
  // Copies the list, because `every` skips its holes.
  const texts: readonly unknown[] = Array.isArray(value) ? [...(value as unknown[])] : [undefined];
  if (texts.every((text) => typeof text === 'string')) return texts;
  throw invalidInput(`${what} must be a list of strings.`);
}
