import { app, HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import { getClientIdentity, requireRole } from '@certgate/azure-functions';

// The exported handler includes its required role, so that a unit test also tests the role.
export const RefundFunction = requireRole('refunds.write', refund);

async function refund(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  const { amount } = (await request.json()) as { amount: number };
  return { jsonBody: { refunded: amount, by: getClientIdentity(context).name } };
}

app.http('RefundFunction', { methods: ['POST'], authLevel: 'anonymous', handler: RefundFunction });
