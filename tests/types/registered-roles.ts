// This file is compiled with the tests and never run, because the compiler is the test: a line under @ts-expect-error
// that compiles fails the build. It is a program of its own, because an app declares its roles for all of its files.
// packages/azure-functions/src/types.test.ts tests the types without such a declaration.
import { type InvocationContext, app } from '@azure/functions';
import { type Role, getClientIdentity, reportOnly, requireAnyRole, requireRole } from '@certgate/azure-functions';
import { withClientIdentity } from '@certgate/azure-functions/testing';

declare module '@certgate/azure-functions' {
  interface Register {
    role: 'orders.read' | 'orders.write';
  }
}

declare const context: InvocationContext;

/** True if each type is assignable to the other. */
type Same<A, B> = [A, B] extends [B, A] ? true : false;

export const isDeclared: Same<Role, 'orders.read' | 'orders.write'> = true;
export const areRolesDeclared: Same<ReturnType<typeof getClientIdentity>['roles'], readonly Role[]> = true;

export const refund = requireRole('orders.write', async (request, call) => ({
  jsonBody: [await request.text(), getClientIdentity(call).roles.includes('orders.read')],
}));
app.http('Refund', { handler: reportOnly(refund, { until: 'a day' }) });
requireAnyRole(['orders.read', 'orders.write'], (request) => ({ body: request.url }));
withClientIdentity(context, { name: 'billing', roles: ['orders.read'] });

// @ts-expect-error -- a typing error
requireRole('orders.raed', refund);
// @ts-expect-error -- the same in place
requireRole('orders.raed', (request) => ({ body: request.url }));
// @ts-expect-error -- one of them
requireAnyRole(['orders.read', 'admin'], refund);
// @ts-expect-error -- nobody has this role
getClientIdentity(context).roles.includes('admin');
// @ts-expect-error -- nor in a test
withClientIdentity(context, { name: 'billing', roles: ['admin'] });
