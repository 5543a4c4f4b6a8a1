import { type ClientIdentity, note, type StepListener } from './authentication.js';
import { type Denial, deny } from '../denial.js';
import { copyOwn } from '@certgate/x509/internal';

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

/** The only refusals that can be deferred: who the caller is, is not in doubt. */
export type AuthorizationDenial = Denial & { readonly code: 'function_not_allowed' | 'role_missing' };

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

/** From an identity to the decision; runs at every request, whatever was remembered of the certificate. */
export function authorize(
  identity: ClientIdentity,
  requirement: FunctionRequirement,
  now: number,
  onStep?: StepListener,
): Decision {
  const denial = findAuthorizationDenial(identity, requirement);
  if (denial === undefined || !isReportOnly(requirement, now))
    return note(onStep, 'authorization', denial ?? { outcome: 'allowed', code: 'allowed', identity });
  onStep?.({ step: 'authorization', denial: undefined, deferred: denial });
  return { outcome: 'allowed', code: 'allowed', identity, deferred: denial };
}

/** May this identity call this function? Both answers are 403 to the caller. Whether one is deferred is not asked here. */
export function findAuthorizationDenial(
  identity: ClientIdentity,
  requirement: FunctionRequirement,
): AuthorizationDenial | undefined {
  // Own keys: roles that a polluted prototype supplies might ask for nothing. This runs at every request, so no copy.
  if (!Object.hasOwn(requirement, 'functionName') || !Object.hasOwn(requirement, 'roles'))
    throw new TypeError('A function requirement must have a functionName and roles of its own.');
  const { functionName, roles } = requirement;
  if (identity.functions !== undefined && !identity.functions.includes(functionName.toLowerCase())) {
    return denyIdentity(
      identity,
      'function_not_allowed',
      `"${identity.name}" may not call ${functionName}: it is not among the identity's functions in the trust document.`,
    );
  }
  const missing = roles.find((anyOf) => !anyOf.some((role) => identity.roles.includes(role)));
  if (missing === undefined) return undefined;
  return denyIdentity(
    identity,
    'role_missing',
    `"${identity.name}" lacks the role that ${functionName} requires: ${missing.join(' or ')}.`,
  );
}

/** Whether the requirement's refusals are only reported at `now` (milliseconds). An end that never comes is none. */
export function isReportOnly(requirement: FunctionRequirement, now: number): boolean {
  const { reportOnlyUntil } = copyOwn(requirement);
  return reportOnlyUntil !== undefined && Number.isFinite(reportOnlyUntil) && now < reportOnlyUntil;
}

function denyIdentity(
  identity: ClientIdentity,
  code: AuthorizationDenial['code'],
  detail: string,
): AuthorizationDenial {
  const known = { identityName: identity.name, thumbprintSha256: identity.certificate.thumbprintSha256 };
  return deny(code, detail, known);
}
