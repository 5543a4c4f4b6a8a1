const { app } = require('@azure/functions');
const { getClientIdentity, requireRole } = require('@certgate/azure-functions');

app.http('RoleFunction', {
  methods: ['GET', 'POST'],
  authLevel: 'anonymous',
  handler: requireRole('operator', async (request, context) => {
    const { name } = getClientIdentity(context);
    return { jsonBody: { msg: 'Role Azure Function called', caller: name } };
  }),
});
