// gate/: decides each request by its headers or its TLS connection, for every adapter.
//
//   an adapter's request
//     │ passed-requests        this gate let it pass before              asks for roles alone
//     │ anonymous-routes       method and path are open to all           passes without an identity
//     │ http-gate              the gate did not start                    503 trust_unavailable
//     │ gate-settings          no front end to go by                     503 front_end_unknown, front_end_unproven …
//     │ RequestReader of core  the secret and the text of the front end  401 front_end_bypassed, certificate_missing …
//     │   or tls-certificate   the certificate of the TLS connection     401 certificate_missing
//     │ ReportingGate of core  trust, roles; the line and the event      401, 403 or 503
//     ▼ the app's handler, with the client's identity

import { randomUUID } from 'node:crypto';
import {
  authorize,
  createDenialAnswer,
  type Decision,
  type Denial,
  type DenialAnswer,
  deny,
  describeFault,
  type FunctionRequirement,
  isDevelopment,
  type LoggingCall,
  ReportingGate,
  warnAtStart,
} from '@certgate/core';
import { readRequirement, type RouteRequirement } from './call-requirement.js';
import {
  type CertificateSource,
  type GateOptions,
  type GateSettings,
  readGateSettings,
  type RequestSource,
  resolveCertificateSource,
} from './gate-settings.js';
import { type RequestHeaders, toFindField } from './header-fields.js';
import { type Gatekeeper, type PassedRequest, passedRequests } from './passed-requests.js';
import { type IncomingCall, passed, type Verdict } from './verdict.js';

/** Decides about requests. The adapters take one; `decide` serves whatever has no adapter. */
export interface Gate {
  /**
   * Loads trust, and says what stands in the way of admitting anybody. The first decision does it otherwise.
   *
   * @throws {Error} where the trust document is not valid. The gate then refuses every call.
   */
  start(): Promise<void>;
  /**
   * Decides by the header fields of a request, logs a line and publishes an event. It never throws or rejects. The correlation
   * id stands in both, and `createAnswer` tells it to a refused caller.
   */
  decide(headers: RequestHeaders, requirement?: RouteRequirement, correlationId?: string): Decision | Promise<Decision>;
  /** The HTTP response for a refused caller: problem details by RFC 9457. */
  createAnswer(denial: Denial, correlationId: string): DenialAnswer;
}

/** Set once trust was loaded; or why every call is refused. */
type Readiness = Extract<CertificateSource, { outcome: 'known' }> | Denial;

export class HttpGate implements Gate, Gatekeeper {
  readonly #settings: GateSettings;
  readonly #gate: ReportingGate;
  readonly #ofGate: FunctionRequirement;
  readonly #log: Pick<LoggingCall, 'log' | 'warn'>;
  #start: Promise<void> | undefined;
  #readiness: Readiness | undefined;

  /** @throws {TypeError} as `createGate`. */
  constructor(options: GateOptions) {
    this.#settings = readGateSettings(options);
    const { functionName, log } = this.#settings;
    this.#gate = new ReportingGate(this.#settings.options);
    this.#ofGate = Object.freeze({ functionName, roles: Object.freeze([]) });
    this.#log = {
      log: (line) => {
        log.info(line);
      },
      warn: (line) => {
        log.warn(line);
      },
    };
  }

  get isDirectTls(): boolean {
    return this.#settings.isDirectTls;
  }

  start(): Promise<void> {
    return (this.#start ??= this.#load());
  }

  async #load(): Promise<void> {
    try {
      const source = resolveCertificateSource(this.#settings);
      await this.#gate.start(source.outcome === 'denied' ? source : undefined);
      this.#readiness = source;
    } catch (error) {
      const detail = `The gate did not start, so every call is refused: ${describeFault(error)}. Mend that, and start the app again.`;
      this.#readiness = deny('trust_unavailable', detail);
      warnAtStart('trust_unavailable', detail);
      throw error;
    }
  }

  decide(
    headers: RequestHeaders,
    requirement?: RouteRequirement,
    correlationId: string = randomUUID(),
  ): Decision | Promise<Decision> {
    return this.#decide(() => ({ findField: toFindField(headers), socket: undefined }), requirement, correlationId);
  }

  createAnswer(denial: Denial, correlationId: string): DenialAnswer {
    const development = isDevelopment(process.env) ? { trust: this.#gate.findTrustReport() } : undefined;
    return createDenialAnswer(denial, correlationId, development);
  }

  /** For adapters. Never throws or rejects. */
  decideCall(call: IncomingCall, requirement?: RouteRequirement): Verdict | Promise<Verdict> {
    const correlationId = randomUUID();
    try {
      const earlier = passedRequests.get(call.request);
      if (earlier?.gate === this) return this.#decideAgain(earlier, call.request, requirement);
      const { method, target } = call;
      // Another gate has taken its secret from the request; what it was given still has it.
      const source = earlier?.source ?? call;
      if (requirement === undefined && this.#settings.anonymousRoutes.includes(method, target)) {
        // In place of another gate's entry: its identities and roles mean nothing here.
        passedRequests.set(call.request, { gate: this, identity: undefined, source, correlationId });
        return passed;
      }
      return this.#decideAnew(source, call.request, requirement, correlationId);
    } catch (error) {
      return this.#answerFault(error, correlationId);
    }
  }

  #answerFault(error: unknown, correlationId: string): DenialAnswer {
    const subject = this.#createSubject(this.#ofGate, correlationId);
    return this.createAnswer(this.#gate.denyFault(subject, error), correlationId);
  }

  #decideAnew(
    source: RequestSource,
    request: object,
    requirement: RouteRequirement | undefined,
    correlationId: string,
  ): Verdict | Promise<Verdict> {
    const conclude = (decision: Decision): Verdict => {
      if (decision.outcome !== 'allowed') return this.createAnswer(decision, correlationId);
      passedRequests.set(request, { gate: this, identity: decision.identity, source, correlationId });
      return passed;
    };
    const decision = this.#decide(() => source, requirement, correlationId);
    if (isSettled(decision)) return conclude(decision);
    return decision.then(conclude).catch((error: unknown) => this.#answerFault(error, correlationId));
  }

  /** Who calls is known, unless the route is anonymous and something in it asks for a caller after all. */
  #decideAgain(
    { identity, source, correlationId }: PassedRequest,
    request: object,
    requirement: RouteRequirement | undefined,
  ): Verdict | Promise<Verdict> {
    if (identity === undefined)
      return requirement === undefined ? passed : this.#decideAnew(source, request, requirement, correlationId);
    const now = Date.now();
    const required = readRequirement(requirement, this.#ofGate);
    const decision = authorize(identity, required, now);
    if (decision.outcome === 'allowed') return passed;
    const subject = this.#createSubject(required, correlationId);
    this.#gate.report({ subject, requirement: required }, decision, now);
    return this.createAnswer(decision, correlationId);
  }

  /** Never throws or rejects. */
  #decide(
    findSource: () => RequestSource,
    requirement: RouteRequirement | undefined,
    correlationId: string,
  ): Decision | Promise<Decision> {
    let subject = this.#createSubject(this.#ofGate, correlationId);
    const denyFault = (error: unknown): Denial => this.#gate.denyFault(subject, error);
    try {
      const required = readRequirement(requirement, this.#ofGate);
      subject = this.#createSubject(required, correlationId);
      const readiness = this.#readiness;
      if (readiness === undefined) {
        return this.#awaitStart().then(() =>
          this.#readiness === undefined
            ? this.#gate.reportDenial(subject, deny('trust_unavailable', notStartedDetail))
            : this.#decide(findSource, requirement, correlationId),
        );
      }
      const now = Date.now();
      const decision =
        readiness.outcome === 'denied' ? readiness : this.#gate.decide(readiness.read(findSource()), required, now);
      const report = (settled: Decision): Decision => {
        this.#gate.report({ subject, requirement: required }, settled, now);
        return settled;
      };
      return isSettled(decision) ? report(decision) : decision.then(report).catch(denyFault);
    } catch (error) {
      return denyFault(error);
    }
  }

  /** Until it started, or failed to, or for as long as a call may wait. */
  async #awaitStart(): Promise<void> {
    const settled = this.start().catch(() => undefined);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, startTimeoutMilliseconds)));
    await Promise.race([settled, late]);
    clearTimeout(timer);
  }

  #createSubject({ functionName }: FunctionRequirement, invocationId: string): LoggingCall {
    return { functionName, invocationId, ...this.#log };
  }
}

/** As long as `AccessGate` waits for an answer of the store. */
const startTimeoutMilliseconds = 15_000;

const notStartedDetail = `The trust store did not start within ${startTimeoutMilliseconds} ms of the call.`;

/** Told by a member of its own: a promise that inherits one from a polluted `Object.prototype` must not be taken for an admission. */
function isSettled(decision: Decision | Promise<Decision>): decision is Decision {
  return Object.hasOwn(decision, 'outcome');
}

/**
 * Makes the gate of a server. Give it to an adapter: `secureServer`, `secureExpress`, `secureFastify` or `secureFetch`.
 *
 * @example
 * ```ts
 * import { createGate, trustStoreFrom } from '@certgate/http';
 *
 * export const gate = createGate({ trustStore: trustStoreFrom(process.env['CERTGATE_TRUST']), frontEnd: 'nginx' });
 * ```
 *
 * @throws {TypeError} for an unknown option or a value that is none of the allowed.
 */
export function createGate(options: GateOptions): Gate {
  return new HttpGate(options);
}

/** @throws {TypeError} for what `createGate` did not make. */
export function expectGate(who: string, gate: Gate): HttpGate {
  if (gate instanceof HttpGate) return gate;
  throw new TypeError(`${who} needs a gate that createGate of the same copy of @certgate/http has made.`);
}
