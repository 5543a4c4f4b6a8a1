// node/: requests of node:http, for the adapters whose handlers take Node's own request and response.

import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  CertgateError,
  createDenialAnswer,
  type DenialAnswer,
  DecisionLog,
  deny,
  publishDecision,
  readMember,
  secretHeaderName,
} from '@certgate/core';
import type { RouteRequirement } from '../gate/call-requirement.js';
import { findInRawHeaders } from '../gate/header-fields.js';
import { type Gatekeeper, runExchange } from '../gate/passed-requests.js';
import { type IncomingCall, isUpgrade, passed, type GateAnswer } from '../gate/incoming-call.js';
import { enterExchange } from './exchange-scope.js';
import { answerRefused, awaitAnswer, discardBody, isGone } from './node-answer.js';

/** One request of a server, and what the adapter would do with it. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The caller sends its body only after `100 Continue`. */
  readonly isContinueAwaited: boolean;
  readonly requirement: RouteRequirement | undefined;
  /** Runs the app's own handler. `leave` is called when it hands the request back to an app around it that has another gate. */
  readonly proceed: (leave: (() => void) | undefined) => void;
}

/** Runs the app's handler for a request that may pass, and answers every other. */
export function guardExchange(gate: Gatekeeper, exchange: Exchange): void {
  const { request, response, isContinueAwaited, requirement, proceed } = exchange;
  settle(gate.decideCall(toCall(request, response), requirement), (gateAnswer, isLate) => {
    if (gateAnswer !== passed) {
      answerRefused(request, response, gateAnswer as Exclude<GateAnswer, typeof passed>, isContinueAwaited);
      return;
    }
    hideSecret(request);
    if (isLate && isGone(request, response)) return;
    runExchange(request, response, () => {
      proceed(enterExchange(request, response, gate));
    });
  });
}

/** What is used of Fastify's request. */
export interface FastifyRequest {
  /** Node's own request; of node:http2, too. */
  readonly raw: object;
  readonly routeOptions: { readonly url?: unknown };
}

/** What is used of Fastify's reply. */
export interface FastifyReply {
  readonly raw: object;
  code(status: number): FastifyReply;
  headers(headers: Readonly<Record<string, string>>): FastifyReply;
  send(body: Buffer): unknown;
}

/** One call of a hook of Fastify. */
export interface HookCall {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly requirement: RouteRequirement | undefined;
  /** What has the requirement, for messages. */
  readonly subject: string | undefined;
  readonly proceed: () => void;
}

/** Does what `guardExchange` does for a hook of Fastify, which sends the answer itself. */
export function guardHook(gate: Gatekeeper, { request, reply, requirement, subject, proceed }: HookCall): void {
  const raw = request.raw as IncomingMessage;
  // Requests without a route have none.
  const { url } = request.routeOptions;
  const call = { ...toCall(raw, reply.raw as ServerResponse), route: typeof url === 'string' ? url : undefined };
  settle(gate.decideCall(call, requirement, subject), (gateAnswer) => {
    if (gateAnswer === passed) proceed();
    else refuseHook(request, reply, gateAnswer as DenialAnswer);
  });
}

export function refuseHook(
  { raw }: FastifyRequest,
  reply: FastifyReply,
  { status, headers, body }: DenialAnswer,
): void {
  // As bytes: to a text, Fastify would add a charset that this media type does not have (RFC 9457 section 6.1).
  reply.code(status).headers(headers).send(Buffer.from(body));
  discardBody(raw as IncomingMessage);
}

/** Refuses a request that no gate has let pass, and that came to what asks for a role. */
export function denyUngated(): DenialAnswer {
  const correlationId = randomUUID();
  const denial = deny('gate_not_installed', { host: 'server' });
  const write = (line: string): void => {
    console.warn(line);
  };
  const subject = { functionName: 'http', invocationId: correlationId, log: write, warn: write };
  ungatedLog.write(subject, { decision: denial });
  publishDecision(subject, { decision: denial });
  return createDenialAnswer(denial, correlationId, undefined);
}

/** There is no gate whose log it could be. */
const ungatedLog = new DecisionLog();

/**
 * An upgrade has no method here, so that no anonymous route opens it: listeners for upgrades may take any path. Its answer goes
 * past the response that plugins for WebSockets make.
 */
export function toCall(request: IncomingMessage, answer: ServerResponse | Duplex): IncomingCall {
  const { url: target, rawHeaders, socket } = request;
  const isOfUpgrade = isUpgrade(request as { readonly upgrade?: unknown });
  return {
    request,
    origin: request,
    method: isOfUpgrade ? undefined : request.method,
    route: findRoute(request),
    target,
    // `hideSecret` changes the list of node:http2 itself.
    findField: findInRawHeaders(request.httpVersionMajor === 2 ? [...rawHeaders] : rawHeaders, socket),
    socket,
    awaitAnswer: (settled) => {
      awaitAnswer(isOfUpgrade ? socket : answer, socket, settled);
    },
  };
}

/** What Express has matched before it runs the middlewares of a route: for the log. */
function findRoute(request: object): string | undefined {
  const route: unknown = readMember(request, 'route');
  const path = typeof route === 'object' && route !== null ? readMember(route, 'path') : undefined;
  return typeof path === 'string' ? path : undefined;
}

/**
 * Hands on the answer, at once where it is there. What is handed on late is no part of a promise: what the app's handler
 * throws must be an uncaught exception, as it is without a gate.
 */
export function settle(
  gateAnswer: GateAnswer | Promise<GateAnswer>,
  conclude: (gateAnswer: GateAnswer, isLate: boolean) => void,
): void {
  if (isGateAnswer(gateAnswer)) {
    conclude(gateAnswer, false);
    return;
  }
  gateAnswer.then(
    (late) => {
      process.nextTick(conclude, late, true);
    },
    (error: unknown) => {
      // It never rejects. If it did, nothing would be answered.
      process.nextTick(() => {
        throw error;
      });
    },
  );
}

function isGateAnswer(gateAnswer: GateAnswer | Promise<GateAnswer>): gateAnswer is GateAnswer {
  return gateAnswer === passed || Object.hasOwn(gateAnswer, 'status');
}

/** The secret of the front end is none of the handlers' business: some answer or log the headers that they got. */
export function hideSecret(request: IncomingMessage): void {
  const { headers, rawHeaders } = request;
  if (headers[secretHeaderName] === undefined) return;
  Reflect.deleteProperty(headers, secretHeaderName);
  // A new list: what the gate keeps of an anonymous request still finds the secret in the old one. Of the same length, which
  // Node remembers: `headersDistinct` is made when it is first read.
  const emptied = rawHeaders.map((text, index) => {
    const isValue = index % 2 === 1;
    return isValue && rawHeaders[index - 1]?.toLowerCase() === secretHeaderName ? '' : text;
  });
  // Fastify may run on node:http2, whose requests let nobody replace the list.
  if (!Reflect.set(request, 'rawHeaders', emptied)) rawHeaders.splice(0, rawHeaders.length, ...emptied);
}

/** The servers and apps that have a gate. Two would decide everything twice, and log it twice. */
const securedTargets = new WeakSet<object>();

export function isSecured(target: object): boolean {
  return securedTargets.has(target);
}

/** @throws {CertgateError} where this was said of the same server or app before. */
export function noteSecured(who: string, target: object): void {
  if (securedTargets.has(target))
    throw new CertgateError(
      'CERTGATE_ALREADY_INSTALLED',
      `${who} was called twice for the same server or app. Call it once.`,
    );
  securedTargets.add(target);
}
