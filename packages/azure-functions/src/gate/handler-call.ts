import type { InvocationContext } from '@azure/functions';
import {
  type Denial,
  type LoggingCall,
  type TrustStoreReport,
  createDenialAnswer,
  hasMember,
  isDevelopment,
} from '@certgate/core';
import { unknownInvocationId } from './core-call.js';
import { answerDenial, createRefusal } from './denial-response.js';

/** The last argument that looks like an invocation context: libraries put arguments of their own in front of it. */
export function findContext(args: readonly unknown[]): InvocationContext | undefined {
  const last = args.at(-1);
  return typeof last === 'object' && last !== null && hasMember(last, 'invocationId') && hasMember(last, 'functionName')
    ? (last as InvocationContext)
    : undefined;
}

/**
 * A call of this function, logged where its context logs. The context may be that of another function, which calls this one.
 * A call without a context has nowhere to log to.
 */
export function createHandlerCall(functionName: string, context: InvocationContext | undefined): LoggingCall {
  return {
    functionName,
    // Read when it is needed: a context that throws must not spoil more than the decision.
    get invocationId() {
      return context?.invocationId ?? unknownInvocationId;
    },
    log: (line) => context?.log(line),
    warn: (line) => context?.warn(line),
  };
}

/** What an MCP handler fails with: what it returns would reach the caller as the tool's result. */
export function createHandlerRefusal(denial: Denial, functionName: string, args: readonly unknown[]): Error {
  return createRefusal(denial, functionName, findContext(args)?.invocationId ?? unknownInvocationId);
}

/**
 * What a handler returns in place of its own result.
 *
 * @throws {Error} where there is no HTTP response to refuse with.
 */
export function refuseHandler(
  denial: Denial,
  args: readonly unknown[],
  findTrustReport: () => TrustStoreReport | undefined,
): unknown {
  const context = findContext(args);
  const development = isDevelopment(process.env) ? { trust: findTrustReport() } : undefined;
  const response = createDenialAnswer(denial, context?.invocationId ?? unknownInvocationId, development);
  return context === undefined ? response : answerDenial(response, context);
}
