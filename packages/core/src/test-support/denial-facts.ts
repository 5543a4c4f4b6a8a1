import * as fc from 'fast-check';
import { type Denial, type DenialCode, deny, type KnownCaller } from '../denial.js';
import type { DenialFacts, NameEntry, PathFacts, PinEntry } from '../denial-facts.js';

const text = fc.string({ unit: 'binary', maxLength: 40 });
const texts = fc.array(text, { maxLength: 4 });
const count = fc.nat();
// Includes times that a `Date` can't represent, because a trust store of the user's own may answer anything.
const instant = fc.oneof(fc.double({ noNaN: true }), fc.integer());
const optional = <Value>(value: fc.Arbitrary<Value>, name: string): fc.Arbitrary<Readonly<Record<string, Value>>> =>
  fc.oneof(
    fc.constant({}),
    value.map((each) => ({ [name]: each })),
  );

/** Facts with members that are always present, and with members that may be absent. */
function record<Facts>(
  required: Readonly<Record<string, fc.Arbitrary<unknown>>>,
  rest: Readonly<Record<string, fc.Arbitrary<unknown>>> = {},
): fc.Arbitrary<Facts> {
  const parts = Object.entries(rest).map(([name, value]) => optional(value, name));
  return fc.tuple(fc.record(required), ...parts).map((each) => Object.assign({}, ...each) as Facts);
}

const isTrue = fc.constant(true);
const pin = record<PinEntry>(
  { kind: fc.constantFrom('thumbprintSha256', 'thumbprintSha1', 'publicKeySha256'), value: text },
  { issuedBy: text, isOfTwin: isTrue, isDisabled: isTrue, notBefore: instant, notAfter: instant },
);
const others = fc.array(pin, { maxLength: 2 });
const nameType = fc.constantFrom<NameEntry['type']>('dns', 'uri', 'email', 'commonName', 'organizationalUnit');
const name = record<NameEntry>({ type: nameType, value: text, issuedBy: text });
const claim = record({ identity: text, name });
const member = record({
  subject: text,
  thumbprintSha256: text,
  role: fc.constantFrom('trust-anchor', 'intermediate', 'end-entity', 'crl-signer'),
  notBefore: instant,
  notAfter: instant,
});
const questionParts = { pin, claim, isIssued: isTrue };
const question = record({ authority: text }, questionParts);
const pathParts = { ...questionParts, certificate: member, chainFault: text };
const path = record<PathFacts>({ authority: text, fault: text }, pathParts);
const unfit = { fault: text };
const nothing = fc.constant({});
const ofStore = record<{ readonly identity: string; readonly isOfStore: true }>({ identity: text, isOfStore: isTrue });
const identity = { identity: text };
const problems = <Problem extends string>(...all: readonly Problem[]): fc.Arbitrary<Problem> => fc.constantFrom(...all);
const grace = record({ state: problems('path_needed', 'never', 'ahead', 'over') }, { since: instant, until: instant });
const issuance = record({ verdict: problems('likely', 'possible'), evidence: texts });

/** The facts that each code can have, with arbitrary values. */
export const denialFacts: { readonly [Code in DenialCode]: fc.Arbitrary<DenialFacts[Code]> } = {
  front_end_unknown: fc.oneof(
    record<DenialFacts['front_end_unknown']>({ problem: problems('setting_not_valid'), fault: text }),
    record<DenialFacts['front_end_unknown']>({
      problem: problems('not_named'),
      host: problems('functions', 'server'),
      hostMarks: texts,
      isOnAzure: fc.boolean(),
      frontEnds: texts,
      isDevelopmentClaimed: fc.boolean(),
    }),
  ),
  front_end_contradicted: fc.oneof(
    record<DenialFacts['front_end_contradicted']>({
      problem: problems('named_twice'),
      frontEnd: text,
      otherFrontEnd: text,
    }),
    record<DenialFacts['front_end_contradicted']>({
      problem: problems('other_platform'),
      frontEnd: text,
      platformMarks: texts,
    }),
    record<DenialFacts['front_end_contradicted']>({
      problem: problems('proof_not_needed'),
      frontEnd: text,
      given: problems('secret', 'isolation'),
    }),
    record<DenialFacts['front_end_contradicted']>({ problem: problems('direct_tls'), setting: text }),
  ),
  front_end_unproven: fc.oneof(
    record<DenialFacts['front_end_unproven']>({ problem: problems('secret_undefined', 'secret_empty') }),
    record<DenialFacts['front_end_unproven']>({ problem: problems('no_proof'), frontEnd: text }),
  ),
  front_end_bypassed: nothing,
  http_streaming_ambiguous: nothing,
  mcp_transport_unsupported: record({ functionName: text }, { transport: text }),
  mcp_headers_unavailable: record({
    functionName: text,
    problem: problems('transport_unnamed', 'headers_missing', 'called_past_gate'),
  }),
  gate_setup_failed: record({ fault: text }),
  gate_not_installed: record({ host: problems('functions', 'server') }, { gates: problems('several') }),
  invocation_unknown: record({ functionName: text }),
  certificate_missing: fc.oneof(
    record<DenialFacts['certificate_missing']>({ problem: problems('absent'), source: text }),
    record<DenialFacts['certificate_missing']>({
      problem: problems('connection_without_tls', 'handshake_without_certificate'),
    }),
    record<DenialFacts['certificate_missing']>({
      problem: problems('mcp_trigger_unknown', 'policy_unknown'),
      functionName: text,
    }),
  ),
  certificate_malformed: fc.oneof(
    record<DenialFacts['certificate_malformed']>({
      problem: problems(
        ...(['not_der', 'truncated', 'trailing_bytes', 'pem', 'base64url', 'base64_padding', 'not_base64'] as const),
        'base64_percent_encoded',
        ...(['pem_lines_unexpected', 'pem_not_percent_encoded', 'pem_block_cut', 'not_pem_block'] as const),
        ...(['forwarded_elements_forgeable', 'forwarded_json', 'not_forwarded_elements'] as const),
        ...(['byte_sequence_empty', 'not_byte_sequence'] as const),
      ),
    }),
    record<DenialFacts['certificate_malformed']>({ problem: problems('other_structure'), structure: text }),
    record<DenialFacts['certificate_malformed']>({ problem: problems('pinned_bytes', 'path_bytes'), fault: text }),
  ),
  certificate_multiple: record({}, { expectedElements: count, isPerhapsChain: isTrue }),
  certificate_too_large: record({ length: count, limit: count }, { header: text }),
  certificate_verification_failed: record({ header: text, accepted: text }, { said: text }),
  trust_locked: fc.oneof(
    record<DenialFacts['trust_locked']>({ since: instant, by: text, reason: text }),
    record<DenialFacts['trust_locked']>({ setting: text }),
  ),
  certificate_on_deny_list: record(
    {
      entry: record({ path: text }, { thumbprintSha256: text, issuedBy: text, serialNumber: text, reason: text }),
    },
    { certificate: member, question },
  ),
  certificate_not_trusted: record(
    {},
    {
      authorities: texts,
      names: fc.array(record({ type: nameType, value: text }), { maxLength: 4 }),
      attributeWithoutText: text,
      decodingFault: text,
      chainFault: text,
    },
  ),
  identity_ambiguous: record(
    {
      identities: fc.array(
        record({ identity: text, pins: fc.array(pin, { maxLength: 2 }), names: fc.array(name, { maxLength: 2 }) }),
        { minLength: 1, maxLength: 3 },
      ),
    },
    { isAcrossStores: isTrue },
  ),
  identity_disabled: record(identity),
  identity_expired: record({ ...identity, expiresAt: instant }),
  pin_disabled: record({ ...identity, pin, others }),
  pin_not_yet_valid: fc.oneof(
    record<DenialFacts['pin_not_yet_valid']>({ ...identity, pin, others, notBefore: instant }),
    ofStore,
  ),
  pin_expired: fc.oneof(
    record<DenialFacts['pin_expired']>(
      { ...identity, pin, others, notAfter: instant },
      { certificateNotAfter: instant, isCertificateExpired: fc.boolean() },
    ),
    ofStore,
  ),
  trust_unavailable: record(unfit),
  certificate_not_yet_valid: record({ ...unfit, notBefore: instant, notAfter: instant }, { claim }),
  certificate_expired: record({ ...unfit, notBefore: instant, notAfter: instant }, { claim }),
  certificate_is_authority: record(unfit, { claim }),
  certificate_extended_key_usage_unsuitable: record(
    { ...unfit, extendedKeyUsage: texts },
    { claim, grace, publicIssuance: issuance },
  ),
  certificate_key_usage_unsuitable: record({ ...unfit, keyUsage: texts }, { claim }),
  certificate_key_unsupported: record({ ...unfit, key: text }, { claim }),
  certificate_key_too_weak: record({ ...unfit, key: text }, { claim }),
  algorithm_unsupported_by_runtime: fc.oneof(
    record<DenialFacts['algorithm_unsupported_by_runtime']>({ ...unfit, key: text }, { claim }),
    path,
  ),
  certificate_critical_extension_unknown: record({ ...unfit, extensions: texts }, { claim }),
  path_not_found: path,
  path_budget_exhausted: fc.oneof(
    record<DenialFacts['path_budget_exhausted']>({ nameCount: count, limit: count }),
    path,
  ),
  path_signature_invalid: path,
  path_certificate_malformed: fc.oneof(record<DenialFacts['path_certificate_malformed']>(unfit), path),
  path_certificate_not_yet_valid: path,
  path_certificate_expired: path,
  path_authority_unfit: path,
  path_length_exceeded: path,
  path_name_not_permitted: path,
  path_policy_not_satisfied: path,
  path_critical_extension_unknown: path,
  path_key_unsupported: path,
  path_key_too_weak: path,
  path_algorithm_unsupported: path,
  path_algorithm_too_weak: path,
  path_extended_key_usage_unsuitable: path,
  certificate_revoked: record({ authority: text, fault: text }, { ...pathParts, revokedAt: instant, reason: text }),
  revocation_unavailable: fc.oneof(ofStore, path),
  function_not_allowed: record({ ...identity, functionName: text, functions: texts }),
  role_missing: record({ ...identity, functionName: text, anyOf: texts, roles: texts }),
  internal_fault: record({ problem: problems('time_not_a_number', 'context_missing', 'failed') }, { fault: text }),
};

/** A denial with arbitrary facts, the same at every call, for tests to which the facts don't matter. */
export function denySome<Code extends DenialCode>(code: Code, known: KnownCaller = {}): Denial<Code> {
  const [facts] = fc.sample<DenialFacts[Code]>(denialFacts[code], { numRuns: 1, seed: 1 });
  return deny(code, facts as DenialFacts[Code], known);
}

/** The same facts, with a unique value in place of each text and each number, except for `choices`. */
export function markFacts(facts: object): object {
  let next = 0;
  const mark = (value: unknown): unknown => {
    next += 1;
    if (typeof value === 'string') return `mark-${next}-of-a-text`;
    if (typeof value === 'number') return 7_654_321_000 + next;
    if (Array.isArray(value)) return value.map(mark);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, each]) => [key, choices.has(key) ? (each as unknown) : mark(each)]),
    );
  };
  return mark(facts) as object;
}

/** Members whose value is one of a few words. */
const choices: ReadonlySet<string> = new Set(['problem', 'host', 'given', 'state', 'verdict', 'role', 'kind', 'type']);

/** The texts and numbers that `markFacts` wrote. */
export function listMarks(facts: unknown): readonly string[] {
  if (typeof facts === 'string') return facts.startsWith('mark-') ? [facts] : [];
  if (typeof facts === 'number') return [String(facts)];
  return typeof facts === 'object' && facts !== null ? Object.values(facts).flatMap(listMarks) : [];
}
