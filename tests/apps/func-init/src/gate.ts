import { app } from '@azure/functions';
import { secureApp, trustStoreFromFile } from '@certgate/azure-functions';

// Each function file imports this file first; Node runs it once, before the first registration.
secureApp(app, { trustStore: trustStoreFromFile(process.env.CERTGATE_TRUST) });
