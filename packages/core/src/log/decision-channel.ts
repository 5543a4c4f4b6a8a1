import { channel } from 'node:diagnostics_channel';
import type { ClientAuthLoss } from '../access/client-auth.js';
import { findClientAuthLoss } from '../access/client-auth-loss.js';
import type { Decision } from '../access/decision.js';
import { type Denial, type DenialCode, type PublicStatus, getPublicStatus } from '../denial.js';
import type { DenialFacts, MatchedIdentity, PathFacts } from '../denial-facts.js';
import { copyOwn } from '@certgate/x509/internal';
import { redactText, redactTexts } from './log-text.js';
import type { StrangerLine } from './stranger-line.js';

/**
 * The `node:diagnostics_channel` on which the outcome of every request that the gate decides is published, normally
 * once, even if the log only counts it. An admission is published as soon as no code behind the gate can refuse the
 * request any more.
 */
export const decisionChannelName = 'certgate:decision';

/**
 * The outcome of one request. Frozen. It names certificates by their thumbprints and never contains a certificate or
 * key.
 */
export interface DecisionEvent {
  /** Rises with every change of the event's shape that a subscriber could notice. */
  readonly version: 1;
  /** `observed`: the gate decided to refuse, but the function is observed, so the call went on to the handler. */
  readonly outcome: 'allowed' | 'denied' | 'observed';
  /** `allowed`, or the precise denial code. */
  readonly code: 'allowed' | DenialCode;
  /**
   * The HTTP status that the caller gets (over MCP, an error instead). Undefined if the call went on to the handler.
   */
  readonly status: PublicStatus | undefined;
  readonly functionName: string;
  /** The invocation id (on a server, an id of the request), which a refused caller was given as `correlationId`. */
  readonly correlationId: string;
  readonly identityName: string | undefined;
  /** On `allowed`: who is responsible for the identity, according to the trust store. */
  readonly owner: string | undefined;
  readonly roles: readonly string[] | undefined;
  /** On `allowed`: what the certificate was recognised by, such as `thumbprintSha256`. */
  readonly matchedBy: string | undefined;
  /**
   * The name itself, or the whole hash of the pin; several are separated by commas. Also set on denials if the caller
   * was recognised by it.
   */
  readonly matched: string | undefined;
  readonly thumbprintSha256: string | undefined;
  /**
   * On `allowed`: when the access ends, in milliseconds since 1970-01-01T00:00:00Z. This is the earliest end of what
   * admits the caller, such as the certificate, its pin and its identity.
   */
  readonly accessEndsAt: number | undefined;
  /**
   * On `allowed`, if the certificate lacks clientAuth and its pin accepts that: the end of that acceptance, in
   * milliseconds since 1970-01-01T00:00:00Z.
   */
  readonly withoutClientAuthUntil: number | undefined;
  /**
   * On `allowed`, if the certificate looks like one of a public CA, so that it may lose clientAuth when it is renewed.
   */
  readonly clientAuthLoss: ClientAuthLoss | undefined;
  /** The `revision` of the trust document in use. Undefined if the store has none, or if it was not asked. */
  readonly trustRevision: number | undefined;
  /**
   * The SHA-256 of the trust document in use, or of all documents, separated by commas. Undefined if the store doesn't
   * say, or if it was not asked.
   */
  readonly trustSha256: string | undefined;
  /**
   * On `allowed`: the refusal that was let through because the function is report-only, and the end of report-only, in
   * milliseconds since 1970-01-01T00:00:00Z.
   */
  readonly reportOnly: { readonly code: DenialCode; readonly until: number } | undefined;
  /** Set if the function is observed. */
  readonly observed: Observation | undefined;
  /** What is wrong, and often what to do, for the operator. Redacted like the log. */
  readonly detail: string | undefined;
  /**
   * What the gate knew when it refused, in the shape that `DenialFacts` defines for the code: the code of `reportOnly`
   * if that is set, otherwise `code`. Plain data, whose texts are redacted like the log. Undefined if there was nothing
   * to refuse, or if a trust store of the app's own refused or said why it does not know the certificate.
   */
  readonly facts: DenialFacts[DenialCode] | undefined;
}

/** What the log needs of a call. Every invocation context of `@azure/functions` fits. */
export interface LoggingCall {
  readonly functionName: string;
  readonly invocationId: string;
  /** What else is known about the call. */
  readonly about?: CallDescription | undefined;
  /** Writes a line of level information. */
  log(line: string): void;
  /** Writes a line of level warning. */
  warn(line: string): void;
}

/** What is called, in addition to the function. Without path and query, because the caller chooses them. */
export interface CallDescription {
  readonly method?: string | undefined;
  /** The pattern of the route, as the app wrote it. */
  readonly route?: string | undefined;
  /** The name of the MCP tool or prompt, or the URI of the resource. */
  readonly tool?: string | undefined;
}

/**
 * What the log shows about a call of an observed function. Whatever the gate decides, the call goes on to the handler.
 */
export interface Observation {
  /** When the function closes, in milliseconds since 1970-01-01T00:00:00Z. */
  readonly until: number;
  /** The name of the function key with which Azure let the call in. Undefined if the host doesn't show it. */
  readonly functionKey: string | undefined;
}

/** A decision, and what else is known about the call. */
export interface DecisionFacts {
  readonly decision: Decision;
  /** When the gate decided, in milliseconds since 1970-01-01T00:00:00Z. Undefined if that is now. */
  readonly decidedAt?: number | undefined;
  readonly trustRevision?: number | undefined;
  /** The `sha256` of the trust store's report. */
  readonly trustSha256?: string | undefined;
  /** The source of the trust document, such as `file trust.json`. */
  readonly trustSource?: string | undefined;
  /** The end of report-only by the function's policy, in milliseconds since 1970-01-01T00:00:00Z. */
  readonly reportOnlyUntil?: number | undefined;
  /** Set if the function is observed now. */
  readonly observation?: Observation | undefined;
  /** The outcome in the request's earlier line, which this decision replaces. */
  readonly after?: PendingOutcome['after'];
  /**
   * Describes a certificate that belongs to no identity. It parses the certificate, so it must be called only for a
   * line that is written.
   */
  readonly describeStranger?: (() => StrangerLine) | undefined;
}

/** The outcome of the call. */
export function findOutcome({ decision, observation }: DecisionFacts): DecisionEvent['outcome'] {
  return decision.outcome === 'denied' && observation !== undefined ? 'observed' : decision.outcome;
}

type Call = Pick<LoggingCall, 'functionName' | 'invocationId'>;

const decisions = channel(decisionChannelName);

/**
 * Publishes the decision to subscribers, in this tick. Without subscribers, it costs one check. It never throws and
 * never changes a decision: Node reports what a subscriber throws as an uncaught exception in the next tick.
 */
export function publishDecision(call: Call, facts: DecisionFacts): void {
  if (!decisions.hasSubscribers) return;
  try {
    decisions.publish(createDecisionEvent(call, facts));
  } catch {
    // The event can't be made, for example because a property of the context throws. The decision stays as it is.
  }
}

/** A server rarely has this many requests that have no answer yet. */
const maximumWaiting = 10_000;

/** The admissions of all gates in this process that code behind the gate may still refuse, the oldest first. */
const waiting = new Map<PendingOutcome, readonly [Call, DecisionFacts]>();
let isExitAwaited = false;

/**
 * The outcome of a request, which is normally counted and published once. A denial is concluded at once. So is an
 * admission, unless code behind the gate may still refuse the request: then it waits for the first refusal, for
 * `settle`, or for the process to exit. If too many admissions wait, the oldest is concluded as admitted, and a later
 * refusal of it is counted in addition.
 */
export class PendingOutcome {
  /**
   * `denied` if the request was refused. `allowed` if its admission has a line and waits. Otherwise undefined. Only
   * this class writes it.
   */
  after: 'allowed' | 'denied' | undefined;
  readonly #conclude: (call: Call, facts: DecisionFacts) => void;

  /** `conclude` counts and publishes a decision. It must not throw. */
  constructor(conclude: (call: Call, facts: DecisionFacts) => void) {
    this.#conclude = conclude;
  }

  /**
   * Replaces the earlier decision by this one, unless that was a denial. `isLogged`: the decision has a line.
   * `canChange`: code behind the gate may still refuse the request, so an admission waits.
   */
  replace(call: Call, facts: DecisionFacts, isLogged: boolean, canChange: boolean = waiting.has(this)): void {
    if (this.after === 'denied') return;
    const isDenied = facts.decision.outcome === 'denied';
    if (isDenied || !canChange) {
      waiting.delete(this);
      this.after = isDenied ? 'denied' : undefined;
      this.#conclude(call, facts);
      return;
    }
    waiting.set(this, [call, facts]);
    if (isLogged) this.after = 'allowed';
    if (!isExitAwaited) process.once('exit', settleWaiting);
    isExitAwaited = true;
    if (waiting.size <= maximumWaiting) return;
    const [oldest] = waiting.keys();
    oldest?.settle();
  }

  /**
   * Concludes a waiting admission: nothing can refuse the request any more, too many admissions wait, or the process
   * exits. Does nothing if none waits.
   */
  settle(): void {
    const held = waiting.get(this);
    if (held === undefined) return;
    waiting.delete(this);
    this.after = undefined;
    this.#conclude(...held);
  }
}

function settleWaiting(): void {
  for (const outcome of waiting.keys()) outcome.settle();
}

function createDecisionEvent({ functionName, invocationId }: Call, facts: DecisionFacts): DecisionEvent {
  const { decision, trustRevision, trustSha256, observation } = facts;
  const { detail, facts: known } = (decision.outcome === 'denied' ? decision : decision.deferred) ?? nothingDenied;
  return Object.freeze({
    version: 1,
    outcome: findOutcome(facts),
    code: decision.code,
    status: decision.outcome === 'denied' && observation === undefined ? getPublicStatus(decision.code) : undefined,
    functionName,
    correlationId: invocationId,
    ...describeCaller(decision),
    trustRevision,
    trustSha256,
    reportOnly: findReportOnly(facts),
    observed: observation,
    detail: detail === undefined ? undefined : redactText(detail),
    facts: redactTexts(known),
  });
}

const nothingDenied: Partial<Pick<Denial, 'detail' | 'facts'>> = Object.freeze({});

function describeCaller(decision: Decision): Pick<DecisionEvent, CallerMember> {
  const denial = decision.outcome === 'denied' ? decision : undefined;
  const identity = decision.outcome === 'denied' ? undefined : decision.identity;
  const certificate = identity?.certificate;
  return {
    identityName: denial?.identityName ?? identity?.name,
    owner: identity?.owner,
    roles: identity?.roles,
    matchedBy: identity?.matchedBy,
    matched: denial === undefined ? identity?.matched : findMatched(denial),
    thumbprintSha256: (denial ?? certificate)?.thumbprintSha256,
    accessEndsAt: identity?.accessEndsAt,
    withoutClientAuthUntil: identity?.withoutClientAuthUntil,
    clientAuthLoss: certificate && findClientAuthLoss(certificate),
  };
}

type CallerMember =
  | 'identityName'
  | 'owner'
  | 'roles'
  | 'matchedBy'
  | 'matched'
  | 'thumbprintSha256'
  | 'accessEndsAt'
  | 'withoutClientAuthUntil'
  | 'clientAuthLoss';

/** The pin or name of the document that a refused certificate matched, from the denial or from its facts. */
export function findMatched({ matched, facts }: Denial): string | undefined {
  if (matched !== undefined || facts === undefined) return matched;
  const { matched: entry, pin, identities = [], claim, isIssued } = readDenialFacts(facts);
  if (isIssued === true && claim !== undefined) return claim.name.value;
  return (
    entry ??
    pin?.value ??
    (identities.flatMap(({ pins, names }) => [...pins, ...names].map(({ value }) => value)).join() || undefined)
  );
}

/** The facts' own members, without anything on Object.prototype. */
export function readDenialFacts(facts: Denial['facts']): AnyFacts {
  return facts === undefined ? {} : (copyOwn(facts) as AnyFacts);
}

/** The members that the facts of some codes have. */
interface AnyFacts extends Partial<PathFacts> {
  readonly matched?: string;
  readonly identities?: readonly MatchedIdentity[];
}

function findReportOnly({ decision, reportOnlyUntil }: DecisionFacts): DecisionEvent['reportOnly'] {
  if (decision.outcome === 'denied' || decision.deferred === undefined || reportOnlyUntil === undefined)
    return undefined;
  return Object.freeze({ code: decision.deferred.code, until: reportOnlyUntil });
}
