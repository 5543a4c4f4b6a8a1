// gate/: decides each invocation: which front end, which request, what the caller is answered.

import type { HttpRequest, InvocationContext } from '@azure/functions';
import {
  AccessGate,
  type Admission,
  type Decision,
  type Denial,
  type FunctionRequirement,
  type TrustStore,
  type TrustStoreReport,
  authorize,
  copyOwn,
  deny,
  hasMember,
  readMember,
} from '@certgate/core';
import { publishDecision } from '../log/decision-channel.js';
import { DecisionLog } from '../log/decision-log.js';
import { noteDeferral, ReportOnlyNotice } from './deferral.js';
import { answerDenial, createDenialResponse } from './denial-response.js';
import { ExpiryLog } from '../log/expiry-log.js';
import {
  type FrontEnd,
  type FrontEndName,
  certificateHeaderName,
  isDevelopment,
  readVariable,
  resolveFrontEnd,
  frontEndOverride,
} from './front-end.js';
import { HttpStreamingWatch } from './http-streaming.js';
import { type FunctionMetadata, isPromiseLike, type WorkerCore } from './worker-core.js';
import {
  type AnyHandler,
  type CertificatePolicy,
  certificatePolicy,
  clientIdentities,
  findPolicy,
  functionPolicies,
  type FunctionPolicy,
  gatedHandlers,
  tightenPolicy,
} from './shared-state.js';
import { warnAtStart, warnOfTrust } from '../log/start-log.js';
import { TrustLog } from '../log/trust-log.js';

interface GateOptions {
  readonly trustStore: TrustStore;
  readonly frontEnd?: FrontEndName;
  readonly [frontEndOverride]?: true;
}

/** The one value that lets a handler run: whatever else comes out of a decision, by design or by fault, doesn't. */
const admitted = Object.freeze({ outcome: 'admitted' });

type Verdict = typeof admitted | Denial;

/** What was decided for an invocation, and for which request: a context alone doesn't say who calls. */
interface EarlierAdmission {
  readonly request: unknown;
  readonly admission: Admission;
}

/** One call of a closed handler. */
interface Question {
  readonly requirement: FunctionRequirement;
  readonly request: unknown;
  readonly context: InvocationContext;
  /** Milliseconds. */
  readonly now: number;
}

/** Closes handlers, and decides at each call. One per app. */
export class FunctionGate {
  readonly #options: GateOptions;
  readonly #access: AccessGate;
  readonly #log = new DecisionLog();
  readonly #trustLog = new TrustLog();
  readonly #expiryLog = new ExpiryLog();
  readonly #reportOnly = new ReportOnlyNotice();
  readonly #streaming = new HttpStreamingWatch();
  readonly #registered = new Map<string, { readonly name: string; readonly policy: FunctionPolicy }>();
  /** Invocations that this gate has admitted, so that a handler covered twice is decided once. */
  readonly #admissions = new WeakMap<object, EarlierAdmission>();
  #frontEnd: FrontEnd | undefined;
  #isStarted = false;

  constructor(options: GateOptions) {
    this.#options = options;
    this.#access = new AccessGate({ trustStore: options.trustStore });
  }

  /** At registration: the handler to register in place of `handler`. Other triggers carry no certificate. */
  coverRegistration(metadata: FunctionMetadata, isHttp: boolean, handler: AnyHandler): AnyHandler {
    const name = metadata.name ?? 'unnamed function';
    if (!isHttp) {
      if (functionPolicies.has(handler)) {
        throw new TypeError(
          `The function "${name}" has no HTTP trigger, so no certificate can come with it: take allowAnonymous, requireRole or reportOnly away.`,
        );
      }
      return handler;
    }
    const policy = findPolicy(handler) ?? certificatePolicy;
    // A name that comes twice is an error of the worker's, which the app may swallow: the stricter policy stands.
    this.#registered.set(name.toLowerCase(), {
      name,
      policy: tightenPolicy(this.#findRegistered(name), policy),
    });
    if (this.#isStarted) this.#reportOnly.give(name, policy);
    return this.#close(name, policy, handler);
  }

  /** At each invocation: what another hook left as the handler, or what was registered before the gate. */
  coverInvocation<Handler extends AnyHandler>(functionName: string, handler: Handler): Handler {
    if (gatedHandlers.get(handler)?.functionName === functionName) return handler;
    // Where a hook wrapped the handler, its marks are lost; the registration's policy still stands.
    const policy = this.#findRegistered(functionName) ?? findPolicy(handler) ?? certificatePolicy;
    // One that was registered before the gate is first seen here.
    this.#reportOnly.give(functionName, policy);
    return this.#close(functionName, policy, handler);
  }

  /** When the app starts: says what stands in the way, and loads trust. Rejects when the trust is not valid. */
  async start(core: WorkerCore | undefined): Promise<void> {
    const frontEnd = this.#resolveFrontEnd();
    if (frontEnd.outcome === 'denied') warnAtStart(frontEnd.code, frontEnd.detail);
    if (this.#options[frontEndOverride] === true) warnAtStart('front_end_anywhere', anywhereDetail);
    if (core !== undefined) this.#streaming.watchCapabilities(core);
    this.#isStarted = true;
    for (const { name, policy } of this.#registered.values()) this.#reportOnly.give(name, policy);
    const start = readMember(this.#options.trustStore, 'start') as TrustStore['start'];
    if (start !== undefined) await Reflect.apply(start, this.#options.trustStore, []);
    const report = this.#readReport();
    this.#trustLog.begin(report);
    if (report?.fault !== undefined)
      warnAtStart('trust_unavailable', `${report.description}: ${report.fault}. ${unavailableDetail}`);
    warnOfTrust(report?.warnings ?? []);
  }

  #findRegistered(functionName: string): FunctionPolicy | undefined {
    return this.#registered.get(functionName.toLowerCase())?.policy;
  }

  #close<Handler extends AnyHandler>(functionName: string, policy: FunctionPolicy, handler: Handler): Handler {
    const requirement = policy.kind === 'anonymous' ? undefined : createRequirement(functionName, policy);
    const decide = (args: readonly unknown[]): Verdict | PromiseLike<Verdict> =>
      requirement === undefined ? admitted : this.#decide(requirement, args);
    const answer = (denial: Denial, args: readonly unknown[]): unknown =>
      refuse(denial, args, () => this.findTrustReport());
    const closed = function (this: unknown, ...args: unknown[]): unknown {
      const proceed = (verdict: Verdict): unknown =>
        verdict === admitted ? Reflect.apply(handler, this, args) : answer(verdict as Denial, args);
      const verdict = decide(args);
      return isPromiseLike(verdict) ? verdict.then(proceed) : proceed(verdict);
    } as AnyHandler as Handler;
    gatedHandlers.set(closed, Object.freeze({ policy, functionName }));
    return closed;
  }

  /** Never throws: whatever fails here is a denial. */
  #decide(requirement: FunctionRequirement, args: readonly unknown[]): Verdict | PromiseLike<Verdict> {
    const context = findContext(args);
    if (context === undefined) {
      const denial = deny('internal_fault', 'The call carries no invocation context.');
      publishDecision({ functionName: requirement.functionName, invocationId: 'unknown' }, { decision: denial });
      return denial;
    }
    try {
      const question = { requirement, request: args[0], context, now: Date.now() };
      const decision = this.#readDecision(question);
      if (!isPromiseLike(decision)) return this.#conclude(question, decision);
      return decision
        .then((late) => this.#conclude(question, late))
        .then(undefined, (error: unknown) => this.#denyFault(context, error));
    } catch (error) {
      return this.#denyFault(context, error);
    }
  }

  #readDecision({ requirement, request, context, now }: Question): Decision | PromiseLike<Decision> {
    const earlier = this.#admissions.get(context);
    if (earlier !== undefined && earlier.request === request) return decideAgain(earlier.admission, requirement, now);
    const frontEnd = this.#resolveFrontEnd();
    if (frontEnd.outcome === 'denied') return frontEnd;
    const road = this.#streaming.takeRoad(context.invocationId);
    if (road.kind === 'ambiguous') return deny('http_streaming_ambiguous', ambiguousDetail);
    const header = road.kind === 'proxied' ? road.header : (request as HttpRequest).headers.get(certificateHeaderName);
    return this.#access.decide(header, requirement, now);
  }

  #conclude(question: Question, decision: Decision): Verdict {
    const { requirement, request, context } = question;
    const isRepeated = decision.outcome === 'allowed' && this.#admissions.get(context)?.admission === decision;
    if (!isRepeated) this.#report(question, decision);
    if (decision.outcome !== 'allowed') return decision;
    this.#admissions.set(context, { request, admission: decision });
    clientIdentities.set(context, decision.identity);
    noteDeferral(context, request, decision, requirement);
    return admitted;
  }

  #denyFault(context: InvocationContext, error: unknown): Denial {
    const denial = deny(
      'internal_fault',
      `Certgate failed while deciding, so the call is refused: ${describeFault(error)}.`,
    );
    try {
      this.#log.write(context, { decision: denial });
    } catch {
      // It may be the log that failed; the refusal stands without its line.
    }
    publishDecision(context, { decision: denial });
    return denial;
  }

  #report({ context, requirement, now }: Question, decision: Decision): void {
    const report = this.findTrustReport();
    this.#trustLog.note(context, report);
    const { reportOnlyUntil } = requirement;
    const facts = { decision, trustRevision: report?.revision, trustSource: report?.description, reportOnlyUntil };
    this.#log.write(context, facts);
    if (decision.outcome === 'allowed') this.#expiryLog.note(context, decision.identity, now);
    // Last: a log that fails makes another decision of it.
    publishDecision(context, facts);
  }

  /** For the log and for tools alone, so a store of the user's own that can't say it spoils no decision. */
  findTrustReport(): TrustStoreReport | undefined {
    try {
      return this.#readReport();
    } catch {
      return undefined;
    }
  }

  #readReport(): TrustStoreReport | undefined {
    const report = readMember(this.#options.trustStore, 'report') as TrustStore['report'];
    return report === undefined ? undefined : Reflect.apply(report, this.#options.trustStore, []);
  }

  /** Settled at the first call: a placeholder instance gets its real environment only after the app was loaded. */
  #resolveFrontEnd(): FrontEnd {
    if (this.#options[frontEndOverride] === true) return anywhere;
    if (this.#frontEnd !== undefined) return this.#frontEnd;
    const frontEnd = resolveFrontEnd(this.#options.frontEnd, process.env);
    if (readVariable(process.env, 'WEBSITE_PLACEHOLDER_MODE') !== '1') this.#frontEnd = frontEnd;
    return frontEnd;
  }
}

function createRequirement(functionName: string, policy: CertificatePolicy): FunctionRequirement {
  const { roles, reportOnlyUntil } = copyOwn(policy);
  return copyOwn({ functionName, roles, ...(reportOnlyUntil === undefined ? {} : { reportOnlyUntil }) });
}

/**
 * The other half of a handler that is closed twice. Who calls is known; what this half requires is asked again, and the
 * first half's admission stands for both where neither says anything that the other doesn't.
 */
function decideAgain(admission: Admission, requirement: FunctionRequirement, now: number): Decision {
  const decision = authorize(admission.identity, requirement, now);
  const isSame =
    decision.outcome === 'allowed' && copyOwn(decision).deferred?.code === copyOwn(admission).deferred?.code;
  return isSame ? admission : decision;
}

function refuse(
  denial: Denial,
  args: readonly unknown[],
  findTrustReport: () => TrustStoreReport | undefined,
): unknown {
  const context = findContext(args);
  const development = isDevelopment(process.env) ? { trust: findTrustReport() } : undefined;
  const response = createDenialResponse(denial, context?.invocationId ?? 'unknown', development);
  return context === undefined ? response : answerDenial(response, context);
}

const anywhere: FrontEnd = Object.freeze({ outcome: 'known', name: 'anywhere', isDevelopment: false });

const unavailableDetail =
  'Calls of closed functions are refused with 503 until it can be read. On your own machine, try: npx --no-install certgate trust check --store <store>';

const anywhereDetail =
  'unsafeTrustCertificateHeaderFromAnywhere is set: whoever reaches this app can claim to be any caller, whose certificate is no secret. Take it away wherever anybody but a front end of yours reaches the app.';

const ambiguousDetail =
  'HTTP streaming is on, and the proxied request of this invocation could not be told from others (none with its id, or two), so nobody knows whose certificate it was. If it happens often, the host and @azure/functions may disagree about streaming: update both.';

/** The last argument that looks like an invocation context: libraries put arguments of their own in front of it. */
function findContext(args: readonly unknown[]): InvocationContext | undefined {
  const last = args.at(-1);
  return typeof last === 'object' && last !== null && hasMember(last, 'invocationId') && hasMember(last, 'functionName')
    ? (last as InvocationContext)
    : undefined;
}

function describeFault(error: unknown): string {
  try {
    return error instanceof Error ? `${error.name}: ${error.message}` : 'something that is no Error was thrown';
  } catch {
    return 'an Error that can not be read was thrown';
  }
}
