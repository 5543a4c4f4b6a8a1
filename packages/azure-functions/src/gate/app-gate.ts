// gate/: decides each invocation before its handler runs: policy, front end, certificate header, answer.
//
//   model-gate: an invocation, after all preInvocation hooks
//     │ app-start              after a secureApp that threw             503 gate_setup_failed
//     │ gated-functions        allowAnonymous                           handler
//     │                        unknown MCP trigger                      the invocation fails, certificate_missing is logged
//     │ function-gate          no invocation context                    503 internal_fault
//     │                        admitted before: on to authorization
//     │ lock-setting of core   CERTGATE_LOCKED is set                   503 trust_locked
//     │ front-ends of core     unknown, contradicted or unproven        503 front_end_unknown, front_end_contradicted …
//     │ core-calls             the headers that the host sent, taken before any hook
//     │ http-streaming         those of the proxied request             503 http_streaming_ambiguous
//     │ mcp-call               those in the payload of an MCP call      mcp_transport_unsupported, mcp_headers_unavailable
//     │ RequestReader of core  the secret and the text of the front end 401 front_end_bypassed, certificate_missing …
//     │ AccessGate of core     certificate, trust, roles                401, 403 or 503: access-gate.ts
//     │ log/ of core           the line and the channel; a failed line  503 internal_fault
//     ▼ handler, with the client's identity
//
//   In an observed function, a call that is refused below function-gate goes on without an identity.
//
//   denial-response sends refusals; those of MCP calls are results or failed invocations, not HTTP responses. If a hook or
//   another handler calls a wrapped handler, handler-gate takes the same steps for the wrapper, by the headers of the
//   invocation to which the given context belongs. A call with any other context is refused (invocation_unknown). If the
//   model does not show its contexts, the handler's own arguments decide. If the model is unknown, a hook takes these
//   steps for handlers without a wrapper.

import type { FunctionHandler, InvocationContext, PreInvocationContext } from '@azure/functions';
import {
  type Denial,
  type GateOptions,
  type TrustStoreReport,
  createDenialAnswer,
  isDevelopment,
  warnAtStart,
} from '@certgate/core';
import { AppStart } from './app-start.js';
import { type CoreCall, findContext } from './core-call.js';
import { CoreCalls } from './core-calls.js';
import { ObservationClock } from './deferral.js';
import { answerInvocation, answerMcpInvocation, findTriggerType } from './denial-response.js';
import { createSharedFault, describeBypass, describeUnwrapped, unknownModelDetail } from './fault-texts.js';
import { admitted, FunctionGate, type CallDecision } from './function-gate.js';
import { HandlerGate } from './handler-gate.js';
import { type GatedFunction, GatedFunctions } from './gated-functions.js';
import { ModelGate, type ModelInvocation } from './model-gate.js';
import { findRegistered, getCoverage } from './registered-functions.js';
import {
  type AnyHandler,
  pendingOutcomes,
  type CoveringGate,
  type FunctionCoverage,
  type GateAnswer,
  type RegisteredFunction,
} from './shared-state.js';
import { findTriggerKind, hasMembers, isMcp, isPromiseLike, type TriggerKind, type WorkerCore } from './worker-core.js';

/** The hooks of `@azure/functions`, for use if there is no worker, or if the programming model can't be gated. */
export interface AppHooks {
  preInvocation(callback: (context: PreInvocationContext) => void): unknown;
}

/**
 * Closes an app. Each invocation is decided at the point where its programming model calls the handler. As a second
 * barrier, each HTTP or MCP handler whose registration was seen is in a wrapper, which decides calls of closed
 * functions that are not the admitted invocation.
 */
export class AppGate implements CoveringGate {
  readonly isHookProof = true;
  readonly start: AppStart;
  readonly #gate: FunctionGate;
  readonly #core: WorkerCore | undefined;
  readonly #coverage: FunctionCoverage;
  readonly #hooks: AppHooks | undefined;
  readonly #calls: CoreCalls;
  readonly #models: ModelGate;
  readonly #observation = new ObservationClock();
  readonly #functions: GatedFunctions;
  #handlers: HandlerGate | undefined;
  /**
   * Handlers that refuse. If other code has copied a gated method, a model is gated twice, and the second decision must
   * let the refusal of the first one run.
   */
  readonly #refusals = new WeakSet<object>();
  #isStandingIn = false;
  #isBypassNoted = false;
  #isUnwrappedNoted = false;

  constructor(options: GateOptions, core: WorkerCore | undefined, hooks: AppHooks | undefined) {
    this.#gate = new FunctionGate(options, () => this.#functions.list((until) => this.#observation.isAhead(until)));
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
      () => this.#isReplaced,
    );
    this.start = new AppStart({
      core,
      coverage: this.#coverage,
      clock: this.#observation,
      checkModel: () => {
        if (core !== undefined) this.#models.check(core);
      },
      hidesMcpHeaders: () => this.#isStandingIn,
      loadTrust: () => this.#gate.start(),
    });
  }

  /**
   * Installs the gate when `secureApp` runs. Whether the programming model can be gated is checked when the app starts.
   */
  install(): void {
    // Invocations may have begun under the earlier gate.
    if (this.#coverage.gate !== undefined) this.#calls.expectEarlier();
    this.#coverage.gate = this;
    if (this.#core === undefined) this.#addHook();
    else this.#models.install(this.#core);
  }

  /** Runs after `install` if the app has started already. */
  installLate(): void {
    this.#calls.expectEarlier();
    // The document is read after the call of `secureApp` has returned, as at a normal start.
    queueMicrotask(() => {
      this.start.beginLate();
    });
  }

  findTrustReport(): TrustStoreReport | undefined {
    return this.#gate.findTrustReport();
  }

  /** Decides for tools that have loaded the app. Undefined if the gate reads no certificate for this function. */
  async decideFor(functionName: string, certificate: string | undefined, now: number): Promise<GateAnswer | undefined> {
    const registered = findRegistered(this.#coverage, functionName);
    const { requirement } = this.#find(functionName, registered?.kind, registered?.handler);
    return typeof requirement === 'string' ? undefined : this.#gate.decideFor(certificate, requirement, now);
  }

  noteRegistration(registered: RegisteredFunction): void {
    this.start.note(registered);
  }

  /**
   * Decides every invocation of every model, after all hooks. The refusal returns a promise, because without one, the
   * model of version 3 waits for a call of `context.done` that never comes.
   */
  #guard(invocation: ModelInvocation): unknown {
    this.start.beginLate();
    const callDecision = this.#decide(invocation);
    const proceed = (settled: CallDecision): unknown => {
      if (settled === admitted) {
        const result = invocation.invoke(invocation.handler);
        const settle = (): void => pendingOutcomes.get(invocation.context as object)?.settle();
        // Until the handler has finished, handlers that it calls may still refuse the request, because the caller lacks
        // a role or may not call that function.
        if (isPromiseLike(result)) result.then(settle, settle);
        else settle();
        return result;
      }
      const refusal = (): Promise<unknown> =>
        new Promise((resolve) => {
          resolve(this.#answer(settled as Denial, invocation));
        });
      this.#refusals.add(refusal);
      return invocation.invoke(refusal);
    };
    return isPromiseLike(callDecision) ? callDecision.then(proceed) : proceed(callDecision);
  }

  /** Whether this gate is of a `secureApp` that failed, and a later `secureApp` has installed its own gate. */
  get #isReplaced(): boolean {
    return this.start.failure !== undefined && this.#coverage.gate !== this;
  }

  /**
   * Finds what the gate does about a function. After a failure of the setup, no mark opens a function and no caller can
   * meet a requirement.
   */
  #find(functionName: string, reportedKind: TriggerKind | undefined, handler: unknown): GatedFunction {
    const gated = this.#functions.find(functionName, reportedKind, handler);
    if (this.start.failure === undefined || gated.kind === 'other') return gated;
    return { ...gated, requirement: 'unmeetable' };
  }

  /** Decides an invocation. Never throws. */
  #decide({ call, context, inputs, handler }: ModelInvocation): CallDecision | PromiseLike<CallDecision> {
    try {
      if (hasMembers(handler) && this.#refusals.has(handler)) return admitted;
      call.isUnderway = true;
      if (call.isShared) return this.#gate.denyFault(call, createSharedFault());
      const gated = this.#find(call.functionName, call.kind, handler);
      const { requirement } = gated;
      if (!gated.isWrapped) this.#noteUnwrapped(gated);
      if (requirement === 'none') {
        this.#gate.noteOpen(context);
        return admitted;
      }
      if (requirement === 'unmeetable') return this.#gate.reportDenial(call, this.start.denyAll(gated));
      if (!hasMembers(context)) return this.#gate.denyFault(call, new TypeError('the invocation has no context'));
      const observation = this.#observation.observe(gated, call);
      return this.#gate.decide({
        requirement,
        context,
        request: inputs[0],
        subject: call,
        headers: call,
        source: call,
        isInvocation: true,
        observation,
      });
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
   * The second barrier: runs in the wrapper of a handler whose registration was seen. A call of a closed function that
   * is not the admitted invocation itself is decided here. The first time that the gate was not asked before, the
   * operator gets a log line (see `#noteBypass`).
   */
  runHandler(
    { name }: RegisteredFunction,
    handler: AnyHandler,
    thisArgument: unknown,
    args: readonly unknown[],
  ): unknown {
    this.start.beginLate();
    const registered = findRegistered(this.#coverage, name);
    const gated = this.#find(name, registered?.kind, registered?.handler);
    const { requirement } = gated;
    const context = findContext(args);
    const call = context && this.#calls.findOf(context);
    const isKnown = call !== undefined && !call.isShared;
    const isAdmitted = isKnown && typeof requirement !== 'string' && this.#gate.isAdmitted(call, requirement);
    if (requirement === 'none' || isAdmitted) return Reflect.apply(handler, thisArgument, args);
    if (call !== undefined || !this.#calls.seesContexts) this.#noteBypass(name, call);
    return this.#runDecided(gated, handler, thisArgument, args);
  }

  /** In a method of its own, because few apps need it. */
  #runDecided(gated: GatedFunction, handler: AnyHandler, thisArgument: unknown, args: readonly unknown[]): unknown {
    this.#handlers ??= new HandlerGate({
      gate: this.#gate,
      calls: this.#calls,
      functions: this.#functions,
      clock: this.#observation,
      denyAll: (unmeetable) => this.start.denyAll(unmeetable),
    });
    return this.#handlers.run(gated, handler, thisArgument, args);
  }

  /**
   * Logs once that a handler was called before the gate was asked, and lets the wrappers stand in if no gated model is
   * in use. `call` is the one that the context belongs to; undefined if the gate knows no call of this context. If a
   * handler calls another handler, its call has passed the gate already.
   */
  #noteBypass(functionName: string, call: CoreCall | undefined): void {
    if (this.#isStandingIn || this.#isBypassNoted || call?.isUnderway === true) return;
    this.#isBypassNoted = true;
    try {
      warnAtStart('gate_bypassed', describeBypass(functionName), { function: functionName });
    } finally {
      // No invocation at all has passed through a gated model, so handlers without a wrapper need the hook from now on.
      if (!this.#models.isInUse) this.#standIn();
    }
  }

  #noteUnwrapped({ name, requirement }: GatedFunction): void {
    if (requirement === 'none' || this.#isStandingIn || this.#isUnwrappedNoted) return;
    this.#isUnwrappedNoted = true;
    warnAtStart('handler_unwrapped', describeUnwrapped(name), { function: name });
  }

  /**
   * Replaces the gate if the programming model can't be gated: wrappers decide, and a hook covers handlers without a
   * wrapper.
   */
  #standIn(): void {
    if (this.#isStandingIn) return;
    this.#isStandingIn = true;
    this.#addHook();
    this.#calls.forgetEarlier();
    warnAtStart('programming_model_unknown', unknownModelDetail);
    this.start.noteAll();
  }

  #addHook(): void {
    this.#hooks?.preInvocation((call) => {
      const { invocationContext, functionHandler: handler } = call;
      const { functionName = 'unnamed function' } = invocationContext as Partial<InvocationContext>;
      if (findRegistered(this.#coverage, functionName)?.handler === handler) return;
      const gated = this.#find(functionName, findTriggerKind(findTriggerType(invocationContext)), handler);
      if (gated.requirement === 'none' || this.#isReplaced) return;
      const run = (thisArgument: unknown, args: readonly unknown[]): unknown =>
        this.#runDecided(gated, handler, thisArgument, args);
      call.functionHandler = function (this: unknown, ...args: unknown[]): unknown {
        return run(this, args);
      } as FunctionHandler;
    });
  }
}
