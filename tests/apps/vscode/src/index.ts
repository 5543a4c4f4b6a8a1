import { app } from '@azure/functions';
import { secureApp, trustStoreFromFile } from '@certgate/azure-functions';

app.setup({
  enableHttpStream: true,
});

secureApp(app, { trustStore: trustStoreFromFile(process.env.CERTGATE_TRUST) });
