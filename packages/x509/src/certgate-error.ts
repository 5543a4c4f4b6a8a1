/**
 * What a program can tell of an error that Certgate throws: one code for each thing that it could do about it. The message
 * says the rest. A code stays what it is, and is the same in every package, so all of them stand here; docs/errors.md says
 * what each means.
 */
export type CertgateErrorCode =
  | 'CERTGATE_ARGUMENT_INVALID'
  | 'CERTGATE_POLICY_CONFLICT'
  | 'CERTGATE_FUNCTION_UNSUPPORTED'
  | 'CERTGATE_ALREADY_INSTALLED'
  | 'CERTGATE_CLIENT_IDENTITY_MISSING'
  | 'CERTGATE_CALL_REFUSED'
  | 'CERTGATE_TRUST_DOCUMENT_INVALID'
  | 'CERTGATE_TRUST_SOURCE_MISUSE'
  | 'CERTGATE_PATH_VALIDATION_MISSING'
  | 'CERTGATE_TESTING_ONLY'
  | 'CERTGATE_LOCAL_APP_NOT_STARTED'
  | 'CERTGATE_LOCAL_APP_ENDED'
  | 'CERTGATE_LOCAL_APP_CALL_FAILED';

/** Errors of every loaded copy of this package have it. */
const mark = Symbol.for('certgate/error');

/**
 * The parent of all errors that Certgate throws at its users, told apart by their `code`.
 *
 * `error instanceof CertgateError` holds for the errors of every copy of Certgate's packages that a process has loaded. Of
 * its subclasses each copy has its own, so ask for the `code`.
 *
 * @example
 * ```ts
 * import { CertgateError, decodePem } from '@certgate/x509';
 *
 * try {
 *   decodePem(undefined as never, 'CERTIFICATE');
 * } catch (error) {
 *   if (error instanceof CertgateError) console.log(error.code);
 * }
 * ```
 */
export class CertgateError extends Error {
  override readonly name: string = 'CertgateError';
  /** Stable, unlike the message. */
  readonly code: CertgateErrorCode;

  /** Only Certgate makes them. */
  constructor(code: CertgateErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
    Object.defineProperty(this, mark, { value: true });
    // Again: when `super` took the stack, the error did not have its name yet.
    Error.captureStackTrace(this, new.target);
  }

  /** What `instanceof` asks: of this class itself, whether any copy of the packages made the error. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // Not by the name of this class, which would make esbuild rename it.
    const isParent = Object.getPrototypeOf(this) === Error;
    return isParent ? mark in (Object(value) as object) : super[Symbol.hasInstance](value);
  }
}

/** An argument, an option or a member of one that is missing, unknown, or of no value that it may have. */
export function invalidArgument(message: string): CertgateError {
  return new CertgateError('CERTGATE_ARGUMENT_INVALID', message);
}
