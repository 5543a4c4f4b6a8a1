import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type * as reading from './certificate-header.js';
import { presentCertificate, readCertificateHeader } from './certificate-header.js';

import { describeByOpenssl, makeCertificate } from '@certgate/x509/test-support/certificates.js';
import { editCertificate, getNode, tbsFields, toVersion1 } from '@certgate/x509/test-support/der-editing.js';

describe('a presented certificate', () => {
  test('has the hashes that openssl computes', () => {
    const { der: version3 } = makeCertificate();
    for (const der of [version3, toVersion1(version3)]) {
      const { thumbprintSha256, thumbprintSha1, publicKeySha256 } = presentCertificate(der);
      assert.deepEqual({ thumbprintSha256, thumbprintSha1, publicKeySha256 }, describeByOpenssl(der));
    }
  });
  test("has the hash of a public key even if the rest can't be decoded", () => {
    const { der } = makeCertificate();
    const broken = editCertificate(der, (certificate) => {
      getNode(certificate, 0, tbsFields.validity, 1).content = Buffer.from('never');
    });
    const presented = presentCertificate(broken);
    assert.equal(presented.publicKeySha256, presentCertificate(der).publicKeySha256);
    assert.equal(presented.decoding.ok, false);
  });
  test('has no public key if the bytes have none', () => {
    for (const hex of ['', '30', '3000', '30023000', '3003020100', '05003000']) {
      assert.equal(presentCertificate(Buffer.from(hex, 'hex')).publicKeySha256, undefined);
    }
  });
  test('keeps its bytes when other headers are read after it', () => {
    const first = makeCertificate();
    const second = makeCertificate({ name: ['CN = another'] });
    const readings = [first, second, first].map(({ header }) => readCertificateHeader(header));
    const others = [second, first, second].map(({ header }) => readCertificateHeader(header));
    assert.equal(others.length, 3);
    for (const [index, { der }] of [first, second, first].entries()) {
      const reading = readings[index];
      assert.ok(reading?.outcome === 'read');
      const { certificate } = reading;
      assert.deepEqual(Buffer.from(certificate.der), der);
      assert.equal(certificate.der, certificate.der);
      const { thumbprintSha256, thumbprintSha1, publicKeySha256 } = certificate;
      assert.deepEqual({ thumbprintSha256, thumbprintSha1, publicKeySha256 }, describeByOpenssl(der));
    }
  });
  test('is read first by code that has read nothing yet, which names the absent header if there is none', async () => {
    const { header, der } = makeCertificate();
    // A new copy of the module, as at the start of an app.
    const name = './certificate-header.js?again';
    const again = (await import(name)) as typeof reading;
    assert.deepEqual(again.readCertificateHeader('').outcome === 'denied' && again.denyMissing().facts, {
      problem: 'absent',
      source: 'x-arr-clientcert',
    });
    for (const leaf of [header, header]) {
      const text = { outcome: 'extracted', leaf, encoding: 'base64', chain: undefined } as const;
      const read = again.readCertificateText(text);
      assert.ok(read.outcome === 'read');
      assert.deepEqual(Buffer.from(read.certificate.der), der);
    }
  });
  test('is frozen', () => {
    assert.ok(Object.isFrozen(presentCertificate(Buffer.alloc(0))));
  });
});
