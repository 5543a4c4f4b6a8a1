import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explainBlobFault } from './blob-fault.js';

// Answers that Azurite doesn't give. tests/trust-administration-blob.test.ts covers some that it gives.
describe('what goes wrong with a blob, in words', () => {
  const address = {
    url: 'https://corp.blob.core.windows.net/trust/trust.json',
    account: 'corp',
    container: 'trust',
    isLoopback: false,
    isAzure: true,
  };
  const explain = (fields: object, kind = "Azure's default credential"): string => {
    const { message, remedy } = explainBlobFault(Object.assign(new Error('x'), fields), address, kind);
    return `${message} ${remedy ?? ''}`;
  };

  it('a missing role is named', () => {
    const text = explain({ statusCode: 403, code: 'AuthorizationPermissionMismatch' });
    assert.match(text, /Storage Blob Data Contributor on the container trust/);
  });
  it('refused network rules are named', () => {
    assert.match(explain({ statusCode: 403, code: 'AuthorizationFailure' }), /network rules/);
  });
  it('a wrong key is recognized by the header of an answer without a body', () => {
    const fields = { statusCode: 403, details: { errorCode: 'AuthenticationFailed' } };
    assert.match(explain(fields, 'AZURE_STORAGE_KEY'), /did not accept the credential.*AZURE_STORAGE_KEY/);
  });
  it('a missing login is named', () => {
    assert.match(explain({ name: 'CredentialUnavailableError' }), /az login/);
    assert.match(explain({ name: 'AggregateAuthenticationError' }), /no login for Azure/);
  });
  it('an unknown host name, a missing container and a lease are named', () => {
    assert.match(explain({ code: 'ENOTFOUND' }), /is not known/);
    assert.match(explain({ statusCode: 404, code: 'ContainerNotFound' }), /no container trust/);
    assert.match(explain({ statusCode: 412, code: 'LeaseIdMissing' }), /lease/);
  });
  it('any other fault keeps its first line, without the query of a URL', () => {
    const fault = {
      statusCode: 500,
      code: 'InternalError',
      message: 'at https://corp.x/y?sig=SECRET now\nmore SECRET',
    };
    const text = explain(fault);
    assert.match(text, /InternalError \(status 500\): at https:\/\/corp\.x\/y\?… now/);
    assert.doesNotMatch(text, /SECRET/);
  });
});
