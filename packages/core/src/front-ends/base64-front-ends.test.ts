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
  refusedBase64,
} from '../test-support/front-end-stage.js';
import { base64Of } from '../test-support/front-end-wire.js';
import { appService } from './app-service.js';
import { caddy } from './caddy.js';
import { haproxy } from './haproxy.js';

type Write = (certificate: string | null | undefined) => Fields;

const frontEnds = [
  [appService, (certificate) => ({ 'x-arr-clientcert': certificate })],
  [caddy, (certificate) => ({ 'x-client-certificate': certificate })],
  [haproxy, (certificate) => ({ 'x-client-certificate': certificate, 'x-client-certificate-verification': '0' })],
] as const satisfies readonly (readonly [object, Write])[];

for (const [frontEnd, write] of frontEnds) {
  describe(frontEnd.name, () => {
    it('hands on one certificate', () => {
      const text = base64Of(caller.der);
      for (const around of [text, ` ${text}`, `${text}\t`]) {
        assert.equal(judge(frontEnd, write(around)), callerThumbprint);
        const { leaf, chain } = extractText(frontEnd, write(around));
        assert.deepEqual([leaf, chain], [text, undefined]);
      }
    });

    for (const [what, text, code] of [...refusedAnywhere, ...refusedBase64]) {
      it(`${what}: ${code}`, () => {
        assert.equal(judge(frontEnd, write(text)), code);
      });
    }

    it('is read by its own names alone', () => {
      const [name = ''] = frontEnd.fields;
      const others = { [name.replaceAll('-', '_')]: caller.header, [`x-${name}`]: caller.header, 'client-cert': 'x' };
      assert.equal(judge(frontEnd, { ...write(undefined), ...others }), 'certificate_missing');
    });
  });
}

describe('HAProxy', () => {
  const fieldsOf = (certificate: string | undefined, verification: string | null | undefined): Fields => ({
    'x-client-certificate': certificate,
    'x-client-certificate-verification': verification,
  });

  it('may be said not to verify', () => {
    assert.equal(judge(haproxy, fieldsOf(caller.header, 'UNVERIFIED')), callerThumbprint);
  });

  for (const verification of listFailedVerifications('0')) {
    it(`is not believed where it says ${JSON.stringify(verification)} of the certificate`, () => {
      assert.equal(judge(haproxy, fieldsOf(caller.header, verification)), 'certificate_verification_failed');
    });
  }

  it('says 0 without a certificate too', () => {
    for (const certificate of [undefined, '', ' '])
      assert.equal(judge(haproxy, fieldsOf(certificate, '0')), 'certificate_missing');
  });
});

describe('Caddy', () => {
  const placeholder = '{http.request.tls.client.certificate_der_base64}';

  it('leaves its placeholder where no certificate came', () => {
    assert.equal(judge(caddy, { 'x-client-certificate': placeholder }), 'certificate_missing');
  });

  it('and nothing like it', () => {
    for (const text of [`${placeholder}x`, `:${placeholder}:`, placeholder.toUpperCase(), '{}', placeholder.slice(1)])
      assert.equal(judge(caddy, { 'x-client-certificate': text }), 'certificate_malformed');
    const twice = `${placeholder},${placeholder}`;
    assert.equal(judge(caddy, { 'x-client-certificate': twice }), 'certificate_multiple');
  });

  it('says nothing of verification, so what a caller says there is not read', () => {
    const fields = { 'x-client-certificate': caller.header, 'x-client-certificate-verification': 'FAILED' };
    assert.equal(judge(caddy, fields), callerThumbprint);
  });
});
