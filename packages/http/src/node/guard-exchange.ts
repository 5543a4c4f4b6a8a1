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
import { type IncomingCall, isUpgrade, passed, type CallAnswer } from '../gate/incoming-call.js';
import { enterExchange } from './exchange-scope.js';
import { answerRefused, awaitNodeAnswer, discardBody, isGone } from './node-answer.js';

/** One request of a server, and what the adapter does with it. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Whether the caller sends its body only after `100 Continue`. */
  readonly isContinueAwaited: boolean;
  readonly requirement: RouteRequirement | undefined;
  /**
   * Runs the app's own handler. It must call `leave`, unless that is undefined, when the handler passes the request back
   * to the app around it, which has another gate.
   */
  readonly proceed: (leave: (() => void) | undefined) => void;
}

/**
 * Runs the app's handler for a request that may pass, unless its caller has disconnected during the decision. Answers
 * every other request.
 */
export function guardExchange(gate: Gatekeeper, exchange: Exchange): void {
  const { request, response, isContinueAwaited, requirement, proceed } = exchange;
  settleExchange(gate.decideCall(toCall(request, response), requirement), (gateAnswer, isLate) => {
    if (gateAnswer !== passed) {
      answerRefused(request, response, gateAnswer as Exclude<CallAnswer, typeof passed>, isContinueAwaited);
      return;
    }
    hideSecret(request);
    if (isLate && isGone(request, response)) return;
    runExchange(request, response, () => {
      proceed(enterExchange(request, response, gate));
    });
  });
}

/** The members of Fastify's request that are used. */
export interface FastifyRequest {
  /** Node's own request, from node:http or node:http2. */
  readonly raw: object;
  readonly routeOptions: { readonly url?: unknown };
}

/** The members of Fastify's reply that are used. */
export interface FastifyReply {
  readonly raw: object;
  code(status: number): FastifyReply;
  headers(headers: Readonly<Record<string, string>>): FastifyReply;
  send(body: Buffer): unknown;
}

/** One call of a Fastify hook. */
export interface HookCall {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly requirement: RouteRequirement | undefined;
  /** Names what has the requirement, for messages. */
  readonly subject: string | undefined;
  readonly proceed: () => void;
}

/** Runs `proceed` for a request of a Fastify hook that may pass, and lets Fastify answer every other request. */
export function guardHook(gate: Gatekeeper, { request, reply, requirement, subject, proceed }: HookCall): void {
  const raw = request.raw as IncomingMessage;
  // Requests without a route have no `url` there.
  const { url } = request.routeOptions;
  const call = { ...toCall(raw, reply.raw as ServerResponse), route: typeof url === 'string' ? url : undefined };
  settleExchange(gate.decideCall(call, requirement, subject), (gateAnswer) => {
    if (gateAnswer === passed) proceed();
    else refuseHook(request, reply, gateAnswer as DenialAnswer);
  });
}

export function refuseHook(
  { raw }: FastifyRequest,
  reply: FastifyReply,
  { status, headers, body }: DenialAnswer,
): void {
  // Sent as bytes, because Fastify would add a charset to a text, which this media type does not have (RFC 9457 section
  // 6.1).
  reply.code(status).headers(headers).send(Buffer.from(body));
  discardBody(raw as IncomingMessage);
}

/**
 * Refuses a request that reached code which requires a role, although no gate has let it pass, or it is unknown which
 * gate's handler runs.
 */
export function denyUngated(gates: 'several' | undefined): DenialAnswer {
  const correlationId = randomUUID();
  const denial = deny('gate_not_installed', { host: 'server', ...(gates === undefined ? {} : { gates }) });
  const write = (line: string): void => {
    console.warn(line);
  };
  const subject = { functionName: 'http', invocationId: correlationId, log: write, warn: write };
  ungatedLog.write(subject, { decision: denial });
  publishDecision(subject, { decision: denial });
  return createDenialAnswer(denial, correlationId, undefined);
}

/** A log of its own, because there is no gate whose log could be used. */
const ungatedLog = new DecisionLog();

/**
 * Makes the call that a gate decides. An upgrade has no method here, so that no anonymous route opens it, because
 * listeners for upgrades may accept any path. Its answer is watched on the socket, because it does not go through the
 * response that plugins for WebSockets make.
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
    // The list is copied for node:http2, because `hideSecret` changes that list itself.
    findField: findInRawHeaders(request.httpVersionMajor === 2 ? [...rawHeaders] : rawHeaders, socket),
    socket,
    awaitAnswer: (settled) => {
      awaitNodeAnswer(isOfUpgrade ? socket : answer, socket, settled);
    },
  };
}

/** The route that Express has matched before it runs the route's middlewares, for the log. */
function findRoute(request: object): string | undefined {
  const route: unknown = readMember(request, 'route');
  const path = typeof route === 'object' && route !== null ? readMember(route, 'path') : undefined;
  return typeof path === 'string' ? path : undefined;
}

/**
 * Passes on the answer, synchronously if it is there. A late answer is passed on outside of the promise, because an
 * error in the app's handler must be an uncaught exception, as it is without a gate.
 */
export function settleExchange(
  gateAnswer: CallAnswer | Promise<CallAnswer>,
  conclude: (gateAnswer: CallAnswer, isLate: boolean) => void,
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
      // The promise never rejects. If it did, no answer would be sent.
      process.nextTick(() => {
        throw error;
      });
    },
  );
}

function isGateAnswer(gateAnswer: CallAnswer | Promise<CallAnswer>): gateAnswer is CallAnswer {
  return gateAnswer === passed || Object.hasOwn(gateAnswer, 'status');
}

/**
 * Removes the front end's secret from the request. Handlers don't need it, and some of them return or log the headers
 * that they got.
 */
export function hideSecret(request: IncomingMessage): void {
  const { headers, rawHeaders } = request;
  if (headers[secretHeaderName] === undefined) return;
  Reflect.deleteProperty(headers, secretHeaderName);
  // A new list, because what the gate keeps of an anonymous request must still find the secret in the old one. It has
  // the same length, which Node remembers: `headersDistinct` is made when it is first read.
  const emptied = rawHeaders.map((text, index) => {
    const isValue = index % 2 === 1;
    return isValue && rawHeaders[index - 1]?.toLowerCase() === secretHeaderName ? '' : text;
  });
  // Fastify may run on node:http2, whose requests don't allow the list to be replaced.
  if (!Reflect.set(request, 'rawHeaders', emptied)) rawHeaders.splice(0, rawHeaders.length, ...emptied);
}

/** The servers and apps that have a gate. With two gates, everything would be decided and logged twice. */
const securedTargets = new WeakSet<object>();

export function isSecured(target: object): boolean {
  return securedTargets.has(target);
}

/** Notes that a server or app has a gate. @throws {CertgateError} if it has one already. */
export function noteSecured(who: string, target: object): void {
  if (securedTargets.has(target))
    throw new CertgateError(
      'CERTGATE_ALREADY_INSTALLED',
      `${who} was called twice for the same server or app. Call it once.`,
    );
  securedTargets.add(target);
}
