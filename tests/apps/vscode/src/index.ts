import { app } from '@azure/functions';
import { secureApp, trustStoreFrom } from '@certgate/azure-functions';

app.setup({
  enableHttpStream: true,
});

secureApp(app, { trustStore: trustStoreFrom(process.env.CERTGATE_TRUST) });
