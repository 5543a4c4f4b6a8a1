import type { DenialFacts } from './denial-facts.js';
import { describeDenial } from './denial-sentences/describe-denial.js';
import { describeFault } from './encoding/describe-fault.js';

/** The steps of a decision, in the order in which they run. */
export const decisionSteps = [
  'certificate-header',
  'trust-store',
  'client-certificate',
  'certificate-verification',
  'certification-path',
  'client-identity',
  'authorization',
] as const;

/** A step of the path of a decision, for people who explain one. */
export type DecisionStepName = (typeof decisionSteps)[number];

/** The steps of a request's path that can refuse it (docs/architecture.md). The first three are the adapter's. */
export type RequestStep = 'front-end' | 'http-streaming' | 'mcp-transport' | DecisionStepName;

/** All of them, in the order in which they run. */
export const requestSteps: readonly RequestStep[] = ['front-end', 'http-streaming', 'mcp-transport', ...decisionSteps];

/** What callers learn: the same for no certificate and for a wrong one. */
const statusByPublicCode = { client_certificate_required: 401, forbidden: 403, unavailable: 503 } as const;

/** What the caller is told: less than the operator. */
export type PublicCode = keyof typeof statusByPublicCode;
/** The public code follows it: the `type` of an answer that refuses (RFC 9457), which programs compare. */
export const problemTypePrefix = 'urn:certgate:problem:';
/** The HTTP status that goes with a public code. */
export type PublicStatus = (typeof statusByPublicCode)[PublicCode];

interface DenialRow {
  /** What callers learn; absent: `client_certificate_required`, the same for no certificate and for a wrong one. */
  readonly publicCode?: PublicCode;
  /** The steps that may report it, in their order. None: it stands outside the order. */
  readonly steps: readonly RequestStep[];
  /** It ends at a moment that the trust document names, or as soon as a source answers: never remembered. */
  readonly isMomentary?: true;
}

/**
 * Every reason to refuse, in the order of the request's path: what the caller learns of it, and which steps may report
 * it: unless a row says otherwise, callers learn that a client certificate is required. The precise code goes to the
 * operator's log alone.
 */
const denials = {
  // Before the header is looked at: the operator's side is not in order.
  front_end_unknown: { publicCode: 'unavailable', steps: ['front-end'] },
  front_end_contradicted: { publicCode: 'unavailable', steps: ['front-end'] },
  front_end_unproven: { publicCode: 'unavailable', steps: ['front-end'] },
  // Of one request alone: for all that is known, somebody sent it past the front end.
  front_end_bypassed: { steps: ['front-end'] },
  http_streaming_ambiguous: { publicCode: 'unavailable', steps: ['http-streaming'] },
  // Of an MCP call. The caller chooses the transport; whether its headers come along is the operator's affair.
  mcp_transport_unsupported: { steps: ['mcp-transport'] },
  mcp_headers_unavailable: { publicCode: 'unavailable', steps: ['mcp-transport'] },
  // Set up so that no call may be decided, or not at all.
  gate_setup_failed: { publicCode: 'unavailable', steps: [] },
  gate_not_installed: { publicCode: 'unavailable', steps: [] },
  // Of a handler that other code of the app calls.
  invocation_unknown: { publicCode: 'unavailable', steps: [] },
  // The certificate header. The bytes of a pinned certificate may turn out later to be none.
  certificate_missing: { steps: ['certificate-header'] },
  certificate_malformed: { steps: ['certificate-header', 'client-certificate'] },
  certificate_multiple: { steps: ['certificate-header'] },
  certificate_too_large: { steps: ['certificate-header'] },
  certificate_verification_failed: { steps: ['certificate-header'] },
  // The trust store. What is known by a name is concluded by client-identity, once the path holds; so is what the
  // document says anew after an OCSP responder was asked.
  trust_locked: { publicCode: 'unavailable', steps: ['trust-store', 'client-identity'], isMomentary: true },
  certificate_on_deny_list: { steps: ['trust-store', 'certification-path', 'client-identity'] },
  certificate_not_trusted: { steps: ['trust-store', 'client-identity'] },
  identity_ambiguous: { steps: ['trust-store', 'client-identity'], isMomentary: true },
  identity_disabled: { steps: ['trust-store', 'client-identity'], isMomentary: true },
  identity_expired: { steps: ['trust-store', 'client-identity'], isMomentary: true },
  pin_disabled: { steps: ['trust-store', 'client-identity'], isMomentary: true },
  pin_not_yet_valid: { steps: ['trust-store', 'client-identity'], isMomentary: true },
  pin_expired: { steps: ['trust-store', 'client-identity'], isMomentary: true },
  trust_unavailable: { publicCode: 'unavailable', steps: ['trust-store', 'certification-path'], isMomentary: true },
  // The certificate itself.
  certificate_not_yet_valid: { steps: ['certificate-verification'] },
  certificate_expired: { steps: ['certificate-verification'] },
  certificate_is_authority: { steps: ['certificate-verification'] },
  certificate_extended_key_usage_unsuitable: { steps: ['certificate-verification'] },
  certificate_key_usage_unsuitable: { steps: ['certificate-verification'] },
  certificate_key_unsupported: { steps: ['certificate-verification'] },
  certificate_key_too_weak: { steps: ['certificate-verification'] },
  algorithm_unsupported_by_runtime: {
    publicCode: 'unavailable',
    steps: ['certificate-verification', 'certification-path'],
  },
  // Later where a path was looked for that would have processed the extension.
  certificate_critical_extension_unknown: { steps: ['certificate-verification', 'certification-path'] },
  // The path to an authority. The trust store counts the names before it compares them, and a store of the user's own
  // may know what is revoked.
  path_not_found: { steps: ['certification-path'] },
  path_budget_exhausted: { steps: ['trust-store', 'certification-path'] },
  path_signature_invalid: { steps: ['certification-path'] },
  path_certificate_malformed: { steps: ['certification-path'] },
  path_certificate_not_yet_valid: { steps: ['certification-path'] },
  path_certificate_expired: { steps: ['certification-path'] },
  path_authority_unfit: { steps: ['certification-path'] },
  path_length_exceeded: { steps: ['certification-path'] },
  path_name_not_permitted: { steps: ['certification-path'] },
  path_policy_not_satisfied: { steps: ['certification-path'] },
  path_critical_extension_unknown: { steps: ['certification-path'] },
  path_key_unsupported: { steps: ['certification-path'] },
  path_key_too_weak: { steps: ['certification-path'] },
  path_algorithm_unsupported: { steps: ['certification-path'] },
  path_algorithm_too_weak: { steps: ['certification-path'] },
  path_extended_key_usage_unsuitable: { steps: ['certification-path'] },
  certificate_revoked: { steps: ['trust-store', 'certification-path'] },
  revocation_unavailable: {
    publicCode: 'unavailable',
    steps: ['trust-store', 'certification-path', 'client-identity'],
    isMomentary: true,
  },
  // Authorization.
  function_not_allowed: { publicCode: 'forbidden', steps: ['authorization'] },
  role_missing: { publicCode: 'forbidden', steps: ['authorization'] },
  // Anywhere.
  internal_fault: { publicCode: 'unavailable', steps: [] },
} as const;

/** Why a request was refused, for operators. docs/errors.md explains each code. */
export type DenialCode = keyof typeof denials;

/** The codes that a step may report; of several steps, those that any of them may. */
export type DenialCodeOf<Step extends RequestStep> = {
  [Code in DenialCode]: Step extends (typeof denials)[Code]['steps'][number] ? Code : never;
}[DenialCode];

/** All precise codes, in the order of the request's path. */
export const denialCodes: readonly DenialCode[] = Object.freeze(Object.keys(denials) as DenialCode[]);

/** A refusal. Neither its facts nor its detail reach the caller. */
export interface Denial<Code extends DenialCode = DenialCode> {
  readonly outcome: 'denied';
  readonly code: Code;
  /**
   * What the gate knew: plain data, of the shape that the code has in `DenialFacts`. Absent where a trust store of the
   * app's own refused.
   */
  readonly facts?: DenialFacts[Code];
  /** One sentence for the operator, made from the facts: what is wrong and what to do. */
  readonly detail: string;
  /** Whom the certificate belongs to, where that was known before the refusal. */
  readonly identityName?: string;
  /** Upper-case hexadecimal; absent where no single certificate was read. */
  readonly thumbprintSha256?: string;
  /** As of an admission: the name or the digits of the pin by which it is known whom the certificate belongs to. */
  readonly matched?: string;
}

/** Whom a denial is about, as far as that is known. */
export type KnownCaller = Pick<Denial, 'identityName' | 'thumbprintSha256' | 'matched'>;

/** A denial with this code and what is known of it. */
export function deny<Code extends DenialCode>(
  code: Code,
  facts: DenialFacts[Code],
  known: KnownCaller = {},
): Denial<Code> {
  Object.freeze(facts);
  // Not a getter: making one costs more than the sentence.
  return Object.freeze({ outcome: 'denied', code, facts, detail: describeFacts(code, facts), ...known });
}

/** The refusal stands, whatever becomes of its sentence: a file of the sentences may not have been deployed. */
export function describeFacts<Code extends DenialCode>(code: Code, facts: DenialFacts[Code]): string {
  try {
    return describeDenial(code, facts);
  } catch (error) {
    return `Refused for ${code}; the sentence about it could not be made: ${describeFault(error)}. See docs/errors.md.`;
  }
}

/** A denial in the words of a trust store, and with its facts where it has some. */
export function denyAsFound<Code extends DenialCode>(
  { code, detail, facts }: Pick<Denial<Code>, 'code' | 'detail' | 'facts'>,
  known: KnownCaller,
): Denial<Code> {
  return Object.freeze({ outcome: 'denied', code, ...(facts === undefined ? {} : { facts }), detail, ...known });
}

/** Narrows a denial, its facts included. */
export function isDeniedFor<Code extends DenialCode>(denial: Denial, code: Code): denial is Denial<Code> {
  return denial.code === code;
}

/** The code that the caller sees. */
export function getPublicCode(code: DenialCode): PublicCode {
  const row = getRow(code);
  // Of the row itself: what somebody put on Object.prototype would be told to callers, with no status.
  return (Object.hasOwn(row, 'publicCode') ? row.publicCode : undefined) ?? 'client_certificate_required';
}

/** The HTTP status of the answer to the caller. */
export function getPublicStatus(code: DenialCode): PublicStatus {
  return statusByPublicCode[getPublicCode(code)];
}

/** The steps that may report a code, in the order in which they run. */
export function getSteps(code: DenialCode): readonly RequestStep[] {
  return getRow(code).steps;
}

/**
 * Which of several reasons to refuse counts, whether they stand in one document or in several stores: the one with the
 * lowest rank. A lock comes before all, since whoever is known must not be told from a stranger by it. What can't be
 * decided now gives way to what is known to be refused. Otherwise, the order of the request's path.
 */
export function rankDenial(code: DenialCode): number {
  if (code === 'trust_locked') return -1;
  return denialCodes.indexOf(code) + (getPublicCode(code) === 'unavailable' ? denialCodes.length : 0);
}

/** Whether the refusal may end from one moment to the next, so that it must not be remembered. */
export function isMomentary(code: DenialCode): boolean {
  return getRow(code).isMomentary === true;
}

/** Whether a value is a denial code that the step may report. */
export function isDenialCodeOf<Step extends RequestStep>(step: Step, code: unknown): code is DenialCodeOf<Step> {
  return isDenialCode(code) && getSteps(code).includes(step);
}

function isDenialCode(code: unknown): code is DenialCode {
  return typeof code === 'string' && Object.hasOwn(denials, code);
}

function getRow(code: DenialCode): DenialRow {
  return denials[code];
}
