import type { ClientCertificate } from '@certgate/x509';
import type { DecisionStepName, Denial } from '../denial.js';

// The parts of a decision: what a function requires, who calls it, the result, and the steps on the way.

/** What a function requires of its caller: at least one role of every group. */
export interface FunctionRequirement {
  readonly functionName: string;
  readonly roles: readonly (readonly string[])[];
  /**
   * Until this moment (milliseconds since 1970-01-01T00:00:00Z), a known caller whom authorization would refuse is let
   * through, and the refusal is reported instead. Only the app's code sets it, never the trust document. If it is
   * absent, such callers are refused.
   */
  readonly reportOnlyUntil?: number;
}

/** The named caller that a certificate maps to. */
export interface ClientIdentity {
  readonly name: string;
  readonly roles: readonly string[];
  /**
   * Lower-case names of the functions that the caller may call. Undefined if it may call every function; empty if none.
   */
  readonly functions: readonly string[] | undefined;
  /** Who is responsible for the caller, according to the trust store. Undefined if the store doesn't say. */
  readonly owner: string | undefined;
  readonly certificate: ClientCertificate;
  /** What the certificate was recognised by, e.g. `thumbprintSha256`. */
  readonly matchedBy: string;
  /**
   * The value of the entry that matched: the name, or the pin's hash in upper-case hexadecimal. Undefined if a custom
   * trust store doesn't say.
   */
  readonly matched: string | undefined;
  /**
   * When the access ends if nobody does anything, in milliseconds since 1970-01-01T00:00:00Z. The earliest of these
   * ends: the certificate's `notAfter`, the pin's `notAfter`, the identity's `expiresAt`, the end of the certification
   * path and of a grace period, and the `validUntil` of a custom trust store.
   */
  readonly accessEndsAt: number;
  /**
   * When the access began or will begin, in milliseconds since 1970-01-01T00:00:00Z: the latest beginning of all that
   * admits the caller, such as the certificate's and the pin's `notBefore`.
   */
  readonly accessBeginsAt: number;
  /**
   * The end of the grace period, in milliseconds since 1970-01-01T00:00:00Z, if the certificate lacks clientAuth and
   * its pin accepts that (`acceptWithoutClientAuth`). Otherwise undefined.
   */
  readonly withoutClientAuthUntil: number | undefined;
}

/** The only refusals that a function can defer. They come after authentication, so it is known who the caller is. */
export type AuthorizationDenial = Denial<'function_not_allowed' | 'role_missing'>;

/** The decision to let a caller in. */
export interface Admission {
  readonly outcome: 'allowed';
  readonly code: 'allowed';
  readonly identity: ClientIdentity;
  /**
   * The refusal that was let through because the function is report-only now. Absent if there was nothing to refuse.
   */
  readonly deferred?: AuthorizationDenial;
}

/** The result of a decision. Its `code` is `allowed`, or the one reason to refuse. */
export type Decision = Admission | Denial;

/** A step that has ended. Steps that were not taken are not reported. */
export interface DecisionStep {
  readonly step: DecisionStepName;
  readonly denial: Denial | undefined;
  /** The refusal that the step `authorization` let through. Absent if there was none. */
  readonly deferred?: Denial;
}

export type StepListener = (step: DecisionStep) => void;
