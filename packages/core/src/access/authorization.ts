import { copyOwn, invalidArgument } from '@certgate/x509/internal';
import { deny, type KnownCaller } from '../denial.js';
import { note } from './authentication.js';
import type { AuthorizationDenial, ClientIdentity, Decision, FunctionRequirement, StepListener } from './decision.js';

/**
 * Decides whether an identity may call a function. The gate does this for every authenticated call, even if the
 * identity comes from memory.
 */
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

/**
 * Why this identity may not call this function; undefined if it may. Callers get 403 for both reasons. Whether the
 * refusal is deferred is decided elsewhere.
 */
export function findAuthorizationDenial(
  identity: ClientIdentity,
  requirement: FunctionRequirement,
): AuthorizationDenial | undefined {
  // Only own members are accepted, because roles from a polluted prototype might require nothing. The requirement is
  // not copied, because this runs at every request.
  if (!Object.hasOwn(requirement, 'functionName') || !Object.hasOwn(requirement, 'roles'))
    throw invalidArgument('A function requirement must have a functionName and roles of its own.');
  const { functionName, roles } = requirement;
  if (identity.functions !== undefined && !identity.functions.includes(functionName.toLowerCase())) {
    const facts = { identity: identity.name, functionName, functions: identity.functions };
    return deny('function_not_allowed', facts, describeCaller(identity));
  }
  const missing = roles.find((anyOf) => !anyOf.some((role) => identity.roles.includes(role)));
  if (missing === undefined) return undefined;
  const facts = { identity: identity.name, functionName, anyOf: missing, roles: identity.roles };
  return deny('role_missing', facts, describeCaller(identity));
}

/**
 * Whether the requirement's refusals are only reported at `now` (milliseconds since 1970-01-01T00:00:00Z). They are not
 * if `reportOnlyUntil` is not a finite number.
 */
function isReportOnly(requirement: FunctionRequirement, now: number): boolean {
  const { reportOnlyUntil } = copyOwn(requirement);
  return reportOnlyUntil !== undefined && Number.isFinite(reportOnlyUntil) && now < reportOnlyUntil;
}

function describeCaller({ name, certificate, matched }: ClientIdentity): KnownCaller {
  const { thumbprintSha256 } = certificate;
  return { identityName: name, thumbprintSha256, ...(matched === undefined ? {} : { matched }) };
}
