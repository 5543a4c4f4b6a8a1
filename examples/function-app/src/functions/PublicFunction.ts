import { app, HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import { allowAnonymous } from '@certgate/azure-functions';

export async function PublicFunction(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  return { jsonBody: { msg: 'Public Azure Function called' } };
}

// allowAnonymous opens the function to callers without a certificate. Azure's authLevel is about function keys only.
app.http('PublicFunction', {
  methods: ['GET', 'POST'],
  authLevel: 'anonymous',
  handler: allowAnonymous(PublicFunction),
});
