import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { type DecisionStep, decideAccess } from './access-decision.js';
import type { Decision } from './decision.js';
import { type DenialCode, denialCodes, getPublicStatus } from '../denial.js';
import { presentCertificate } from '../certificate-header/certificate-header.js';
import {
  type CertificateRequest,
  type MadeCertificate,
  defaultNotAfter,
  defaultNotBefore,
  makeCertificate,
  now,
} from '@certgate/x509/test-support/certificates.js';
import { isMlDsaRefused } from '@certgate/x509/test-support/ml-dsa.js';
import { type IdentityInput, assertDenied, snapshotOf } from '../test-support/documents.js';
import { listPathDenials } from '../test-support/path-denials.js';
import { countRuns } from '@certgate/x509/test-support/random-runs.js';

const allowed = makeCertificate();
const { der, header } = allowed;
const { thumbprintSha256, thumbprintSha1, publicKeySha256 } = presentCertificate(der);
const pinOf = (made: MadeCertificate): object => ({ thumbprintSha256: presentCertificate(made.der).thumbprintSha256 });
const requirement = { functionName: 'GetOrders', roles: [['reader']] };
const iso = (instant: number): string => new Date(instant).toISOString();

const steps: readonly DecisionStep['step'][] = [
  'certificate-header',
  'trust-store',
  'client-certificate',
  'certificate-verification',
  'client-identity',
  'authorization',
];

interface Traced {
  readonly decision: Decision;
  readonly trace: readonly DecisionStep[];
}

function decide(text: string | null | undefined, identities: readonly IdentityInput[], at = now): Traced {
  const trace: DecisionStep[] = [];
  const question = { header: text, trust: snapshotOf(...identities), requirement, now: at };
  const decision = decideAccess({ ...question, onStep: (step) => trace.push(step) });
  assert.deepEqual(decideAccess(question), decision, 'the trace changes the decision');
  return { decision, trace };
}

/** The header of a certificate that is not fit for a client, and identities that pin it. */
const unfit = (request: CertificateRequest): readonly [string, readonly IdentityInput[]] => {
  const made = makeCertificate(request);
  return [made.header, [{ pins: [pinOf(made)] }]];
};

const pinned: readonly IdentityInput[] = [{ name: 'billing', pins: [{ thumbprintSha256 }] }];

describe('the path, step by step', () => {
  test('an allowed caller passes every step in order, without a denial', () => {
    const { decision, trace } = decide(header, pinned);
    assert.ok(decision.outcome === 'allowed');
    assert.equal(decision.code, 'allowed');
    assert.equal(decision.identity.name, 'billing');
    assert.equal(decision.identity.matchedBy, 'thumbprintSha256');
    assert.equal(decision.identity.certificate.thumbprintSha256, thumbprintSha256);
    assert.deepEqual(
      trace,
      steps.map((step) => ({ step, denial: undefined })),
    );
  });

  const cases: readonly (readonly [
    DenialCode,
    DecisionStep['step'],
    string | null | undefined,
    readonly IdentityInput[],
    number?,
  ])[] = [
    ['certificate_missing', 'certificate-header', undefined, pinned],
    ['certificate_malformed', 'certificate-header', 'x', pinned],
    ['certificate_multiple', 'certificate-header', `${header},${header}`, pinned],
    ['certificate_too_large', 'certificate-header', header.repeat(100), pinned],
    ['certificate_not_trusted', 'trust-store', header, []],
    ['identity_ambiguous', 'trust-store', header, [{ pins: [{ thumbprintSha256 }] }, { pins: [{ thumbprintSha1 }] }]],
    ['identity_disabled', 'trust-store', header, [{ enabled: false, pins: [{ thumbprintSha256 }] }]],
    ['identity_expired', 'trust-store', header, [{ expiresAt: iso(now), pins: [{ thumbprintSha256 }] }]],
    ['pin_disabled', 'trust-store', header, [{ pins: [{ thumbprintSha256, enabled: false }] }]],
    ['pin_not_yet_valid', 'trust-store', header, [{ pins: [{ thumbprintSha256, notBefore: iso(now + 1) }] }]],
    ['pin_expired', 'trust-store', header, [{ pins: [{ thumbprintSha256, notAfter: iso(now) }] }]],
    [
      'certificate_malformed',
      'client-certificate',
      Buffer.from('3000', 'hex').toString('base64'),
      [{ pins: [{ thumbprintSha256: presentCertificate(Buffer.from('3000', 'hex')).thumbprintSha256 }] }],
    ],
    ['certificate_not_yet_valid', 'certificate-verification', header, pinned, defaultNotBefore - 1],
    ['certificate_expired', 'certificate-verification', header, pinned, defaultNotAfter + 1],
    ['certificate_is_authority', 'certificate-verification', ...unfit({ extensions: ['basicConstraints = CA:TRUE'] })],
    [
      'certificate_extended_key_usage_unsuitable',
      'certificate-verification',
      ...unfit({ extensions: ['extendedKeyUsage = serverAuth'] }),
    ],
    [
      'certificate_key_usage_unsuitable',
      'certificate-verification',
      ...unfit({ extensions: ['keyUsage = keyEncipherment'] }),
    ],
    [
      'certificate_critical_extension_unknown',
      'certificate-verification',
      ...unfit({ extensions: ['1.2.3.4 = critical, DER:0500'] }),
    ],
    ['certificate_key_unsupported', 'certificate-verification', ...unfit({ key: 'ed448' })],
    ['certificate_key_too_weak', 'certificate-verification', ...unfit({ key: 'rsa-1024' })],
    ...(isMlDsaRefused
      ? ([['algorithm_unsupported_by_runtime', 'certificate-verification', ...unfit({ key: 'ml-dsa-44' })]] as const)
      : []),
    ['function_not_allowed', 'authorization', header, [{ functions: ['other'], pins: [{ thumbprintSha256 }] }]],
    ['role_missing', 'authorization', header, [{ roles: [], pins: [{ thumbprintSha256 }] }]],
    ['internal_fault', 'certificate-header', header, pinned, Number.NaN],
  ];
  for (const [code, step, text, identities, at = now] of cases) {
    test(`${code} is reported by ${step}, and no later step runs`, () => {
      const { decision, trace } = decide(text, identities, at);
      assertDenied(decision, code);
      if (code === 'internal_fault') {
        assert.deepEqual(trace, []);
        return;
      }
      const passed = steps.slice(0, steps.indexOf(step)).map((name) => ({ step: name, denial: undefined }));
      assert.deepEqual(trace, [...passed, { step, denial: decision }]);
    });
    if (step === 'authorization') continue;
    test(`${code} at ${step} is not deferred by a report-only function`, () => {
      const question = { header: text, trust: snapshotOf(...identities), now: at };
      const reporting = { functionName: 'f', roles: [['nobody']], reportOnlyUntil: Date.UTC(2100, 0, 1) };
      assertDenied(decideAccess({ ...question, requirement: reporting }), code);
    });
  }

  test('this file covers every code of core, except those that only a store or an adapter gives', () => {
    const elsewhere = [
      'front_end_unknown',
      'front_end_contradicted',
      // Tested in front-end-resolution/.
      'front_end_unproven',
      'front_end_bypassed',
      // Tested in front-ends/front-ends.test.ts.
      'certificate_verification_failed',
      'http_streaming_ambiguous',
      'mcp_transport_unsupported',
      'mcp_headers_unavailable',
      'gate_setup_failed',
      'gate_not_installed',
      'invocation_unknown',
      'trust_unavailable',
      // Tested in trust-snapshot/locked-document.test.ts.
      'trust_locked',
    ];
    // access-decision-path.test.ts tests the denials by an authority or by the deny list (`byAuthority`).
    if (!isMlDsaRefused) elsewhere.push('algorithm_unsupported_by_runtime');
    const byAuthority = listPathDenials().map(({ code }) => code);
    const seen = new Set<string>([...cases.map(([code]) => code), ...byAuthority, ...elsewhere]);
    assert.deepEqual(
      denialCodes.filter((code) => !seen.has(code)),
      [],
    );
  });

  test('no detail contains the certificate, its base64 or hexadecimal, or any long part of them', () => {
    for (const [, , text, identities, at] of cases) {
      const { decision } = decide(text, identities, at);
      assert.ok(decision.outcome === 'denied');
      const { facts = {}, matched, ...said } = decision;
      const words = JSON.stringify(said).replace(decision.thumbprintSha256 ?? '\0', '');
      assert.doesNotMatch(words, /MII|[A-Za-z0-9+/]{40}|-----BEGIN/, words);
      // The facts name pins, which contain hashes of up to 64 hexadecimal digits.
      assert.doesNotMatch(JSON.stringify([facts, matched]), /MII|[A-Za-z0-9+/]{65}|-----BEGIN/);
      assert.doesNotMatch(decision.detail, /[\p{C}]/u);
    }
  });

  test('a denial has no thumbprint before a certificate was read, then the thumbprint, and then also the identity', () => {
    for (const [code, step, text, identities, at] of cases) {
      const { decision } = decide(text, identities, at);
      assert.ok(decision.outcome === 'denied');
      assert.equal(decision.thumbprintSha256 !== undefined, step !== 'certificate-header', code);
      const isNamed =
        step !== 'certificate-header' && code !== 'certificate_not_trusted' && code !== 'identity_ambiguous';
      assert.equal(decision.identityName !== undefined, isNamed, code);
      const isOperators = code === 'internal_fault' || code === 'algorithm_unsupported_by_runtime';
      const status = step === 'authorization' ? 403 : isOperators ? 503 : 401;
      assert.equal(getPublicStatus(code), status);
    }
  });
});

describe('closed when something is missing', () => {
  test('a time that is not a number is refused', () => {
    for (const at of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, undefined, null, '2027']) {
      const question = { header, trust: snapshotOf(...pinned), requirement, now: at as number };
      assertDenied(decideAccess(question), 'internal_fault');
    }
  });
  test('an empty trust document admits nobody, whatever the header', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.constant(header), fc.constant(null)), (text) => {
        assert.equal(decide(text, []).decision.outcome, 'denied');
      }),
    );
  });
  test('an unknown certificate is never parsed', () => {
    // Bytes that begin like a certificate and contain nothing else.
    const garbage = Buffer.from('30053003a0010000', 'hex').subarray(0, 7).toString('base64');
    const { decision, trace } = decide(garbage, [{ pins: [{ publicKeySha256, notAfter: iso(now + 1000) }] }]);
    assertDenied(decision, 'certificate_not_trusted');
    assert.equal(trace.length, 2);
    // The detail advises the operator to ask the caller's owner, not to pin what the log shows.
    assert.ok(decision.outcome === 'denied');
    assert.match(decision.detail, /before you add it, compare its thumbprint .* over another channel/);
  });
});

describe('what an allowed header may look like', () => {
  // Both thumbprints pin the certificate, and a second identity exists for which it could be mistaken.
  const trust = snapshotOf(
    { pins: [{ thumbprintSha256 }, { thumbprintSha1 }] },
    { name: 'other', pins: [pinOf(makeCertificate({ key: 'ed25519' }))] },
  );
  const padded = findPadded();
  const paddedTrust = snapshotOf({ pins: [pinOf(padded)] });

  /**
   * The property: whatever the text, the caller is admitted if and only if the text is the pinned certificate's header,
   * leaving out spaces and tabs around it.
   */
  const check = (text: string, made: MadeCertificate, snapshot = trust): void => {
    const decision = decideAccess({
      header: text,
      trust: snapshot,
      requirement: { functionName: 'f', roles: [] },
      now,
    });
    const isExact = text.replace(/^[ \t]*|[ \t]*$/g, '') === made.header;
    assert.equal(decision.outcome === 'allowed', isExact, text);
  };

  test('one changed character anywhere refuses the caller', () => {
    for (let at = 0; at < header.length; at += 1) {
      for (const character of ['A', 'B', '/', '+', '-', '_', '=', ' ', ',', '\0', '\n', 'é', '%']) {
        check(header.slice(0, at) + character + header.slice(at + 1), allowed);
      }
    }
  });
  test('one character more or less anywhere refuses the caller, except white space around the header', () => {
    for (let at = 0; at <= header.length; at += 1) {
      check(header.slice(0, at) + header.slice(at + 1), allowed);
      for (const character of ['A', '=', ' ', '\t', '\r\n', ',', ';', '\u200e']) {
        check(header.slice(0, at) + character + header.slice(at), allowed);
      }
    }
  });
  test('another letter case anywhere refuses the caller', () => {
    for (let at = 0; at < header.length; at += 1) {
      const character = header.charAt(at);
      check(header.slice(0, at) + character.toLowerCase() + header.slice(at + 1), allowed);
      check(header.slice(0, at) + character.toUpperCase() + header.slice(at + 1), allowed);
    }
  });
  test('a certificate with one changed bit is refused', () => {
    der.forEach((octet, at) => {
      for (let bit = 0; bit < 8; bit += 1) {
        const changed = Buffer.from(der);
        changed[at] = octet ^ (1 << bit);
        check(changed.toString('base64'), allowed);
      }
    });
  });
  test('the same bytes in another base64 are refused', () => {
    const other = padded.der.toString('base64url');
    for (const text of [
      other,
      `${other}=`,
      `${other}==`,
      padded.header.replace(/=+$/, ''),
      `${padded.header}=`,
      padded.header.replaceAll('=', '%3D'),
      `${padded.header}AAAA`,
    ]) {
      check(text, padded, paddedTrust);
    }
    const last = padded.header.replace(/=+$/, '').length - 1;
    for (const character of Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')) {
      check(padded.header.slice(0, last) + character + padded.header.slice(last + 1), padded, paddedTrust);
    }
  });
  test('other text before, after or inside refuses the caller, except white space around the header', () => {
    const noise = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 8 }),
      fc.constantFrom(header, ' ', '\t', 'AAAA', '=', ',', '\r\n', '\0'),
    );
    const place = fc.nat({ max: header.length });
    fc.assert(
      fc.property(noise, noise, place, place, (front, inside, start, end) => {
        check(front + header + inside, allowed);
        check(header.slice(0, start) + inside + header.slice(end), allowed);
        check(header.slice(start, end), allowed);
      }),
      { numRuns: countRuns(400) },
    );
  });
  test('any other text is refused', () => {
    const base64 = fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes).toString('base64'));
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 400 }), base64), (text) => {
        check(text, allowed);
      }),
      { numRuns: countRuns(200) },
    );
  });

  /** A certificate whose base64 is padded and contains + or /, so that its base64url is another text. */
  function findPadded(): MadeCertificate {
    for (let attempt = 0; attempt < 30; attempt += 1) {
      const made = makeCertificate({ key: 'ed25519', name: [`CN = ${'x'.repeat(attempt + 1)}`] });
      if (made.header.endsWith('=') && /[+/]/.test(made.header)) return made;
    }
    throw new Error('no padded certificate came');
  }
});

test('a key pin admits another certificate of the key, and no certificate that only quotes the key', () => {
  const trust = snapshotOf({ pins: [{ publicKeySha256, notAfter: iso(now + 1000) }] });
  const sibling = makeCertificate({ name: ['CN = sibling'] });
  const stranger = makeCertificate({ key: 'p-256-again' });
  const decideOn = (bytes: Buffer): Decision =>
    decideAccess({ header: bytes.toString('base64'), trust, requirement: { functionName: 'f', roles: [] }, now });
  assert.equal(decideOn(sibling.der).outcome, 'allowed');
  assertDenied(decideOn(stranger.der), 'certificate_not_trusted');
  // The pinned key's own bytes, as an extension in the certificate of another key.
  const key = der.subarray(der.indexOf(Buffer.from('3059301306072a8648ce3d0201', 'hex')), der.length);
  const quoting = makeCertificate({
    key: 'p-256-again',
    extensions: [`1.2.3.4 = DER:${key.subarray(0, 91).toString('hex')}`],
  });
  assert.ok(quoting.der.includes(key.subarray(0, 91)));
  assertDenied(decideOn(quoting.der), 'certificate_not_trusted');
});
