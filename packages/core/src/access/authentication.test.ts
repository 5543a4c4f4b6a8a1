import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type PresentedCertificate, presentCertificate } from '../certificate-header/certificate-header.js';
import { found as foundAnyhow, presented } from '../test-support/gate-stage.js';
import { pollute } from '../test-support/prototype-pollution.js';
import {
  clientExtensions,
  defaultNotAfter,
  defaultNotBefore,
  makeCertificate,
  now,
} from '@certgate/x509/test-support/certificates.js';
import { describeClaim } from '../trust-snapshot/issued-match.js';
import {
  type ConfirmedFinding,
  describeRefusal,
  type FoundFinding,
  type NominatedFinding,
  type TrustFinding,
} from '../trust-snapshot/trust-finding.js';
import { type Authentication, concludeIdentity, verifyFinding } from './authentication.js';
import type { DecisionStep } from './decision.js';
import type { Denial } from '../denial.js';

const found = foundAnyhow as FoundFinding;
const { thumbprintSha256 } = presented;
const nominated: NominatedFinding = { outcome: 'nominated', confirm: () => found };
const disabled = { outcome: 'denied', code: 'identity_disabled', detail: 'x' } as const;
const late = defaultNotAfter + 1;

/** The denial by `verifyFinding`, the first half. */
function refuse(finding: TrustFinding, certificate: PresentedCertificate = presented, at: number = now): Denial {
  const verified = verifyFinding(certificate, finding, at);
  assert.ok(verified.outcome === 'denied');
  return verified;
}

interface Concluded {
  readonly result: Authentication | Denial;
  readonly steps: readonly DecisionStep[];
}

/** The result of `concludeIdentity`, the second half, after a nomination. */
function conclude(confirmed: ConfirmedFinding | undefined, certificate: PresentedCertificate = presented): Concluded {
  const verified = verifyFinding(certificate, nominated, now);
  assert.ok(verified.outcome === 'verified');
  const steps: DecisionStep[] = [];
  return { result: concludeIdentity(verified, confirmed, now, (step) => steps.push(step)), steps };
}

describe('what a denial names', () => {
  test('is the identity that the store found or a pin names, and what matched, if the certificate is unfit', () => {
    const unfit = (finding: TrustFinding): object => {
      const { outcome, code, facts, detail, ...known } = refuse(finding, presented, late);
      assert.deepEqual(
        [outcome, code, detail !== '', facts !== undefined],
        ['denied', 'certificate_expired', true, true],
      );
      return known;
    };
    assert.deepEqual(unfit({ ...found, matched: 'AB' }), { thumbprintSha256, identityName: 'a', matched: 'AB' });
    assert.deepEqual(unfit(found), { thumbprintSha256, identityName: 'a' });
    assert.deepEqual(unfit({ ...nominated, identityName: 'b' }), { thumbprintSha256, identityName: 'b' });
    assert.deepEqual(unfit(nominated), { thumbprintSha256 });
  });
  test('does not include what somebody put on Object.prototype', () => {
    const name = { type: 'dns', value: 'b', issuedBy: 'c' };
    const claim = describeClaim({ identity: { name: 'a' }, trustName: name } as never);
    const restore = pollute({ matched: 'AB', identityName: 'b', claim });
    try {
      const own = [found, nominated].map((finding) => {
        const denial = refuse(finding, presented, late);
        return [
          ...['matched', 'identityName'].filter((each) => Object.hasOwn(denial, each)),
          Object.hasOwn(denial.facts ?? {}, 'claim'),
        ];
      });
      assert.deepEqual(own, [['identityName', false], [false]]);
    } finally {
      restore();
    }
  });
  test('is what the store says, if the store refuses or is unavailable', () => {
    assert.deepEqual(refuse(disabled), { ...disabled, thumbprintSha256 });
    assert.deepEqual(refuse({ ...disabled, identityName: 'b' }), { ...disabled, thumbprintSha256, identityName: 'b' });
    const { code, detail, thumbprintSha256: digits } = refuse({ outcome: 'unavailable', detail: 'down' });
    assert.deepEqual([code, detail, digits], ['trust_unavailable', 'down', thumbprintSha256]);
  });
  test("is the fault, if the certificate can't be decoded for a client or for a path", () => {
    const withoutPath = makeCertificate({ extensions: [...clientExtensions, '2.5.29.31 = DER:3000'] });
    for (const [finding, der, problem] of [
      [found, Buffer.from('3000', 'hex'), 'pinned_bytes'],
      [nominated, withoutPath.der, 'path_bytes'],
    ] as const) {
      const certificate = presentCertificate(der);
      const { decoding, pathDecoding } = certificate;
      const read = finding === found ? decoding : pathDecoding;
      const { code, facts, thumbprintSha256: digits } = refuse(finding, certificate);
      assert.equal(read.ok, false);
      assert.deepEqual([code, digits], ['certificate_malformed', certificate.thumbprintSha256]);
      assert.deepEqual(facts, { problem, fault: 'fault' in read ? read.fault : '' });
    }
    assert.equal(verifyFinding(presentCertificate(withoutPath.der), found, now).outcome, 'verified');
  });
  test("is the identity, if the store's answer is not valid now", () => {
    for (const [interval, code] of [
      [{ currentFrom: now + 1 }, 'revocation_unavailable'],
      [{ currentUntil: now }, 'revocation_unavailable'],
      [{ validFrom: now + 1 }, 'pin_not_yet_valid'],
      [{ validUntil: now }, 'pin_expired'],
    ] as const) {
      const { detail, ...denial } = refuse({ ...found, ...interval });
      assert.notEqual(detail, '');
      const facts = { identity: 'a', isOfStore: true };
      assert.deepEqual(denial, { outcome: 'denied', code, facts, identityName: 'a', thumbprintSha256 });
    }
    const current = { currentFrom: now, currentUntil: now + 1, validFrom: now, validUntil: now + 1 };
    assert.equal(verifyFinding(presented, { ...found, ...current }, now).outcome, 'verified');
  });
  test("is only the certificate, if the caller is unknown, with the store's words and facts if it gave any", () => {
    const { facts } = describeRefusal('certificate_not_trusted', {});
    const stranger = { outcome: 'denied', code: 'certificate_not_trusted', thumbprintSha256 };
    const { detail, ...plain } = refuse({ outcome: 'notFound' });
    assert.deepEqual(plain, { ...stranger, facts: {} });
    assert.notEqual(detail, '');
    assert.deepEqual(refuse({ outcome: 'notFound', detail: 'x' }), { ...stranger, detail: 'x' });
    assert.deepEqual(refuse({ outcome: 'notFound', detail: 'x', facts }), { ...stranger, detail: 'x', facts });
  });
});

describe('a nomination', () => {
  const pathStep = { step: 'certification-path', denial: undefined };

  test('is refused at the path if it is not confirmed or the store is unavailable', () => {
    for (const [confirmed, words] of [
      [undefined, /The nomination was not confirmed/],
      [{ outcome: 'unavailable', detail: 'down' }, /^down$/],
    ] as const) {
      const { result, steps } = conclude(confirmed);
      assert.ok(result.outcome === 'denied');
      assert.deepEqual([result.code, result.thumbprintSha256], ['trust_unavailable', thumbprintSha256]);
      assert.match(result.detail, words);
      assert.deepEqual(steps, [{ step: 'certification-path', denial: result }]);
    }
  });
  test('is refused by the path, or for the identity once the path is valid', () => {
    const byPath = { outcome: 'denied', step: 'certification-path', code: 'path_not_found', detail: 'x' } as const;
    const byIdentity = { ...disabled, step: 'client-identity' } as const;
    for (const identityName of [undefined, 'b']) {
      const more = identityName === undefined ? {} : { identityName };
      const path = conclude({ ...byPath, ...more });
      const { outcome, code, detail } = byPath;
      assert.deepEqual(path.result, { outcome, code, detail, thumbprintSha256, ...more });
      assert.deepEqual(path.steps, [{ step: 'certification-path', denial: path.result }]);
      const identity = conclude({ ...byIdentity, ...more });
      assert.deepEqual(identity.result, { ...disabled, thumbprintSha256, ...more });
      assert.deepEqual(identity.steps, [pathStep, { step: 'client-identity', denial: identity.result }]);
    }
  });
  test('is refused if the certificate identifies nobody, although its path is valid', () => {
    const { result, steps } = conclude({ outcome: 'notFound' });
    assert.ok(result.outcome === 'denied' && result.code === 'certificate_not_trusted');
    assert.deepEqual(steps, [pathStep, { step: 'client-identity', denial: result }]);
  });
  test('that finds the identity is valid to the end of the certificate, including its last millisecond', () => {
    const { result, steps } = conclude(found);
    assert.ok(result.outcome === 'authenticated');
    assert.equal(result.validUntil, defaultNotAfter + 1);
    assert.deepEqual(steps, [pathStep, { step: 'client-identity', denial: undefined }]);
    assert.equal(result.identity.accessBeginsAt, defaultNotBefore);
    const since = conclude({ ...found, validFrom: now - 1 }).result;
    assert.ok(since.outcome === 'authenticated');
    assert.deepEqual([since.validFrom, since.identity.accessBeginsAt], [now - 1, now - 1]);
    const { result: later } = conclude({ ...found, validUntil: now });
    assert.deepEqual([later.outcome, later.outcome === 'denied' && later.code], ['denied', 'pin_expired']);
  });
  test('that finds the identity without a path is refused if the certificate has an extension that only a path processes', () => {
    const policies = [...clientExtensions, 'certificatePolicies = critical, 1.2.3.4'];
    const constrained = presentCertificate(makeCertificate({ extensions: policies }).der);
    const { result, steps } = conclude(found, constrained);
    assert.ok(result.outcome === 'denied');
    const { code, identityName, thumbprintSha256: digits } = result;
    assert.deepEqual(
      [code, identityName, digits],
      ['certificate_critical_extension_unknown', 'a', constrained.thumbprintSha256],
    );
    assert.deepEqual(steps, [{ step: 'certification-path', denial: result }]);
    assert.equal(conclude({ ...found, isPathValidated: true }, constrained).result.outcome, 'authenticated');
  });
});
