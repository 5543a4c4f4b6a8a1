import { app } from '@azure/functions';
import { secureApp, trustStoreFrom } from '@certgate/azure-functions';

// This hook is registered before the gate's own, so it wraps every handler, including those that the gate has wrapped.
// Each bundle registers one.
app.hook.preInvocation((context) => {
  const { functionHandler } = context;
  context.functionHandler = (...inputs) => functionHandler(...inputs);
});

// Each bundle contains a copy of this file, so it runs once in each bundle.
secureApp(app, { trustStore: trustStoreFrom(process.env.CERTGATE_TRUST) });
