import { app, type HttpRequest, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import { getClientIdentity } from '@certgate/azure-functions';
import { trace } from '@opentelemetry/api';

export async function SecuredFunction(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
  const { name } = getClientIdentity(context);
  // Answers 500 if the instrumentation is missing, or if its trace context was lost on the way through the gate.
  const traceId = trace.getActiveSpan()?.spanContext().traceId;
  if (traceId === undefined || context.traceContext?.traceParent?.includes(traceId) !== true) {
    throw new Error("The host's trace is not the active one.");
  }
  return { jsonBody: { msg: 'Secured Azure Function called', caller: name } };
}

app.http('SecuredFunction', {
  methods: ['GET', 'POST'],
  authLevel: 'anonymous',
  handler: SecuredFunction,
});
