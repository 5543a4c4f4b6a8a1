import { app } from '@azure/functions';
import { allowAnonymous, getClientIdentity, requireRole, secureApp, trustStoreFrom } from '@certgate/azure-functions';

secureApp(app, { trustStore: trustStoreFrom(process.env.CERTGATE_TRUST) });
const who = (_request, context) => ({ body: getClientIdentity(context).name });
app.http('Closed', { handler: who });
app.http('Role', { handler: requireRole('operator', who) });
app.http('Open', { handler: allowAnonymous(() => ({ body: 'open' })) });
