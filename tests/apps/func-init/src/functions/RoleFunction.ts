import '../gate';
import { app } from '@azure/functions';
import { getClientIdentity, requireRole } from '@certgate/azure-functions';

// The handler is written inline, so TypeScript infers the types of its parameters from `requireRole`.
export const RoleFunction = requireRole('operator', async (request, context) => {
  const { name } = getClientIdentity(context);
  return { jsonBody: { msg: 'Role Azure Function called', caller: name }, headers: { 'x-method': request.method } };
});

app.http('RoleFunction', {
  methods: ['GET', 'POST'],
  authLevel: 'anonymous',
  handler: RoleFunction,
});
