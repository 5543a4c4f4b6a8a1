import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type KeyKind, makeCertificate } from '../test-support/certificates.js';
import { readCertificate } from '../test-support/revocation.js';
import {
  type SignedData,
  VerificationKey,
  isSignatureValid,
  isSignatureValidInBackground,
  recallSignature,
  verifyAhead,
} from './signature-verification.js';

const kinds: readonly KeyKind[] = ['rsa-2048', 'rsa-pss', 'p-256', 'p-384', 'p-521', 'ed25519', 'ed448'];
const made = kinds.map((key) => {
  const { signed, verificationKey } = readCertificate(makeCertificate({ key }).der);
  return { key, signed, verificationKey };
});

/** Both ways of verifying, which must agree. */
async function isValid(signed: SignedData, key: VerificationKey): Promise<boolean> {
  const verdict = isSignatureValid(signed, key);
  assert.equal(await isSignatureValidInBackground(signed, key), verdict);
  return verdict;
}

describe('signature verification', () => {
  it('knows what openssl signed, and by which key', async () => {
    for (const { key, signed } of made) {
      for (const other of made) {
        assert.equal(await isValid(signed, other.verificationKey), key === other.key, `${key} by ${other.key}`);
      }
    }
  });

  it('knows other data and other signatures from those', async () => {
    for (const { key, signed, verificationKey } of made) {
      const data = Buffer.concat([signed.data, Buffer.from([0])]);
      assert.equal(await isValid({ ...signed, data }, verificationKey), false, key);
      for (const signature of [new Uint8Array(), signed.signature.subarray(1), new Uint8Array(5000)]) {
        assert.equal(await isValid({ ...signed, signature }, verificationKey), false, key);
      }
    }
  });

  it('verifies nothing by an algorithm that it doesn’t know, or by a key that is none', async () => {
    const [first] = made;
    assert.ok(first);
    const algorithm = { scheme: 'unknown', objectIdentifier: '1.2.3' } as const;
    assert.equal(await isValid({ ...first.signed, algorithm }, first.verificationKey), false);
    const strange = { scheme: 'rsa-pkcs1', digest: 'none' as 'sha256' } as const;
    assert.equal(await isValid({ ...first.signed, algorithm: strange }, first.verificationKey), false);
    assert.equal(await isValid(first.signed, new VerificationKey(Buffer.from('3000', 'hex'))), false);
  });

  it('takes no signature by another algorithm than the key is for, whatever the signature says of itself', async () => {
    const find = (kind: KeyKind): (typeof made)[number] => {
      const found = made.find(({ key }) => key === kind);
      assert.ok(found);
      return found;
    };
    for (const [kind, algorithm] of [
      ['rsa-2048', { scheme: 'ecdsa', digest: 'sha256' }],
      ['p-256', { scheme: 'rsa-pkcs1', digest: 'sha256' }],
      ['p-256', { scheme: 'rsa-pss', digest: 'sha256', saltLength: 32 }],
      ['ed448', { scheme: 'ed25519' }],
      ['ed25519', { scheme: 'ed448' }],
      ['rsa-2048', { scheme: 'ed25519' }],
    ] as const) {
      const { signed, verificationKey } = find(kind);
      assert.equal(await isValid({ ...signed, algorithm }, verificationKey), false, kind);
    }
    // A key for any padding.
    const signing = ['rsa_padding_mode:pss', 'rsa_pss_saltlen:32'];
    const pss = readCertificate(makeCertificate({ key: 'rsa-2048', digest: 'sha256', signing }).der);
    assert.equal(pss.signed.algorithm.scheme, 'rsa-pss');
    assert.equal(await isValid(pss.signed, pss.verificationKey), true);
  });

  it('takes no other digest, salt or padding than was signed with', async () => {
    for (const { key, signed, verificationKey } of made) {
      const { algorithm } = signed;
      if (!('digest' in algorithm)) continue;
      assert.equal(
        await isValid({ ...signed, algorithm: { ...algorithm, digest: 'sha224' } }, verificationKey),
        false,
        key,
      );
      if (algorithm.scheme !== 'rsa-pss') continue;
      const salted: SignedData = { ...signed, algorithm: { ...algorithm, saltLength: algorithm.saltLength + 1 } };
      assert.equal(await isValid(salted, verificationKey), false);
      const plain: SignedData = { ...signed, algorithm: { scheme: 'rsa-pkcs1', digest: algorithm.digest } };
      assert.equal(await isValid(plain, verificationKey), false);
    }
  });
});

describe('verification ahead', () => {
  it('remembers what it found, and verifies once', async () => {
    for (const { signed, verificationKey } of made) {
      let reads = 0;
      const { signature, ...rest } = signed;
      const counted = {
        ...rest,
        get signature(): Uint8Array {
          reads += 1;
          return signature;
        },
      };
      const kept = { signed: counted };
      assert.equal(recallSignature(kept, verificationKey), undefined);
      for (let time = 0; time < 2; time += 1) {
        await verifyAhead(kept, verificationKey);
        assert.equal(recallSignature(kept, verificationKey), true);
      }
      assert.equal(reads, 1);
      const other = { signed: { ...signed, data: Buffer.alloc(1) } };
      await verifyAhead(other, verificationKey);
      assert.equal(recallSignature(other, verificationKey), false);
    }
  });
});
