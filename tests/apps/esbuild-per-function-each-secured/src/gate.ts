import { app } from '@azure/functions';
import { secureApp, trustStoreFrom } from '@certgate/azure-functions';

// A hook that stands before the gate's own wraps every handler, the gate's wrappers too; one for each bundle.
app.hook.preInvocation((context) => {
  const { functionHandler } = context;
  context.functionHandler = (...inputs) => functionHandler(...inputs);
});

// One source file, but it becomes part of every bundle, and so it runs once in each.
secureApp(app, { trustStore: trustStoreFrom(process.env.CERTGATE_TRUST) });
