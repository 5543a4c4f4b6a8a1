import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import { getClientIdentity } from '@certgate/azure-functions';

export async function SecuredFunction(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  const { name } = getClientIdentity(context);
  return { jsonBody: { msg: 'Secured Azure Function called', caller: name } };
}

app.http('SecuredFunction', {
  methods: ['GET', 'POST'],
  authLevel: 'anonymous',
  handler: SecuredFunction,
});
