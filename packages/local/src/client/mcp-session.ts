import { findMcpReply, type McpReply } from './mcp-reply.js';
import { isFieldValue } from './request-fields.js';
import { sendRequest, type IncomingResponse, type OutgoingRequest } from './send-request.js';

/** What all requests of a session have in common: the address, the caller and the headers. */
export type McpConnection = Omit<OutgoingRequest, 'method' | 'body'>;

/** The calling program, as it identifies itself to the server. */
export interface McpClientInfo {
  readonly name: string;
  readonly version: string;
}

export interface McpAnswer {
  /** The method of the request to which this is the answer. */
  readonly method: string;
  readonly response: IncomingResponse;
  /** The reply in `response`. Undefined if it has none, as after a notification. */
  readonly reply: McpReply | undefined;
}

export interface McpSession {
  /** Sends a request. Throws like `sendRequest`. */
  request(method: string, params: object): Promise<McpAnswer>;
}

/** The newest version of the protocol that the extension supports (1.6.0, with the C# SDK 0.4.0-preview.3). */
const protocolVersion = '2025-06-18';

/**
 * Opens a session over streamable HTTP (Model Context Protocol 2025-06-18). If the server does not open one, returns
 * the answer that shows this. Each request has its own connection, and fails like `sendRequest`.
 */
export async function openMcpSession(
  connection: McpConnection,
  clientInfo: McpClientInfo,
): Promise<
  { readonly isOpen: true; readonly session: McpSession } | { readonly isOpen: false; readonly answer: McpAnswer }
> {
  const params = { protocolVersion, capabilities: {}, clientInfo };
  const opening = await post(connection, {}, { id: 1, method: 'initialize', params });
  if (opening.reply?.kind !== 'result') return { isOpen: false, answer: opening };
  const fields = describeSession(opening.response, opening.reply.result);
  const noted = await post(connection, fields, { method: 'notifications/initialized' });
  // The server answers the notification with 202 and without a body.
  if (noted.response.status < 200 || noted.response.status > 299) return { isOpen: false, answer: noted };
  let id = 1;
  return {
    isOpen: true,
    session: {
      request: (method, parameters) => {
        id += 1;
        return post(connection, fields, { id, method, params: parameters });
      },
    },
  };
}

type McpHeaders = Readonly<Record<string, string>>;

/** The header fields of every further request. */
function describeSession({ headers }: IncomingResponse, result: Readonly<Record<string, unknown>>): McpHeaders {
  const id = headers['mcp-session-id'];
  const { protocolVersion: agreed } = result;
  return {
    ...(typeof id === 'string' ? { 'mcp-session-id': id } : {}),
    ...(typeof agreed === 'string' && isFieldValue(agreed) ? { 'mcp-protocol-version': agreed } : {}),
  };
}

interface McpRequest {
  /** Undefined if the message is a notification. */
  readonly id?: number;
  readonly method: string;
  readonly params?: object;
}

async function post(connection: McpConnection, fields: McpHeaders, request: McpRequest): Promise<McpAnswer> {
  const response = await sendRequest({
    ...connection,
    method: 'POST',
    headers: {
      ...connection.headers,
      ...fields,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
    },
    body: JSON.stringify({ jsonrpc: '2.0', ...request }),
  });
  const { id, method } = request;
  return { method, response, reply: id === undefined ? undefined : findMcpReply(response, id) };
}
