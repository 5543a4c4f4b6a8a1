import type { InvocationContext } from '@azure/functions';
import { type Denial, type LoggingCall, createDenialAnswer, deny, isDevelopment } from '@certgate/core';
import { findContext, unknownInvocationId } from './core-call.js';
import type { CoreCalls } from './core-calls.js';
import type { ObservationClock } from './deferral.js';
import { answerDenial, createRefusal } from './denial-response.js';
import { admitted, type FunctionGate, type CallDecision } from './function-gate.js';
import { createSharedFault } from './fault-texts.js';
import type { GatedFunction, GatedFunctions } from './gated-functions.js';
import { denyPastGate } from './mcp-call.js';
import type { AnyHandler } from './shared-state.js';
import { isMcp, isPromiseLike } from './worker-core.js';

interface Parts {
  readonly gate: FunctionGate;
  readonly calls: CoreCalls;
  readonly functions: GatedFunctions;
  readonly clock: ObservationClock;
  /** Returns why nobody may call a function whose requirement is `unmeetable`. */
  readonly denyAll: (unmeetable: GatedFunction) => Denial;
}

/**
 * Decides calls of handlers that are not the admitted invocation itself, usually because a hook or another handler
 * makes them.
 */
export class HandlerGate {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Runs the handler if the call is admitted, and otherwise returns or throws the refusal. */
  run(gated: GatedFunction, handler: AnyHandler, thisArgument: unknown, args: readonly unknown[]): unknown {
    const proceed = (callDecision: CallDecision): unknown =>
      callDecision === admitted
        ? Reflect.apply(handler, thisArgument, args)
        : this.#refuse(callDecision as Denial, gated, args);
    const callDecision = this.#decide(gated, args);
    return isPromiseLike(callDecision) ? callDecision.then(proceed) : proceed(callDecision);
  }

  #decide(gated: GatedFunction, args: readonly unknown[]): CallDecision | PromiseLike<CallDecision> {
    const { gate, calls, functions, clock, denyAll } = this.#parts;
    const { name, requirement } = gated;
    const context = findContext(args);
    const subject = createHandlerCall(name, context);
    if (typeof requirement === 'string') return gate.reportDenial(subject, denyAll(gated));
    if (context === undefined)
      return gate.reportDenial(subject, deny('internal_fault', { problem: 'context_missing' }));
    const call = calls.findOf(context);
    if (call === undefined && calls.seesContexts) {
      // Such a context may log nowhere or be unable to log, so the line goes to the console.
      return gate.reportDenial(createHandlerCall(name, context, console), denyUnknownInvocation(name));
    }
    if (call?.isShared === true) return gate.denyFault(subject, createSharedFault());
    const observation = functions.isKeyed(call?.functionName, context) ? clock.observe(gated) : undefined;
    const [request] = args;
    const source = call ?? calls.findOwn(context, request);
    const isPast = call === undefined && gated.kind === 'mcp';
    const headers = isPast ? { read: () => denyPastGate(name) } : source;
    return gate.decide({
      requirement,
      context,
      request,
      subject,
      headers,
      source,
      isInvocation: false,
      observation,
    });
  }

  /**
   * Returns what a handler must return in place of its own result.
   *
   * @throws {CertgateError} if there is no HTTP response with which to refuse. What an MCP handler returns would reach
   * the caller as the tool's result.
   */
  #refuse(denial: Denial, { name, kind }: GatedFunction, args: readonly unknown[]): unknown {
    const context = findContext(args);
    const invocationId = context?.invocationId ?? unknownInvocationId;
    if (isMcp(kind)) throw createRefusal(denial, name, invocationId);
    const development = isDevelopment(process.env) ? { trust: this.#parts.gate.findTrustReport() } : undefined;
    const response = createDenialAnswer(denial, invocationId, development);
    return context === undefined ? response : answerDenial(response, context);
  }
}

/**
 * A call of this function in the log of its context. The context may belong to another function, which calls this one.
 * Without a context, nothing is logged.
 */
function createHandlerCall(
  functionName: string,
  context: InvocationContext | undefined,
  logger: Pick<Console, 'log' | 'warn'> | undefined = context,
): LoggingCall {
  return {
    functionName,
    // Read only when it is needed, so that a context that throws does not affect more than the decision.
    get invocationId() {
      return context?.invocationId ?? unknownInvocationId;
    },
    log: (line) => logger?.log(line),
    warn: (line) => logger?.warn(line),
  };
}

/**
 * Denies a call whose context belongs to no known invocation. Only that context would show who calls, so nothing else
 * that the call carries is read.
 */
function denyUnknownInvocation(functionName: string): Denial {
  return deny('invocation_unknown', { functionName });
}
