import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { decodeClientCertificate } from '@certgate/x509';
import { findSerialNumber } from '@certgate/x509/internal';
import { getKeyPath } from '@certgate/x509/test-support/certificates.js';
import { runOpenssl } from '@certgate/x509/test-support/openssl.js';
import { formatSerialNumber } from './serial-number.js';

describe('a serial number', () => {
  for (const number of ['0', '1', '7F', '80', '8F01', '00FF', `F${'1'.repeat(39)}`, '-1', '-71', '-80', '-100']) {
    test(`is shown as openssl shows it: ${number}`, () => {
      const serial = ['-set_serial', `0x${number}`.replace('0x-', '-0x')];
      const der = runOpenssl(['req', '-x509', '-key', getKeyPath('p-256'), '-subj', '/', ...serial, '-outform', 'der']);
      const decoding = decodeClientCertificate(der);
      const shown = runOpenssl(['x509', '-inform', 'DER', '-noout', '-serial'], der).toString().trim();
      assert.equal(decoding.ok && `serial=${formatSerialNumber(decoding.certificate.serialNumber)}`, shown);
    });
  }
  test('can be entered in the form in which it is shown', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 160n - 1n }), (number) => {
        const encoded = findSerialNumber(number.toString(16)) ?? '';
        assert.equal(findSerialNumber(formatSerialNumber(encoded)), encoded);
        assert.equal(BigInt(`0x${formatSerialNumber(encoded)}`), number);
      }),
    );
  });
});
