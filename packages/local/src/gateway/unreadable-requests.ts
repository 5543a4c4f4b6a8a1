import type { IncomingMessage } from 'node:http';
import type { Server } from 'node:https';
import type { Socket } from 'node:net';
import type { ClientConnection } from './client-connection.js';
import type { GatewayAnswer } from './exchange/gateway-exchange.js';
import { formatRawAnswer } from './exchange/gateway-response.js';

const lingerMilliseconds = 1000;

export interface UnreadableRequestOptions {
  readonly findConnection: (socket: Socket) => ClientConnection | undefined;
  /** Called for an answer past the parser; `request` is there when its head could be read. */
  readonly onAnswer: (
    connection: ClientConnection,
    answer: GatewayAnswer,
    request: IncomingMessage | undefined,
  ) => void;
}

/** Requests that Node's parser refuses, or hands over as a tunnel: answered when nothing else is, then closed. */
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
    // The requests before it are whole: their answers go out, the connection closes after them.
    if (newest?.req.complete === true) return;
    connection.ended = true;
    // Within the body of a request: answered if nothing else is being answered, and its own answer has not begun.
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
  // Node would close without a word. With bytes sent ahead it has stopped parsing: they are never read.
  server.on('connect', (_request: IncomingMessage, socket: Socket) => {
    answerRaw(socket, 'method-not-supported');
  });
}

/** Undefined: the connection itself failed, there is nobody to answer. */
function classifyClientError(code: string): GatewayAnswer | undefined {
  // The client left within its request.
  if (code === 'HPE_INVALID_EOF_STATE') return undefined;
  if (code === 'HPE_HEADER_OVERFLOW') return 'headers-too-large';
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 'request-timeout';
  return code.startsWith('HPE_') ? 'malformed-request' : undefined;
}

/** What the client still sends is read for a moment: unread bytes would reset the connection under the answer. */
function closeAfter(socket: Socket, bytes: string): void {
  socket.end(bytes);
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), lingerMilliseconds);
  socket.once('end', () => socket.destroy());
  socket.once('close', () => {
    clearTimeout(timer);
  });
}
