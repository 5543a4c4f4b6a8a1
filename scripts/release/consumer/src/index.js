const { app } = require('@azure/functions');
const { getClientIdentity, secureApp, trustStoreFrom } = require('@certgate/azure-functions');

secureApp(app, { trustStore: trustStoreFrom(process.env.CERTGATE_TRUST) });
app.http('Who', { handler: (request, context) => ({ body: getClientIdentity(context).name }) });
