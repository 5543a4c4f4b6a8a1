import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import { allowAnonymous, findClientIdentity } from '@certgate/azure-functions';
import { azureHonoHandler } from '@marplex/hono-azurefunc-adapter';
import { type Bindings, webApp } from '../web-app';

/** The adapter hands no context on, so each call gets a `fetch` that knows its identity. */
async function serve(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  const bindings: Bindings = { identity: findClientIdentity(context) };
  return azureHonoHandler((webRequest) => webApp.fetch(webRequest, bindings))(request, context);
}

// What is public is a function of its own. The host tries functions in the order of their names, and the first that
// matches wins: the catch-all's name must come last.
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
