import type { ClientCertificate } from '@certgate/x509';
import type { DecisionStepName, Denial } from '../denial.js';

// What a decision is made of: what a function requires, who calls, what comes of it, and the steps on the way.

/** What a function asks of its caller. Every group must be met; one role of a group meets it. */
export interface FunctionRequirement {
  readonly functionName: string;
  readonly roles: readonly (readonly string[])[];
  /**
   * Before this moment (milliseconds) a caller who is known, and whom authorization would refuse, is let through, and the
   * refusal is reported instead. Said by the app's code alone, never by the trust document. Absent: refused.
   */
  readonly reportOnlyUntil?: number;
}

/** The named caller that a certificate maps to. */
export interface ClientIdentity {
  readonly name: string;
  readonly roles: readonly string[];
  /** Lower-case names of the functions it may call; undefined: every function; empty: none. */
  readonly functions: readonly string[] | undefined;
  /** Who answers for it, by the trust document. */
  readonly owner: string | undefined;
  readonly certificate: ClientCertificate;
  /** What the certificate was recognised by, e.g. `thumbprintSha256`. */
  readonly matchedBy: string;
  /** The name itself, or all digits of the pin as the document has it; undefined: a trust store of the app's own doesn't say. */
  readonly matched: string | undefined;
  /**
   * Milliseconds since 1970-01-01T00:00:00Z: when the caller is refused, if nobody does anything. The earliest of the
   * certificate's `notAfter`, the pin's `notAfter` and the identity's `expiresAt`.
   */
  readonly accessEndsAt: number;
  /** The other end of that interval: the latest of the certificate's and the pin's `notBefore`. */
  readonly accessBeginsAt: number;
  /**
   * Set where the certificate lacks clientAuth, and its pin accepts that (`acceptWithoutClientAuth`): until when, in
   * milliseconds.
   */
  readonly withoutClientAuthUntil: number | undefined;
}

/** The only refusals that can be deferred: who the caller is, is not in doubt. */
export type AuthorizationDenial = Denial<'function_not_allowed' | 'role_missing'>;

/** The decision to let a caller in. */
export interface Admission {
  readonly outcome: 'allowed';
  readonly code: 'allowed';
  readonly identity: ClientIdentity;
  /** The refusal that was let through, since the function is report-only now. Absent: nothing was to refuse. */
  readonly deferred?: AuthorizationDenial;
}

/** Discriminated by `code`: `allowed`, or the one reason to refuse. */
export type Decision = Admission | Denial;

/** One step as it ended. A step that is not reported was not taken. */
export interface DecisionStep {
  readonly step: DecisionStepName;
  readonly denial: Denial | undefined;
  /** At `authorization`: the refusal that was let through. */
  readonly deferred?: Denial;
}

export type StepListener = (step: DecisionStep) => void;
