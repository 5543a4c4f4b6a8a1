// gate/: decides each request by its headers or its TLS connection, for every adapter.
//
//   an adapter's request
//     │ passed-requests        this gate let it pass before              authorizes again
//     │   by its exchange      a gate around the framework let it pass   decides anew, by what that gate was given
//     │ anonymous-routes       method and path are open to all           passes without an identity
//     │ lock-setting of core   CERTGATE_LOCKED is set                    503 trust_locked
//     │ gate-start             trust is not valid, or not there yet      503 trust_unavailable
//     │ gate-settings          no front end to go by                     503 front_end_unknown, front_end_unproven …
//     │ RequestReader of core  the secret and the text of the front end  401 front_end_bypassed, certificate_missing …
//     │   or tls-certificate   the certificate of the TLS connection     401 certificate_missing
//     │ ReportingGate of core  trust, roles; the line and the event      401, 403 or 503
//     ▼ the app's handler, with the client's identity

import { AsyncResource } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { channel } from 'node:diagnostics_channel';
import {
  authorize,
  type PendingOutcome,
  createDenialAnswer,
  type Decision,
  decisionChannelName,
  type Denial,
  type DenialAnswer,
  type FunctionRequirement,
  getPublicCode,
  isDevelopment,
  type LoggingCall,
  ReportingGate,
  invalidArgument,
} from '@certgate/core';
import { readRequirement, type RouteRequirement } from './call-requirement.js';
import { type GateOptions, type GateSettings, readGateSettings, type RequestSource } from './gate-settings.js';
import { GateStart, type Readiness, unknownCallersCertificate } from './gate-start.js';
import { findFieldText, type RequestHeaders, toFindField } from './header-fields.js';
import {
  findCurrent,
  findExchange,
  findPassed,
  type Gatekeeper,
  notePassed,
  type PassedRequest,
} from './passed-requests.js';
import { type IncomingCall, passed, type CallAnswer } from './incoming-call.js';

/** Decides about requests. The adapters need one. For other frameworks, call `decide`. */
export interface Gate {
  /**
   * Loads the trust, and logs what prevents the gate from admitting callers. Without this call, the first decision does
   * it.
   *
   * @throws {CertgateError} if the trust document or its address is not valid. The gate then refuses every call of a
   * closed route, and tries again while it is called or asked whether it is ready.
   */
  start(): Promise<void>;
  /**
   * Whether the gate has what it needs to decide: a known front end, and trust that was loaded and is not too old.
   * While it has not, every call of a closed route is refused with 503. Also true while the trust is locked. Starts the
   * gate if necessary, and otherwise writes no line. Never rejects.
   */
  isReady(): Promise<boolean>;
  /**
   * Decides by the header fields of a request, and reports the decision in the log and on the decision channel. Never
   * throws or rejects. With `direct-tls`, it refuses everybody, because header fields don't show the connection. The
   * correlation id is in the line and in the event, and `createAnswer` gives it to a refused caller.
   *
   * Each call is a new decision. An adapter, however, decides once about a request object. If your code uses that
   * object for a second caller, it keeps the identity of the first one.
   */
  decide(headers: RequestHeaders, requirement?: RouteRequirement, correlationId?: string): Decision | Promise<Decision>;
  /** Makes the HTTP response for a refused caller: problem details by RFC 9457. */
  createAnswer(denial: Denial, correlationId: string): DenialAnswer;
}

const decisions = channel(decisionChannelName);

export class HttpGate implements Gate, Gatekeeper {
  readonly #settings: GateSettings;
  readonly #gate: ReportingGate;
  readonly #ofGate: FunctionRequirement;
  readonly #log: Pick<LoggingCall, 'log' | 'warn'>;
  readonly #start: GateStart;

  /** @throws {CertgateError} in the same cases as `createGate`. */
  constructor(options: GateOptions) {
    this.#settings = readGateSettings(options);
    const { functionName, log } = this.#settings;
    this.#ofGate = Object.freeze({ functionName, roles: Object.freeze([]) });
    this.#log = {
      log: (line) => {
        log.info(line);
      },
      warn: (line) => {
        log.warn(line);
      },
    };
    this.#gate = new ReportingGate(this.#settings.options, () => this.#start.describe(), this.#log.warn);
    this.#start = new GateStart(this.#settings, this.#gate);
  }

  get functionName(): string {
    return this.#settings.functionName;
  }

  get isDirectTls(): boolean {
    return this.#settings.isDirectTls;
  }

  start(): Promise<void> {
    return this.#start.start();
  }

  async isReady(): Promise<boolean> {
    const readiness = this.#start.readiness ?? (await this.#start.settle());
    if (readiness.outcome === 'denied') return false;
    const { code } = await this.#gate.decide(unknownCallersCertificate, this.#ofGate, Date.now());
    return code === 'allowed' || code === 'trust_locked' || getPublicCode(code) !== 'unavailable';
  }

  decide(
    headers: RequestHeaders,
    requirement?: RouteRequirement,
    correlationId: string = randomUUID(),
  ): Decision | Promise<Decision> {
    try {
      const required = this.#readRequirement(requirement);
      const findSource = (): RequestSource => ({ findField: toFindField(headers), socket: undefined });
      return this.#decide(findSource, required, this.#createSubject(required, correlationId));
    } catch (error) {
      return this.#gate.denyFault(this.#createSubject(this.#ofGate, correlationId), error);
    }
  }

  createAnswer(denial: Denial, correlationId: string): DenialAnswer {
    const development = isDevelopment(process.env) ? { trust: this.#gate.findTrustReport() } : undefined;
    return createDenialAnswer(denial, correlationId, development);
  }

  /** Decides for adapters. `subject` names what has the requirement, for messages. Never throws or rejects. */
  decideCall(call: IncomingCall, requirement?: RouteRequirement, subject?: string): CallAnswer | Promise<CallAnswer> {
    const correlationId = randomUUID();
    try {
      const required = requirement === undefined ? undefined : this.#readRequirement(requirement, subject);
      const earlier = this.#findEarlier(call.request);
      if (earlier !== undefined) return this.#decideAgain(earlier, call, required);
      const { method, target } = call;
      // Another gate has removed its secret from the request, but the source that it was given still has the secret.
      const before = findPassed(call.request);
      const linked = before === undefined ? this.#listLinked(call) : [];
      const source = before?.source ?? linked[0]?.source ?? call;
      const admission = linked.find(({ gate }) => gate.functionName === this.functionName) ?? {
        identity: undefined,
        correlationId,
        outcome: undefined,
      };
      if (required === undefined && this.#settings.anonymousRoutes.includes(method, target)) {
        notePassed(call.request, { ...admission, gate: this, identity: undefined, source });
        return passed;
      }
      return this.#decideAnew(source, call, required ?? this.#ofGate, admission);
    } catch (error) {
      const earlier = findPassed(call.request, this);
      return this.#answerFault(error, earlier?.correlationId ?? correlationId, earlier?.outcome);
    }
  }

  /**
   * The earlier result of this gate for the request. If it let the request pass as an anonymous route, that applies
   * only while no other gate runs in between, because afterwards the route may be another one.
   */
  #findEarlier(request: object): PassedRequest | undefined {
    const earlier = findPassed(request, this);
    if (earlier === undefined || earlier.identity !== undefined) return earlier;
    return earlier === findCurrent(request) ? earlier : undefined;
  }

  /**
   * The passed requests of the exchange that this call belongs to, the outermost gate's first. The asynchronous context
   * alone proves nothing: a queue may run one caller's request in the context of another's, a server that a handler
   * opened runs all of its requests there, and Next.js fills its cache there. Therefore Node's request must be that of
   * the exchange. If Node's request is unknown, the call must present the certificate of the exchange.
   */
  #listLinked({ origin, findField }: IncomingCall): readonly PassedRequest[] {
    const exchange = findExchange();
    const linked = exchange?.listPassed() ?? [];
    if (linked[0] === undefined) return [];
    if (origin !== undefined) return exchange?.request === origin ? linked : [];
    const field = this.#start.certificateField;
    if (field === undefined) return [];
    return findFieldText(findField, field) === findFieldText(linked[0].source.findField, field) ? linked : [];
  }

  #readRequirement(requirement: RouteRequirement | undefined, subject?: string): FunctionRequirement {
    if (requirement === undefined) return this.#ofGate;
    return readRequirement(requirement, this.#ofGate, subject ?? this.#ofGate.functionName);
  }

  #answerFault(error: unknown, correlationId: string, earlier?: PendingOutcome): DenialAnswer {
    const subject = this.#createSubject(this.#ofGate, correlationId);
    return this.createAnswer(this.#gate.denyFault(subject, error, undefined, earlier), correlationId);
  }

  #decideAnew(
    source: RequestSource,
    call: IncomingCall,
    required: FunctionRequirement,
    admission: EarlierAdmission,
  ): CallAnswer | Promise<CallAnswer> {
    const { correlationId } = admission;
    let { outcome } = admission;
    const note = (reported: PendingOutcome): void => {
      if (outcome !== undefined) return;
      outcome = reported;
      const settle = (): void => {
        reported.settle();
      };
      // Subscribers must run in the context of the request, whoever writes the head of the answer.
      call.awaitAnswer(decisions.hasSubscribers ? AsyncResource.bind(settle) : settle);
    };
    const conclude = (decision: Decision): CallAnswer => {
      if (decision.outcome !== 'allowed') return this.createAnswer(decision, correlationId);
      notePassed(call.request, { gate: this, identity: decision.identity, source, correlationId, outcome });
      return passed;
    };
    const subject = this.#createSubject(required, correlationId, call);
    const decision = this.#decide(() => source, required, subject, { admission, note });
    if (isSettled(decision)) return conclude(decision);
    return decision.then(conclude).catch((error: unknown) => this.#answerFault(error, correlationId));
  }

  /**
   * Decides again about a request that this gate has let pass. The caller is known, unless the route is anonymous and
   * something inside it requires a caller after all.
   */
  #decideAgain(
    earlier: PassedRequest,
    call: IncomingCall,
    required: FunctionRequirement | undefined,
  ): CallAnswer | Promise<CallAnswer> {
    const { identity, source, correlationId, outcome } = earlier;
    if (identity === undefined)
      return required === undefined ? passed : this.#decideAnew(source, call, required, earlier);
    const now = Date.now();
    const requirement = required ?? this.#ofGate;
    const decision = authorize(identity, requirement, now);
    if (decision.outcome === 'allowed') return passed;
    const subject = this.#createSubject(requirement, correlationId, call);
    this.#gate.report({ subject, requirement }, { decision, now }, outcome);
    return this.createAnswer(decision, correlationId);
  }

  /**
   * Decides and reports. Never throws or rejects. `behind` is set if handlers behind the gate may ask for roles. If a
   * gate of the same name has already reported the same caller's admission, it is not reported again.
   */
  #decide(
    findSource: () => RequestSource,
    requirement: FunctionRequirement,
    subject: LoggingCall,
    behind?: Behind,
  ): Decision | Promise<Decision> {
    const decide = (readiness: Readiness): Decision | Promise<Decision> => {
      const now = Date.now();
      const extraction = readiness.outcome === 'denied' ? undefined : readiness.read(findSource());
      const decision =
        extraction === undefined ? (readiness as Denial) : this.#gate.decide(extraction, requirement, now);
      const report = (settled: Decision): Decision => {
        const name = behind?.admission.identity?.name;
        if (name !== undefined && settled.outcome === 'allowed' && settled.identity.name === name) return settled;
        const decided = { decision: settled, now, extraction };
        const canChange = behind !== undefined;
        const outcome = this.#gate.report({ subject, requirement }, decided, behind?.admission.outcome, canChange);
        if (settled.outcome === 'allowed') behind?.note(outcome);
        return settled;
      };
      return isSettled(decision) ? report(decision) : decision.then(report);
    };
    const denyFault = (error: unknown): Denial =>
      this.#gate.denyFault(subject, error, undefined, behind?.admission.outcome);
    try {
      const { readiness } = this.#start;
      const { locked } = this.#gate;
      if (locked !== undefined) {
        // The start logs what the store says in any case, and no call waits for it.
        if (readiness === undefined) this.#start.settle().catch(() => undefined);
        return decide(locked);
      }
      const decision = readiness === undefined ? this.#start.settle().then(decide) : decide(readiness);
      return isSettled(decision) ? decision : decision.catch(denyFault);
    } catch (error) {
      return denyFault(error);
    }
  }

  #createSubject({ functionName }: FunctionRequirement, invocationId: string, about?: IncomingCall): LoggingCall {
    return { functionName, invocationId, about, ...this.#log };
  }
}

/** The identity that a gate of the same name around the framework has admitted, and the id in the request's lines. */
type EarlierAdmission = Pick<PassedRequest, 'identity' | 'correlationId' | 'outcome'>;

/** `note` is called with the outcome of an admitted call. */
interface Behind {
  readonly admission: EarlierAdmission;
  readonly note: (outcome: PendingOutcome) => void;
}

/**
 * Whether the decision is there. It is recognised by a member of its own, because a promise that inherits one from a
 * polluted `Object.prototype` must not be taken for an admission.
 */
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
 * @throws {CertgateError} if an option is unknown, or if the value of an option or environment variable is not allowed.
 */
export function createGate(options: GateOptions): Gate {
  return new HttpGate(options);
}

/** @throws {CertgateError} if `gate` was not made by `createGate`. */
export function expectGate(who: string, gate: Gate | undefined): HttpGate {
  if (gate instanceof HttpGate) return gate;
  throw invalidArgument(`${who} needs a gate that createGate of the same copy of @certgate/http has made.`);
}
