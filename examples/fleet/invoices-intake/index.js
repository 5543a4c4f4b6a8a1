import { app } from '@azure/functions';
import { allowAnonymous, secureApp, trustStoreFrom } from '@certgate/azure-functions';

secureApp(app, { trustStore: trustStoreFrom(process.env.CERTGATE_TRUST) });
const accept = () => ({ status: 202 });
app.http('PostInvoices', { methods: ['POST'], handler: accept });
app.http('CancelInvoices', { methods: ['POST'], handler: accept });
app.http('Health', { handler: allowAnonymous(accept) });
