import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { certificateFaultCodes } from '@certgate/x509';
import { pathFaultCodes } from '@certgate/x509/path';
import {
  type DenialCode,
  type PublicCode,
  denialCodes,
  deny,
  getPublicCode,
  getPublicStatus,
  isMomentary,
} from './denial.js';

const statuses = { client_certificate_required: 401, forbidden: 403, unavailable: 503 } as const;

describe('the table of denials', () => {
  test('gives every code a public code and its status', () => {
    for (const code of denialCodes) assert.equal(getPublicStatus(code), statuses[getPublicCode(code)]);
  });
  test('has exactly these codes: a change is a change of what callers see', () => {
    const codesOf = (publicCode: PublicCode): readonly DenialCode[] =>
      denialCodes.filter((code) => getPublicCode(code) === publicCode);
    const table = Object.keys(statuses).map((publicCode) => [publicCode, codesOf(publicCode as PublicCode)]);
    assert.deepEqual(Object.fromEntries(table), {
      unavailable: [
        'front_end_unknown',
        'front_end_contradicted',
        'front_end_unproven',
        'http_streaming_ambiguous',
        'mcp_headers_unavailable',
        'gate_setup_failed',
        'gate_not_installed',
        'invocation_unknown',
        'trust_locked',
        'trust_unavailable',
        'algorithm_unsupported_by_runtime',
        'revocation_unavailable',
        'internal_fault',
      ],
      client_certificate_required: [
        'front_end_bypassed',
        'mcp_transport_unsupported',
        'certificate_missing',
        'certificate_malformed',
        'certificate_multiple',
        'certificate_too_large',
        'certificate_verification_failed',
        'certificate_on_deny_list',
        'certificate_not_trusted',
        'identity_ambiguous',
        'identity_disabled',
        'identity_expired',
        'pin_disabled',
        'pin_not_yet_valid',
        'pin_expired',
        'certificate_not_yet_valid',
        'certificate_expired',
        'certificate_is_authority',
        'certificate_extended_key_usage_unsuitable',
        'certificate_key_usage_unsuitable',
        'certificate_key_unsupported',
        'certificate_key_too_weak',
        'certificate_critical_extension_unknown',
        'path_not_found',
        'path_budget_exhausted',
        'path_signature_invalid',
        'path_certificate_malformed',
        'path_certificate_not_yet_valid',
        'path_certificate_expired',
        'path_authority_unfit',
        'path_length_exceeded',
        'path_name_not_permitted',
        'path_policy_not_satisfied',
        'path_critical_extension_unknown',
        'path_key_unsupported',
        'path_key_too_weak',
        'path_algorithm_unsupported',
        'path_algorithm_too_weak',
        'path_extended_key_usage_unsuitable',
        'certificate_revoked',
      ],
      forbidden: ['function_not_allowed', 'role_missing'],
    });
  });
  test('marks the refusals that end by themselves, which the gate never remembers', () => {
    assert.deepEqual(denialCodes.filter(isMomentary), [
      'trust_locked',
      'identity_ambiguous',
      'identity_disabled',
      'identity_expired',
      'pin_disabled',
      'pin_not_yet_valid',
      'pin_expired',
      'trust_unavailable',
      'revocation_unavailable',
    ]);
  });
  test('has the code of each fault that a certificate or a path can have', () => {
    const codes = new Set<string>(denialCodes);
    for (const code of [...certificateFaultCodes, ...pathFaultCodes]) assert.ok(codes.has(code), code);
  });
  test('has lower-case words as codes, each once', () => {
    for (const code of denialCodes) assert.match(code, /^[a-z]+(?:_[a-z]+)+$/);
    assert.equal(new Set(denialCodes).size, denialCodes.length);
    assert.ok(Object.isFrozen(denialCodes));
  });
});

test('a denial is frozen and contains what was known', () => {
  const facts = { identity: 'a', isOfStore: true } as const;
  const denial = deny('pin_expired', facts, { identityName: 'a', thumbprintSha256: 'AB' });
  assert.ok(Object.isFrozen(denial) && Object.isFrozen(denial.facts));
  assert.deepEqual(denial, {
    outcome: 'denied',
    code: 'pin_expired',
    facts,
    detail: 'What admitted "a" has ended.',
    identityName: 'a',
    thumbprintSha256: 'AB',
  });
  assert.deepEqual(Object.keys(deny('front_end_bypassed', {})), ['outcome', 'code', 'facts', 'detail']);
});
