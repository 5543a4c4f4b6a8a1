import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type LocalApp, startLocalApp } from 'certgate';

let app: LocalApp<'billing' | 'reader'>;

before(async () => {
  app = await startLocalApp({
    folder: '.',
    callers: { billing: { roles: ['operator', 'refunds.write'] }, reader: { roles: ['orders.read'] } },
  });
});

after(() => app.close());

describe('the app behind mTLS', () => {
  it('is covered by the gate, function by function', () => {
    const covered = app.functions.map(({ name, covered }) => [name, covered]);
    assert.deepEqual(covered, [
      ['PublicFunction', 'gate'],
      ['RefundFunction', 'gate'],
      ['RoleFunction', 'gate'],
      ['SecuredFunction', 'gate'],
    ]);
  });

  it('lets everybody call the public function', async () => {
    for (const caller of ['none', 'denied', 'reader', 'billing'] as const) {
      const { status } = await app.callAs(caller, '/api/PublicFunction');
      assert.equal(status, 200);
    }
  });

  it('refuses callers without an allowed certificate', async () => {
    for (const caller of ['none', 'denied'] as const) {
      const secured = await app.callAs(caller, '/api/SecuredFunction');
      const role = await app.callAs(caller, '/api/RoleFunction');
      assert.deepEqual([secured.status, role.status], [401, 401]);
    }
  });

  it('knows its callers by name', async () => {
    const answer = await app.callAs('reader', '/api/SecuredFunction');
    assert.deepEqual(answer.json(), { msg: 'Secured Azure Function called', caller: 'reader' });
  });

  it('requires the role', async () => {
    const reader = await app.callAs('reader', '/api/RoleFunction');
    const billing = await app.callAs('billing', '/api/RoleFunction');
    assert.deepEqual([reader.status, billing.status], [403, 200]);
  });

  it('accepts a body', async () => {
    const body = JSON.stringify({ amount: 5 });
    const answer = await app.callAs('billing', { path: '/api/RefundFunction', method: 'POST', body });
    assert.deepEqual(answer.json(), { refunded: 5, by: 'billing' });
  });
});
