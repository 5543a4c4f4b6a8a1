// Imports the gate and requires the markers of the handlers. These may be two copies of the adapter.
import { app } from '@azure/functions';
import { secureApp, trustStoreFrom } from '@certgate/azure-functions';
import handlers from './mixed-handlers.cjs';

secureApp(app, { trustStore: trustStoreFrom(process.env.CERTGATE_TRUST) });
for (const [name, handler] of Object.entries(handlers)) app.http(name, { handler });
