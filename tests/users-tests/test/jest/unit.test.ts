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

  it('refuses where no gate has let anybody in', async () => {
    const { status } = await RefundFunction(request(), context());
    expect(status).toBe(503);
  });
});

describe('SecuredFunction', () => {
  it('sees who calls', async () => {
    const caller = withClientIdentity(context(), { name: 'billing' });
    const { jsonBody } = await SecuredFunction(request(), caller);
    expect(jsonBody).toEqual({ msg: 'Secured Azure Function called', caller: 'billing' });
  });

  it('never takes an unknown caller for somebody', async () => {
    await expect(SecuredFunction(request(), context())).rejects.toThrow(ClientIdentityMissing);
  });
});
