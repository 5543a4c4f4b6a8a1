const { app } = require('@azure/functions');
const { getClientIdentity } = require('@certgate/azure-functions');

app.http('SecuredFunction', {
  methods: ['GET', 'POST'],
  authLevel: 'anonymous',
  handler: async (request, context) => {
    const { name } = getClientIdentity(context);
    return { jsonBody: { msg: 'Secured Azure Function called', caller: name } };
  },
});
