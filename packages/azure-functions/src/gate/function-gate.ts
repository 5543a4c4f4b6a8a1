import {
  type Admission,
  type Decision,
  type Denial,
  type FunctionRequirement,
  type GateOptions,
  type GateStatus,
  type LoggingCall,
  type Observation,
  type ReportedDecision,
  ReportingGate,
  type TrustStoreReport,
  type ResolvedFrontEnd,
  authorize,
  copyOwn,
  describeFrontEnd,
  readVariable,
  resolveFrontEnd,
} from '@certgate/core';
import type { CallHeaders, CallSource, EarlierCall } from './core-call.js';
import { noteDeferral, noteObservedCall } from './deferral.js';
import { pendingOutcomes, clientIdentities, deferrals, type GateAnswer } from './shared-state.js';
import { isPromiseLike } from './worker-core.js';

/** The only value that lets a handler run. Any other result of a decision, by design or by fault, does not. */
export const admitted: { readonly outcome: 'admitted' } = Object.freeze({ outcome: 'admitted' });

export type CallDecision = typeof admitted | Denial;

/** One call of a closed function. */
export interface GatedCall {
  readonly requirement: FunctionRequirement;
  /** The invocation's context, with which the handler asks who calls. */
  readonly context: object;
  /** The handler's first argument. */
  readonly request: unknown;
  /** The call in the log: which function is called, and where the line is written. */
  readonly subject: LoggingCall;
  readonly headers: CallHeaders;
  readonly source: CallSource;
  /** Whether the call is the whole invocation. */
  readonly isInvocation: boolean;
  /** Set if the function is observed now. The call then goes on whatever is decided, even after a fault. */
  readonly observation: Observation | undefined;
}

/** Decides calls of closed functions. Each `AppGate` has one. */
export class FunctionGate {
  readonly #options: GateOptions;
  readonly #gate: ReportingGate;
  #frontEnd: ResolvedFrontEnd | undefined;

  /** `listFunctions` returns the functions that are closed and open now, for the status lines. */
  constructor(options: GateOptions, listFunctions: () => Pick<GateStatus, 'closed' | 'open'>) {
    this.#options = options;
    this.#gate = new ReportingGate(options, () => ({
      host: 'functions',
      ...describeFrontEnd(this.#resolveFrontEnd()),
      ...listFunctions(),
    }));
  }

  /**
   * Prepares an invocation that is not decided. What was noted for its context, because a hook called another
   * function's handler, must not apply to it.
   */
  noteOpen(context: unknown): void {
    if (typeof context !== 'object' || context === null) return;
    clientIdentities.delete(context);
    deferrals.delete(context);
  }

  /**
   * Whether the invocation was admitted under this requirement. An invocation that was only observed is decided again,
   * because observation may have ended.
   */
  isAdmitted({ earlier }: CallSource, requirement: FunctionRequirement): boolean {
    if (earlier?.isInvocation !== true || earlier.requirement !== requirement) return false;
    return earlier.decision.outcome === 'allowed';
  }

  /**
   * Runs when the app starts. Logs what prevents admissions, and loads the trust. Rejects if the trust is not valid.
   */
  async start(): Promise<void> {
    const frontEnd = this.#resolveFrontEnd();
    await this.#gate.start(frontEnd.outcome === 'denied' ? frontEnd : undefined);
  }

  /** Decides a call. Never throws: a fault becomes a denial, which refuses the call unless the function is observed. */
  decide(call: GatedCall): CallDecision | PromiseLike<CallDecision> {
    try {
      const now = Date.now();
      const { earlier } = call.source;
      const again = earlier && decideAgain(earlier, call, now);
      if (again !== undefined) return this.#conclude(call, { decision: again, now }, earlier);
      const decided = this.#decideAnew(call, now);
      if (!isPromiseLike(decided)) return this.#conclude(call, decided);
      return decided
        .then((late) => this.#conclude(call, late))
        .then(undefined, (error: unknown) => this.#concludeFault(call, error));
    } catch (error) {
      return this.#concludeFault(call, error);
    }
  }

  #decideAnew(call: GatedCall, now: number): ReportedDecision | PromiseLike<ReportedDecision> {
    const { locked } = this.#gate;
    if (locked !== undefined) return { decision: locked, now };
    const frontEnd = this.#resolveFrontEnd();
    if (frontEnd.outcome === 'denied') return { decision: frontEnd, now };
    const reading = call.headers.read();
    if (reading.outcome === 'denied') return { decision: reading, now };
    const extraction = frontEnd.reader.read(reading.findHeader);
    const decision = this.#gate.decide(extraction, call.requirement, now);
    return isPromiseLike(decision)
      ? decision.then((late) => ({ decision: late, now, extraction }))
      : { decision, now, extraction };
  }

  /** `earlier` is set if it led to the decision. */
  #conclude(call: GatedCall, decided: ReportedDecision, earlier?: EarlierCall): CallDecision {
    const { decision } = decided;
    const { requirement, request, context, observation, isInvocation } = call;
    if (earlier?.decision !== decision) {
      // A denial that an observed function lets go on does not correct an earlier line.
      const before = earlier === undefined || observation !== undefined ? undefined : pendingOutcomes.get(context);
      const outcome = this.#gate.report(call, decided, before, isInvocation);
      if (isInvocation) pendingOutcomes.set(context, outcome);
    }
    if (decision.outcome !== 'allowed')
      return observation === undefined ? decision : this.#letGoOn(call, decision, earlier);
    this.#noteCall(call, decision);
    clientIdentities.set(context, decision.identity);
    noteDeferral(context, request, decision, requirement);
    return admitted;
  }

  /** Lets a call of an observed function go on, without an identity unless the invocation was admitted. */
  #letGoOn(call: GatedCall, denial: Denial, earlier?: EarlierCall): CallDecision {
    const { requirement, request, context } = call;
    if (earlier?.decision.outcome !== 'allowed') {
      clientIdentities.delete(context);
      this.#noteCall(call, denial);
    }
    noteObservedCall(context, request, requirement);
    return admitted;
  }

  #noteCall({ source, requirement, isInvocation }: GatedCall, decision: Decision): void {
    // The decision about a call inside an invocation must not replace the decision about the invocation.
    if (!isInvocation && source.earlier?.isInvocation === true) return;
    source.earlier = { decision, requirement, isInvocation };
  }

  #concludeFault(call: GatedCall, error: unknown): CallDecision {
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

  /** What a call with this certificate would get, once it is past the front end. Nothing is logged or counted. */
  async decideFor(certificate: string | undefined, requirement: FunctionRequirement, now: number): Promise<GateAnswer> {
    const decision = await this.#gate.decideHeader(certificate, requirement, now);
    const frontEnd = this.#resolveFrontEnd();
    const { outcome, code } = decision;
    return {
      outcome,
      code,
      ...(decision.outcome === 'denied' ? { detail: decision.detail } : {}),
      ...(frontEnd.outcome === 'denied' ? { frontEndFault: frontEnd.detail } : {}),
    };
  }

  /** The names of the headers that the front end sets, in lower case. */
  listHeaders(): readonly string[] {
    const frontEnd = this.#resolveFrontEnd();
    return frontEnd.outcome === 'known' ? frontEnd.reader.fields : [];
  }

  /**
   * Finds the front end. It is determined when it is first needed, except on a placeholder instance, which gets its
   * real environment only after the app was loaded.
   */
  #resolveFrontEnd(): ResolvedFrontEnd {
    if (this.#frontEnd !== undefined) return this.#frontEnd;
    const frontEnd = resolveFrontEnd(this.#options, process.env);
    if (readVariable(process.env, 'WEBSITE_PLACEHOLDER_MODE') !== '1') this.#frontEnd = frontEnd;
    return frontEnd;
  }
}

/**
 * The decision about a further call within an invocation that has gone on already, to another function or with another
 * requirement. Undefined if the call must be decided from its header. A denial leaves no known caller, so it applies
 * only to further calls of the same function, and only while that function is observed.
 */
function decideAgain(earlier: EarlierCall, { requirement, observation }: GatedCall, now: number): Decision | undefined {
  if (earlier.decision.outcome === 'allowed') return authorizeAgain(earlier.decision, requirement, now);
  const isSame = observation !== undefined && earlier.requirement.functionName === requirement.functionName;
  return isSame ? earlier.decision : undefined;
}

/**
 * Authorizes a known caller for what is required now. Returns the first admission if the new decision says nothing
 * else, so that both share one outcome.
 */
function authorizeAgain(admission: Admission, requirement: FunctionRequirement, now: number): Decision {
  const decision = authorize(admission.identity, requirement, now);
  const isSame =
    decision.outcome === 'allowed' && copyOwn(decision).deferred?.code === copyOwn(admission).deferred?.code;
  return isSame ? admission : decision;
}
