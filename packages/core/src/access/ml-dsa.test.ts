import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { describe, it } from 'node:test';
import { decideAccess } from './access-decision.js';
import { maximumCandidateBytes } from '../certificate-header/candidate-certificate.js';
import { maximumHeaderLength } from '../certificate-header/certificate-header.js';
import type { RevocationInformation } from '../trust-snapshot/revocation-information.js';
import type { TrustSnapshot } from '../trust-snapshot/trust-snapshot.js';
import {
  type CallerRequest,
  type MadeCaller,
  authorityOf,
  billing,
  getStage,
  issueCaller,
  issueIntermediate,
  issuedSnapshot,
} from '../test-support/authority-stage.js';
import { isMlDsaKnown } from '@certgate/x509/test-support/certificate-writing.js';
import { isKeyKindKnown, now } from '@certgate/x509/test-support/certificates.js';
import { judge as judgeByCrl } from '@certgate/x509/test-support/crl-questions.js';
import { isVerifiedByOpenssl } from '@certgate/x509/test-support/issued-certificates.js';
import * as ocsp from '@certgate/x509/test-support/ocsp-questions.js';
import { type MadeAuthority, issue, makeCrl, readCrl } from '@certgate/x509/test-support/revocation.js';
import { isAlgorithmAccepted } from '@certgate/x509/path';

const requirement = { functionName: 'f', roles: [] };

function decide(header: string, trust: TrustSnapshot, revocation?: RevocationInformation): string {
  const question = { header, trust, requirement, now };
  const decision = decideAccess(revocation === undefined ? question : { ...question, revocation });
  return decision.outcome === 'denied' ? `${decision.code}: ${decision.detail}` : decision.outcome;
}

function under(anchors: readonly MadeAuthority[], intermediates: readonly MadeAuthority[], more = {}): TrustSnapshot {
  return issuedSnapshot([billing], { authorities: [authorityOf({ anchors, intermediates, ...more })] });
}

function pinned({ certificate: { thumbprintSha256 } }: MadeCaller): TrustSnapshot {
  return issuedSnapshot([{ name: 'billing', pins: [{ thumbprintSha256 }] }]);
}

/**
 * Expects `outcome` if Node verifies ML-DSA. Otherwise expects the refusal, which names the algorithm and the remedy.
 */
function assertDecided(decision: string, outcome: RegExp, name = 'ML-DSA-\\d\\d'): void {
  const refused = new RegExp(
    `^algorithm_unsupported_by_runtime: .*${name}\\b.*: run on Node\\.js 24\\.6 or later, built with OpenSSL 3\\.5 or later\\.`,
  );
  assert.match(decision, isMlDsaKnown ? outcome : refused);
}

const allowed = /^allowed$/;
const skip = isKeyKindKnown('ml-dsa-44') ? false : 'this openssl knows no ML-DSA';

describe('callers with ML-DSA, made by openssl', { skip }, () => {
  for (const key of ['ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87'] as const) {
    const name = key.toUpperCase();
    it(`${name}: a caller is admitted by a pin, and by a name under an authority with another algorithm`, () => {
      const caller = issueCaller({ key });
      assertDecided(decide(caller.header, pinned(caller)), allowed, name);
      assertDecided(decide(caller.header, issuedSnapshot([billing])), allowed, name);
    });

    it(`${name}: a caller's certificate and its chain fit into the limits`, () => {
      const root = issue({ name: 'Corp root', key });
      const upper = issueIntermediate({ issuer: root, name: 'Corp upper CA', key });
      const caller = issueCaller({ issuer: upper, key });
      assert.ok(caller.header.length < maximumHeaderLength, String(caller.header.length));
      // Two CA certificates with ML-DSA-87 fit into the 16 KiB.
      assert.ok(root.der.length + upper.der.length < maximumCandidateBytes);
    });
  }

  it('a caller with another key is unknown', () => {
    const caller = issueCaller({ key: 'ml-dsa-44' });
    const other = issueCaller({ key: 'ml-dsa-44-again' });
    assert.match(decide(other.header, pinned(caller)), /^certificate_not_trusted/);
  });
});

describe('authorities with ML-DSA, made by openssl', { skip }, () => {
  it('admit callers with every mixture of algorithms on a path', () => {
    const { root } = getStage();
    const issuing = (issuer: MadeAuthority, key: CallerRequest['key']): MadeAuthority =>
      issueIntermediate({ issuer, ...(key === undefined ? {} : { key }) });
    const pure = issue({ name: 'Corp root', key: 'ml-dsa-87' });
    for (const [anchor, intermediate, key] of [
      [root, issuing(root, 'ml-dsa-65'), 'p-256-again'],
      [root, issuing(root, 'ml-dsa-65'), 'ml-dsa-44'],
      [pure, issuing(pure, 'p-256'), 'p-256-again'],
      [pure, issuing(pure, 'ml-dsa-65'), 'ml-dsa-44'],
    ] as const) {
      const caller = issueCaller({ issuer: intermediate, key });
      assert.ok(isVerifiedByOpenssl([anchor, intermediate, caller]));
      assertDecided(decide(caller.header, under([anchor], [intermediate])), allowed);
    }
  });

  it('refuse a signature by another key with the same name and algorithm', () => {
    const genuine = issueIntermediate({ key: 'ml-dsa-44' });
    const impostor = issueIntermediate({ key: 'ml-dsa-44-again', issuer: getStage().impostorRoot });
    const forged = issueCaller({ issuer: impostor });
    assertDecided(decide(forged.header, under([getStage().root], [genuine])), /^path_signature_invalid/);
    const root = issue({ name: 'Corp root', key: 'ml-dsa-44' });
    const rootOfImpostor = issue({ name: 'Corp root', key: 'ml-dsa-44-again' });
    const intermediate = issueIntermediate({ issuer: rootOfImpostor });
    const caller = issueCaller({ issuer: intermediate });
    assertDecided(decide(caller.header, under([root], [intermediate])), /^path_signature_invalid/);
    assertDecided(decide(caller.header, under([rootOfImpostor], [intermediate])), allowed);
  });

  it('do not hide a path without ML-DSA, on every version of Node', () => {
    const { root } = getStage();
    const pure = issue({ name: 'Corp new root', key: 'ml-dsa-87' });
    // One CA, which both the old root and the new root certified.
    const issuing = issueIntermediate({});
    const crossed = issueIntermediate({ issuer: pure });
    const caller = issueCaller({ issuer: issuing });
    for (const intermediates of [
      [issuing, crossed],
      [crossed, issuing],
    ]) {
      assert.equal(decide(caller.header, under([pure, root], intermediates)), 'allowed');
    }
    assertDecided(decide(caller.header, under([pure], [crossed])), allowed);
  });

  it('admit no changed certificate, and nothing is thrown', () => {
    const issuer = issueIntermediate({ key: 'ml-dsa-44' });
    const { der } = issueCaller({ issuer, key: 'ml-dsa-44-again' });
    const trust = under([getStage().root], [issuer]);
    assertDecided(decide(der.toString('base64'), trust), allowed);
    for (let position = 0; position < der.length; position += randomInt(1, 8)) {
      const changed = Buffer.from(der);
      changed[position] = (changed[position] ?? 0) ^ randomInt(1, 256);
      assert.doesNotMatch(decide(changed.toString('base64'), trust), /^(?:allowed|internal_fault)/, String(position));
    }
  });
});

describe('revocations by an authority with ML-DSA', { skip }, () => {
  const strictly = {
    isAlgorithmAccepted: (algorithm: Parameters<typeof isAlgorithmAccepted>[0]): boolean =>
      isAlgorithmAccepted(algorithm, 'strict'),
  };
  const refused = (what: string): RegExp =>
    new RegExp(
      `^unknown: ${what} is signed with an algorithm that is not accepted \\(ML-DSA-65: run on Node\\.js 24\\.6`,
    );

  it('refuse a caller whom a list names', () => {
    const issuing = issueIntermediate({ key: 'ml-dsa-65' });
    const caller = issueCaller({ issuer: issuing, serialNumber: '1234' });
    const trust = under([getStage().root], [issuing], { revocation: { mode: 'required', scope: 'end-entity' } });
    const decideBy = (...lists: readonly Buffer[]): string =>
      decide(caller.header, trust, { find: () => ({ crls: lists.map(readCrl), findOcspResponses: () => [] }) });
    assertDecided(decideBy(makeCrl({ authority: issuing })), allowed);
    assertDecided(
      decideBy(makeCrl({ authority: issuing, revoked: [{ serialNumber: '1234' }] })),
      /^certificate_revoked/,
    );
    assertDecided(decideBy(), /^revocation_unavailable/);
    const impostor = issueIntermediate({ key: 'ml-dsa-44', issuer: getStage().impostorRoot });
    assertDecided(
      decideBy(makeCrl({ authority: impostor })),
      /^revocation_unavailable: .*The signer of a CRL may not sign it/,
    );
  });

  it("are unknown to a runtime that can't verify the list", () => {
    const authority = issue({ name: 'authority', key: 'ml-dsa-65' });
    const verdict = judgeByCrl([makeCrl({ authority })], { issuer: authority.certificate, ...strictly });
    assert.match(verdict, isMlDsaKnown ? /^good$/ : refused('A CRL'));
  });

  it('are read from an OCSP responder', () => {
    const responder = ocsp.make({
      name: 'responder',
      serialNumber: '21',
      key: 'ml-dsa-65',
      extensions: ['extendedKeyUsage = OCSPSigning', 'noCheck = ignored'],
    });
    const good = ocsp.judge([ocsp.answer({ responder })], strictly);
    assert.match(good, isMlDsaKnown ? /^good$/ : refused('An OCSP response'));
    const revoked = ocsp.judge([ocsp.answer({ responder, index: { 10: 'R keyCompromise' } })], strictly);
    assert.match(revoked, isMlDsaKnown ? /^revoked: keyCompromise$/ : refused('An OCSP response'));
    const changed = ocsp.answer({ responder });
    // This position is in the signature of 3,309 octets, which precedes the responder's certificate of about 2,300.
    const position = changed.length - 5200;
    changed[position] = (changed[position] ?? 0) ^ 1;
    assert.match(
      ocsp.judge([changed], strictly),
      isMlDsaKnown ? /signer of an OCSP response may not/ : refused('An OCSP response'),
    );
  });
});
