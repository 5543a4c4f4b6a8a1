import { findMcpReply, type McpReply } from './mcp-reply.js';
import { isFieldValue } from './request-fields.js';
import { sendRequest, type IncomingResponse, type OutgoingRequest } from './send-request.js';

/** Where to, and as whom: what is the same in each request of a session. */
export type McpConnection = Omit<OutgoingRequest, 'method' | 'body'>;

/** The program that calls, as it names itself to the server. */
export interface McpClientInfo {
  readonly name: string;
  readonly version: string;
}

export interface McpAnswer {
  /** The method of the request that it answers. */
  readonly method: string;
  readonly response: IncomingResponse;
  /** Undefined: `response` is not an MCP answer, or the request was a notification. */
  readonly reply: McpReply | undefined;
}

export interface McpSession {
  /** Throws as `sendRequest` does. */
  request(method: string, params: object): Promise<McpAnswer>;
}

/** The newest version of the protocol that the extension knows (1.6.0, with the C# SDK 0.4.0-preview.3). */
const protocolVersion = '2025-06-18';

/**
 * Initializes a session over streamable HTTP (Model Context Protocol 2025-06-18), or says what answered instead. Each
 * request is a connection of its own, as in `sendRequest`.
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
  // It is answered with 202 and no body.
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

type HeaderFields = Readonly<Record<string, string>>;

/** The headers of every further request. */
function describeSession({ headers }: IncomingResponse, result: Readonly<Record<string, unknown>>): HeaderFields {
  const id = headers['mcp-session-id'];
  const { protocolVersion: agreed } = result;
  return {
    ...(typeof id === 'string' ? { 'mcp-session-id': id } : {}),
    ...(typeof agreed === 'string' && isFieldValue(agreed) ? { 'mcp-protocol-version': agreed } : {}),
  };
}

interface McpRequest {
  /** Undefined: a notification. */
  readonly id?: number;
  readonly method: string;
  readonly params?: object;
}

async function post(connection: McpConnection, fields: HeaderFields, request: McpRequest): Promise<McpAnswer> {
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
