import { app } from '@azure/functions';
import { secureApp, trustStoreFrom } from '@certgate/azure-functions';

// Closes every tool, resource and prompt, and every HTTP function, in any file and in any order.
secureApp(app, { trustStore: trustStoreFrom(process.env.CERTGATE_TRUST) });
