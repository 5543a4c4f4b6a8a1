const { app } = require('@azure/functions');
const { getClientIdentity } = require('@certgate/azure-functions');

app.http('reports', {
  handler: async (request, context) => ({ body: `reports of ${getClientIdentity(context).name}\n` }),
});
