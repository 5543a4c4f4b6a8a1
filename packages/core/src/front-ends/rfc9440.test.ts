import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readCertificateText } from '../certificate-header/certificate-header.js';
import {
  caller,
  callerThumbprint,
  extractText,
  type Fields,
  judge,
  loosenLastBits,
  victim,
} from '../test-support/front-end-stage.js';
import { base64Of, byteSequenceOf } from '../test-support/front-end-wire.js';
import { hashHex } from '@certgate/x509/internal';
import { rfc9440 } from './rfc9440.js';

const base64 = base64Of(caller.der);
const sequence = byteSequenceOf(caller.der);
const fieldsOf = (certificate: string | null | undefined, chain?: string): Fields => ({
  'client-cert': certificate,
  'client-cert-chain': chain,
});

/** The certificates that came with the leaf, or why they were left out. */
function readChain(chain: string, certificate = sequence): readonly string[] | string {
  const reading = readCertificateText(extractText(rfc9440, fieldsOf(certificate, chain)));
  assert.equal(reading.outcome, 'read');
  const { certificates, fault } = reading.certificate.candidates;
  return fault ?? certificates.map(({ der }) => hashHex('sha256', der));
}

describe('Client-Cert-Chain', () => {
  const other = byteSequenceOf(victim.der);
  const thumbprint = hashHex('sha256', victim.der);

  it('is a list on one or several lines, with the spaces that it may have', () => {
    for (const text of [
      other,
      `${other} , ${other}`,
      `${other},\t${other}`,
      `${other},${other}`,
      `${sequence},${other}`,
    ])
      assert.deepEqual(readChain(text), [thumbprint], text.length.toString());
  });

  for (const [what, text] of [
    ['a comma behind', `${other},`],
    ['a comma in front', `,${other}`],
    ['an empty member', `${other},,${other}`],
    ['an empty byte sequence', '::'],
    ['a parameter', `${other};a`],
    ['no colons', base64],
    ['base64url', `:${victim.der.toString('base64url')}:`],
    ['a byte sequence that is not canonical', `:${loosenLastBits(base64)}:`],
    ['garbage after a certificate', `${other}, garbage`],
  ] as const) {
    it(`is left out if it has ${what}`, () => {
      assert.match(String(readChain(text)), /not written as this front end writes one/);
    });
  }

  it('is left out if it has too many certificates or is too long', () => {
    const many = Array.from({ length: 12 }, (_, index) => `:${Buffer.from([0x30, 1, index]).toString('base64')}:`);
    assert.equal(typeof readChain(many.join(',')), 'string');
    assert.match(String(readChain(':'.repeat(40_000))), /40000 characters/);
  });

  it('does not change the leaf, whatever it contains', () => {
    for (const text of ['', ' ', ',', '::', 'x'.repeat(100_000), other])
      assert.equal(judge(rfc9440, fieldsOf(sequence, text)), callerThumbprint);
  });
});
