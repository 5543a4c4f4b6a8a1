import { Server as HttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Server as HttpsServer } from 'node:https';
import type { Duplex } from 'node:stream';
import { invalidArgument } from '@certgate/core';
import { expectGate, type Gate, type HttpGate } from '../gate/http-gate.js';
import { forbidRenegotiation } from '../gate/tls-certificate.js';
import { passed, type GateAnswer } from '../gate/incoming-call.js';
import { guardExchange, hideSecret, noteSecured, settle, toCall } from './guard-exchange.js';
import { answerRefusedUpgrade } from './node-answer.js';
import { warnOfTlsOptions } from './tls-options.js';

/**
 * Closes a server of `node:http` or `node:https`: every request, upgrade and CONNECT is decided before any listener of the
 * server runs, whenever that listener was added. So it closes whatever framework the server runs.
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
 * @throws {CertgateError} for a server of another kind, such as one of `node:http2`.
 * @throws {CertgateError} where the server has a gate already.
 */
export function secureServer(server: HttpServer | HttpsServer, gate: Gate): void {
  if (!(server instanceof HttpServer) && !((server as unknown) instanceof HttpsServer)) {
    throw invalidArgument(
      'secureServer takes a server of node:http or node:https; servers of node:http2 are not supported.',
    );
  }
  const guard = expectGate('secureServer', gate);
  noteSecured('secureServer', server);
  const ownEmit = Object.getOwnPropertyDescriptor(server, 'emit')?.value as Emit | undefined;
  // Looked up at each event: tracing libraries replace the method of the class, also later.
  const emit: Emit = (...event) =>
    Reflect.apply(ownEmit ?? (Reflect.get(Object.getPrototypeOf(server) as object, 'emit') as Emit), server, event);
  const guarded: Emit = (...event) => guardEvent(guard, server, event, emit);
  server.emit = guarded as typeof server.emit;
  // Where nobody listens for it, Node writes 100 Continue before anything is decided.
  server.on('checkContinue', (request, response) => {
    continueAlone(server, request, response, emit);
  });
  if (server.listening) startEarly(guard, server);
}

type Emit = (name: string | symbol, ...args: unknown[]) => boolean;

/** What Node does for an admitted request where the app itself does not listen for `checkContinue`. */
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
      // At once, not with the first request: none must be read half before and half after another handshake.
      if (gate.isDirectTls) forbidRenegotiation(args[0]);
      break;
    case 'listening':
      startEarly(gate, server);
  }
  return emit(name, ...args);
}

/** So that what stands in the way is said at start, not with the first request. A failure is told there, and refuses. */
function startEarly(gate: HttpGate, server: HttpServer | HttpsServer): void {
  if (gate.isDirectTls) warnOfTlsOptions(server);
  gate.start().catch(() => undefined);
}

function guardUpgrade(gate: HttpGate, request: IncomingMessage, socket: Duplex, proceed: () => void): void {
  // Node has taken its own listener away: without one, a caller who hangs up would end the process.
  const ignore = (): void => undefined;
  socket.on('error', ignore);
  // Without a method also where somebody else emits the event.
  settle(gate.decideCall({ ...toCall(request), method: undefined }), (gateAnswer) => {
    if (socket.destroyed) return;
    if (gateAnswer !== passed) {
      answerRefusedUpgrade(socket, gateAnswer as Exclude<GateAnswer, typeof passed>);
      return;
    }
    hideSecret(request);
    socket.off('error', ignore);
    proceed();
  });
}
