import { app } from '@azure/functions';
import { allowAnonymous, getClientIdentity, requireRole, secureApp, trustStoreFrom } from '@certgate/azure-functions';
import { withClientIdentity } from '@certgate/azure-functions/testing';
import { secureServer } from '@certgate/http';
import { startLocalApp } from 'certgate';

declare module '@certgate/azure-functions' {
  interface Register {
    role: 'orders.read';
  }
}

secureApp(app, { trustStore: trustStoreFrom(process.env['CERTGATE_TRUST']) });
export const who = requireRole('orders.read', (request, context) => {
  const name: string = getClientIdentity(context).name;
  return { body: request.method + name };
});
export const health = allowAnonymous(() => ({ body: 'up' }));
export const kinds = [typeof withClientIdentity, typeof secureServer];
export const status: Promise<number> = startLocalApp({ folder: '.', callers: { billing: {} } }).then((local) =>
  local.callAs('billing', '/api/Who').then((answer) => answer.status),
);

// @ts-expect-error -- a role that was not declared
requireRole('orders.raed', who);
// @ts-expect-error -- an app without a trust store
secureApp(app, {});
