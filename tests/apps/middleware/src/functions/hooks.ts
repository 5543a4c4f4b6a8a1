import { app, type HttpResponseInit } from '@azure/functions';

// Wraps, at each invocation, the handler that the invocation has by then, so the handler that the gate covers is
// inside.
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

// Adds a header to every response, including the gate's refusals. It changes the response itself, not a copy.
app.hook.postInvocation((context) => {
  const response = context.result as HttpResponseInit | undefined;
  if (response === undefined) return;
  response.headers ??= {};
  (response.headers as Record<string, string>)['x-served-by'] = 'middleware';
});
