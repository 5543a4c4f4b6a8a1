import type { HttpRequest, InvocationContext } from '@azure/functions';
import {
  AccessGate,
  type Decision,
  type Denial,
  type FunctionRequirement,
  type TrustStore,
  deny,
} from '@certgate/core';
import { DecisionLog, formatLogLine } from './decision-log.js';
import { createDenialResponse } from './denial-response.js';
import {
  type FrontEnd,
  type FrontEndName,
  certificateHeaderName,
  isDevelopment,
  resolveFrontEnd,
} from './front-end.js';
import { HttpStreamingWatch } from './http-streaming.js';
import {
  type AnyHandler,
  type FunctionPolicy,
  certificatePolicy,
  clientIdentities,
  functionPolicies,
  gatedHandlers,
} from './shared-state.js';
import type { FunctionMetadata, WorkerCore } from './worker-core.js';

/** Named `unsafeTrustCertificateHeaderFromAnywhere` where apps see it. */
export const frontEndOverride: unique symbol = Symbol.for('certgate/unsafe-trust-certificate-header-from-anywhere');

interface GateOptions {
  readonly trustStore: TrustStore;
  readonly frontEnd?: FrontEndName;
  readonly [frontEndOverride]?: true;
}

/** Closes handlers, and decides at each call. One per app. */
export class FunctionGate {
  readonly #options: GateOptions;
  readonly #access: AccessGate;
  readonly #log = new DecisionLog();
  readonly #streaming = new HttpStreamingWatch();
  readonly #registered = new Map<string, FunctionPolicy>();
  /** Invocations that this gate has admitted, so that a handler covered twice is decided once. */
  readonly #admitted = new WeakMap<object, Decision>();
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
    this.#registered.set(name.toLowerCase(), policy);
    return gatedHandlers.has(handler) ? handler : this.#close(name, policy, handler);
  }

  /** At each invocation: what another hook left as the handler, or what was registered before the gate. */
  coverInvocation<Handler extends AnyHandler>(functionName: string, handler: Handler): Handler {
    if (gatedHandlers.has(handler)) return handler;
    // Where a hook wrapped the handler, its marks are lost; the registration's policy still stands.
    const policy =
      this.#registered.get(functionName.toLowerCase()) ?? functionPolicies.get(handler) ?? certificatePolicy;
    return this.#close(functionName, policy, handler);
  }

  /** When the app starts: says what stands in the way, and loads trust. Rejects when the trust is not valid. */
  async start(core: WorkerCore | undefined): Promise<void> {
    const frontEnd = this.#resolveFrontEnd();
    if (frontEnd.outcome === 'denied') warnAtStart(frontEnd.code, frontEnd.detail);
    if (core !== undefined) {
      this.#streaming.watchCapabilities(core, () => {
        warnAtStart('http_streaming_unsupported', streamingDetail);
      });
    }
    const { trustStore } = this.#options;
    await trustStore.start?.();
    const report = trustStore.report?.();
    if (report?.fault !== undefined) warnAtStart('trust_unavailable', `${report.description}: ${report.fault}`);
    for (const { code, path, message } of report?.warnings ?? []) warnAtStart(code, `${path}: ${message}`);
  }

  #close<Handler extends AnyHandler>(functionName: string, policy: FunctionPolicy, handler: Handler): Handler {
    const decide = (args: readonly unknown[]): Denial | undefined | Promise<Denial | undefined> =>
      policy.kind === 'anonymous' ? undefined : this.#decide({ functionName, roles: policy.roles }, args);
    const respond = (denial: Denial, args: readonly unknown[]): unknown =>
      createDenialResponse(denial, findContext(args)?.invocationId ?? 'unknown', isDevelopment(process.env));
    const closed = function (this: unknown, ...args: unknown[]): unknown {
      const denial = decide(args);
      if (denial === undefined) return Reflect.apply(handler, this, args);
      if (!(denial instanceof Promise)) return respond(denial, args);
      return denial.then((late): unknown =>
        late === undefined ? Reflect.apply(handler, this, args) : respond(late, args),
      );
    } as AnyHandler as Handler;
    gatedHandlers.set(closed, Object.freeze({ policy }));
    return closed;
  }

  /** Never throws: whatever fails here is a denial. */
  #decide(
    requirement: FunctionRequirement,
    args: readonly unknown[],
  ): Denial | undefined | Promise<Denial | undefined> {
    try {
      const context = findContext(args);
      if (context === undefined) return deny('internal_fault', 'The call carries no invocation context.');
      const decision = this.#readDecision(requirement, args[0], context);
      if (decision instanceof Promise) return decision.then((late) => this.#conclude(context, late)).catch(denyFault);
      return this.#conclude(context, decision);
    } catch (error) {
      return denyFault(error);
    }
  }

  #readDecision(
    requirement: FunctionRequirement,
    request: unknown,
    context: InvocationContext,
  ): Decision | Promise<Decision> {
    const frontEnd = this.#resolveFrontEnd();
    if (frontEnd.outcome === 'denied') return frontEnd;
    if (this.#streaming.isOn(context.invocationId)) return deny('http_streaming_unsupported', streamingDetail);
    const header = (request as HttpRequest).headers.get(certificateHeaderName);
    return this.#access.decide(header, requirement, Date.now());
  }

  #conclude(context: InvocationContext, decision: Decision): Denial | undefined {
    const isRepeated = this.#admitted.has(context) && decision.outcome === 'allowed';
    if (!isRepeated) this.#log.write(context, decision, this.#options.trustStore.report?.().revision);
    if (decision.outcome === 'denied') return decision;
    this.#admitted.set(context, decision);
    clientIdentities.set(context, decision.identity);
    return undefined;
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

const anywhere: FrontEnd = Object.freeze({ outcome: 'known', name: 'anywhere', isDevelopment: false });

const streamingDetail =
  'HTTP streaming is on (app.setup({ enableHttpStream: true })), where request headers prove nothing, so closed functions refuse every call. Set enableHttpStream to false.';

/** The last argument that looks like an invocation context: libraries put arguments of their own in front of it. */
function findContext(args: readonly unknown[]): InvocationContext | undefined {
  const last = args.at(-1);
  return typeof last === 'object' && last !== null && 'invocationId' in last && 'functionName' in last
    ? (last as InvocationContext)
    : undefined;
}

function denyFault(error: unknown): Denial {
  const description =
    error instanceof Error ? `${error.name}: ${error.message}` : 'something that is no Error was thrown';
  return deny('internal_fault', `Certgate failed while deciding, so the call is refused: ${description}.`);
}

function warnAtStart(code: string, detail: string): void {
  // No invocation, no context: the worker sends the console's lines to the host's log.
  console.warn(formatLogLine({ certgate: 1, event: 'start', code, detail }));
}
