// The gate is imported, what stands in the handlers is required: two ways that may lead to two copies.
import { app } from '@azure/functions';
import { secureApp, trustStoreFrom } from '@certgate/azure-functions';
import handlers from './mixed-handlers.cjs';

secureApp(app, { trustStore: trustStoreFrom(process.env.CERTGATE_TRUST) });
for (const [name, handler] of Object.entries(handlers)) app.http(name, { handler });
