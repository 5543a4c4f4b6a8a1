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

/** The name of a step of a decision, for tools that explain a decision to people. */
export type DecisionStepName = (typeof decisionSteps)[number];

/**
 * A step of a request's path that can refuse the request (docs/architecture.md). The adapter runs the first three:
 * `front-end`, `http-streaming` and `mcp-transport`.
 */
export type RequestStep = 'front-end' | 'http-streaming' | 'mcp-transport' | DecisionStepName;

/** All steps of a request's path, in the order in which they run. */
export const requestSteps: readonly RequestStep[] = ['front-end', 'http-streaming', 'mcp-transport', ...decisionSteps];

/** The codes that callers see, each with its HTTP status. A missing certificate and a wrong one have the same code. */
const statusByPublicCode = { client_certificate_required: 401, forbidden: 403, unavailable: 503 } as const;

/** The code that the caller sees. It says less than the `DenialCode`, which is for the operator. */
export type PublicCode = keyof typeof statusByPublicCode;
/**
 * The beginning of the `type` member in a refusal's answer (RFC 9457), which programs compare. The public code follows
 * it.
 */
export const problemTypePrefix = 'urn:certgate:problem:';
/** The HTTP status that goes with a public code. */
export type PublicStatus = (typeof statusByPublicCode)[PublicCode];

interface DenialRow {
  /**
   * The code that callers see. Absent if it is `client_certificate_required`, which is the same for no certificate and
   * for a wrong one.
   */
  readonly publicCode?: PublicCode;
  /** The steps that may report the denial, in the order in which they run. Empty if the denial belongs to no step. */
  readonly steps: readonly RequestStep[];
  /**
   * Set if the gate must not remember the refusal, for example because it may end at a moment that the trust document
   * names, or as soon as a source answers.
   */
  readonly isMomentary?: true;
}

/**
 * Every reason to refuse a request, in the order of the request's path: the code that the caller sees, and the steps
 * that may report the reason. Unless a row says otherwise, the caller sees `client_certificate_required`. The precise
 * code is for the operator.
 */
const denials = {
  // Reasons that are found before the gate reads the certificate header: the operator's side is not in order.
  front_end_unknown: { publicCode: 'unavailable', steps: ['front-end'] },
  front_end_contradicted: { publicCode: 'unavailable', steps: ['front-end'] },
  front_end_unproven: { publicCode: 'unavailable', steps: ['front-end'] },
  // This one is about a single request, not about the setup: for all that the gate knows, somebody sent the request
  // past the front end.
  front_end_bypassed: { steps: ['front-end'] },
  http_streaming_ambiguous: { publicCode: 'unavailable', steps: ['http-streaming'] },
  // About MCP calls. The caller chooses the transport, so an unsupported one is a 401. The operator decides whether the
  // host passes headers on, so missing headers are a 503.
  mcp_transport_unsupported: { steps: ['mcp-transport'] },
  mcp_headers_unavailable: { publicCode: 'unavailable', steps: ['mcp-transport'] },
  // The gate's setup failed, or no gate is installed, so that no call can be decided.
  gate_setup_failed: { publicCode: 'unavailable', steps: [] },
  gate_not_installed: { publicCode: 'unavailable', steps: [] },
  // A handler was called with a context that belongs to no invocation that the gate has seen, for example by other code
  // of the app.
  invocation_unknown: { publicCode: 'unavailable', steps: [] },
  // About the certificate header. `client-certificate` may report a malformed certificate too, because the bytes of a
  // certificate that the store found or nominated are decoded only there.
  certificate_missing: { steps: ['certificate-header'] },
  certificate_malformed: { steps: ['certificate-header', 'client-certificate'] },
  certificate_multiple: { steps: ['certificate-header'] },
  certificate_too_large: { steps: ['certificate-header'] },
  certificate_verification_failed: { steps: ['certificate-header'] },
  // About the trust store. If the certificate is known only by a name, `client-identity` reports the refusal, because
  // the certification path is validated first. It also reports a refusal by a document that was adopted while an OCSP
  // responder was asked.
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
  // About the certificate itself.
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
  // `certification-path` reports `certificate_critical_extension_unknown` if a path was looked for that could have
  // processed the extension.
  certificate_critical_extension_unknown: { steps: ['certificate-verification', 'certification-path'] },
  // About the path to an authority. `trust-store` reports a certificate that has more names than the gate compares, and
  // a custom trust store may itself know that a certificate is revoked.
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
  // Possible at any step.
  internal_fault: { publicCode: 'unavailable', steps: [] },
} as const;

/** Why a request was refused, for operators. docs/errors.md explains each code. */
export type DenialCode = keyof typeof denials;

/** The codes that a step may report. For a union of steps: the codes that any of them may report. */
export type DenialCodeOf<Step extends RequestStep> = {
  [Code in DenialCode]: Step extends (typeof denials)[Code]['steps'][number] ? Code : never;
}[DenialCode];

/** All precise codes, in the order of the request's path. */
export const denialCodes: readonly DenialCode[] = Object.freeze(Object.keys(denials) as DenialCode[]);

/** A refusal. Its facts do not reach the caller, and its detail only in Development. */
export interface Denial<Code extends DenialCode = DenialCode> {
  readonly outcome: 'denied';
  readonly code: Code;
  /**
   * What the gate knew: plain data, in the shape that `DenialFacts` defines for the code. Absent if a trust store of
   * the app's own refused, or said why it does not know the certificate.
   */
  readonly facts?: DenialFacts[Code];
  /** A text for the operator, made from the facts or given by the trust store: what is wrong, and often what to do. */
  readonly detail: string;
  /** The name of the identity that the certificate belongs to. Absent if the gate did not know it. */
  readonly identityName?: string;
  /** The certificate's SHA-256 thumbprint in upper-case hexadecimal. Absent unless exactly one certificate was read. */
  readonly thumbprintSha256?: string;
  /**
   * The name, or the hash in the pin, by which the certificate's identity was recognised. Absent if that is not known.
   */
  readonly matched?: string;
}

/** What is known about the caller whom a denial refuses. */
export type KnownCaller = Pick<Denial, 'identityName' | 'thumbprintSha256' | 'matched'>;

/** Makes a denial with this code, these facts and what is known about the caller. */
export function deny<Code extends DenialCode>(
  code: Code,
  facts: DenialFacts[Code],
  known: KnownCaller = {},
): Denial<Code> {
  Object.freeze(facts);
  // The sentence is made now, not in a getter, because defining a getter costs more than making the sentence.
  return Object.freeze({ outcome: 'denied', code, facts, detail: describeFacts(code, facts), ...known });
}

/**
 * Describes a denial for the operator. Never throws, so that the call stays refused even if the file with the sentences
 * was not deployed.
 */
export function describeFacts<Code extends DenialCode>(code: Code, facts: DenialFacts[Code]): string {
  try {
    return describeDenial(code, facts);
  } catch (error) {
    return `Refused for ${code}; the sentence about it could not be made: ${describeFault(error)}. See docs/errors.md.`;
  }
}

/** Makes a denial with the words of a trust store, and with the store's facts if it gave any. */
export function denyAsFound<Code extends DenialCode>(
  { code, detail, facts }: Pick<Denial<Code>, 'code' | 'detail' | 'facts'>,
  known: KnownCaller,
): Denial<Code> {
  return Object.freeze({ outcome: 'denied', code, ...(facts === undefined ? {} : { facts }), detail, ...known });
}

/** Whether a denial has this code. Narrows the type of the denial and of its facts. */
export function isDeniedFor<Code extends DenialCode>(denial: Denial, code: Code): denial is Denial<Code> {
  return denial.code === code;
}

/** The code that the caller sees. */
export function getPublicCode(code: DenialCode): PublicCode {
  const row = getRow(code);
  // Only the row's own member is read. Otherwise callers would see a value that somebody put on Object.prototype,
  // without an HTTP status.
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
 * The rank of a reason to refuse. If several reasons apply, in one document or in several stores, the gate reports the
 * one with the lowest rank. A lock has the lowest, so that its answer never distinguishes known callers from unknown
 * ones. Reasons that are `unavailable` to callers have the highest ranks: a known refusal is reported before something
 * that can't be decided now. Otherwise the rank is the order of the request's path.
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
