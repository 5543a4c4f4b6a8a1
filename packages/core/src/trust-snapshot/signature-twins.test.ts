import type { DenialFacts } from '../denial-facts.js';
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { listTwins, presentCertificate } from '../certificate-header/certificate-header.js';
import type { CertificateRevocationList } from '@certgate/x509/path';
import { toPem } from '../test-support/authority-certificates.js';
import { now } from '@certgate/x509/test-support/certificates.js';
import { documentOf, type IdentityInput } from '../test-support/documents.js';
import { makeCrl, readCrl } from '@certgate/x509/test-support/revocation.js';
import { makeChain } from '@certgate/x509/test-support/signed-chain.js';
import { parseTrustDocument } from '../trust-document/parse-document.js';
import { authorityOf, getStage, issueCaller } from '../test-support/authority-stage.js';
import { answerInFull, type FullAnswer } from '../test-support/answer-in-full.js';
import { listSignatureTwins } from '@certgate/x509/internal-certificates';

describe('signature twins', () => {
  for (const key of ['p-256', 'p-384', 'p-521'] as const) {
    it(`are denied by each other’s thumbprint on the deny list or in a disabled pin, with ${key}`, () => {
      const { authority, leaf } = makeChain(key);
      const [twin] = listSignatureTwins(leaf.der);
      assert.ok(twin !== undefined);
      const authorities = [{ name: 'corp', trustAnchors: [toPem(authority.der)] }];
      const names = [{ issuedBy: 'corp', commonName: 'billing' }];
      const { thumbprintSha256, thumbprintSha1 } = presentCertificate(leaf.der);
      const decide = (der: Uint8Array, identity: object, more: object = {}): string => {
        const document = documentOf([{ names, ...identity }], { authorities, ...more });
        const finding = answerInFull(parseTrustDocument(document), presentCertificate(der), now);
        return finding.outcome === 'denied' ? finding.code : finding.outcome;
      };
      const pinnedBy = (pin: object): object => ({ pins: [{ enabled: false, ...pin }] });
      for (const der of [leaf.der, twin]) {
        assert.equal(decide(der, {}), 'found');
        assert.equal(decide(der, {}, { denied: [{ thumbprintSha256 }] }), 'certificate_on_deny_list');
        assert.equal(decide(der, pinnedBy({ thumbprintSha256 })), 'pin_disabled');
        assert.equal(decide(der, pinnedBy({ thumbprintSha1 })), 'pin_disabled');
        assert.equal(decide(der, {}, { denied: [{ thumbprintSha256: '0'.repeat(64) }] }), 'found');
      }
    });
  }
});

describe('a certificate and its twin', () => {
  const { issuing, impostorRoot, impostor } = getStage();
  const leaf = presentCertificate(issueCaller().der);
  const [twin] = listTwins(leaf);
  assert.ok(twin !== undefined && leaf.pathDecoding.ok);
  const { serialNumber } = leaf.pathDecoding.value;
  const crls = [makeCrl({ authority: issuing, revoked: [{ serialNumber }] })].map(readCrl);
  /** The authority "second" issued the certificate as well, and checks no revocations. */
  const authorities = [
    authorityOf({ revocation: { mode: 'required', scope: 'end-entity' } }),
    authorityOf({ name: 'second', anchors: [issuing], intermediates: [], revocation: { mode: 'off' } }),
    authorityOf({ name: 'other', anchors: [impostorRoot], intermediates: [impostor] }),
  ];
  const names = [{ issuedBy: 'second', dns: 'billing.corp.example' }];
  const ofKey = { publicKeySha256: leaf.publicKeySha256, notAfter: '2030-01-01T00:00:00Z' };
  type Lists = readonly CertificateRevocationList[];
  const ask = (identities: readonly IdentityInput[], lists: Lists = []): readonly FullAnswer[] => {
    const revocation = { find: () => ({ crls: lists, findOcspResponses: () => [] }) };
    const snapshot = parseTrustDocument(documentOf(identities, { authorities }));
    return [leaf, twin].map((each) => answerInFull(snapshot, each, now, { revocation }));
  };
  const codesOf = (identities: readonly IdentityInput[], lists: Lists = []): readonly string[] =>
    ask(identities, lists).map((answer) => (answer.outcome === 'denied' ? answer.code : answer.outcome));
  const twice = (code: string): readonly string[] => [code, code];

  it('are refused with the facts of the pin, which say whether it is the twin’s', () => {
    const pin = { kind: 'thumbprintSha256', value: leaf.thumbprintSha256 };
    const facts = (identities: readonly IdentityInput[]): readonly unknown[] =>
      ask(identities).map((answer) => (answer.outcome === 'denied' ? answer.facts : undefined));
    const pinned = [{ name: 'a', names, pins: [{ thumbprintSha256: leaf.thumbprintSha256, enabled: false }] }];
    assert.deepEqual(facts(pinned), [
      { identity: 'a', pin: { ...pin, isDisabled: true }, others: [] },
      { identity: 'a', pin: { ...pin, isDisabled: true, isOfTwin: true }, others: [] },
    ]);
    const named = { name: 'b', names };
    const entry = { type: 'dns', value: 'billing.corp.example', issuedBy: 'second' };
    const identitiesOf = (pins: readonly object[]): object => ({
      identities: [
        { identity: 'a', pins, names: [] },
        { identity: 'b', pins: [], names: [entry] },
      ],
    });
    assert.deepEqual(facts([{ name: 'a', pins: [{ thumbprintSha256: leaf.thumbprintSha256 }] }, named]), [
      identitiesOf([pin]),
      identitiesOf([{ ...pin, isOfTwin: true }]),
    ]);
    // Both have the same key, so the pin of the key is not marked as the twin's.
    const key = { kind: 'publicKeySha256', value: leaf.publicKeySha256, notAfter: Date.UTC(2030) };
    const keyed = { identity: 'a', pins: [key], names: [] };
    const ofPin = (more: object): object => ({ identity: 'b', pins: [{ ...pin, ...more }], names: [] });
    const identities = [
      { name: 'a', pins: [ofKey] },
      { name: 'b', pins: [{ thumbprintSha256: leaf.thumbprintSha256 }] },
    ];
    assert.deepEqual(facts(identities), [
      { identities: [ofPin({}), keyed] },
      { identities: [keyed, ofPin({ isOfTwin: true })] },
    ]);
  });
  it('are refused with the facts of the path, of the revoked certificate and of the pin', () => {
    const at = { authority: 'corp', pin: { kind: 'thumbprintSha256', value: leaf.thumbprintSha256, issuedBy: 'corp' } };
    const [answer] = ask([{ name: 'a', pins: [{ thumbprintSha256: leaf.thumbprintSha256, issuedBy: 'corp' }] }], crls);
    assert.ok(answer?.outcome === 'denied' && answer.code === 'certificate_revoked');
    const { fault, certificate, revokedAt, ...rest } = answer.facts as DenialFacts['certificate_revoked'];
    assert.equal(answer.detail, fault);
    assert.deepEqual(rest, { ...at, reason: 'unspecified' });
    assert.deepEqual([certificate?.thumbprintSha256, certificate?.role], [leaf.thumbprintSha256, 'end-entity']);
    assert.ok(revokedAt !== undefined && revokedAt < now);
  });

  for (const [kind, value] of [
    ['thumbprintSha256', leaf.thumbprintSha256],
    ['thumbprintSha1', leaf.thumbprintSha1],
  ] as const) {
    const pinned = (more: object): IdentityInput => ({ name: 'a', names, pins: [{ [kind]: value, ...more }] });
    it(`are refused by a pin of ${kind} if its authority revoked the certificate, or did not issue it`, () => {
      assert.deepEqual(codesOf([pinned({ issuedBy: 'corp' })], crls), twice('certificate_revoked'));
      assert.deepEqual(codesOf([pinned({ issuedBy: 'corp' })]), twice('revocation_unavailable'));
      assert.deepEqual(codesOf([pinned({ issuedBy: 'other' })]), twice('path_signature_invalid'));
      assert.deepEqual(codesOf([pinned({ issuedBy: 'second' })]), twice('found'));
    });

    it(`are refused by a pin of ${kind} that is not in force, even if a pin of their key is`, () => {
      for (const more of [{ names }, {}]) {
        const withPin = (pin: object): IdentityInput => ({
          name: 'a',
          ...more,
          pins: [{ [kind]: value, ...pin }, ofKey],
        });
        assert.deepEqual(codesOf([withPin({ enabled: false })]), twice('pin_disabled'));
        assert.deepEqual(codesOf([withPin({ notBefore: '2030-01-01T00:00:00Z' })]), twice('pin_not_yet_valid'));
        assert.deepEqual(codesOf([withPin({ notAfter: '2026-01-01T00:00:00Z' })]), twice('pin_expired'));
        assert.deepEqual(codesOf([withPin({ issuedBy: 'other' })]), twice('path_signature_invalid'));
        const another = { name: 'b', pins: [{ [kind]: value }] };
        assert.deepEqual(codesOf([{ name: 'a', ...more, pins: [ofKey] }, another]), twice('identity_ambiguous'));
      }
    });

    it(`are admitted by name until a pin of ${kind} ends, and by the pin alone only with its exact bytes`, () => {
      const ends = ask([pinned({ notAfter: '2028-01-01T00:00:00Z' })]).map((answer) =>
        answer.outcome === 'found' ? answer.validUntil : answer.outcome,
      );
      assert.deepEqual(ends, [Date.UTC(2028), Date.UTC(2028)]);
      assert.deepEqual(codesOf([{ pins: [{ [kind]: value }] }]), ['found', 'notFound']);
    });
  }

  it('are refused with a sentence that says whether the pin is the other one’s', () => {
    const pins = [{ thumbprintSha256: leaf.thumbprintSha256, enabled: false }];
    const [ofLeaf, ofTwin] = ask([{ name: 'a', names, pins }]);
    assert.ok(ofLeaf?.outcome === 'denied' && ofTwin?.outcome === 'denied');
    assert.doesNotMatch(ofLeaf.detail, /other ECDSA signature/);
    assert.match(ofTwin.detail, /of the same certificate under its other ECDSA signature, is disabled/);
  });
});
