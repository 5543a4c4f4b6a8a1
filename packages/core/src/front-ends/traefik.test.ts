import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readCertificateText } from '../certificate-header/certificate-header.js';
import {
  caller,
  callerThumbprint,
  extractFrom,
  extractText,
  judge,
  loosenLastBits,
  victim,
} from '../test-support/front-end-stage.js';
import { base64Of } from '../test-support/front-end-wire.js';
import { traefik } from './traefik.js';

const field = 'x-forwarded-tls-client-cert';
const [leaf, other] = [base64Of(caller.der), base64Of(victim.der)];

describe('the chain that came with the certificate', () => {
  for (const [what, chain] of [
    ['base64url', victim.der.toString('base64url')],
    ['base64 that is not canonical', `${other},${loosenLastBits(leaf)}`],
    ['a byte sequence', `:${other}:`],
    ['a space inside', `${other.slice(0, 64)} ${other.slice(64)}`],
    ['garbage after a certificate', `${other},garbage!`],
  ] as const) {
    it(`is left out if it has ${what}, and the leaf is the same`, () => {
      const text = extractText(traefik, { [field]: `${leaf},${chain}` });
      const reading = readCertificateText(text);
      assert.equal(reading.outcome, 'read');
      assert.equal(reading.certificate.thumbprintSha256, callerThumbprint);
      assert.deepEqual(reading.certificate.candidates.certificates, []);
      assert.match(reading.certificate.candidates.fault ?? '', /not written as this front end writes one/);
    });
  }

  it('is left out if it is too long, and the leaf is the same', () => {
    for (const chain of [Array.from({ length: 12 }, () => other).join(','), 'A'.repeat(40_000)])
      assert.equal(judge(traefik, { [field]: `${leaf},${chain}` }), callerThumbprint);
  });

  it('never replaces the leaf', () => {
    for (const first of ['', 'A', 'null', leaf.slice(4), leaf.slice(0, -4)])
      assert.match(judge(traefik, { [field]: `${first},${other}` }), /^certificate_(?:malformed|multiple)$/);
  });
});

it('the percent-encoded text of versions before 2.9.4 is refused with the remedy', () => {
  const extraction = extractFrom(traefik, { [field]: encodeURIComponent(leaf) });
  assert.match('detail' in extraction ? extraction.detail : '', /before 2\.9\.4: update Traefik/);
});
