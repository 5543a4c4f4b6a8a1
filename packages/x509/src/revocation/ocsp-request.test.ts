import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { newTemporaryPath, runOpenssl } from '../test-support/openssl.js';
import { issue } from '../test-support/revocation.js';
import { createOcspNonce, encodeOcspRequest } from './ocsp-request.js';

const authority = issue({ name: 'authority' });
const client = issue({ name: 'client', issuer: authority, serialNumber: '00F1', extensions: [] });
const content = { certificate: client.certificate, issuer: authority.certificate };

function requestByOpenssl(...options: readonly string[]): Buffer {
  const path = newTemporaryPath('.req');
  runOpenssl(['ocsp', ...options, '-issuer', authority.pemPath, '-cert', client.pemPath, '-no_nonce', '-reqout', path]);
  return readFileSync(path);
}

function describeByOpenssl(request: Uint8Array): string {
  const path = newTemporaryPath('.req');
  writeFileSync(path, request);
  return runOpenssl(['ocsp', '-reqin', path, '-req_text']).toString();
}

describe('OCSP request', () => {
  it('equals the request that openssl makes', () => {
    assert.deepEqual(Buffer.from(encodeOcspRequest(content)), requestByOpenssl());
    assert.deepEqual(Buffer.from(encodeOcspRequest({ ...content, digest: 'sha256' })), requestByOpenssl('-sha256'));
  });

  it('contains the given nonce', () => {
    const nonce = createOcspNonce();
    assert.equal(nonce.length, 32);
    assert.notDeepEqual(createOcspNonce(), nonce);
    const hex = Buffer.from(nonce).toString('hex').toUpperCase();
    const text = describeByOpenssl(encodeOcspRequest({ ...content, nonce }));
    assert.match(text, /Serial Number: F1/);
    assert.ok(text.replace(/[\s:]/g, '').includes(`OCSPNonce:0420${hex}`.replace(/:/g, '')), text);
    assert.match(describeByOpenssl(encodeOcspRequest({ ...content, nonce: new Uint8Array(128) })), /OCSP Nonce/);
  });

  it('refuses a nonce of a length that RFC 9654 does not allow', () => {
    for (const length of [0, 129]) {
      assert.throws(() => encodeOcspRequest({ ...content, nonce: new Uint8Array(length) }), {
        code: 'CERTGATE_ARGUMENT_INVALID',
      });
    }
  });
});
