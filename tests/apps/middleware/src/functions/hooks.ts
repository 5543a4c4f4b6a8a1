import { app, type HttpResponseInit } from '@azure/functions';

// Wraps whatever is the handler by now; at each invocation, so what the gate covers is inside.
app.hook.preInvocation((context) => {
  const { functionHandler } = context;
  context.functionHandler = async (...inputs) => {
    const started = performance.now();
    try {
      return await functionHandler(...inputs);
    } finally {
      context.invocationContext.debug(`took ${performance.now() - started} ms`);
    }
  };
});

// Adds to every response, refusals included, without a copy.
app.hook.postInvocation((context) => {
  const response = context.result as HttpResponseInit | undefined;
  if (response === undefined) return;
  response.headers ??= {};
  (response.headers as Record<string, string>)['x-served-by'] = 'middleware';
});
