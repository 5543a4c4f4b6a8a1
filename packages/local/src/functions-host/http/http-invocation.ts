import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RouteMatch } from '../routing/router.js';
import type { InvocationRequest } from '../worker/core-types.js';
import { createInvocation, describeError, invoke } from '../worker/invocation.js';
import {
  declaredLength,
  hasBody,
  maximumBodyBytes,
  readRequestBody,
  type ReceivedRequest,
  refuseRequest,
  toRpcHttp,
} from './http-request.js';
import { writeResult, writeStatus } from './http-response.js';
import type { HostExchange, ServedApp } from './served-app.js';
import { StreamingExchange } from './streaming-proxy.js';
import { createTriggerMetadata } from './trigger-metadata.js';

/** Runs a function for one request: reads the body, invokes the function and sends the answer. */
export async function runFunction(
  served: ServedApp,
  match: RouteMatch,
  received: ReceivedRequest,
  { request: incoming, response, report }: HostExchange,
): Promise<void> {
  const log = functionLog(served, match);
  // The real host reads a body only if its length is declared. Otherwise it gives the function an empty body.
  const hasDeclaredBody = declaredLength(incoming) > 0;
  const body = hasDeclaredBody ? await readBody(incoming) : undefined;
  if (body === 'aborted') return;
  if (body === 'too-large') {
    // Kestrel would answer 413, but the real host reads the body within the invocation, and every failure of an
    // invocation is 500 (azure-functions-host#10519).
    log('error', randomUUID(), `The body is larger than ${maximumBodyBytes} bytes.`);
    refuseRequest(incoming, response, 500);
    return;
  }
  const data = served.streamingUri === undefined ? toRpcHttp(received, match.values, body) : {};
  const invocation = createInvocation(match.route.registered, {
    // With streaming, the message stays empty, and the library reads the forwarded request.
    triggerInput: { name: match.route.triggerName, data: { http: data } },
    triggerMetadata: createTriggerMetadata(received, allRouteValues(match), body),
    durable: served.durable,
    findHeader: (name) => received.headers.get(name),
  });
  report.nameInvocation(match.route.functionName, invocation.invocationId);
  if (served.streamingUri !== undefined) {
    const exchange = new StreamingExchange(
      served.streamingUri,
      invocation.invocationId,
      received,
      incoming,
      response,
      body,
    );
    await runStreaming(served, match, invocation, exchange, log);
    return;
  }
  if (!hasDeclaredBody && hasBody(incoming)) {
    log(
      'warning',
      invocation.invocationId,
      'The body came chunked, without a Content-Length: the Functions host gives it to the function as empty, in Azure too.',
    );
    incoming.resume();
  }
  try {
    const { response: answer } = await invoke(served.app, match.route.registered, invocation);
    writeResult(response, answer.returnValue);
  } catch (error) {
    log('error', invocation.invocationId, describeError(error));
    clearHeaders(response);
    writeStatus(response, 500);
  }
}

async function runStreaming(
  served: ServedApp,
  match: RouteMatch,
  invocation: InvocationRequest,
  exchange: StreamingExchange,
  log: FunctionLog,
): Promise<void> {
  let answered = false;
  try {
    const { result } = await invoke(served.app, match.route.registered, invocation);
    const returned = match.route.registered.metadata.bindings['$return'];
    answered = result !== null && result !== undefined && returned !== undefined;
    if (!answered) {
      log(
        'error',
        invocation.invocationId,
        'The function returned nothing. With HTTP streaming the caller waits in vain for it in Azure; here it is a 500.',
      );
    }
  } catch (error) {
    log('error', invocation.invocationId, describeError(error));
  }
  try {
    await exchange.finish(answered);
  } catch (error) {
    // The client already has the beginning of the answer, or 502, or is gone.
    log('debug', invocation.invocationId, describeError(error));
  }
}

/**
 * The route values in the order in which they were matched (in `{a}-{b}`, b is first), then the parameters without a
 * value.
 */
function allRouteValues({ route, values }: RouteMatch): ReadonlyMap<string, string | undefined> {
  const parameters = route.template.segments.flat().filter((part) => part.kind === 'parameter');
  const absent = parameters.filter(({ name }) => !values.has(name));
  return new Map([...values, ...absent.map(({ name }) => [name, undefined] as const)]);
}

type FunctionLog = (level: 'debug' | 'warning' | 'error', invocationId: string, message: string) => void;

function functionLog(served: ServedApp, match: RouteMatch): FunctionLog {
  return (level, invocationId, message) => {
    const functionName = match.route.functionName;
    served.app.writeLog({ level, category: 'system', message, functionName, invocationId });
  };
}

async function readBody(incoming: IncomingMessage): Promise<Buffer | 'too-large' | 'aborted'> {
  try {
    return await readRequestBody(incoming);
  } catch {
    return 'aborted';
  }
}

function clearHeaders(response: ServerResponse): void {
  if (response.headersSent) return;
  for (const name of response.getHeaderNames()) response.removeHeader(name);
}
