// The same test as ../registered-roles.ts, with the settings of the templates of func init and VS Code: CommonJS, not
// strict.
import { app } from '@azure/functions';
import { allowAnonymous, getClientIdentity, requireRole } from '@certgate/azure-functions';

declare module '@certgate/azure-functions' {
  interface Register {
    role: 'orders.read';
  }
}

export const read = requireRole('orders.read', async (request, context) => ({
  jsonBody: [await request.text(), context.invocationId, getClientIdentity(context).name],
}));
export const health = allowAnonymous((request) => ({ body: request.method }));
app.http('Read', { handler: read });
app.http('Health', { handler: health });

// @ts-expect-error -- a typing error
requireRole('orders.raed', read);
// @ts-expect-error -- the text of a request takes no arguments: so it is the text of a request
requireRole('orders.read', async (request) => ({ body: await request.text('utf8') }));
