const { app } = require('@azure/functions');
const { allowAnonymous } = require('@certgate/azure-functions');

app.http('PublicFunction', {
  methods: ['GET', 'POST'],
  authLevel: 'anonymous',
  handler: allowAnonymous(async () => ({ jsonBody: { msg: 'Public Azure Function called' } })),
});
