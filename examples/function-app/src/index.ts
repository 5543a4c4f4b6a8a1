import { app } from '@azure/functions';
import { secureApp, trustStoreFrom } from '@certgate/azure-functions';

// Closes every HTTP and MCP function of the app, in any file and in any order.
secureApp(app, { trustStore: trustStoreFrom(process.env.CERTGATE_TRUST) });
