// mcp/: the MCP extension of the Functions host: its endpoint, and calls of functions with an MCP trigger.

import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { drainRequest } from '../../wire/request-body.js';
import type { HostExchange, WebhookEndpoint } from '../http/served-app.js';
import { hasBody, readBoundedBody, type ReceivedRequest } from '../http/http-request.js';
import { writeStatus } from '../http/http-response.js';
import type { HostMcpCall, McpServerInfo } from '../worker/host-protocol.js';
import { accepts, isJsonType } from './media-types.js';
import {
  errorCodes,
  failWith,
  formatAnswer,
  type MethodAnswer,
  parseMessage,
  type RpcMessage,
  type RpcRequest,
} from './json-rpc.js';
import type { McpCatalog } from './mcp-catalog.js';
import { callMcpFunction, type McpApp } from './mcp-invocation.js';
import { answerRequest, findCalledName, findInitializeFault } from './mcp-methods.js';
import { createHeaderMap, sessionHeaderName } from './trigger-payload.js';

/**
 * The largest message, in bytes. It is smaller than the extension's, because a message is read and parsed before the
 * gate is asked.
 */
const maximumMessageBytes = 4_194_304;
/** The most open requests. Further ones are refused, so that a client can't fill the memory of the app's process. */
const usualMaximumOpenRequests = 2048;

const legacyTransport =
  'The legacy SSE transport of MCP is not served here. Over it, the extension gives a function the headers of the ' +
  'request that opened the stream, not those of the call, so the gate refuses such calls in Azure too. ' +
  'Use streamable HTTP: POST to /runtime/webhooks/mcp.\n';

/**
 * Serves `/runtime/webhooks/mcp` over streamable HTTP like Azure/azure-functions-mcp-extension 1.6.0
 * (`StreamableHttpRequestHandler`). It keeps nothing about a client between two requests. Each answer of a method is
 * one event of a stream.
 */
export function createMcpEndpoint(
  catalog: McpCatalog,
  server: McpServerInfo,
  app: McpApp,
  maximumOpenRequests: number = usualMaximumOpenRequests,
): WebhookEndpoint {
  let openRequests = 0;
  return { serves: (path) => /^\/runtime\/webhooks\/mcp(?:\/|$)/i.test(path), answer };

  async function answer(received: ReceivedRequest, exchange: HostExchange): Promise<void> {
    if (/(?:sse|message)\/*$/i.test(received.target.path)) {
      await refuse(exchange, 501, legacyTransport);
    } else if (received.method !== 'POST') {
      await refuse(exchange, 405);
    } else if (openRequests >= maximumOpenRequests) {
      await refuse(exchange, 429);
    } else {
      openRequests += 1;
      try {
        await answerPost(received, exchange);
      } finally {
        openRequests -= 1;
      }
    }
  }

  async function answerPost(received: ReceivedRequest, exchange: HostExchange): Promise<void> {
    const { headers } = received;
    const { request, response } = exchange;
    const body = await readBoundedBody(request, maximumMessageBytes).catch(() => 'aborted' as const);
    if (body === 'aborted') return;
    if (body === 'too-large') {
      await refuse(exchange, 413);
      return;
    }
    const accept = headers.get('accept') ?? '';
    if (!accepts(accept, 'application/json') || !accepts(accept, 'text/event-stream')) {
      writeError(response, 406, 'Not Acceptable: Client must accept both application/json and text/event-stream');
    } else if (!isSessionToken(headers.get(sessionHeaderName) ?? '')) {
      writeError(response, 400, 'Invalid client state.');
    } else if (!isJsonType(headers.get('content-type') ?? '')) {
      refuseMessage(response, 'its Content-Type is not application/json');
    } else {
      await answerBody(new TextDecoder().decode(body), received, exchange);
    }
  }

  async function answerBody(body: string, received: ReceivedRequest, exchange: HostExchange): Promise<void> {
    const message = parseMessage(body);
    if (typeof message === 'string') {
      refuseMessage(exchange.response, message);
    } else if (message === null) {
      writeError(exchange.response, 400, 'Bad Request: The POST body did not contain a valid JSON-RPC message.');
    } else {
      await answerMessage(message, received, exchange);
    }
  }

  async function answerMessage(message: RpcMessage, received: ReceivedRequest, exchange: HostExchange): Promise<void> {
    const { response, report, rawHeaders } = exchange;
    setStreamHeaders(response);
    if (message.kind === 'notification') {
      if (message.method !== undefined) report.noteMcp({ method: message.method, failed: false });
      writeStatus(response, 202);
      return;
    }
    const fault = findInitializeFault(message);
    if (fault !== undefined) {
      refuseMessage(response, fault);
      return;
    }
    report.noteMcp(describeCall(message, undefined));
    const answered = await answerRequest(message, {
      catalog,
      server,
      headers: createHeaderMap(rawHeaders, received.headers),
      callFunction: (call, found, bind) =>
        callMcpFunction(app, call, found, bind, (functionName, invocationId) => {
          report.nameInvocation(functionName, invocationId);
        }),
    });
    report.noteMcp(describeCall(message, answered));
    const isNew = message.method === 'initialize' && !received.headers.get(sessionHeaderName);
    if (isNew) response.setHeader('Mcp-Session-Id', createSessionToken());
    const event = `event: message\ndata: ${formatAnswer(message.id, answered)}\n\n`;
    writeText(response, 200, 'text/event-stream', event);
  }

  /**
   * Answers 500 without a body, because the extension doesn't catch the exceptions of .NET's JSON reader. The reason is
   * only logged.
   */
  function refuseMessage(response: ServerResponse, fault: string): void {
    const message = `A request to /runtime/webhooks/mcp is not an MCP message: ${fault}. It is answered with 500, as in Azure.`;
    app.app.writeLog({ level: 'warning', category: 'system', message });
    writeStatus(response, 500);
  }
}

/** Describes a call. `answer` is undefined until the method has answered. */
function describeCall(request: RpcRequest, answer: MethodAnswer | undefined): HostMcpCall {
  const name = findCalledName(request);
  const failed = answer !== undefined && hasFailed(answer);
  return { method: request.method, ...(name === undefined ? {} : { name }), failed };
}

function hasFailed(answer: MethodAnswer): boolean {
  return 'error' in answer || (answer.result as { readonly isError?: boolean }).isError === true;
}

/**
 * A new session token. The extension's token is encrypted, but doesn't identify the caller: anybody who has it can send
 * it, with any certificate or none. Here the token is random, and only its form is checked, so that a client can go on
 * after a restart of the app.
 */
function createSessionToken(): string {
  return randomBytes(32).toString('base64url');
}

function isSessionToken(text: string): boolean {
  return text === '' || /^[\w-]{43}$/.test(text);
}

/** Sets the same fields as `McpHttpUtility.SetSseContext`. */
function setStreamHeaders(response: ServerResponse): void {
  response.setHeader('Cache-Control', 'no-cache,no-store');
  response.setHeader('Content-Encoding', 'identity');
}

/** Sends an error without an id, which the C# SDK writes as an empty string. */
function writeError(response: ServerResponse, status: number, message: string): void {
  const body = formatAnswer('', failWith(errorCodes.serverError, message));
  writeText(response, status, 'application/json; charset=utf-8', body);
}

/** Refuses a request without using its body. */
async function refuse({ request, response }: HostExchange, status: number, text: string = ''): Promise<void> {
  if (text !== '') response.setHeader('content-type', 'text/plain; charset=utf-8');
  if (hasBody(request)) response.setHeader('connection', 'close');
  response.writeHead(status, { 'content-length': Buffer.byteLength(text) });
  response.write(text);
  response.flushHeaders();
  // If the connection were closed while bytes of the body are unread, the client could lose the answer.
  await drainRequest(request);
  response.end();
}

function writeText(response: ServerResponse, status: number, contentType: string, text: string): void {
  response.writeHead(status, { 'content-type': contentType, 'content-length': Buffer.byteLength(text) }).end(text);
}
