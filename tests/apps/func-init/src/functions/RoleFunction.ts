import '../gate';
import { app } from '@azure/functions';
import { getClientIdentity, requireRole } from '@certgate/azure-functions';

// Written in place: its parameters have no types of their own.
export const RoleFunction = requireRole('operator', async (request, context) => {
  const { name } = getClientIdentity(context);
  return { jsonBody: { msg: 'Role Azure Function called', caller: name }, headers: { 'x-method': request.method } };
});

app.http('RoleFunction', {
  methods: ['GET', 'POST'],
  authLevel: 'anonymous',
  handler: RoleFunction,
});
