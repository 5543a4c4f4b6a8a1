import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { decodeClientCertificate, findPublicKeyInfo, hashHex } from './client-certificate.js';
import { findIssuerName } from './distinguished-name.js';
import { decodePathCertificate } from './path-certificate.js';
import { findOuterFrameFault } from '../encoding/der.js';
import { makeCertificate } from '../test-support/certificates.js';
import { encodeElement } from '../test-support/der-editing.js';
import { countRuns } from '../test-support/random-runs.js';

describe('hostile bytes', () => {
  const names = 'subjectAltName = DNS:a.example, URI:spiffe://a/b, email:a@b.example, IP:10.0.0.1, RID:1.2.3.4';
  const plain = makeCertificate().der;
  const rich = makeCertificate({
    extensions: ['basicConstraints = CA:FALSE', 'keyUsage = digitalSignature', names],
  }).der;

  /** Gives the bytes to several functions that read a certificate or a part of one. Any exception fails the test. */
  const look = (der: Uint8Array): boolean => {
    const info = findPublicKeyInfo(der);
    findIssuerName(der);
    decodePathCertificate(der);
    findOuterFrameFault(der);
    const decoding = decodeClientCertificate(der);
    if (!decoding.ok) assert.notEqual(decoding.fault, '');
    else {
      const { certificate } = decoding;
      assert.equal(info === undefined ? undefined : hashHex('sha256', info), certificate.publicKeySha256);
      assert.doesNotMatch(certificate.subject + certificate.issuer, /\p{C}/u);
      assert.equal(typeof certificate.serialNumber, 'string');
    }
    return decoding.ok;
  };

  test('a changed octet gives a value, wherever it is', () => {
    assert.ok(look(plain) && look(rich));
    for (const der of [plain, rich]) {
      der.forEach((octet, index) => {
        const changed = Buffer.from(der);
        for (const other of [
          octet ^ 1,
          octet ^ 2,
          octet ^ 4,
          octet ^ 8,
          octet ^ 16,
          octet ^ 32,
          octet ^ 64,
          octet ^ 128,
          0,
          255,
        ]) {
          changed[index] = other;
          look(changed);
        }
      });
    }
  });
  test('a truncated certificate is refused, and so is one with trailing octets', () => {
    for (let length = 0; length < rich.length; length += 1) {
      assert.equal(look(rich.subarray(0, length)), false);
      assert.equal(look(Buffer.concat([rich, rich.subarray(0, length + 1)])), false);
    }
  });
  test('an octet left out or inserted gives a value, wherever it is', () => {
    rich.forEach((octet, index) => {
      look(Buffer.concat([rich.subarray(0, index), rich.subarray(index + 1)]));
      look(Buffer.concat([rich.subarray(0, index), Buffer.from([octet]), rich.subarray(index)]));
    });
  });
  test('random bytes and random splices give values', () => {
    const anywhere = fc.nat({ max: rich.length });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), anywhere, anywhere, (noise, start, end) => {
        look(noise);
        look(Buffer.concat([rich.subarray(0, start), noise, rich.subarray(end)]));
      }),
      { numRuns: countRuns(400) },
    );
  });
  test('deep nesting does not exhaust the stack', () => {
    let nested: Buffer = Buffer.from([0x30, 0]);
    while (nested.length < 12_000) nested = encodeElement(0x30, nested);
    assert.equal(look(nested), false);
  });
});
