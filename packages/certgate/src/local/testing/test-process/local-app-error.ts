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
