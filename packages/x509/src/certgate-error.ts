/**
 * One code for each kind of error that a program could handle in its own way; the message says the rest. A code never
 * changes and is the same in every package, so all codes are in this file. docs/errors.md says what each means.
 */
export type CertgateErrorCode =
  /**
   * An argument, an option or a variable such as `CERTGATE_FRONT_END` is missing, unknown or has an invalid value.
   * Thrown by functions that check what they are given.
   */
  | 'CERTGATE_ARGUMENT_INVALID'
  /** The wrappers around a handler contradict each other or don't fit the function, such as a role for a timer. Thrown by the wrappers, by the registration of the function, or by its call. */
  | 'CERTGATE_POLICY_CONFLICT'
  /** A function can't be closed, because it was registered for another programming model, so every call of the app's HTTP and MCP functions is refused. Thrown by the registration, or when the app starts. */
  | 'CERTGATE_FUNCTION_UNSUPPORTED'
  /**
   * `secureApp`, `secureServer`, `secureExpress` or `secureFastify` was called twice for the same app or server,
   * `observeGate` was called twice with different options, or an older copy of the package has secured the app.
   */
  | 'CERTGATE_ALREADY_INSTALLED'
  /** `getClientIdentity` found no authenticated caller: the function is anonymous or observed, or no gate covers it. Also `findClientIdentity` if a context of Fastify and one around it have different gates. */
  | 'CERTGATE_CLIENT_IDENTITY_MISSING'
  /** A call was refused, and the function has no HTTP answer that could say so, such as an MCP tool. Your code gets it if it calls the handler; otherwise it is in the log of the host. */
  | 'CERTGATE_CALL_REFUSED'
  /** The trust document is not valid; `problems` lists each place. Thrown by `trustStoreFromDocument`, or when the app starts. */
  | 'CERTGATE_TRUST_DOCUMENT_INVALID'
  /** The address of the trust document is missing or invalid, or a package that it needs isn't installed. Thrown when the app starts. */
  | 'CERTGATE_TRUST_SOURCE_MISUSE'
  /** The trust document has authorities, and `@certgate/x509/path` can't be loaded, because the bundle or the deployment lacks it. Thrown by `trustStoreFromDocument`. */
  | 'CERTGATE_PATH_VALIDATION_MISSING'
  /** `withClientIdentity` was called inside a Functions host. */
  | 'CERTGATE_TESTING_ONLY'
  /** `startLocalApp` found no app or no built app, or the app can't be loaded. An error of the app is the `cause`. */
  | 'CERTGATE_LOCAL_APP_NOT_STARTED'
  /** `callAs` was called after the app ended or was closed. */
  | 'CERTGATE_LOCAL_APP_ENDED'
  /** `callAs` got no answer, the caller's certificate can't be used, or `json()` was called on an answer that isn't JSON. */
  | 'CERTGATE_LOCAL_APP_CALL_FAILED';

/** Errors of every loaded copy of this package have this member. */
const mark = Symbol.for('certgate/error');

/**
 * The parent of the errors that Certgate throws at its users. Its `code` says what kind of error it is.
 *
 * `error instanceof CertgateError` is true for the errors of every copy of Certgate's packages that a process has
 * loaded. Each copy has its own subclasses, so compare the `code`.
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

  /** Only Certgate calls this constructor. */
  constructor(code: CertgateErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
    Object.defineProperty(this, mark, { value: true });
    // Takes the stack again: when `super` took it, the error did not have its name yet.
    Error.captureStackTrace(this, new.target);
  }

  /** Answers `instanceof`. For this class itself, the answer is whether any copy of the packages made the error. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    // Not by the name of this class: esbuild would rename the class because of that.
    const isParent = Object.getPrototypeOf(this) === Error;
    return isParent ? mark in (Object(value) as object) : super[Symbol.hasInstance](value);
  }
}

/** The error for an argument, option or member that is missing or unknown, or has a value that is not permitted. */
export function invalidArgument(message: string): CertgateError {
  return new CertgateError('CERTGATE_ARGUMENT_INVALID', message);
}

// The entries of this package export these as `CertgateError` and `CertgateErrorCode`. They have other names here,
// because the bundles of core would otherwise have two values of one name.

/** The codes of the errors that this package throws. */
export type X509ErrorCode =
  /** An argument, or a member of one, is missing, unknown, or of another kind. */
  'CERTGATE_ARGUMENT_INVALID';

/** What this package throws: a `CertgateError` with one of its own codes. */
export interface X509Error extends Error {
  /** Stable, unlike the message. */
  readonly code: X509ErrorCode;
}

/** For `instanceof`, which is also true for the errors of other copies of this package. */
export const X509Error: abstract new (...args: never) => X509Error = CertgateError as unknown as abstract new (
  ...args: never
) => X509Error;
