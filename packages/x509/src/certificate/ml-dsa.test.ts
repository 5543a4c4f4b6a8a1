import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findCertificateFault } from './certificate-verification.js';
import { decodeClientCertificate } from './client-certificate.js';
import { isVerifiedByRuntime } from './ml-dsa.js';
import { describeSignatureAlgorithm } from './signature-algorithm.js';
import { isSignatureValid, isSignatureValidInBackground } from './signature-verification.js';
import { isMlDsaKnown } from '../test-support/certificate-writing.js';
import { type KeyKind, isKeyKindKnown, makeCertificate, now } from '../test-support/certificates.js';
import { type DerNode, editCertificate, getChildren, getNode, tbsFields } from '../test-support/der-editing.js';
import { readCertificate } from '../test-support/revocation.js';
import { describeCertificateFault } from './certificate-fault-sentence.js';

const parameterSets = ['ml-dsa-44', 'ml-dsa-65', 'ml-dsa-87'] as const;

it('is verified if and only if Node itself supports ML-DSA', () => {
  for (const parameterSet of parameterSets) assert.equal(isVerifiedByRuntime(parameterSet), isMlDsaKnown, parameterSet);
});

describe('certificates with ML-DSA, made by openssl', { skip: !isKeyKindKnown('ml-dsa-44') }, () => {
  const make = (key: KeyKind): Buffer => makeCertificate({ key }).der;

  it('verifies what the key signed, and nothing else', { skip: !isMlDsaKnown }, async () => {
    const made = ([...parameterSets, 'ml-dsa-44-again', 'p-256'] as const).map((key) => readCertificate(make(key)));
    for (const { signed, verificationKey: own } of made) {
      for (const { verificationKey } of made) {
        assert.equal(isSignatureValid(signed, verificationKey), verificationKey === own);
        assert.equal(await isSignatureValidInBackground(signed, verificationKey), verificationKey === own);
      }
      const data = Buffer.concat([signed.data, Buffer.from([0])]);
      assert.equal(isSignatureValid({ ...signed, data }, own), false);
      for (const signature of [new Uint8Array(), signed.signature.subarray(1), new Uint8Array(5000)]) {
        assert.equal(isSignatureValid({ ...signed, signature }, own), false);
      }
    }
  });

  // Node may make a key object of such a key even if its runtime can't verify signatures by it.
  it("verifies nothing if the runtime can't", { skip: isMlDsaKnown }, async () => {
    for (const { signed, verificationKey } of parameterSets.map((key) => readCertificate(make(key)))) {
      assert.equal(isSignatureValid(signed, verificationKey), false);
      assert.equal(await isSignatureValidInBackground(signed, verificationKey), false);
    }
  });

  it('rejects a certificate whose key has another length (FIPS 204 §4)', () => {
    const cut = (der: Buffer): Buffer =>
      editCertificate(der, (certificate) => {
        const key = getNode(certificate, 0, tbsFields.key, 1);
        key.content = key.content.subarray(0, -1);
      });
    const decoding = decodeClientCertificate(cut(make('ml-dsa-44')));
    assert.match(decoding.ok ? '' : decoding.fault, /ML-DSA-44 key of 1311 octets/);
  });

  it('supports no parameters (RFC 9881 §2)', () => {
    const nothing: DerNode = { tag: 0x05, children: undefined, content: Buffer.alloc(0) };
    const inKey = editCertificate(make('ml-dsa-65'), (certificate) => {
      getChildren(certificate, 0, tbsFields.key, 0).push(nothing);
    });
    assert.match(faultOf(inKey), /^certificate_key_unsupported: .*\(ML-DSA-65 with parameters \(2\.16/);
    const inSignature = editCertificate(make('ml-dsa-65'), (certificate) => {
      getChildren(certificate, 0, tbsFields.algorithm).push(nothing);
      getChildren(certificate, 1).push(nothing);
    });
    const { signatureAlgorithm } = readCertificate(inSignature);
    assert.equal(signatureAlgorithm.scheme, 'unknown');
    assert.match(describeSignatureAlgorithm(signatureAlgorithm), /ML-DSA-65 with parameters/);
  });

  it('supports no HashML-DSA, whatever the runtime does (RFC 9881 §8.3)', () => {
    // id-hash-ml-dsa-87-with-sha512 ends in 34, id-ml-dsa-87 in 19.
    const hashed = editCertificate(make('ml-dsa-87'), (certificate) => {
      for (const { content } of [
        [0, tbsFields.key, 0, 0],
        [0, tbsFields.algorithm, 0],
        [1, 0],
      ].map((path) => getNode(certificate, ...path))) {
        content[content.length - 1] = 34;
      }
    });
    assert.match(faultOf(hashed), /^certificate_key_unsupported: .*HashML-DSA-87 with SHA-512 \(2\.16/);
    const { signatureAlgorithm, signed, verificationKey } = readCertificate(hashed);
    assert.match(describeSignatureAlgorithm(signatureAlgorithm), /^HashML-DSA-87 with SHA-512/);
    assert.equal(isSignatureValid(signed, verificationKey), false);
  });

  it('checks the key usage as for any key, and ignores the other rules of RFC 9881 §5', () => {
    const faultWith = (usage: string): string =>
      faultOf(makeCertificate({ key: 'ml-dsa-44', extensions: [`keyUsage = critical, ${usage}`] }).der);
    assert.match(faultWith('keyEncipherment'), /^certificate_key_usage_unsuitable/);
    assert.equal(faultWith('digitalSignature, keyEncipherment'), faultWith('digitalSignature'));
  });
});

function faultOf(der: Uint8Array): string {
  const decoding = decodeClientCertificate(der);
  assert.ok(decoding.ok, decoding.ok ? '' : decoding.fault);
  const fault = findCertificateFault(decoding.certificate, now);
  return fault === undefined ? 'none' : `${fault.code}: ${describeCertificateFault(fault)}`;
}
