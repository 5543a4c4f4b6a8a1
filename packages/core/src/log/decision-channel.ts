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
 * The `node:diagnostics_channel` on which the outcome of every request is published once, also of those that the log counts
 * only. An admission is published when nothing behind the gate can refuse the request any more.
 */
export const decisionChannelName = 'certgate:decision';

/** The outcome of one request. Frozen. It names certificates by their thumbprints; no certificate or key is in it. */
export interface DecisionEvent {
  /** Raised with every change of the shape that a subscriber could notice. */
  readonly version: 1;
  /** `observed`: the decision was to refuse, and the call went on to the handler, since the function is observed. */
  readonly outcome: 'allowed' | 'denied' | 'observed';
  /** `allowed`, or the precise denial code. */
  readonly code: 'allowed' | DenialCode;
  /** What the caller gets; undefined when the call went on to the handler. */
  readonly status: PublicStatus | undefined;
  readonly functionName: string;
  /** The invocation id, which a refused caller was given as `correlationId`. */
  readonly correlationId: string;
  readonly identityName: string | undefined;
  /** On `allowed`, by the trust document. */
  readonly owner: string | undefined;
  readonly roles: readonly string[] | undefined;
  /** What the certificate was recognised by. */
  readonly matchedBy: string | undefined;
  /** The name itself, or all digits of the pin; also of a refusal of a caller who is known by it. */
  readonly matched: string | undefined;
  readonly thumbprintSha256: string | undefined;
  /** Milliseconds since 1970-01-01T00:00:00Z: the earliest end of the certificate, its pin and its identity. */
  readonly accessEndsAt: number | undefined;
  /** On `allowed`, where the certificate lacks clientAuth and its pin accepts that: until when, in milliseconds. */
  readonly withoutClientAuthUntil: number | undefined;
  /** On `allowed`, where the certificate looks like one of a public CA, which will lose clientAuth when it is renewed. */
  readonly clientAuthLoss: ClientAuthLoss | undefined;
  /** The `revision` of the trust document in use, where the store has one. */
  readonly trustRevision: number | undefined;
  /** The SHA-256 of the trust document in use, where the store tells it; of several documents all, separated by commas. */
  readonly trustSha256: string | undefined;
  /** On `allowed`: the refusal that was let through because the function is report-only, and until when (milliseconds). */
  readonly reportOnly: { readonly code: DenialCode; readonly until: number } | undefined;
  /** Where the function is observed. */
  readonly observed: Observation | undefined;
  /** For the operator: what is wrong and what to do; redacted as in the log. */
  readonly detail: string | undefined;
  /**
   * What the gate knew when it refused, of the shape that the code has in `DenialFacts`: the code of `reportOnly` where
   * there is one, else `code`. Plain data; its texts are redacted as in the log. Undefined: nothing was to refuse, or a
   * trust store of the app's own refused.
   */
  readonly facts: DenialFacts[DenialCode] | undefined;
}

/** A call as the log needs it; every invocation context of `@azure/functions` is one. */
export interface LoggingCall {
  readonly functionName: string;
  readonly invocationId: string;
  /** What else is known of the call. */
  readonly about?: CallDescription | undefined;
  /** Of level information. */
  log(line: string): void;
  /** Of level warning. */
  warn(line: string): void;
}

/** What is called, beside the function. No path and no query: they are the caller's. */
export interface CallDescription {
  readonly method?: string | undefined;
  /** The pattern of the route, as the app has it. */
  readonly route?: string | undefined;
  /** The MCP tool, or the prompt or resource. */
  readonly tool?: string | undefined;
}

/** What is told of a call of an observed function: whatever is decided, the call goes on to the handler. */
export interface Observation {
  /** Milliseconds since 1970-01-01T00:00:00Z: from then on, the function is closed. */
  readonly until: number;
  /** The name of the function key by which Azure let the call in. Undefined where the host does not tell it. */
  readonly functionKey: string | undefined;
}

/** A decision with what is known beside it. */
export interface DecisionFacts {
  readonly decision: Decision;
  /** When it was decided, in milliseconds since 1970-01-01T00:00:00Z; absent: now. */
  readonly decidedAt?: number | undefined;
  readonly trustRevision?: number | undefined;
  /** As `TrustStoreReport` has it. */
  readonly trustSha256?: string | undefined;
  /** Where that document comes from, e.g. `file trust.json`. */
  readonly trustSource?: string | undefined;
  /** Milliseconds; of the function's policy. */
  readonly reportOnlyUntil?: number | undefined;
  /** Set where the function is observed now. */
  readonly observation?: Observation | undefined;
  /** The outcome in the request's earlier line, which this decision replaces. */
  readonly after?: CallOutcome['after'];
  /** What the line tells of a certificate that nobody has. It parses the certificate, so only a line that is written asks. */
  readonly describeStranger?: (() => StrangerLine) | undefined;
}

/** What became of the call. */
export function findOutcome({ decision, observation }: DecisionFacts): DecisionEvent['outcome'] {
  return decision.outcome === 'denied' && observation !== undefined ? 'observed' : decision.outcome;
}

type Call = Pick<LoggingCall, 'functionName' | 'invocationId'>;

const decisions = channel(decisionChannelName);

/**
 * Tells the subscribers, in this tick; without any it costs one look. It never throws and changes no decision: what a
 * subscriber throws, Node reports as an uncaught exception in the next tick.
 */
export function publishDecision(call: Call, facts: DecisionFacts): void {
  if (!decisions.hasSubscribers) return;
  try {
    decisions.publish(createDecisionEvent(call, facts));
  } catch {
    // A context whose properties throw, for one: an event that can't be made spoils no decision.
  }
}

/** Fewer requests are under way in a server without having an answer yet. */
const maximumWaiting = 10_000;

/** The admissions that wait, those of all gates in this process; the oldest first. */
const waiting = new Map<CallOutcome, readonly [Call, DecisionFacts]>();
let isExitAwaited = false;

/**
 * What became of a request. It is counted and published once: at once, unless code behind the gate may still refuse an
 * admitted request. Then it waits for the first refusal, for `settle`, or until the process exits. If too many wait, the
 * oldest counts as admitted. A refusal after that counts in addition.
 */
export class CallOutcome {
  /** The outcome in the request's latest line, if its next line replaces that. Written by this class alone. */
  after: 'allowed' | 'denied' | undefined;
  readonly #conclude: (call: Call, facts: DecisionFacts) => void;

  /** `conclude` counts and publishes a decision, and never throws. */
  constructor(conclude: (call: Call, facts: DecisionFacts) => void) {
    this.#conclude = conclude;
  }

  /** Takes this decision in place of the one before. `isLogged`: it has a line. `canChange`: an admission waits. */
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

  /** Nothing can refuse the request any more. It may be called again. */
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

function describeCaller(decision: Decision): Pick<DecisionEvent, CallerKey> {
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

type CallerKey =
  | 'identityName'
  | 'owner'
  | 'roles'
  | 'matchedBy'
  | 'matched'
  | 'thumbprintSha256'
  | 'accessEndsAt'
  | 'withoutClientAuthUntil'
  | 'clientAuthLoss';

/** What of the document a refused certificate matched: what its facts say, or what it is known by. */
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

/** Without what stands on Object.prototype. */
export function readDenialFacts(facts: Denial['facts']): AnyFacts {
  return facts === undefined ? {} : (copyOwn(facts) as AnyFacts);
}

/** What the facts of one code or another have. */
interface AnyFacts extends Partial<PathFacts> {
  readonly matched?: string;
  readonly identities?: readonly MatchedIdentity[];
}

function findReportOnly({ decision, reportOnlyUntil }: DecisionFacts): DecisionEvent['reportOnly'] {
  if (decision.outcome === 'denied' || decision.deferred === undefined || reportOnlyUntil === undefined)
    return undefined;
  return Object.freeze({ code: decision.deferred.code, until: reportOnlyUntil });
}
