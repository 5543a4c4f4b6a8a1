import { app } from '@azure/functions';
import { secureApp, trustStoreFrom } from '@certgate/azure-functions';

// Each function file imports this file first. Node runs it once, before the first function is registered.
secureApp(app, { trustStore: trustStoreFrom(process.env.CERTGATE_TRUST) });
