import {
  type Admission,
  type Decision,
  type Denial,
  type FindField,
  type FunctionRequirement,
  type GateOptions,
  type LoggingCall,
  type Observation,
  ReportingGate,
  type TrustStoreReport,
  type ResolvedFrontEnd,
  authorize,
  copyOwn,
  createContextMap,
  deny,
  readVariable,
  resolveFrontEnd,
} from '@certgate/core';
import { unknownInvocationId } from './core-call.js';
import { noteDeferral, noteObservedCall } from './deferral.js';
import { HttpStreamingWatch } from './http-streaming.js';
import { type McpHeaders } from './mcp-call.js';
import { clientIdentities, deferrals } from './shared-state.js';
import { isPromiseLike, type ProgrammingModel } from './worker-core.js';

/** The one value that lets a handler run: whatever else comes out of a decision, by design or by fault, doesn't. */
export const admitted: { readonly outcome: 'admitted' } = Object.freeze({ outcome: 'admitted' });

export type Verdict = typeof admitted | Denial;

/** Where the headers of a call are: in its own request, unless that is streamed; or in the payload of an MCP call. */
export type CallHeaders = { readonly kind: 'http'; readonly findHeader: FindField } | McpCallHeaders;

interface McpCallHeaders {
  readonly kind: 'mcp';
  readonly read: () => McpHeaders;
}

/** One call of a closed function. */
export interface GatedCall {
  readonly requirement: FunctionRequirement;
  /** The invocation's context, by which the handler asks who calls. */
  readonly context: object;
  /** The handler's first argument. */
  readonly request: unknown;
  /** Who is called, and where that is logged. */
  readonly subject: LoggingCall;
  readonly headers: CallHeaders;
  /** Whether the call stands for the whole invocation: what it admits, it admits whatever request a handler was given. */
  readonly isInvocation: boolean;
  /** Set where the function is observed now: the call goes on whatever is decided, a fault included. */
  readonly observation: Observation | undefined;
}

/** A call that went on, and for which request: a context that was made by hand doesn't say who calls. */
interface EarlierCall {
  readonly request: unknown;
  /** A denial where the function was observed. */
  readonly decision: Decision;
  readonly requirement: FunctionRequirement;
  readonly isInvocation: boolean;
  readonly invocationId: string;
  /** Those of the call. */
  readonly headers: CallHeaders;
}

/** Decides calls of closed functions. One per app. */
export class FunctionGate {
  readonly #options: GateOptions;
  readonly #gate: ReportingGate;
  readonly #streaming = new HttpStreamingWatch(() => this.#listHeaders());
  readonly #earlier = createContextMap<EarlierCall>();
  /** Of invocations of open functions. */
  readonly #openHeaders = createContextMap<CallHeaders>();
  #frontEnd: ResolvedFrontEnd | undefined;

  constructor(options: GateOptions) {
    this.#options = options;
    this.#gate = new ReportingGate(options);
  }

  /** HTTP streaming announces itself when the worker asks this model for its capabilities. */
  watchModel(model: ProgrammingModel): void {
    this.#streaming.watchCapabilities(model);
  }

  /** The function of the whole invocation, if that was let go on. */
  findInvoked(context: object | undefined): string | undefined {
    const earlier = context && this.#earlier.get(context);
    return earlier?.isInvocation === true ? earlier.requirement.functionName : undefined;
  }

  /**
   * Before an invocation that nothing is decided of. A programming model may give it the context of an earlier one; and
   * closed functions that it calls are decided by its headers.
   */
  noteOpen(context: unknown, headers: CallHeaders): void {
    if (typeof context !== 'object' || context === null) return;
    this.#earlier.delete(context);
    clientIdentities.delete(context);
    deferrals.delete(context);
    this.#openHeaders.set(context, headers);
  }

  /** Whether it was admitted under this requirement. What was only observed is looked at again: by now it may be over. */
  isAdmitted(context: object, requirement: FunctionRequirement): boolean {
    const earlier = this.#earlier.get(context);
    if (earlier?.isInvocation !== true || earlier.requirement !== requirement) return false;
    return earlier.decision.outcome === 'allowed';
  }

  /** When the app starts: says what stands in the way, and loads trust. Rejects when the trust is not valid. */
  async start(): Promise<void> {
    const frontEnd = this.#resolveFrontEnd();
    await this.#gate.start(frontEnd.outcome === 'denied' ? frontEnd : undefined);
  }

  /** Never throws: whatever fails here is a denial, which refuses the call unless the function is observed. */
  decide(call: GatedCall): Verdict | PromiseLike<Verdict> {
    try {
      const now = Date.now();
      const earlier = this.#findEarlier(call);
      const again = earlier && decideAgain(earlier, call, now);
      if (again !== undefined) return this.#conclude(call, again, now, earlier);
      const decision = this.#decideAnew(call, now);
      if (!isPromiseLike(decision)) return this.#conclude(call, decision, now);
      return decision
        .then((late) => this.#conclude(call, late, now))
        .then(undefined, (error: unknown) => this.#concludeFault(call, error));
    } catch (error) {
      return this.#concludeFault(call, error);
    }
  }

  #findEarlier(call: GatedCall): EarlierCall | undefined {
    const earlier = this.#earlier.get(call.context);
    return earlier !== undefined && isOfCall(earlier, call) ? earlier : undefined;
  }

  #decideAnew(call: GatedCall, now: number): Decision | PromiseLike<Decision> {
    const frontEnd = this.#resolveFrontEnd();
    if (frontEnd.outcome === 'denied') return frontEnd;
    const source = this.#findSource(this.#chooseHeaders(call), call.subject.invocationId);
    if (source.outcome === 'denied') return source;
    return this.#gate.decide(frontEnd.reader.read(source.findHeader), call.requirement, now);
  }

  /** MCP calls are never streamed: the host hands their payload over as it is. */
  #findSource(headers: CallHeaders, invocationId: string): McpHeaders {
    if (headers.kind === 'mcp') return headers.read();
    const source = this.#streaming.takeHeaderSource(invocationId);
    if (source.kind === 'ambiguous') return deny('http_streaming_ambiguous', ambiguousDetail);
    return { outcome: 'read', findHeader: source.kind === 'proxied' ? source.findHeader : headers.findHeader };
  }

  /** A call inside an invocation is by the invocation's caller, whatever request the app has made for it. */
  #chooseHeaders(call: GatedCall): CallHeaders {
    if (call.isInvocation) return call.headers;
    const earlier = this.#earlier.get(call.context);
    if (earlier?.isInvocation === true) return earlier.headers;
    return this.#openHeaders.get(call.context) ?? call.headers;
  }

  /** `earlier` is set where it led to the decision. */
  #conclude(call: GatedCall, decision: Decision, now: number, earlier?: EarlierCall): Verdict {
    if (earlier?.decision !== decision) this.#gate.report(call, decision, now);
    if (decision.outcome !== 'allowed')
      return call.observation === undefined ? decision : this.#letGoOn(call, decision, earlier);
    const { requirement, request, context } = call;
    this.#noteCall(call, decision);
    clientIdentities.set(context, decision.identity);
    noteDeferral(context, request, decision, requirement);
    return admitted;
  }

  /** The function is observed: the call goes on, without an identity unless the invocation was admitted. */
  #letGoOn(call: GatedCall, denial: Denial, earlier?: EarlierCall): Verdict {
    const { requirement, request, context } = call;
    if (earlier?.decision.outcome !== 'allowed') {
      clientIdentities.delete(context);
      this.#noteCall(call, denial);
    }
    noteObservedCall(context, request, requirement);
    return admitted;
  }

  #noteCall(call: GatedCall, decision: Decision): void {
    const { requirement, request, context, isInvocation, subject, headers } = call;
    // What is decided of a call inside says nothing of the invocation.
    if (!isInvocation && this.findInvoked(context) !== undefined) return;
    const { invocationId } = subject;
    this.#earlier.set(context, { request, decision, requirement, isInvocation, invocationId, headers });
  }

  #concludeFault(call: GatedCall, error: unknown): Verdict {
    const denial = this.denyFault(call.subject, error, call.observation);
    if (call.observation === undefined) return denial;
    try {
      return this.#letGoOn(call, denial);
    } catch {
      return denial;
    }
  }

  /** A refusal because something in the gate itself failed. Never throws. */
  denyFault(subject: LoggingCall, error: unknown, observation?: Observation): Denial {
    return this.#gate.denyFault(subject, error, observation);
  }

  /** Logs and publishes a denial that needed no decision. Never throws. */
  reportDenial(subject: LoggingCall, denial: Denial): Denial {
    return this.#gate.reportDenial(subject, denial);
  }

  findTrustReport(): TrustStoreReport | undefined {
    return this.#gate.findTrustReport();
  }

  #listHeaders(): readonly string[] {
    const frontEnd = this.#resolveFrontEnd();
    return frontEnd.outcome === 'known' ? frontEnd.reader.fields : [];
  }

  /** Settled at the first call: a placeholder instance gets its real environment only after the app was loaded. */
  #resolveFrontEnd(): ResolvedFrontEnd {
    if (this.#frontEnd !== undefined) return this.#frontEnd;
    const frontEnd = resolveFrontEnd(this.#options, process.env);
    if (readVariable(process.env, 'WEBSITE_PLACEHOLDER_MODE') !== '1') this.#frontEnd = frontEnd;
    return frontEnd;
  }
}

/** The worker says which invocation it is; of a handler's call, the context alone does. */
function isOfCall(earlier: EarlierCall, { isInvocation, request, subject }: GatedCall): boolean {
  const { invocationId } = subject;
  if (isInvocation && (invocationId === unknownInvocationId || earlier.invocationId !== invocationId)) return false;
  return earlier.isInvocation || earlier.request === request;
}

/**
 * A call within an invocation that has gone on already, to another function or in other words. Undefined where it is to be
 * decided from its header: nobody is known by a denial, so only the same function goes on again, while it is observed.
 */
function decideAgain(earlier: EarlierCall, { requirement, observation }: GatedCall, now: number): Decision | undefined {
  if (earlier.decision.outcome === 'allowed') return authorizeAgain(earlier.decision, requirement, now);
  const isSame = observation !== undefined && earlier.requirement.functionName === requirement.functionName;
  return isSame ? earlier.decision : undefined;
}

/**
 * Who calls is known; what is required now is asked again, and the first admission stands for both where neither says
 * anything that the other doesn't.
 */
function authorizeAgain(admission: Admission, requirement: FunctionRequirement, now: number): Decision {
  const decision = authorize(admission.identity, requirement, now);
  const isSame =
    decision.outcome === 'allowed' && copyOwn(decision).deferred?.code === copyOwn(admission).deferred?.code;
  return isSame ? admission : decision;
}

const ambiguousDetail =
  'HTTP streaming is on, and the proxied request of this invocation could not be told from others (none with its id, or two), so nobody knows whose certificate it was. If it happens often, the host and @azure/functions may disagree about streaming: update both.';
