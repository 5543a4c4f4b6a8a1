import type { HttpHandler, HttpResponseInit } from '@azure/functions';

export type Middleware = (next: HttpHandler) => HttpHandler;

/** Wraps `handler` in the steps. The first step is the outermost. */
export function applyMiddleware(handler: HttpHandler, ...steps: readonly Middleware[]): HttpHandler {
  return steps.reduceRight((next, step) => step(next), handler);
}

export const answerErrors: Middleware = (next) => async (request, context) => {
  try {
    return await next(request, context);
  } catch (error) {
    context.error(error);
    return { status: 500, jsonBody: { code: 'unexpected' } };
  }
};

export const correlate: Middleware = (next) => async (request, context) => {
  const response = (await next(request, context)) as HttpResponseInit;
  return { ...response, headers: { ...response.headers, 'x-correlation-id': context.invocationId } };
};
