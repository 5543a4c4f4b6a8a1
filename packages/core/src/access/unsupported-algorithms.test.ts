import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decideAccess } from './access-decision.js';
import type { TrustSnapshot } from '../trust-snapshot/trust-snapshot.js';
import {
  type CallerRequest,
  authorityOf,
  billing,
  getStage,
  issueCaller,
  issueIntermediate,
  issuedSnapshot,
} from '../test-support/authority-stage.js';
import { type KeyKind, isKeyKindKnown, now } from '@certgate/x509/test-support/certificates.js';
import { judge as judgeByCrl } from '@certgate/x509/test-support/crl-questions.js';
import { judge as judgeByOcsp } from '@certgate/x509/test-support/ocsp-questions.js';
import * as ocsp from '@certgate/x509/test-support/ocsp-questions.js';
import { type MadeAuthority, issue, makeCrl } from '@certgate/x509/test-support/revocation.js';
import { isVerifiedByOpenssl } from '@certgate/x509/test-support/issued-certificates.js';
import { findCertificationPath, isAlgorithmAccepted } from '@certgate/x509/path';

const requirement = { functionName: 'f', roles: [] };

function codeOf({ header }: { readonly header: string }, trust: TrustSnapshot = issuedSnapshot([billing])): string {
  const decision = decideAccess({ header, trust, requirement, now });
  return decision.outcome === 'denied' ? `${decision.code}: ${decision.detail}` : decision.outcome;
}

function under(anchors: readonly MadeAuthority[], intermediates: readonly MadeAuthority[]): TrustSnapshot {
  return issuedSnapshot([billing], { authorities: [authorityOf({ anchors, intermediates })] });
}

const kinds: readonly (readonly [KeyKind, string])[] = [
  ['ed448', '(?:Ed448|ed448)'],
  ['dsa', 'DSA(?: with SHA-256)? \\([\\d.]+\\)'],
];

for (const [key, name] of kinds) {
  const skip = isKeyKindKnown(key) ? false : 'this openssl knows no such key';
  describe(`certificates with ${key}, made by openssl`, { skip }, () => {
    const says = (code: string, rest = ''): RegExp => new RegExp(`^${code}: .*${name}.*${rest}`);

    it("are refused for the caller's key", () => {
      assert.match(codeOf(issueCaller({ key })), says('certificate_key_unsupported', 'issue one with'));
    });

    it('are refused for the signature on the caller', () => {
      const issuer = issue({ name: 'Corp issuing CA', key, issuer: getStage().root });
      const caller: CallerRequest = { issuer };
      const made = issueCaller(caller);
      assert.match(codeOf(made), says('path_algorithm_unsupported', 'does not support'));
      assert.match(codeOf(made, under([getStage().root], [issuer])), says('path_algorithm_unsupported'));
      // The path is good and not forged: openssl verifies it.
      const path = [getStage().root, issuer, made];
      assert.ok(isVerifiedByOpenssl(path));
    });

    it("are refused for an anchor's key, and for the signature on an intermediate", () => {
      const root = issue({ name: 'Corp root', key });
      const issuing = issueIntermediate({ issuer: root });
      assert.match(
        codeOf(issueCaller({ issuer: issuing }), under([root], [issuing])),
        says('path_algorithm_unsupported'),
      );
      // The signature on a trust anchor is not verified, but the anchor's key is used.
      const renewed = issueIntermediate({ key, name: 'Corp root', issuer: getStage().impostorRoot });
      assert.match(codeOf(issueCaller(), under([renewed], [getStage().issuing])), says('path_key_unsupported'));
    });

    it('make a revocation list with such a signature unusable', () => {
      const authority = issue({ name: 'authority', key });
      const verdict = judgeByCrl([makeCrl({ authority })], {
        issuer: authority.certificate,
        isAlgorithmAccepted: (algorithm) => isAlgorithmAccepted(algorithm, 'strict'),
      });
      assert.match(
        verdict,
        new RegExp(`^unknown: A CRL is signed with an algorithm that is not accepted \\(.*${name}`),
      );
    });

    it('make an OCSP response with such a signature unusable', () => {
      const responder = ocsp.make({
        name: 'responder',
        serialNumber: '21',
        key,
        extensions: ['extendedKeyUsage = OCSPSigning', 'noCheck = ignored'],
      });
      const verdict = judgeByOcsp([ocsp.answer({ responder })], {
        isAlgorithmAccepted: (algorithm) => isAlgorithmAccepted(algorithm, 'strict'),
      });
      assert.match(verdict, new RegExp(`^unknown: An OCSP response is signed with an algorithm .*${name}`));
    });

    // The profile rfc5280 verifies Ed448.
    if (key === 'ed448') return;
    it('are not reported as a broken signature by the profile rfc5280 either', () => {
      const issuer = issue({ name: 'Corp issuing CA', key });
      const path = findCertificationPath({
        target: issueCaller({ issuer }).certificate,
        trustAnchors: [issuer.certificate],
        intermediates: [],
        now,
        profile: 'rfc5280',
        revocation: { mode: 'off', scope: 'chain', graceMilliseconds: 0, crls: [], findOcspResponses: () => [] },
      });
      assert.equal(path.outcome === 'invalid' && path.code, 'path_algorithm_unsupported');
    });
  });
}

it('SLH-DSA is refused as the key and as the signature of a caller', { skip: !isKeyKindKnown('slh-dsa') }, () => {
  assert.match(codeOf(issueCaller({ key: 'slh-dsa' })), /^certificate_key_unsupported: .*SLH-DSA-SHA2-128s/);
  const made = issueCaller({ issuer: issue({ name: 'Corp issuing CA', key: 'slh-dsa', issuer: getStage().root }) });
  assert.match(codeOf(made), /^path_algorithm_unsupported: .*SLH-DSA-SHA2-128s/);
});
