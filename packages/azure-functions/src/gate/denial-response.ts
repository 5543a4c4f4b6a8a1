import type { HttpResponseInit, InvocationContext } from '@azure/functions';
import { type Denial, type DenialAnswer, copyOwn, CertgateError } from '@certgate/core';
import type { ModelInvocation } from './model-gate.js';
import { type FunctionBinding, findTriggerKind, type FunctionMetadata } from './worker-core.js';

// core makes the refusal (createDenialAnswer); here it is put where a function's answer comes from.

/**
 * Puts the refusal where this function's HTTP response comes from, and returns what the handler would return. Usually
 * that is the response itself; but the return value may be bound to a queue, say, and the response to a named output:
 * then a refusal that is returned would be enqueued, and the caller would get a success.
 *
 * @throws {CertgateError} where the function has no HTTP output at all: the host answers 500, the only refusal left.
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
 * The same for a whole invocation, by what the worker knows of the function, so that it serves every programming model:
 * named outputs are set on the context in version 4, and are members of the returned object in version 3.
 *
 * @throws {CertgateError} where the function has no HTTP output: a trigger other than HTTP, or an HTTP function without one.
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
 * Puts the refusal of an MCP tool's call where its result comes from, as a result that says it is an error; the caller
 * gets the public code and the correlation id. The library can't be asked for one: it drops `isError`
 * (Azure/azure-functions-nodejs-library#444).
 *
 * @throws {CertgateError} where the host would not read it as an error, so that it reports the failure in its own words: for
 * resources and prompts, for which its MCP extension (1.6.0) knows no other error, and for tools whose text it takes as it
 * is.
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

/** A result that is bound to an output would go there. */
function readsToolResults(metadata: FunctionMetadata | undefined): boolean {
  const bindings = Object.entries(metadata?.bindings ?? {});
  const isTool = ({ type, useResultSchema }: FunctionBinding): boolean =>
    String(type).toLowerCase() === 'mcptooltrigger' && useResultSchema === true;
  return bindings.some(([, binding]) => isTool(copyOwn(binding))) && bindings.every(([name]) => name !== '$return');
}

/**
 * The error of an MCP function's handler that another handler called. The message doesn't contain the reason, because tools
 * often pass messages on to their caller, who may learn no more than the public code.
 */
export function createRefusal({ detail }: Denial, functionName: string, invocationId: string): Error {
  return createFailure(functionName, invocationId, { cause: detail });
}

/** The host logs it for the failed invocation, without a stack, which would not explain why the call was refused. */
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

/** Undefined in contexts that unit tests make and that say nothing of it. */
export function findTriggerType(context: unknown): unknown {
  const { options } = context as { readonly options?: { readonly trigger?: { readonly type?: unknown } } };
  return options?.trigger?.type;
}

function hasType(binding: { readonly type: unknown } | undefined, type: string): boolean {
  return binding !== undefined && String(binding.type).toLowerCase() === type;
}
