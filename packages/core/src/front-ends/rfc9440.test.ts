import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readCertificateText } from '../certificate-header/certificate-header.js';
import { rfc9440Example } from '../test-support/front-end-captures.js';
import {
  caller,
  callerThumbprint,
  extractText,
  type Fields,
  judge,
  loosenLastBits,
  type Refused,
  refusedAnywhere,
  victim,
} from '../test-support/front-end-stage.js';
import { base64Of, byteSequenceOf, escapedPemOf } from '../test-support/front-end-wire.js';
import { hashHex } from '@certgate/x509/internal-certificates';
import { rfc9440 } from './rfc9440.js';

const base64 = base64Of(caller.der);
const sequence = byteSequenceOf(caller.der);
const fieldsOf = (certificate: string | null | undefined, chain?: string): Fields => ({
  'client-cert': certificate,
  'client-cert-chain': chain,
});
const malformed = 'certificate_malformed';

/** The certificates that came with the leaf, or why they are left out. */
function readChain(chain: string, certificate = sequence): readonly string[] | string {
  const reading = readCertificateText(extractText(rfc9440, fieldsOf(certificate, chain)));
  assert.equal(reading.outcome, 'read');
  const { certificates, fault } = reading.certificate.candidates;
  return fault ?? certificates.map(({ der }) => hashHex('sha256', der));
}

describe('RFC 9440', () => {
  it("its own example is what it says: the leaf, and the chain in the handshake's order", () => {
    const { value, chain, thumbprintsSha256 } = rfc9440Example;
    const [leaf, ...others] = thumbprintsSha256;
    assert.equal(judge(rfc9440, fieldsOf(value, chain)), leaf);
    assert.deepEqual(readChain(chain, value), others);
  });

  it('a byte sequence is one certificate', () => {
    for (const text of [sequence, ` ${sequence}`, `${sequence} `]) {
      assert.equal(judge(rfc9440, fieldsOf(text)), callerThumbprint);
      const { leaf, chain } = extractText(rfc9440, fieldsOf(text));
      assert.deepEqual([leaf, chain], [base64, undefined]);
    }
  });

  const refused: Refused = [
    ['an empty byte sequence', '::', malformed],
    ['one colon', ':', malformed],
    ['no colons', base64, malformed],
    ['no colon in front', `${base64}:`, malformed],
    ['no colon behind', `:${base64}`, malformed],
    ['colons twice', `:${sequence}:`, malformed],
    ['a parameter', `${sequence};verified=?1`, malformed],
    ['a parameter without a value', `${sequence};a`, malformed],
    ['a semicolon behind', `${sequence};`, malformed],
    ['a parameter that ends like one', `${sequence};a=:YQ==:`, malformed],
    ['two values', `${sequence},${sequence}`, 'certificate_multiple'],
    ['two values, as Headers joins them', `${sequence}, ${byteSequenceOf(victim.der)}`, 'certificate_multiple'],
    ['a comma behind', `${sequence},`, malformed],
    ['a comma in front', `,${sequence}`, malformed],
    ['base64url', `:${caller.der.toString('base64url')}:`, malformed],
    ['missing padding', `:${base64.replace(/=+$/, '')}:`, malformed],
    ['padding too much', `:${base64}=:`, malformed],
    ['bits that hold no data', `:${loosenLastBits(base64)}:`, malformed],
    ['a space inside', `:${base64.slice(0, 8)} ${base64.slice(8)}:`, malformed],
    ['a space inside the first colon', `: ${base64}:`, malformed],
    ['a space inside the last colon', `:${base64} :`, malformed],
    ['a line feed inside', `:${base64.slice(0, 64)}\n${base64.slice(64)}:`, malformed],
    ['a string of structured fields', `"${base64}"`, malformed],
    ['a token', 'MII', malformed],
    ['an inner list', `(${sequence})`, malformed],
    ['a percent-encoded PEM block', escapedPemOf(caller.der), malformed],
    ["Caddy's placeholder", ':{http.request.tls.client.certificate_der_base64}:', malformed],
    ['more than 16 KiB', `:${'A'.repeat(16_388)}:`, 'certificate_too_large'],
  ];
  for (const [what, text, code] of [...refusedAnywhere, ...refused]) {
    it(`${what}: ${code}`, () => {
      assert.equal(judge(rfc9440, fieldsOf(text)), code);
    });
  }

  it('a chain without a certificate is none', () => {
    assert.equal(judge(rfc9440, fieldsOf(undefined, sequence)), 'certificate_missing');
  });
});

describe('Client-Cert-Chain', () => {
  const other = byteSequenceOf(victim.der);
  const thumbprint = hashHex('sha256', victim.der);

  it('is a list, with the spaces that it may have, in one line or several', () => {
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
    ['garbage beside a certificate', `${other}, garbage`],
  ] as const) {
    it(`says nothing with ${what}`, () => {
      assert.match(String(readChain(text)), /not written as this front end writes one/);
    });
  }

  it('of more certificates than are looked at says nothing, nor does one that is too long', () => {
    const many = Array.from({ length: 12 }, (_, index) => `:${Buffer.from([0x30, 1, index]).toString('base64')}:`);
    assert.equal(typeof readChain(many.join(',')), 'string');
    assert.match(String(readChain(':'.repeat(40_000))), /40000 characters/);
  });

  it('whatever stands in it, the leaf is the same', () => {
    for (const text of ['', ' ', ',', '::', 'x'.repeat(100_000), other])
      assert.equal(judge(rfc9440, fieldsOf(sequence, text)), callerThumbprint);
  });
});
