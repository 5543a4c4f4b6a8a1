import { app } from '@azure/functions';
import { secureApp, trustStoreFromFile } from '@certgate/azure-functions';

secureApp(app, { trustStore: trustStoreFromFile(process.env.CERTGATE_TRUST) });
