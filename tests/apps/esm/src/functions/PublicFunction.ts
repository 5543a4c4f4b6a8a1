import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import { allowAnonymous } from '@certgate/azure-functions';

export async function PublicFunction(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  return { jsonBody: { msg: 'Public Azure Function called' } };
}

app.http('PublicFunction', {
  methods: ['GET', 'POST'],
  authLevel: 'anonymous',
  handler: allowAnonymous(PublicFunction),
});
