import { app } from '@azure/functions';
import { secureApp, trustStoreFrom } from '@certgate/azure-functions';

// This file is loaded first (see "main" in package.json), so that every function below is closed as it is registered.
secureApp(app, { trustStore: trustStoreFrom(process.env.CERTGATE_TRUST) });
