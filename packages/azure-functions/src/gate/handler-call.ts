import type { InvocationContext } from '@azure/functions';
import {
  type Denial,
  type LoggingCall,
  type TrustStoreReport,
  createDenialAnswer,
  deny,
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
export function createHandlerCall(
  functionName: string,
  context: InvocationContext | undefined,
  logger: Pick<Console, 'log' | 'warn'> | undefined = context,
): LoggingCall {
  return {
    functionName,
    // Read when it is needed: a context that throws must not spoil more than the decision.
    get invocationId() {
      return context?.invocationId ?? unknownInvocationId;
    },
    log: (line) => logger?.log(line),
    warn: (line) => logger?.warn(line),
  };
}

/** The invocation's context is what tells one caller from another: nothing is read from what else the call carries. */
export function denyUnknownInvocation(functionName: string): Denial {
  return deny(
    'invocation_unknown',
    `The handler of "${functionName}" was called with a context that is of no invocation (one made by hand, a copy or a proxy), so nobody knows who calls. Whoever calls the handler, a hook or another handler, must pass on the very context that the Functions worker gave to its own invocation.`,
  );
}

export function describeBypass(functionName: string): string {
  return `A handler of "${functionName}" was called before the gate was asked about the invocation, so the wrapper around the handler decided about the call. Usually a preInvocation hook of the app calls handlers itself. That is safe only for functions that were registered after Certgate was loaded: the others have no wrapper, and such a hook runs them undecided. If no hook does so, the Functions worker no longer calls handlers as this version of Certgate expects: update @certgate/azure-functions.`;
}

export function describeUnwrapped(functionName: string): string {
  return `The handler of "${functionName}" has no wrapper, because the function was registered before Certgate was loaded, or by a function.json. The gate decides each invocation of it. But a preInvocation hook that calls the handler itself, as a cache may, runs it undecided. Load Certgate before the files that register functions, or make sure that no hook of the app calls handlers. Other functions may have none either: this is said once.`;
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
