import { EventEmitter } from 'node:events';
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { DenialAnswer } from '@certgate/core';

/**
 * How many bytes a refused caller may still send before the connection is closed. They may have been on their way when
 * the answer was sent.
 */
const maximumRefusedBody = 1_048_576;

/**
 * How long a caller whose upgrade or CONNECT was refused may take to close its side of the connection, in milliseconds.
 */
const closingTime = 2_000;

/**
 * Answers a refused request. `isContinueAwaited`: the caller sends its body only after `100 Continue`, which it never
 * gets.
 */
export function answerRefused(
  request: IncomingMessage,
  response: ServerResponse,
  answer: DenialAnswer,
  isContinueAwaited: boolean,
): void {
  if (response.headersSent || isGone(request, response)) {
    request.socket.destroy();
    return;
  }
  try {
    const { status, headers, body } = answer;
    const connection = isContinueAwaited ? { connection: 'close' } : {};
    response.writeHead(status, { ...headers, 'content-length': String(Buffer.byteLength(body)), ...connection });
    response.end(body);
    discardBody(request);
  } catch {
    // For example, other code has replaced a method. The caller gets no answer, and the process goes on.
    request.socket.destroy();
  }
}

/**
 * Reads and discards the body, up to a limit. If a connection is closed with unread bytes, the caller may lose the
 * answer. The next request on the connection begins where the body ends.
 */
export function discardBody(request: IncomingMessage): void {
  let received = 0;
  request.on('data', (chunk: Buffer) => {
    received += chunk.length;
    if (received > maximumRefusedBody) request.destroy();
  });
}

/**
 * Calls `settle` when the answer begins, before its first bytes, or when it can't come any more. Node.js has no event
 * for the head of a response. An implicit head is written by the same method as an explicit one. `connection` is the
 * request's. Never throws.
 */
export function awaitNodeAnswer(answer: ServerResponse | Duplex, connection: Duplex, settle: () => void): void {
  if (answer.destroyed) {
    settle();
    return;
  }
  try {
    for (const name of 'writeHead' in answer ? headMethods : socketMethods) callBefore(answer, name, settle);
    // This listener must run before those of tracing libraries, which end the request's span.
    answer.prependListener('close', settle);
    if ('socket' in answer && answer.socket === null) awaitTurn(answer, connection, settle);
  } catch {
    // A host's own object may lack what Node's has. An admitted call must not be refused because of that.
    settle();
  }
}

/** For each connection, the calls whose responses wait for earlier ones. */
const queues = new WeakMap<Duplex, Set<() => void>>();

/**
 * Calls `settle` if the connection closes before the response's turn, because Node.js informs only the first of the
 * pipelined responses.
 */
function awaitTurn(response: ServerResponse, connection: Duplex, settle: () => void): void {
  // A host that makes its requests itself may have another object there.
  if (!(connection instanceof EventEmitter)) return;
  if (connection.destroyed) {
    settle();
    return;
  }
  const queue = queues.get(connection) ?? new Set();
  if (!queues.has(connection)) {
    queues.set(connection, queue);
    connection.once('close', () => {
      for (const each of queue) each();
    });
  }
  queue.add(settle);
  response.once('socket', () => queue.delete(settle));
}

const headMethods = ['writeHead'];
const socketMethods = ['write', 'end'];

function callBefore(target: object, name: string, settle: () => void): void {
  const original: unknown = Reflect.get(target, name);
  if (typeof original !== 'function') return;
  Reflect.set(target, name, function (this: unknown, ...args: readonly unknown[]): unknown {
    settle();
    return Reflect.apply(original, this, args) as unknown;
  });
}

/** Whether the caller has disconnected. */
export function isGone(request: IncomingMessage, response: ServerResponse): boolean {
  return response.destroyed || request.socket.destroyed;
}

/**
 * Answers a refused upgrade or CONNECT. Node made no response object for it, and the connection can't be used for
 * anything else.
 */
export function answerRefusedUpgrade(socket: Duplex, { status, headers, body }: DenialAnswer): void {
  const fields = { ...headers, 'content-length': String(Buffer.byteLength(body)), connection: 'close' };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.resume();
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`);
  const timer = setTimeout(() => socket.destroy(), closingTime).unref();
  socket.once('end', () => socket.destroy());
  socket.once('close', () => {
    clearTimeout(timer);
  });
}
