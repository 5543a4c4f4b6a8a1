import { app, type HttpHandler } from '@azure/functions';
import { allowAnonymous, getClientIdentity, requireRole } from '@certgate/azure-functions';
import { answerErrors, applyMiddleware, correlate } from '../middleware';

const publicFunction: HttpHandler = async () => ({ jsonBody: { msg: 'Public Azure Function called' } });

const securedFunction: HttpHandler = async (request, context) => ({
  jsonBody: { msg: 'Secured Azure Function called', caller: getClientIdentity(context).name },
});

const roleFunction: HttpHandler = async (request, context) => ({
  jsonBody: { msg: 'Role Azure Function called', caller: getClientIdentity(context).name },
});

// The marker must be outermost. A handler that wraps a marked one is not marked itself, so its function is closed.
app.http('PublicFunction', {
  methods: ['GET', 'POST'],
  authLevel: 'anonymous',
  handler: allowAnonymous(applyMiddleware(publicFunction, answerErrors, correlate)),
});

app.http('SecuredFunction', {
  methods: ['GET', 'POST'],
  authLevel: 'anonymous',
  handler: applyMiddleware(securedFunction, answerErrors, correlate),
});

app.http('RoleFunction', {
  methods: ['GET', 'POST'],
  authLevel: 'anonymous',
  handler: requireRole('operator', applyMiddleware(roleFunction, answerErrors, correlate)),
});
