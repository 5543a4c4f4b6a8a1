import type { ClientIdentity } from './client-identity.js';
import { type Denial, deny } from './denial.js';

/** What a function asks of its caller. Every group must be met; one role of a group meets it. */
export interface FunctionRequirement {
  readonly functionName: string;
  readonly roles: readonly (readonly string[])[];
}

/** May this identity call this function? Both answers are 403 to the caller: who it is, is not in doubt. */
export function findAuthorizationDenial(
  identity: ClientIdentity,
  requirement: FunctionRequirement,
): Denial | undefined {
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

function denyIdentity(identity: ClientIdentity, code: 'function_not_allowed' | 'role_missing', detail: string): Denial {
  return deny(code, detail, { identityName: identity.name, thumbprintSha256: identity.certificate.thumbprintSha256 });
}
