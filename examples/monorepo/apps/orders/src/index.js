const { app } = require('@azure/functions');
const { secureApp, trustStoreFrom } = require('@certgate/azure-functions');

secureApp(app, { trustStore: trustStoreFrom(process.env.CERTGATE_TRUST) });
