import { denialCodes, type DenialCode, getPublicCode } from '@certgate/core/internal';
import { findToolRefusal, isToolResult, listTexts, type McpReply } from '#local/client/mcp-reply.js';
import { type McpAnswer, type McpConnection, type McpSession, openMcpSession } from '#local/client/mcp-session.js';
import { getClientInfo } from '../../texts/tool-version.js';
import { mcpPath } from '#local/client/request-fields.js';
import type { GateRefusal } from '#local/client/refusal.js';
import type { IncomingResponse } from '#local/client/send-request.js';
import type { HostAnswer, HostedMcp } from '#local/functions-host/functions-host.js';
import { createTraceParent, readTraceId } from '#local/functions-host/worker/invocation.js';
import type { ExpectedAnswer } from '../answer-watch.js';
import { fillResourceUri, samplePromptArguments, sampleToolArguments } from './sample-arguments.js';

/** The outcome of a call. */
export interface CheckOutcome {
  readonly response: IncomingResponse;
  /** Over MCP, the HTTP status for the same outcome. Null if the answer shows nothing about the function. */
  readonly status: number | null;
  readonly refusal?: GateRefusal;
  readonly detail?: string;
}

export interface McpTarget extends Pick<McpConnection, 'caPem' | 'headers' | 'certificate'> {
  /** The gateway's address. */
  readonly url: string;
  /** Waits for the host's report on the decision. */
  readonly expectAnswer?: ((traceId: string) => ExpectedAnswer) | undefined;
}

/** Calls a tool, a resource or a prompt with sample arguments. Throws like `sendRequest`. */
export async function checkMcp(mcp: HostedMcp, target: McpTarget): Promise<CheckOutcome> {
  const { url, expectAnswer, ...connection } = target;
  const traceParent = createTraceParent(undefined);
  const headers = { ...connection.headers, traceparent: traceParent };
  const opened = await openMcpSession({ ...connection, headers, url: `${url}${mcpPath}` }, getClientInfo());
  if (!opened.isOpen) return describeOutcome(opened.answer, undefined);
  const params = await createParameters(mcp, opened.session);
  if ('response' in params) return describeOutcome(params, undefined);
  const expected = expectAnswer?.(readTraceId(traceParent) ?? '');
  const answer = await opened.session.request(callMethods[mcp.kind], params);
  if (findToolRefusal(answer.reply) !== undefined) return describeOutcome(answer, undefined);
  const reported = await expected?.wait();
  const { reply, response } = answer;
  if (mcp.kind === 'tool' || reported !== undefined || reply?.kind !== 'error' || reply.code !== internalError)
    return describeOutcome(answer, reported);
  return { response, status: null, detail: 'the host reported no decision in time: refused by the gate, or failed' };
}

const callMethods = { tool: 'tools/call', resource: 'resources/read', prompt: 'prompts/get' } as const;

/**
 * Makes the parameters of the call. The list of tools or prompts shows which arguments are required. If the list can't
 * be had, its answer is returned as the outcome.
 */
async function createParameters({ kind, name }: HostedMcp, session: McpSession): Promise<object | McpAnswer> {
  if (kind === 'resource') return { uri: fillResourceUri(name) };
  const list = await session.request(`${kind}s/list`, {});
  if (list.reply?.kind !== 'result') return list;
  const items: unknown = list.reply.result[`${kind}s`];
  const item = (Array.isArray(items) ? items : []).map(Object).find((each: { readonly name?: unknown }) => {
    return typeof each.name === 'string' && each.name.toLowerCase() === name.toLowerCase();
  }) as { readonly inputSchema?: unknown; readonly arguments?: unknown } | undefined;
  const given = kind === 'tool' ? sampleToolArguments(item?.inputSchema) : samplePromptArguments(item?.arguments);
  return { name, arguments: given };
}

const statuses = { client_certificate_required: 401, forbidden: 403, unavailable: 503 } as const;

/**
 * Describes the outcome. The extension has error values for tools only. A refused resource or prompt fails like any
 * other fault of a function, so only the host's report shows that the gate refused it.
 */
function describeOutcome({ response, reply, method }: McpAnswer, hostAnswer: HostAnswer | undefined): CheckOutcome {
  if (reply === undefined) return { response, status: null, detail: `${method} got no MCP answer` };
  const refusal = findToolRefusal(reply) ?? readDecision(reply, hostAnswer);
  if (refusal !== undefined) return { response, refusal, status: findStatus(refusal) };
  if (reply.kind === 'result') return { response, status: isToolResult(reply) || !isFault(reply.result) ? 200 : 500 };
  if (reply.code === internalError) return { response, status: 500 };
  return { response, status: null, detail: `the MCP extension answered by itself: ${reply.code} ${reply.message}` };
}

function findStatus({ publicCode }: GateRefusal): number {
  return Object.hasOwn(statuses, publicCode) ? statuses[publicCode as keyof typeof statuses] : 500;
}

/** The error code with which the extension reports every function that fails (JSON-RPC 2.0 §5.1). */
const internalError = -32603;

/** Whether the extension reports that the tool failed. Any other error is the tool's own answer. */
function isFault(result: Readonly<Record<string, unknown>>): boolean {
  return listTexts(result)?.some((text) => text.startsWith('An error occurred invoking ')) === true;
}

function readDecision(reply: McpReply, hostAnswer: HostAnswer | undefined): GateRefusal | undefined {
  if (reply.kind !== 'error' || hostAnswer?.decision?.outcome !== 'denied') return undefined;
  const { code } = hostAnswer.decision;
  if (!isDenialCode(code)) return undefined;
  return { publicCode: getPublicCode(code), precise: code, correlationId: hostAnswer.correlationId ?? '' };
}

function isDenialCode(code: string): code is DenialCode {
  return (denialCodes as readonly string[]).includes(code);
}
