import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Server as HttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Server as HttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { invalidArgument } from '@certgate/core';
import { expectGate, type Gate, type HttpGate } from '../gate/http-gate.js';
import { forbidRenegotiation } from '../gate/tls-certificate.js';
import { passed, type CallAnswer } from '../gate/incoming-call.js';
import { guardExchange, hideSecret, isSecured, noteSecured, settleExchange, toCall } from './guard-exchange.js';
import { answerRefusedUpgrade } from './node-answer.js';
import { warnOfTlsOptions } from './tls-options.js';

/**
 * Closes a server of `node:http` or `node:https`: every request, upgrade and CONNECT is decided before any of the
 * server's listeners for it runs, whenever that listener was added. So it closes whatever framework the server runs. It
 * also closes the servers that this process opens at the same port later, as Fastify does for the second address of
 * `localhost`. Requests that never reach a server, such as those of Fastify's `inject`, are not closed.
 *
 * @example
 * ```ts
 * import { createServer } from 'node:http';
 * import { createGate, getClientIdentity, secureServer, trustStoreFrom } from '@certgate/http';
 *
 * const gate = createGate({ trustStore: trustStoreFrom(process.env['CERTGATE_TRUST']), frontEnd: 'nginx' });
 * const server = createServer((request, response) => {
 *   response.end(`Hello ${getClientIdentity(request).name}`);
 * });
 * secureServer(server, gate);
 * ```
 *
 * @throws {CertgateError} if the server is of another kind, such as one of `node:http2`, or if `gate` was not made by
 * `createGate`.
 * @throws {CertgateError} if the server has a gate already, or if Fastify has opened a second server for it.
 */
export function secureServer(server: HttpServer | HttpsServer, gate: Gate): void {
  if (!isServer(server)) {
    throw invalidArgument(
      'secureServer takes a server of node:http or node:https; servers of node:http2 are not supported.',
    );
  }
  const guard = expectGate('secureServer', gate);
  // Fastify listens for this event, which is its own, once it has opened a second server. Nothing in this server refers
  // to that one.
  if (server.listening && server.listenerCount('unref') > 0)
    throw invalidArgument(
      'secureServer was called after Fastify had opened a second server for another address, which would stay open. Call it before app.listen.',
    );
  noteSecured('secureServer', server);
  closeServer(guard, server);
  if (server.listening) startEarly(guard, server);
}

function isServer(server: object): server is HttpServer | HttpsServer {
  return server instanceof HttpServer || server instanceof HttpsServer;
}

function closeServer(guard: HttpGate, server: HttpServer | HttpsServer): void {
  const ownEmit = Object.getOwnPropertyDescriptor(server, 'emit')?.value as Emit | undefined;
  // The method is read at each event, because tracing libraries replace the method of the class, even later.
  const emit: Emit = (...event) =>
    Reflect.apply(ownEmit ?? (Reflect.get(Object.getPrototypeOf(server) as object, 'emit') as Emit), server, event);
  const closeOther = (message: unknown): void => {
    closeAtSamePort(guard, server, (message as { readonly server: object }).server);
  };
  const guarded: Emit = (...event) => {
    const [name] = event;
    // Unsubscribes first, so that there is only one subscription, because the server may have been listening already.
    if (name === 'listening' || name === 'close') unsubscribe(listenChannel, closeOther);
    if (name === 'listening') subscribe(listenChannel, closeOther);
    return guardEvent(guard, server, event, emit);
  };
  server.emit = guarded as typeof server.emit;
  // Without a listener, Node writes 100 Continue before anything is decided.
  server.on('checkContinue', (request, response) => {
    continueAlone(server, request, response, emit);
  });
  if (server.listening) subscribe(listenChannel, closeOther);
}

/**
 * Node's own channel, on which it publishes every server that has begun to listen. That is before the server's event
 * `listening`, and so before any connection.
 */
const listenChannel = 'tracing:net.server.listen:asyncEnd';

/**
 * Closes another server at the same port, because one port is one app. The port is compared, because libraries such as
 * Socket.IO replace the listeners by which the app could be recognised.
 */
function closeAtSamePort(guard: HttpGate, server: HttpServer | HttpsServer, other: object): void {
  if (!isServer(other) || isSecured(other)) return;
  const port = findPort(server);
  if (port === undefined || findPort(other) !== port) return;
  noteSecured('secureServer', other);
  closeServer(guard, other);
}

/** The TCP port of the server. Undefined if it listens at none. */
function findPort(server: HttpServer | HttpsServer): number | undefined {
  return (server.address() as Partial<AddressInfo> | null)?.port;
}

type Emit = (name: string | symbol, ...args: unknown[]) => boolean;

/** Does what Node does for an admitted request if the app itself does not listen for `checkContinue`. */
function continueAlone(server: HttpServer, request: IncomingMessage, response: ServerResponse, emit: Emit): void {
  if (server.listenerCount('checkContinue') > 1) return;
  response.writeContinue();
  emit('request', request, response);
}

function guardEvent(
  gate: HttpGate,
  server: HttpServer | HttpsServer,
  event: readonly [string | symbol, ...unknown[]],
  emit: Emit,
): boolean {
  const [name, ...args] = event;
  switch (name) {
    case 'request':
    case 'checkContinue':
    case 'checkExpectation': {
      const [request, response] = args as [IncomingMessage, ServerResponse];
      const proceed = (): void => {
        emit(name, ...args);
      };
      const isContinueAwaited = name === 'checkContinue';
      guardExchange(gate, { request, response, isContinueAwaited, requirement: undefined, proceed });
      return true;
    }
    case 'upgrade':
    case 'connect': {
      const [request, socket] = args as [IncomingMessage, Duplex];
      guardUpgrade(gate, request, socket, () => {
        emit(name, ...args);
      });
      return true;
    }
    case 'secureConnection':
      // Immediately and not with the first request, so that no request is read partly before and partly after another
      // handshake.
      if (gate.isDirectTls) forbidRenegotiation(args[0]);
      break;
    case 'listening':
      startEarly(gate, server);
  }
  return emit(name, ...args);
}

/**
 * Starts the gate when the server listens, so that problems are logged at start and not with the first request. `start`
 * logs a failure, and the gate then refuses every call of a closed route.
 */
function startEarly(gate: HttpGate, server: HttpServer | HttpsServer): void {
  if (gate.isDirectTls) warnOfTlsOptions(server);
  gate.start().catch(() => undefined);
}

function guardUpgrade(gate: HttpGate, request: IncomingMessage, socket: Duplex, proceed: () => void): void {
  // Node has removed its own listener. Without one, a caller who disconnects would end the process.
  const ignore = (): void => undefined;
  socket.on('error', ignore);
  // The method is undefined even if other code emits the event, so that no anonymous route opens an upgrade.
  settleExchange(gate.decideCall({ ...toCall(request, socket), method: undefined }), (gateAnswer) => {
    if (socket.destroyed) return;
    if (gateAnswer !== passed) {
      answerRefusedUpgrade(socket, gateAnswer as Exclude<CallAnswer, typeof passed>);
      return;
    }
    hideSecret(request);
    socket.off('error', ignore);
    proceed();
  });
}
