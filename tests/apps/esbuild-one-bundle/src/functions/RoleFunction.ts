import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import { getClientIdentity, requireRole } from '@certgate/azure-functions';

export async function RoleFunction(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  const { name } = getClientIdentity(context);
  return { jsonBody: { msg: 'Role Azure Function called', caller: name } };
}

app.http('RoleFunction', {
  methods: ['GET', 'POST'],
  authLevel: 'anonymous',
  handler: requireRole('operator', RoleFunction),
});
