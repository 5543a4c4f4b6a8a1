/**
 * Every reason to refuse, in the order of the request's path, and what the caller learns of it. The precise code goes to
 * the operator's log; callers see the public code, which is the same for no certificate and for a wrong one.
 */
const publicCodeByDenialCode = {
  // Before the header is looked at: the operator's side is not in order.
  front_end_unknown: 'unavailable',
  front_end_contradicted: 'unavailable',
  http_streaming_ambiguous: 'unavailable',
  gate_not_installed: 'unavailable',
  // certificate-header
  certificate_missing: 'client_certificate_required',
  certificate_malformed: 'client_certificate_required',
  certificate_multiple: 'client_certificate_required',
  certificate_too_large: 'client_certificate_required',
  // trust-store
  trust_locked: 'unavailable',
  certificate_on_deny_list: 'client_certificate_required',
  certificate_not_trusted: 'client_certificate_required',
  identity_ambiguous: 'client_certificate_required',
  identity_disabled: 'client_certificate_required',
  identity_expired: 'client_certificate_required',
  pin_disabled: 'client_certificate_required',
  pin_not_yet_valid: 'client_certificate_required',
  pin_expired: 'client_certificate_required',
  trust_unavailable: 'unavailable',
  // certificate-verification
  certificate_not_yet_valid: 'client_certificate_required',
  certificate_expired: 'client_certificate_required',
  certificate_is_authority: 'client_certificate_required',
  certificate_extended_key_usage_unsuitable: 'client_certificate_required',
  certificate_key_usage_unsuitable: 'client_certificate_required',
  certificate_key_unsupported: 'client_certificate_required',
  certificate_key_too_weak: 'client_certificate_required',
  certificate_critical_extension_unknown: 'client_certificate_required',
  // certification-path
  path_not_found: 'client_certificate_required',
  path_budget_exhausted: 'client_certificate_required',
  path_signature_invalid: 'client_certificate_required',
  path_certificate_malformed: 'client_certificate_required',
  path_certificate_not_yet_valid: 'client_certificate_required',
  path_certificate_expired: 'client_certificate_required',
  path_authority_unfit: 'client_certificate_required',
  path_length_exceeded: 'client_certificate_required',
  path_name_not_permitted: 'client_certificate_required',
  path_policy_not_satisfied: 'client_certificate_required',
  path_critical_extension_unknown: 'client_certificate_required',
  path_key_unsupported: 'client_certificate_required',
  path_key_too_weak: 'client_certificate_required',
  path_algorithm_unsupported: 'client_certificate_required',
  path_algorithm_too_weak: 'client_certificate_required',
  path_extended_key_usage_unsuitable: 'client_certificate_required',
  certificate_revoked: 'client_certificate_required',
  revocation_unavailable: 'unavailable',
  // authorization
  function_not_allowed: 'forbidden',
  role_missing: 'forbidden',
  // anywhere
  internal_fault: 'unavailable',
} as const;

export type DenialCode = keyof typeof publicCodeByDenialCode;
export type PublicCode = (typeof publicCodeByDenialCode)[DenialCode];

/** All precise codes, in the order of the request's path. */
export const denialCodes: readonly DenialCode[] = Object.freeze(Object.keys(publicCodeByDenialCode) as DenialCode[]);

const statusByPublicCode = { client_certificate_required: 401, forbidden: 403, unavailable: 503 } as const;

export type PublicStatus = (typeof statusByPublicCode)[PublicCode];

/** A refusal. `detail` is one sentence for the operator: what is wrong and what to do; it never reaches the caller. */
export interface Denial {
  readonly outcome: 'denied';
  readonly code: DenialCode;
  readonly detail: string;
  /** Whom the certificate belongs to, where that was known before the refusal. */
  readonly identityName?: string;
  /** Upper-case hexadecimal; absent where no single certificate was read. */
  readonly thumbprintSha256?: string;
}

export function deny(
  code: DenialCode,
  detail: string,
  known: Pick<Denial, 'identityName' | 'thumbprintSha256'> = {},
): Denial {
  return Object.freeze({ outcome: 'denied', code, detail, ...known });
}

export function getPublicCode(code: DenialCode): PublicCode {
  return publicCodeByDenialCode[code];
}

export function getPublicStatus(code: DenialCode): PublicStatus {
  return statusByPublicCode[publicCodeByDenialCode[code]];
}
