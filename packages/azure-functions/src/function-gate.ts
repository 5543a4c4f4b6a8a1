import type { HttpRequest, InvocationContext } from '@azure/functions';
import {
  AccessGate,
  type Admission,
  type Decision,
  type Denial,
  type FunctionRequirement,
  type TrustStore,
  type TrustStoreReport,
  deny,
  findAuthorizationDenial,
} from '@certgate/core';
import { DecisionLog } from './decision-log.js';
import { answerDenial, createDenialResponse } from './denial-response.js';
import {
  type FrontEnd,
  type FrontEndName,
  certificateHeaderName,
  isDevelopment,
  resolveFrontEnd,
} from './front-end.js';
import { HttpStreamingWatch } from './http-streaming.js';
import { warnAtStart } from './start-log.js';
import { isPromiseLike } from './promise-like.js';
import {
  type AnyHandler,
  type FunctionPolicy,
  certificatePolicy,
  clientIdentities,
  functionPolicies,
  gatedHandlers,
} from './shared-state.js';
import { TrustLog } from './trust-log.js';
import type { FunctionMetadata, WorkerCore } from './worker-core.js';

/** Named `unsafeTrustCertificateHeaderFromAnywhere` where apps see it. */
export const frontEndOverride: unique symbol = Symbol.for('certgate/unsafe-trust-certificate-header-from-anywhere');

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

/** Closes handlers, and decides at each call. One per app. */
export class FunctionGate {
  readonly #options: GateOptions;
  readonly #access: AccessGate;
  readonly #log = new DecisionLog();
  readonly #trustLog = new TrustLog();
  readonly #streaming = new HttpStreamingWatch();
  readonly #registered = new Map<string, FunctionPolicy>();
  /** Invocations that this gate has admitted, so that a handler covered twice is decided once. */
  readonly #admissions = new WeakMap<object, EarlierAdmission>();
  #frontEnd: FrontEnd | undefined;

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
          `The function "${name}" has no HTTP trigger, so no certificate can come with it: take allowAnonymous or requireRole away.`,
        );
      }
      return handler;
    }
    const policy = functionPolicies.get(handler) ?? certificatePolicy;
    // A name that comes twice is an error of the worker's, which the app may swallow: the stricter policy stands.
    this.#registered.set(name.toLowerCase(), tighten(this.#registered.get(name.toLowerCase()), policy));
    return this.#close(name, policy, handler);
  }

  /** At each invocation: what another hook left as the handler, or what was registered before the gate. */
  coverInvocation<Handler extends AnyHandler>(functionName: string, handler: Handler): Handler {
    if (gatedHandlers.get(handler)?.functionName === functionName) return handler;
    // Where a hook wrapped the handler, its marks are lost; the registration's policy still stands.
    const policy =
      this.#registered.get(functionName.toLowerCase()) ?? functionPolicies.get(handler) ?? certificatePolicy;
    return this.#close(functionName, policy, handler);
  }

  /** When the app starts: says what stands in the way, and loads trust. Rejects when the trust is not valid. */
  async start(core: WorkerCore | undefined): Promise<void> {
    const frontEnd = this.#resolveFrontEnd();
    if (frontEnd.outcome === 'denied') warnAtStart(frontEnd.code, frontEnd.detail);
    if (this.#options[frontEndOverride] === true) warnAtStart('front_end_anywhere', anywhereDetail);
    if (core !== undefined) this.#streaming.watchCapabilities(core);
    const { trustStore } = this.#options;
    await trustStore.start?.();
    const report = trustStore.report?.();
    this.#trustLog.begin(report);
    if (report?.fault !== undefined) warnAtStart('trust_unavailable', `${report.description}: ${report.fault}`);
    for (const { code, path, message } of report?.warnings ?? []) warnAtStart(code, `${path}: ${message}`);
  }

  #close<Handler extends AnyHandler>(functionName: string, policy: FunctionPolicy, handler: Handler): Handler {
    const decide = (args: readonly unknown[]): Verdict | PromiseLike<Verdict> =>
      policy.kind === 'anonymous' ? admitted : this.#decide({ functionName, roles: policy.roles }, args);
    const closed = function (this: unknown, ...args: unknown[]): unknown {
      const proceed = (verdict: Verdict): unknown =>
        verdict === admitted ? Reflect.apply(handler, this, args) : refuse(verdict as Denial, args);
      const verdict = decide(args);
      return isPromiseLike(verdict) ? verdict.then(proceed) : proceed(verdict);
    } as AnyHandler as Handler;
    gatedHandlers.set(closed, Object.freeze({ policy, functionName }));
    return closed;
  }

  /** Never throws: whatever fails here is a denial. */
  #decide(requirement: FunctionRequirement, args: readonly unknown[]): Verdict | PromiseLike<Verdict> {
    const context = findContext(args);
    if (context === undefined) return deny('internal_fault', 'The call carries no invocation context.');
    const [request] = args;
    try {
      const decision = this.#readDecision(requirement, request, context);
      if (!isPromiseLike(decision)) return this.#conclude(context, request, decision);
      return decision
        .then((late) => this.#conclude(context, request, late))
        .then(undefined, (error: unknown) => this.#denyFault(context, error));
    } catch (error) {
      return this.#denyFault(context, error);
    }
  }

  #readDecision(
    requirement: FunctionRequirement,
    request: unknown,
    context: InvocationContext,
  ): Decision | PromiseLike<Decision> {
    const earlier = this.#admissions.get(context);
    // The other half of a handler that is closed twice. Who calls is known; what this half requires is asked again.
    if (earlier !== undefined && earlier.request === request) {
      return findAuthorizationDenial(earlier.admission.identity, requirement) ?? earlier.admission;
    }
    const frontEnd = this.#resolveFrontEnd();
    if (frontEnd.outcome === 'denied') return frontEnd;
    const road = this.#streaming.takeRoad(context.invocationId);
    if (road.kind === 'ambiguous') return deny('http_streaming_ambiguous', ambiguousDetail);
    const header = road.kind === 'proxied' ? road.header : (request as HttpRequest).headers.get(certificateHeaderName);
    return this.#access.decide(header, requirement, Date.now());
  }

  #conclude(context: InvocationContext, request: unknown, decision: Decision): Verdict {
    const isRepeated = decision.outcome === 'allowed' && this.#admissions.get(context)?.admission === decision;
    if (!isRepeated) this.#writeLog(context, decision);
    if (decision.outcome !== 'allowed') return decision;
    this.#admissions.set(context, { request, admission: decision });
    clientIdentities.set(context, decision.identity);
    return admitted;
  }

  #denyFault(context: InvocationContext, error: unknown): Denial {
    const denial = deny(
      'internal_fault',
      `Certgate failed while deciding, so the call is refused: ${describeFault(error)}.`,
    );
    try {
      this.#log.write(context, denial, undefined);
    } catch {
      // It may be the log that failed; the refusal stands without its line.
    }
    return denial;
  }

  #writeLog(context: InvocationContext, decision: Decision): void {
    const report = this.#findTrustReport();
    this.#trustLog.note(context, report);
    this.#log.write(context, decision, report?.revision);
  }

  /** For the log alone, so a store of the user's own that can't say it spoils no decision. */
  #findTrustReport(): TrustStoreReport | undefined {
    try {
      return this.#options.trustStore.report?.();
    } catch {
      return undefined;
    }
  }

  /** Settled at the first call: a placeholder instance gets its real environment only after the app was loaded. */
  #resolveFrontEnd(): FrontEnd {
    if (this.#options[frontEndOverride] === true) return anywhere;
    if (this.#frontEnd !== undefined) return this.#frontEnd;
    const frontEnd = resolveFrontEnd(this.#options.frontEnd, process.env);
    if (process.env['WEBSITE_PLACEHOLDER_MODE'] !== '1') this.#frontEnd = frontEnd;
    return frontEnd;
  }
}

/** Both must be met. What is anonymous in one and closed in the other is closed. */
function tighten(first: FunctionPolicy | undefined, second: FunctionPolicy): FunctionPolicy {
  if (first === undefined) return second;
  const roles = [first, second].flatMap((policy) => (policy.kind === 'certificate' ? policy.roles : []));
  const isAnonymous = first.kind === 'anonymous' && second.kind === 'anonymous';
  return isAnonymous ? second : Object.freeze({ kind: 'certificate', roles: Object.freeze(roles) });
}

function refuse(denial: Denial, args: readonly unknown[]): unknown {
  const context = findContext(args);
  const response = createDenialResponse(denial, context?.invocationId ?? 'unknown', isDevelopment(process.env));
  return context === undefined ? response : answerDenial(response, context);
}

const anywhere: FrontEnd = Object.freeze({ outcome: 'known', name: 'anywhere', isDevelopment: false });

const anywhereDetail =
  'unsafeTrustCertificateHeaderFromAnywhere is set: whoever reaches this app can claim to be any caller, whose certificate is no secret. Take it away wherever anybody but a front end of yours reaches the app.';

const ambiguousDetail =
  'HTTP streaming is on, and the proxied request of this invocation could not be told from others (none with its id, or two), so nobody knows whose certificate it was. If it happens often, the host and @azure/functions may disagree about streaming: update both.';

/** The last argument that looks like an invocation context: libraries put arguments of their own in front of it. */
function findContext(args: readonly unknown[]): InvocationContext | undefined {
  const last = args.at(-1);
  return typeof last === 'object' && last !== null && 'invocationId' in last && 'functionName' in last
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
