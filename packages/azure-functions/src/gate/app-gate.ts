// gate/: decides each invocation before its handler runs: policy, front end, certificate header, answer.
//
//   model-gate: an invocation, after all preInvocation hooks
//     │ gated-functions        allowAnonymous                           handler
//     │                        unknown MCP trigger                      the invocation fails, certificate_missing is logged
//     │ function-gate          no invocation context                    503 internal_fault
//     │                        admitted before: on to authorization
//     │ front-ends of core     unknown, contradicted or unproven        503 front_end_unknown, front_end_contradicted …
//     │ core-calls             the headers that the host sent, taken before any hook
//     │ http-streaming         those of the proxied request             503 http_streaming_ambiguous
//     │ mcp-call               those in the payload of an MCP call      mcp_transport_unsupported, mcp_headers_unavailable
//     │ RequestReader of core  the secret and the text of the front end 401 front_end_bypassed, certificate_missing …
//     │ AccessGate of core     certificate, trust, roles                401, 403 or 503: access-gate.ts
//     │ log/ of core           the line and the channel; a fault here   503 internal_fault
//     ▼ handler, with the client's identity
//
//   In an observed function, what is refused below function-gate is logged, and the handler runs without an identity.
//
//   denial-response sends refusals; those of MCP calls are results or failed invocations, not HTTP responses. Where a
//   wrapped handler is called without an admission, by a hook or by another handler, its wrapper takes the same steps, by
//   the headers of the invocation whose context it was given: any other context is refused (invocation_unknown). Where the
//   model doesn't tell of contexts, the handler's own arguments decide. If the model is unknown, a hook does so for handlers
//   without a wrapper.

import type { FunctionHandler, InvocationContext, PreInvocationContext } from '@azure/functions';
import {
  type Denial,
  type GateOptions,
  type TrustStoreReport,
  createDenialAnswer,
  deny,
  isDevelopment,
  warnAtStart,
} from '@certgate/core';
import type { CoreCall } from './core-call.js';
import { CoreCalls } from './core-calls.js';
import { ObservationClock, OpeningNotice } from './deferral.js';
import { answerInvocation, answerMcpInvocation, findTriggerType } from './denial-response.js';
import { admitted, FunctionGate, type Verdict } from './function-gate.js';
import {
  createHandlerCall,
  createHandlerRefusal,
  denyUnknownInvocation,
  describeBypass,
  describeUnwrapped,
  findContext,
  refuseHandler,
} from './handler-call.js';
import { type GatedFunction, GatedFunctions } from './gated-functions.js';
import { denyPastGate } from './mcp-call.js';
import { ModelGate, type ModelInvocation, unknownModelDetail } from './model-gate.js';
import { findRegistered, getCoverage } from './registered-functions.js';
import type { AnyHandler, CoveringGate, FunctionCoverage, RegisteredFunction } from './shared-state.js';
import { findTriggerKind, isPromiseLike, type TriggerKind, type WorkerCore } from './worker-core.js';

/** The hooks of `@azure/functions`, for where the programming model can't be gated. */
export interface AppHooks {
  preInvocation(callback: (context: PreInvocationContext) => void): unknown;
}

/**
 * Closes an app. Each invocation is decided where its programming model calls the handler. Behind that, each handler whose
 * registration was seen stays in a wrapper that runs it for admitted invocations alone.
 */
export class AppGate implements CoveringGate {
  readonly #gate: FunctionGate;
  readonly #core: WorkerCore | undefined;
  readonly #coverage: FunctionCoverage;
  readonly #hooks: AppHooks;
  readonly #calls: CoreCalls;
  readonly #models: ModelGate;
  readonly #observation = new ObservationClock();
  readonly #openings = new OpeningNotice(this.#observation);
  readonly #functions: GatedFunctions;
  /** Handlers that refuse: where somebody has copied a gated method, a model is gated twice, and the refusal goes on. */
  readonly #refusals = new WeakSet<object>();
  /** MCP functions of which it was said that every call is refused. */
  readonly #refusedMcp = new Set<string>();
  #isStarted = false;
  #isStandingIn = false;
  #isBypassNoted = false;
  #isUnwrappedNoted = false;

  constructor(options: GateOptions, core: WorkerCore | undefined, hooks: AppHooks) {
    this.#gate = new FunctionGate(options);
    this.#core = core;
    this.#coverage = core === undefined ? { functions: new Map(), gate: undefined } : getCoverage(core);
    this.#functions = new GatedFunctions(this.#coverage);
    this.#hooks = hooks;
    this.#calls = new CoreCalls(() => this.#gate.listHeaders());
    this.#models = new ModelGate(
      this.#calls,
      (invocation) => this.#guard(invocation),
      () => {
        this.#standIn();
      },
    );
  }

  /** When `secureApp` runs. Whether the programming model is one that can be gated is judged when the app starts. */
  install(): void {
    this.#coverage.gate = this;
    if (this.#core === undefined) this.#addHook();
    else this.#models.install(this.#core);
  }

  /** When the app starts: says what stands in the way, and loads trust. Rejects when the trust is not valid. */
  async start(): Promise<void> {
    if (this.#core !== undefined) this.#models.check(this.#core);
    this.#isStarted = true;
    for (const registered of this.#coverage.functions.values()) this.noteRegistration(registered);
    await this.#gate.start();
  }

  findTrustReport(): TrustStoreReport | undefined {
    return this.#gate.findTrustReport();
  }

  noteRegistration(registered: RegisteredFunction): void {
    if (!this.#isStarted) return;
    this.#openings.give(registered);
    const { name, kind } = registered;
    const isRefused = kind === 'unknown-mcp' || (kind === 'mcp' && this.#isStandingIn);
    if (!isRefused || this.#refusedMcp.has(name)) return;
    this.#refusedMcp.add(name);
    warnAtStart('mcp_trigger', kind === 'mcp' ? describeHiddenMcp(name) : describeUnknownMcp(name), { function: name });
  }

  /**
   * Every invocation of every model, after all hooks. The refusal returns a promise: without one, the model of version 3
   * waits for a call of `context.done` that never comes.
   */
  #guard(invocation: ModelInvocation): unknown {
    const verdict = this.#decide(invocation);
    const proceed = (settled: Verdict): unknown => {
      if (settled === admitted) return invocation.invoke(invocation.handler);
      const refusal = (): Promise<unknown> =>
        new Promise((resolve) => {
          resolve(this.#answer(settled as Denial, invocation));
        });
      this.#refusals.add(refusal);
      return invocation.invoke(refusal);
    };
    return isPromiseLike(verdict) ? verdict.then(proceed) : proceed(verdict);
  }

  /** Never throws. */
  #decide({ call, context, inputs, handler }: ModelInvocation): Verdict | PromiseLike<Verdict> {
    try {
      if (isObject(handler) && this.#refusals.has(handler)) return admitted;
      call.isUnderway = true;
      if (call.isShared) return this.#gate.denyFault(call, new TypeError(sharedDetail));
      const gated = this.#functions.find(call.functionName, call.kind, handler);
      const { isOpen, requirement } = gated;
      if (!gated.isWrapped) this.#noteUnwrapped(gated);
      if (isOpen) {
        this.#gate.noteOpen(context);
        return admitted;
      }
      if (requirement === undefined) return this.#gate.reportDenial(call, denyUnknownMcp(call.functionName));
      if (!isObject(context)) return this.#gate.denyFault(call, new TypeError('the invocation has no context'));
      const observation = this.#observation.observe(gated, call);
      const of = { subject: call, headers: call, source: call, isInvocation: true };
      return this.#gate.decide({ requirement, context, request: inputs[0], observation, ...of });
    } catch (error) {
      return this.#gate.denyFault(call, error);
    }
  }

  #answer(denial: Denial, invocation: ModelInvocation): unknown {
    const { call, context } = invocation;
    const development = isDevelopment(process.env) ? { trust: this.findTrustReport() } : undefined;
    const answer = createDenialAnswer(denial, call.invocationId, development);
    return isMcp(call.kind)
      ? answerMcpInvocation(answer, call.invocationId, invocation)
      : answerInvocation(answer, context, call.core.metadata);
  }

  /**
   * The backstop: the wrapper of a handler whose registration was seen. A call that is not the admitted invocation itself is
   * decided here. If that is because the gate was not asked yet, the operator is told once.
   */
  runHandler(
    { name }: RegisteredFunction,
    handler: AnyHandler,
    thisArgument: unknown,
    args: readonly unknown[],
  ): unknown {
    const registered = findRegistered(this.#coverage, name);
    const gated = this.#functions.find(name, registered?.kind, registered?.handler);
    const { isOpen, requirement } = gated;
    const context = findContext(args);
    const call = context && this.#calls.findOf(context);
    const isAdmitted = call !== undefined && requirement !== undefined && this.#gate.isAdmitted(call, requirement);
    if (isOpen || isAdmitted) return Reflect.apply(handler, thisArgument, args);
    if (call !== undefined || !this.#calls.seesContexts) this.#noteBypass(name, call);
    return this.#run(gated, handler, thisArgument, args);
  }

  /** Decides about a call of the handler. */
  #run(gated: GatedFunction, handler: AnyHandler, thisArgument: unknown, args: readonly unknown[]): unknown {
    const proceed = (verdict: Verdict): unknown =>
      verdict === admitted ? Reflect.apply(handler, thisArgument, args) : this.#refuse(verdict as Denial, gated, args);
    const verdict = this.#decideHandler(gated, args);
    return isPromiseLike(verdict) ? verdict.then(proceed) : proceed(verdict);
  }

  /** @throws {Error} for an MCP trigger. */
  #refuse(denial: Denial, { name, kind }: GatedFunction, args: readonly unknown[]): unknown {
    if (isMcp(kind)) throw createHandlerRefusal(denial, name, args);
    return refuseHandler(denial, args, () => this.findTrustReport());
  }

  #decideHandler(gated: GatedFunction, args: readonly unknown[]): Verdict | PromiseLike<Verdict> {
    const { name, requirement } = gated;
    const context = findContext(args);
    const subject = createHandlerCall(name, context);
    if (requirement === undefined) return this.#gate.reportDenial(subject, denyUnknownMcp(name));
    if (context === undefined)
      return this.#gate.reportDenial(subject, deny('internal_fault', 'The call carries no invocation context.'));
    const call = this.#calls.findOf(context);
    if (call === undefined && this.#calls.seesContexts) {
      // Such a context may log nowhere, or not at all.
      return this.#gate.reportDenial(createHandlerCall(name, context, console), denyUnknownInvocation(name));
    }
    if (call?.isShared === true) return this.#gate.denyFault(subject, new TypeError(sharedDetail));
    const isKeyed = this.#functions.isKeyed(call?.functionName, context);
    const observation = isKeyed ? this.#observation.observe(gated) : undefined;
    const [request] = args;
    const source = call ?? this.#calls.findOwn(context, request);
    const isPast = call === undefined && gated.kind === 'mcp';
    const headers = isPast ? { read: () => denyPastGate(name) } : source;
    const isInvocation = false;
    return this.#gate.decide({ requirement, context, request, subject, headers, source, isInvocation, observation });
  }

  /** `call` is the one that the context belongs to. A handler that another handler calls has passed the gate with it. */
  #noteBypass(functionName: string, call: CoreCall | undefined): void {
    if (this.#isStandingIn || this.#isBypassNoted || call?.isUnderway === true) return;
    this.#isBypassNoted = true;
    warnAtStart('gate_bypassed', describeBypass(functionName), { function: functionName });
    // No invocation at all has come the known way: what has no wrapper needs the hook from now on.
    if (!this.#models.isInUse) this.#standIn();
  }

  #noteUnwrapped({ name, isOpen }: GatedFunction): void {
    if (isOpen || this.#isStandingIn || this.#isUnwrappedNoted) return;
    this.#isUnwrappedNoted = true;
    warnAtStart('handler_unwrapped', describeUnwrapped(name), { function: name });
  }

  /** Where the programming model can't be gated: wrappers decide, and a hook covers what has none. */
  #standIn(): void {
    if (this.#isStandingIn) return;
    this.#isStandingIn = true;
    warnAtStart('programming_model_unknown', unknownModelDetail);
    for (const registered of this.#coverage.functions.values()) this.noteRegistration(registered);
    this.#addHook();
  }

  #addHook(): void {
    this.#hooks.preInvocation((call) => {
      const { invocationContext, functionHandler: handler } = call;
      const { functionName = 'unnamed function' } = invocationContext as Partial<InvocationContext>;
      if (findRegistered(this.#coverage, functionName)?.handler === handler) return;
      const gated = this.#functions.find(functionName, findTriggerKind(findTriggerType(invocationContext)), handler);
      if (gated.isOpen) return;
      const run = (thisArgument: unknown, args: readonly unknown[]): unknown =>
        this.#run(gated, handler, thisArgument, args);
      call.functionHandler = function (this: unknown, ...args: unknown[]): unknown {
        return run(this, args);
      } as FunctionHandler;
    });
  }
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' || typeof value === 'function') && value !== null;
}

function isMcp(kind: TriggerKind | undefined): boolean {
  return kind === 'mcp' || kind === 'unknown-mcp';
}

function denyUnknownMcp(functionName: string): Denial {
  return deny('certificate_missing', describeUnknownMcp(functionName));
}

function describeUnknownMcp(functionName: string): string {
  return `"${functionName}" has an MCP trigger that this version of Certgate does not know. The host serves those over HTTP, so every call is refused. Update @certgate/azure-functions, or move the function to an app without secureApp.`;
}

function describeHiddenMcp(functionName: string): string {
  return `"${functionName}" has an MCP trigger, and this worker hides the headers of its calls from Certgate, so every call is refused. Update @certgate/azure-functions, or move the function to an app without secureApp.`;
}

const sharedDetail = 'several invocations have one invocation model or one context';
