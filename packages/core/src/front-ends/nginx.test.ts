import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  caller,
  callerThumbprint,
  extractText,
  type Fields,
  judge,
  listFailedVerifications,
  refusedAnywhere,
  refusedPem,
} from '../test-support/front-end-stage.js';
import { escapedBodyOf, escapedPemOf } from '../test-support/front-end-wire.js';
import { nginx } from './nginx.js';

const block = escapedPemOf(caller.der);
const fieldsOf = (certificate: string | null | undefined, verification: string | null | undefined): Fields => ({
  'ssl-client-cert': certificate,
  'ssl-client-verify': verification,
});

describe('nginx', () => {
  it('hands on one certificate, verified or said not to be', () => {
    for (const verification of ['SUCCESS', 'UNVERIFIED']) {
      const fields = fieldsOf(block, verification);
      assert.equal(judge(nginx, fields), callerThumbprint);
      const { leaf, chain } = extractText(nginx, fields);
      assert.deepEqual([leaf, chain], [escapedBodyOf(caller.der), undefined]);
    }
  });

  it('takes outer white space for what it is', () => {
    assert.equal(judge(nginx, fieldsOf(` ${block}\t`, 'SUCCESS')), callerThumbprint);
  });

  for (const [what, text, code] of [...refusedAnywhere, ...refusedPem]) {
    it(`${what}: ${code}`, () => {
      for (const verification of ['SUCCESS', 'UNVERIFIED'])
        assert.equal(judge(nginx, fieldsOf(text, verification)), code);
    });
  }

  for (const verification of listFailedVerifications('SUCCESS')) {
    it(`is not believed where it says ${JSON.stringify(verification)} of the certificate`, () => {
      assert.equal(judge(nginx, fieldsOf(block, verification)), 'certificate_verification_failed');
    });
  }

  it('without a certificate says nothing, whatever it says of it', () => {
    for (const verification of ['SUCCESS', 'UNVERIFIED', 'NONE', undefined])
      assert.equal(judge(nginx, fieldsOf('', verification)), 'certificate_missing');
  });

  it('is read by its own names alone', () => {
    for (const fields of [
      { 'x-ssl-client-cert': block, 'ssl-client-verify': 'SUCCESS' },
      { ssl_client_cert: block, ssl_client_verify: 'SUCCESS' },
      { 'x-client-certificate': block, 'x-arr-clientcert': caller.header, 'ssl-client-verify': 'SUCCESS' },
    ])
      assert.equal(judge(nginx, fields), 'certificate_missing');
  });
});
