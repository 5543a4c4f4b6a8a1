import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import { allowAnonymous, getClientIdentity, requireRole } from '@certgate/azure-functions';
import * as df from 'durable-functions';

type Starter = (request: HttpRequest, context: InvocationContext) => Promise<HttpResponseInit>;
type ClientStarter = (
  request: HttpRequest,
  client: df.DurableClient,
  context: InvocationContext,
) => Promise<HttpResponseInit>;

const publicStarter: Starter = async (request, context) => {
  await df.getClient(context).startNew('hello', { input: 'everybody' });
  return { jsonBody: { msg: 'Public Azure Function called' } };
};

const securedStarter: Starter = async (request, context) => {
  const { name } = getClientIdentity(context);
  await df.getClient(context).startNew('hello', { input: name });
  return { jsonBody: { msg: 'Secured Azure Function called', caller: name } };
};

const roleStarter: Starter = async (request, context) => {
  const { name } = getClientIdentity(context);
  await df.getClient(context).startNew('hello', { input: name });
  return { jsonBody: { msg: 'Role Azure Function called', caller: name } };
};

// The client is an extra input of an ordinary registration.
app.http('PublicFunction', {
  route: 'PublicFunction',
  authLevel: 'anonymous',
  extraInputs: [df.input.durableClient()],
  handler: allowAnonymous(publicStarter),
});

app.http('SecuredFunction', {
  route: 'SecuredFunction',
  authLevel: 'anonymous',
  extraInputs: [df.input.durableClient()],
  handler: securedStarter,
});

app.http('RoleFunction', {
  route: 'RoleFunction',
  authLevel: 'anonymous',
  extraInputs: [df.input.durableClient()],
  handler: requireRole('operator', roleStarter),
});

const clientStarter: ClientStarter = async (request, client, context) => {
  const { name } = getClientIdentity(context);
  await client.startNew('hello', { input: name });
  return { jsonBody: { msg: 'Role Azure Function called', caller: name } };
};

const unmarkedStarter: ClientStarter = async (request, client) => {
  await client.startNew('hello', { input: 'nobody' });
  return { jsonBody: { msg: 'a function whose mark was lost' } };
};

// `df.app.client` wraps the handler and calls it with the client before the context. If the handler inside requires a
// role, it still checks the role, but no tool sees that. If the handler inside is marked as public, the mark is lost,
// so the function is closed.
df.app.client.http('RoleInside', { authLevel: 'anonymous', handler: requireRole('operator', clientStarter) });
df.app.client.http('MarkInside', { authLevel: 'anonymous', handler: allowAnonymous(unmarkedStarter) });
