import { createGate, trustStoreFrom } from '@certgate/http';

export const gate = createGate({
  trustStore: trustStoreFrom(process.env.CERTGATE_TRUST),
  allowAnonymous: ['GET /public'],
});
