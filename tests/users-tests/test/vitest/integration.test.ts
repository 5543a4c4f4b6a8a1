import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LocalApp, startLocalApp } from 'certgate';

let app: LocalApp<'billing' | 'reader'>;

beforeAll(async () => {
  app = await startLocalApp({
    folder: '.',
    callers: { billing: { roles: ['operator', 'refunds.write'] }, reader: { roles: ['orders.read'] } },
  });
}, 30_000);

afterAll(() => app.close());

describe('the app behind mTLS', () => {
  it('is covered by the gate, function by function', () => {
    const covered = app.functions.map(({ name, covered }) => [name, covered]);
    expect(covered).toEqual([
      ['PublicFunction', 'gate'],
      ['RefundFunction', 'gate'],
      ['RoleFunction', 'gate'],
      ['SecuredFunction', 'gate'],
    ]);
  });

  it('lets everybody call the public function', async () => {
    for (const caller of ['none', 'denied', 'reader', 'billing'] as const) {
      const { status } = await app.callAs(caller, '/api/PublicFunction');
      expect(status).toBe(200);
    }
  });

  it('refuses callers without an allowed certificate', async () => {
    for (const caller of ['none', 'denied'] as const) {
      const secured = await app.callAs(caller, '/api/SecuredFunction');
      const role = await app.callAs(caller, '/api/RoleFunction');
      expect([secured.status, role.status]).toEqual([401, 401]);
    }
  });

  it('knows its callers by name', async () => {
    const answer = await app.callAs('reader', '/api/SecuredFunction');
    expect(answer.json()).toEqual({ msg: 'Secured Azure Function called', caller: 'reader' });
  });

  it('requires the role', async () => {
    const reader = await app.callAs('reader', '/api/RoleFunction');
    const billing = await app.callAs('billing', '/api/RoleFunction');
    expect([reader.status, billing.status]).toEqual([403, 200]);
  });

  it('accepts a body', async () => {
    const body = JSON.stringify({ amount: 5 });
    const answer = await app.callAs('billing', { path: '/api/RefundFunction', method: 'POST', body });
    expect(answer.json()).toEqual({ refunded: 5, by: 'billing' });
  });
});
