import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import { allowAnonymous, findClientIdentity } from '@certgate/azure-functions';
import { azureHonoHandler } from '@marplex/hono-azurefunc-adapter';
import { type Bindings, webApp } from '../web-app';

/**
 * Passes the caller's identity to Hono through a `fetch` of its own for each call, because the adapter doesn't pass the
 * invocation context on.
 */
async function serve(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  const bindings: Bindings = { identity: findClientIdentity(context) };
  return azureHonoHandler((webRequest) => webApp.fetch(webRequest, bindings))(request, context);
}

// A public route must be a function of its own. The host tries functions in the order of their names, and uses the
// first whose route matches, so the catch-all's name must come last.
app.http('PublicFunction', {
  methods: ['GET'],
  authLevel: 'anonymous',
  route: 'PublicFunction',
  handler: allowAnonymous(serve),
});

app.http('WebApp', {
  methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'],
  authLevel: 'anonymous',
  route: '{*path}',
  handler: serve,
});
