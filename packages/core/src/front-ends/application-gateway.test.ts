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
import { AccessGate } from '../access/access-gate.js';
import { documentOf } from '../test-support/documents.js';
import { applicationGatewayCaptures } from '../test-support/front-end-captures.js';
import { open } from '../test-support/gate-stage.js';
import { trustStoreFromDocument } from '../trust-store/document-store.js';
import { applicationGateway } from './application-gateway.js';

const block = escapedPemOf(caller.der);
const fieldsOf = (certificate: string | null | undefined, verification: string | null | undefined): Fields => ({
  'x-client-certificate': certificate,
  'x-client-certificate-verification': verification,
});

describe('what an Application Gateway was seen to send', () => {
  for (const { value, thumbprintsSha256, validAt } of applicationGatewayCaptures) {
    it(`is the certificate ${thumbprintsSha256[0] ?? ''}`, () => {
      const [thumbprintSha256 = ''] = thumbprintsSha256;
      const fields = fieldsOf(value, 'SUCCESS');
      assert.equal(judge(applicationGateway, fields), thumbprintSha256);
      const gate = new AccessGate({
        trustStore: trustStoreFromDocument(documentOf([{ pins: [{ thumbprintSha256 }] }])),
      });
      const decision = gate.decideExtracted(extractText(applicationGateway, fields), open, validAt);
      assert.equal('code' in decision ? decision.code : undefined, 'allowed');
    });
  }
});

describe('Application Gateway', () => {
  it('hands on one certificate, verified or said not to be', () => {
    for (const verification of ['SUCCESS', 'UNVERIFIED', 'PASSTHROUGH']) {
      const fields = fieldsOf(block, verification);
      assert.equal(judge(applicationGateway, fields), callerThumbprint);
      const { leaf, chain } = extractText(applicationGateway, fields);
      assert.deepEqual([leaf, chain], [escapedBodyOf(caller.der), undefined]);
    }
  });

  it('takes outer white space for what it is', () => {
    assert.equal(judge(applicationGateway, fieldsOf(` ${block}\t`, 'SUCCESS')), callerThumbprint);
  });

  for (const [what, text, code] of [...refusedAnywhere, ...refusedPem]) {
    it(`${what}: ${code}`, () => {
      for (const verification of ['SUCCESS', 'UNVERIFIED', 'PASSTHROUGH'])
        assert.equal(judge(applicationGateway, fieldsOf(text, verification)), code);
    });
  }

  for (const verification of listFailedVerifications('SUCCESS').filter((each) => each !== 'PASSTHROUGH')) {
    it(`is not believed where it says ${JSON.stringify(verification)} of the certificate`, () => {
      assert.equal(judge(applicationGateway, fieldsOf(block, verification)), 'certificate_verification_failed');
    });
  }

  it('without a certificate says nothing, whatever it says of it', () => {
    for (const verification of ['SUCCESS', 'PASSTHROUGH', 'NONE', undefined])
      assert.equal(judge(applicationGateway, fieldsOf('', verification)), 'certificate_missing');
  });

  it('is read by its own names alone', () => {
    for (const fields of [
      { 'ssl-client-cert': block, 'ssl-client-verify': 'SUCCESS' },
      { x_client_certificate: block, 'x-client-certificate-verification': 'SUCCESS' },
      { 'x-arr-clientcert': caller.header, 'x-client-certificate-verification': 'SUCCESS' },
    ])
      assert.equal(judge(applicationGateway, fields), 'certificate_missing');
  });
});
