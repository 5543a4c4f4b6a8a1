const { app } = require('@azure/functions');
const { getClientIdentity } = require('@certgate/azure-functions');

app.http('orders', {
  handler: async (request, context) => ({ body: `orders of ${getClientIdentity(context).name}\n` }),
});
