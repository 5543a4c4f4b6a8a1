import type { ClientIdentity } from '@certgate/azure-functions';
import { Hono } from 'hono';

export interface Bindings {
  /** The caller's identity. Undefined if the function in front of Hono is public. */
  readonly identity: ClientIdentity | undefined;
}

export const webApp = new Hono<{ Bindings: Bindings }>().basePath('/api');

webApp.get('/PublicFunction', (context) => context.json({ msg: 'Public Azure Function called' }));

webApp.get('/SecuredFunction', (context) => {
  const { identity } = context.env;
  if (identity === undefined) throw new Error('The catch-all function is closed, so there is an identity.');
  return context.json({ msg: 'Secured Azure Function called', caller: identity.name });
});

webApp.get('/RoleFunction', (context) => {
  const { identity } = context.env;
  if (identity?.roles.includes('operator') !== true) return context.json({ code: 'forbidden' }, 403);
  return context.json({ msg: 'Role Azure Function called', caller: identity.name });
});
