import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import { presentCertificate } from '../certificate-header/certificate-header.js';
import { toPem } from '../test-support/authority-certificates.js';
import { type KeyKind, now } from '@certgate/x509/test-support/certificates.js';
import { documentOf } from '../test-support/documents.js';
import { type MadeAuthority, authorityExtensions, issue } from '@certgate/x509/test-support/revocation.js';
import { parseTrustDocument } from '../trust-document/parse-document.js';
import { answerInFull } from '../test-support/answer-in-full.js';
import { listSignatureTwins } from '@certgate/x509/internal-certificates';

const leafExtensions = [
  'basicConstraints = critical, CA:FALSE',
  'keyUsage = critical, digitalSignature',
  'extendedKeyUsage = clientAuth',
  'subjectKeyIdentifier = hash',
  'authorityKeyIdentifier = keyid',
];

const made = new Map<KeyKind, { readonly authority: MadeAuthority; readonly leaf: MadeAuthority }>();

function makeChain(key: KeyKind): { readonly authority: MadeAuthority; readonly leaf: MadeAuthority } {
  const known = made.get(key);
  if (known !== undefined) return known;
  const authority = issue({ name: 'Corp CA', key, extensions: authorityExtensions });
  const leaf = issue({ name: 'billing', key: 'p-256-again', issuer: authority, extensions: leafExtensions });
  made.set(key, { authority, leaf });
  return { authority, leaf };
}

/** Those whose signature holds, by node:crypto. */
function listGoodTwins(key: KeyKind): readonly Uint8Array[] {
  const { authority, leaf } = makeChain(key);
  const { publicKey } = new X509Certificate(authority.der);
  return listSignatureTwins(leaf.der).filter((twin) => new X509Certificate(twin).verify(publicKey));
}

describe('signature twins', () => {
  for (const key of ['p-256', 'p-384', 'p-521'] as const) {
    it(`of a signature by ${key} is one that is as good`, () => {
      const { leaf } = makeChain(key);
      const [twin, ...others] = listGoodTwins(key);
      assert.ok(twin !== undefined && others.length === 0);
      assert.notDeepEqual(Buffer.from(twin), leaf.der);
      assert.ok(listSignatureTwins(twin).some((back) => Buffer.compare(back, leaf.der) === 0));
    });

    it(`are denied by the thumbprint of the other, by ${key}, as a pin that is disabled denies them`, () => {
      const { authority, leaf } = makeChain(key);
      const [twin] = listGoodTwins(key);
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

  it('are none of a signature by RSA or Ed25519, and of what is no certificate', () => {
    for (const key of ['rsa-2048', 'ed25519'] as const)
      assert.deepEqual(listSignatureTwins(makeChain(key).leaf.der), []);
    for (const hex of ['', '30', '3000', '30053003020100'])
      assert.deepEqual(listSignatureTwins(Buffer.from(hex, 'hex')), []);
  });
});
