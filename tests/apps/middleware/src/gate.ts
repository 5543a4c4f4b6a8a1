import { app } from '@azure/functions';
import { secureApp, trustStoreFrom } from '@certgate/azure-functions';

secureApp(app, { trustStore: trustStoreFrom(process.env.CERTGATE_TRUST) });
