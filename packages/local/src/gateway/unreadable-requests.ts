import type { IncomingMessage } from 'node:http';
import type { Server } from 'node:https';
import type { Socket } from 'node:net';
import type { ClientConnection } from './client-connection.js';
import type { GatewayAnswer } from './exchange/gateway-exchange.js';
import { formatRawAnswer } from './exchange/gateway-response.js';

const lingerMilliseconds = 1000;

export interface UnreadableRequestOptions {
  readonly findConnection: (socket: Socket) => ClientConnection | undefined;
  /**
   * Called when the gateway writes an answer to the socket itself. `request` is given if the fault is within its body.
   */
  readonly onAnswer: (
    connection: ClientConnection,
    answer: GatewayAnswer,
    request: IncomingMessage | undefined,
  ) => void;
}

/**
 * Handles requests that Node's parser refuses or treats as a tunnel. Answers if no other answer is pending, and closes
 * the connection.
 */
export function answerUnreadableRequests(server: Server, options: UnreadableRequestOptions): void {
  const answerRaw = (socket: Socket, answer: GatewayAnswer | undefined): void => {
    const connection = options.findConnection(socket);
    if (answer === undefined || connection === undefined || !socket.writable) {
      socket.destroy();
      return;
    }
    if (connection.closing || connection.ended) return;
    connection.closing = true;
    const pending = [...connection.pendingResponses];
    const newest = pending.at(-1);
    // The fault comes after complete requests. They are answered, and then the connection closes.
    if (newest?.req.complete === true) return;
    connection.ended = true;
    // The fault is within a request's body. It is answered if no other answer is pending and its own has not begun.
    if (newest !== undefined && (pending.length > 1 || newest.headersSent)) {
      socket.destroy();
      return;
    }
    connection.rawAnswer = answer;
    options.onAnswer(connection, answer, newest?.req);
    closeAfter(socket, formatRawAnswer(answer));
  };
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    answerRaw(socket, classifyClientError(error.code ?? ''));
  });
  // Without a listener, Node would close the connection without an answer. Node has stopped parsing, so bytes that the
  // client sent ahead never become a request.
  server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    answerRaw(socket, 'method-not-supported');
  });
}

/**
 * The gateway's answer to a parser error. Undefined if the connection itself failed, so that nobody can be answered.
 */
function classifyClientError(code: string): GatewayAnswer | undefined {
  // The client left within its request.
  if (code === 'HPE_INVALID_EOF_STATE') return undefined;
  if (code === 'HPE_HEADER_OVERFLOW') return 'headers-too-large';
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'request-timeout';
  return code.startsWith('HPE_') ? 'malformed-request' : undefined;
}

/**
 * Sends the bytes, then reads for a moment what the client still sends. Unread bytes would reset the connection before
 * the client has read the answer.
 */
function closeAfter(socket: Socket, bytes: string): void {
  socket.end(bytes);
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), lingerMilliseconds);
  socket.once('end', () => socket.destroy());
  socket.once('close', () => {
    clearTimeout(timer);
  });
}
