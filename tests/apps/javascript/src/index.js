const { app } = require('@azure/functions');
const { secureApp, trustStoreFromFile } = require('@certgate/azure-functions');

secureApp(app, { trustStore: trustStoreFromFile(process.env.CERTGATE_TRUST) });
