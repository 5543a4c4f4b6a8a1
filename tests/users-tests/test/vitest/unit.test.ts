import { describe, expect, it } from 'vitest';
import { HttpRequest, InvocationContext } from '@azure/functions';
import { ClientIdentityMissing } from '@certgate/azure-functions';
import { withClientIdentity } from '@certgate/azure-functions/testing';
import { RefundFunction } from '../../src/functions/RefundFunction';
import { SecuredFunction } from '../../src/functions/SecuredFunction';

const request = () =>
  new HttpRequest({ method: 'POST', url: 'https://localhost/api/RefundFunction', body: { string: '{"amount":5}' } });
const context = () => new InvocationContext({ functionName: 'RefundFunction' });

describe('RefundFunction', () => {
  it('refunds for a caller with the role', async () => {
    const caller = withClientIdentity(context(), { name: 'billing', roles: ['refunds.write'] });
    expect(await RefundFunction(request(), caller)).toEqual({ jsonBody: { refunded: 5, by: 'billing' } });
  });

  it('is forbidden without the role', async () => {
    const caller = withClientIdentity(context(), { name: 'billing', roles: ['orders.read'] });
    const { status } = await RefundFunction(request(), caller);
    expect(status).toBe(403);
  });

  it('refuses if no gate has admitted the caller', async () => {
    const { status } = await RefundFunction(request(), context());
    expect(status).toBe(503);
  });
});

describe('SecuredFunction', () => {
  it('knows the caller', async () => {
    const caller = withClientIdentity(context(), { name: 'billing' });
    const { jsonBody } = await SecuredFunction(request(), caller);
    expect(jsonBody).toEqual({ msg: 'Secured Azure Function called', caller: 'billing' });
  });

  it('never answers an unknown caller', async () => {
    await expect(SecuredFunction(request(), context())).rejects.toThrow(ClientIdentityMissing);
  });
});
