import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import functions from '@azure/functions';
import { withClientIdentity } from '@certgate/azure-functions/testing';
import { RefundFunction } from '../../src/functions/RefundFunction.js';
import { SecuredFunction } from '../../src/functions/SecuredFunction.js';

// The library is CommonJS, and Node cannot import these two names from it, but finds them on the default export.
const { HttpRequest, InvocationContext } = functions;

const request = () =>
  new HttpRequest({ method: 'POST', url: 'https://localhost/api/RefundFunction', body: { string: '{"amount":5}' } });
const context = () => new InvocationContext({ functionName: 'RefundFunction' });

describe('RefundFunction', () => {
  it('refunds for a caller with the role', async () => {
    const caller = withClientIdentity(context(), { name: 'billing', roles: ['refunds.write'] });
    assert.deepEqual(await RefundFunction(request(), caller), { jsonBody: { refunded: 5, by: 'billing' } });
  });

  it('is forbidden without the role', async () => {
    const caller = withClientIdentity(context(), { name: 'billing', roles: ['orders.read'] });
    const { status } = await RefundFunction(request(), caller);
    assert.equal(status, 403);
  });

  it('refuses if no gate has admitted the caller', async () => {
    const { status } = await RefundFunction(request(), context());
    assert.equal(status, 503);
  });
});

describe('SecuredFunction', () => {
  it('knows the caller', async () => {
    const caller = withClientIdentity(context(), { name: 'billing' });
    const { jsonBody } = await SecuredFunction(request(), caller);
    assert.deepEqual(jsonBody, { msg: 'Secured Azure Function called', caller: 'billing' });
  });

  it('never answers an unknown caller', async () => {
    // The error is compared by its name. These tests are ESM and the app is CommonJS, so each has a copy of the class.
    await assert.rejects(SecuredFunction(request(), context()), { name: 'ClientIdentityMissing' });
  });
});
