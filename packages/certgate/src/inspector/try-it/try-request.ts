import { randomBytes } from 'node:crypto';
import { findMcpReply, isToolResult } from '#local/client/mcp-reply.js';
import { previewResponse, type OutgoingRequest, type PreviewedResponse } from '#local/client/send-request.js';
import { ToolFailure } from '#local/tool-failure.js';
import { createTraceParent, readTraceId } from '#local/functions-host/worker/invocation.js';
import { findAnswering } from '../../local-app/checks/check-plan.js';
import { RefusedRequest } from '../answers.js';
import { explainForApp } from '../app-explanation.js';
import type { RunningApp } from '../inspected-app.js';
import type { LiveEvents } from '../live/live-events.js';
import type { LiveEvent, TryAnswer, TryRequest, TryResult } from '../../trust/views/page-views.js';
import { findSeenCertificate, type TryCaller } from './callers.js';
import { formatCommands } from './command-lines.js';

/** How many bytes of an answer are shown. */
const shownBytes = 65_536;
/**
 * How long to wait for the host's report. It comes when the answer is sent, a moment before or after the answer
 * arrives.
 */
const eventMilliseconds = 1000;
const unknownFunction = 'The host has not said which function answered, so the decision is not known. Send it again.';

export interface TryContext {
  readonly running: RunningApp;
  readonly callers: readonly TryCaller[];
  readonly events: LiveEvents;
}

/** Sends one request over mTLS to the gateway, and explains what came of it. */
export async function tryRequest(request: TryRequest, context: TryContext): Promise<TryResult> {
  const caller = findCaller(request, context.callers);
  const { running, events } = context;
  const commands = formatCommands(running, request, caller);
  const traceParent = findHeader(request, 'traceparent') ?? createTraceParent(undefined);
  const expected = events.expectTrace(readTraceId(traceParent) ?? randomBytes(16).toString('hex'));
  try {
    const sent = await send(request, caller, traceParent, running);
    if ('fault' in sent) {
      const hosted = findAnswering(running.app.functions, request.method, request.target);
      return { answer: null, ...(await explain(hosted?.name, request, caller, running, sent.fault)), commands };
    }
    const event = await expected.wait(sent.isOfGateway ? 0 : eventMilliseconds);
    const answer = describeAnswer(sent, event);
    const functionName = sent.isOfGateway ? undefined : event?.functionName;
    const fault = event === undefined && !sent.isOfGateway ? unknownFunction : null;
    return { answer, ...(await explain(functionName ?? undefined, request, caller, running, fault)), commands };
  } finally {
    expected.forget();
  }
}

function findCaller({ caller: { id } }: TryRequest, callers: readonly TryCaller[]): TryCaller {
  const found = callers.find(({ name }) => name === id);
  if (found !== undefined) return found;
  throw new RefusedRequest(400, `There is no caller ${JSON.stringify(id)} any more. Choose another one.`);
}

interface SentRequest extends PreviewedResponse {
  readonly durationMilliseconds: number;
  readonly isOfGateway: boolean;
}

async function send(
  request: TryRequest,
  caller: TryCaller,
  traceParent: string,
  { app }: RunningApp,
): Promise<SentRequest | { readonly fault: string }> {
  const startedAt = performance.now();
  try {
    const response = await previewResponse(createRequest(request, caller, traceParent, app), shownBytes);
    const durationMilliseconds = performance.now() - startedAt;
    const isOfGateway = response.headers['x-certgate-gateway'] !== undefined;
    return { ...response, durationMilliseconds, isOfGateway };
  } catch (error) {
    if (!(error instanceof ToolFailure)) throw error;
    return { fault: [error.message, error.remedy].filter((text) => text !== undefined).join(' ') };
  }
}

function createRequest(
  { method, target, headers, body }: TryRequest,
  caller: TryCaller,
  traceParent: string,
  { url, serverCertificatePem }: RunningApp['app'],
): OutgoingRequest {
  const fields = new Map<string, readonly string[]>([['traceparent', [traceParent]]]);
  for (const [name, value] of [...headers, ...Object.entries(caller.headers ?? {})]) {
    const key = name.toLowerCase();
    if (key !== 'traceparent') fields.set(key, [...(fields.get(key) ?? []), value]);
  }
  return {
    url: `${url}${target}`,
    method,
    headers: Object.fromEntries(fields),
    caPem: serverCertificatePem,
    ...(body === null ? {} : { body }),
    ...(caller.certificate === undefined ? {} : { certificate: caller.certificate }),
  };
}

function findHeader({ headers }: TryRequest, lowerCaseName: string): string | undefined {
  return headers.find(([name]) => name.toLowerCase() === lowerCaseName)?.[1];
}

function describeAnswer(sent: SentRequest, event: LiveEvent | undefined): TryAnswer {
  const body = sent.body.toString('utf8');
  return {
    status: sent.status,
    answeredBy: sent.isOfGateway ? 'gateway' : 'app',
    headers: Object.entries(sent.headers).flatMap(([name, value]) =>
      [value ?? []].flat().map((text) => [name, text] as const),
    ),
    body,
    bodyLength: sent.bodyLength,
    isMcpError: findMcpError(sent, body),
    durationMilliseconds: sent.durationMilliseconds,
    correlationId: event?.correlationId ?? findCorrelationId(sent, body),
  };
}

/**
 * Whether the reply is an error. The page sends one message, whose id is 1. Null if the answer contains no reply to it.
 */
function findMcpError(sent: SentRequest, body: string): boolean | null {
  const reply = findMcpReply({ ...sent, body }, 1);
  return reply === undefined ? null : !isToolResult(reply);
}

/** The correlation id in an answer in application/problem+json, in which the gate refuses. Null for other answers. */
function findCorrelationId({ headers }: SentRequest, body: string): string | null {
  if (!/^application\/problem\+json\b/i.test(String(headers['content-type']))) return null;
  try {
    const { correlationId } = Object(JSON.parse(body)) as { readonly correlationId?: unknown };
    return typeof correlationId === 'string' ? correlationId : null;
  } catch {
    return null;
  }
}

/**
 * Explains the decision at this function: the one that ran, as the host reports it, or, if no answer came, the one that
 * the target leads to. The user may have chosen another on the page. The explanation is null if there is none.
 */
async function explain(
  functionName: string | undefined,
  request: TryRequest,
  caller: TryCaller,
  running: RunningApp,
  fault: string | null,
): Promise<Pick<TryResult, 'explanation' | 'fault'>> {
  const hosted = running.app.functions.find(({ name }) => name === functionName);
  if (hosted === undefined) return { explanation: null, fault };
  try {
    const { target } = request;
    const seen = findSeenCertificate({ target, userAgent: findHeader(request, 'user-agent') }, caller, running);
    return { explanation: await explainForApp(running, hosted, seen, Date.now()), fault };
  } catch (error) {
    if (!(error instanceof ToolFailure)) throw error;
    const message = [error.message, error.remedy].filter((text) => text !== undefined).join(' ');
    return { explanation: null, fault: fault ?? `The decision can't be explained. ${message}` };
  }
}
