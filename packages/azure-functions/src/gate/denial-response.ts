import type { HttpResponseInit, InvocationContext } from '@azure/functions';
import { type Denial, type DenialAnswer, copyOwn, CertgateError } from '@certgate/core';
import type { ModelInvocation } from './model-gate.js';
import { type FunctionBinding, findTriggerKind, type FunctionMetadata } from './worker-core.js';

// core makes the refusal (createDenialAnswer). This file puts it where a function's answer is read from.

/**
 * Puts the refusal where this function's HTTP response is read from, and returns what the handler would return. Usually
 * that is the response itself. But if, for example, the return value is bound to a queue and the response to a named
 * output, a returned refusal would be enqueued, and the caller would get a success.
 *
 * @throws {CertgateError} if an HTTP function has no HTTP output at all. The host then answers 500, the only refusal
 * that is left.
 */
export function answerDenial(response: HttpResponseInit, context: InvocationContext): HttpResponseInit | undefined {
  if (findTriggerKind(findTriggerType(context)) !== 'http') return response;
  const { return: returned, extraOutputs } = context.options;
  if (hasType(returned, 'http')) return response;
  const output = extraOutputs.find((candidate) => hasType(candidate, 'http'));
  if (output === undefined) throw new CertgateError('CERTGATE_CALL_REFUSED', describeNoOutput(context.functionName));
  context.extraOutputs.set(output, response);
  return undefined;
}

/**
 * Puts the refusal of a whole invocation where its HTTP response is read from. It uses what the worker knows about the
 * function, so it works for both programming models: named outputs are set on the context in version 4, and are members
 * of the returned object in version 3.
 *
 * @throws {CertgateError} if the function has no HTTP output: another trigger than HTTP, or an HTTP function without an
 * output.
 */
export function answerInvocation(
  response: HttpResponseInit,
  context: unknown,
  metadata: FunctionMetadata | undefined,
): unknown {
  const outputs = Object.entries(metadata?.bindings ?? {}).filter(([, binding]) => isHttpOutput(binding));
  const names = outputs.map(([name]) => name);
  const [name] = names;
  if (names.includes('$return')) return response;
  if (name === undefined)
    throw new CertgateError('CERTGATE_CALL_REFUSED', describeNoOutput(metadata?.name ?? 'unnamed function'));
  const { extraOutputs } = context as { readonly extraOutputs?: InvocationContext['extraOutputs'] };
  if (extraOutputs === undefined) return { [name]: response };
  extraOutputs.set(name, response);
  return undefined;
}

/**
 * Puts the refusal of an MCP tool's call where its result is read from, as a result that is marked as an error. The
 * caller gets the public code and the correlation id. The library can't make such a result, because it drops `isError`
 * (Azure/azure-functions-nodejs-library#444).
 *
 * @throws {CertgateError} if the host would not read the result as an error, or if the model's answer can't be
 * replaced. The host then reports the failure in its own words. So it is for resources and prompts, for which its MCP
 * extension (1.6.0) has no other error, and for tools whose text it uses unchanged.
 */
export function answerMcpInvocation(
  answer: DenialAnswer,
  correlationId: string,
  { call: { core }, respond }: Pick<ModelInvocation, 'call' | 'respond'>,
): unknown {
  const content = JSON.stringify({ content: [{ type: 'text', text: answer.body }], isError: true });
  const string = JSON.stringify({ type: 'call_tool_result', content });
  const returnValue = { string };
  if (readsToolResults(core.metadata) && respond({ invocationId: correlationId, outputData: [], returnValue }))
    return answer.body;
  throw createFailure(core.metadata?.name ?? 'unnamed function', correlationId);
}

/**
 * Whether the host reads what the tool returns as a tool's result. If the return value is bound to an output, the
 * result would go there.
 */
function readsToolResults(metadata: FunctionMetadata | undefined): boolean {
  const bindings = Object.entries(metadata?.bindings ?? {});
  const isTool = ({ type, useResultSchema }: FunctionBinding): boolean =>
    String(type).toLowerCase() === 'mcptooltrigger' && useResultSchema === true;
  return bindings.some(([, binding]) => isTool(copyOwn(binding))) && bindings.every(([name]) => name !== '$return');
}

/**
 * The error with which a wrapper around an MCP function's handler refuses a call. The message doesn't contain the
 * reason, because tools often pass messages on to their caller, who must learn no more than the public code.
 */
export function createRefusal({ detail }: Denial, functionName: string, invocationId: string): Error {
  return createFailure(functionName, invocationId, { cause: detail });
}

/**
 * Makes the error that the host logs for the failed invocation. Its stack contains only its name and message, because a
 * stack would not explain the refusal.
 */
function createFailure(functionName: string, correlationId: string, options?: ErrorOptions): Error {
  const message = `Certgate refused a call of "${functionName}"; the log line with the invocation id ${correlationId} says why.`;
  const failure = new CertgateError('CERTGATE_CALL_REFUSED', message, options);
  failure.stack = String(failure);
  return failure;
}

function isHttpOutput(binding: { readonly type?: unknown; readonly direction?: unknown }): boolean {
  return String(binding.type).toLowerCase() === 'http' && String(binding.direction).toLowerCase() !== 'in';
}

function describeNoOutput(functionName: string): string {
  return `Certgate refused a call of "${functionName}", which has no HTTP output to say so with; an HTTP function needs return: output.http({}).`;
}

/** The type of the function's trigger. Undefined in contexts without one, such as those of unit tests. */
export function findTriggerType(context: unknown): unknown {
  const { options } = context as { readonly options?: { readonly trigger?: { readonly type?: unknown } } };
  return options?.trigger?.type;
}

function hasType(binding: { readonly type: unknown } | undefined, type: string): boolean {
  return binding !== undefined && String(binding.type).toLowerCase() === type;
}
