import { formatInstant } from '@certgate/x509/internal';
import type { Admission, Decision } from '../access/decision.js';
import { type Denial, type DenialCode, getPublicStatus } from '../denial.js';
import type { RevocationListEntry } from '../denial-facts.js';
import {
  type DecisionFacts,
  findMatched,
  findOutcome,
  type LoggingCall,
  type Observation,
  readDenialFacts,
} from './decision-channel.js';
import { cutText, formatLogLine, type LineStart, startLine, maximumFieldLength } from './log-text.js';
import type { StrangerLine } from './stranger-line.js';

/**
 * One line per decision, JSON with these keys. `outcome: "allowed"` lines are of level information; denials are of level
 * warning, and so is what was let through as an exception.
 */
export interface DecisionLogLine extends LineStart<'decision'>, StrangerLine {
  /** `observed`: the decision was to refuse, and the call went on to the handler, since the function is observed. */
  readonly outcome: 'allowed' | 'denied' | 'observed';
  /** `allowed`, or the precise denial code. */
  readonly code: 'allowed' | DenialCode;
  /** What the caller got; absent when the call went on to the handler. */
  readonly status?: number;
  readonly function: string;
  readonly method?: string;
  /** The pattern of the route; absent where it is the function's name, or the line of an admission would be too long. */
  readonly route?: string;
  /** Of an MCP call: the tool, prompt or resource. */
  readonly tool?: string;
  /** The invocation id, which the caller was given as `correlationId`. */
  readonly correlationId: string;
  readonly identity?: string;
  readonly matchedBy?: string;
  /**
   * The name that matched, or the first 16 digits of the pin. Absent where the line of an admission would be too long, and
   * they are those of `thumbprintSha256`.
   */
  readonly matched?: string;
  readonly thumbprintSha256?: string;
  readonly trustRevision?: number;
  /** The first 16 digits of the SHA-256 of the document; of several documents, of each, separated by commas. */
  readonly trustSha256?: string;
  /** On `certificate_not_trusted`: where the document that doesn't list the caller comes from. */
  readonly trustSource?: string;
  /** On `allowed`: the denial that was let through, since the function is report-only. */
  readonly reportOnlyCode?: DenialCode;
  /** RFC 3339: when that denial begins to count. */
  readonly reportOnlyUntil?: string;
  /** On every line about a function that is observed, RFC 3339: when it closes. */
  readonly observedUntil?: string;
  /** Beside it: the name of the function key by which Azure let the call in, where the host tells it. */
  readonly functionKey?: string;
  /** On `allowed`, RFC 3339: the certificate lacks clientAuth, and until then its pin accepts that. */
  readonly withoutClientAuthUntil?: string;
  /** The revocation list that the refusal is about; `end` is RFC 3339. */
  readonly list?: Omit<RevocationListEntry, 'end'> & { readonly end?: string };
  /** Shortened where the line would be too long. */
  readonly detail?: string;
  /**
   * How many denials of this code were not logged since the last line of this code; on `observed`, how many such calls of
   * this function.
   */
  readonly suppressed?: number;
}

/** In bytes: what an operator pays for, and what a stranger can make long. */
const maximumLengths = { allowed: 450, denied: 700, stranger: 1100 } as const;

/** The line of a decision, no longer than its kind allows unless the app's own names are. */
export function formatDecisionLine(call: LoggingCall, facts: DecisionFacts, suppressed: number): string {
  const line = createLogLine(call, facts, suppressed);
  const text = formatLogLine(line);
  const { detail, code } = line;
  const kind = code === 'certificate_not_trusted' ? 'stranger' : detail === undefined ? 'allowed' : 'denied';
  const excess = Buffer.byteLength(text) - maximumLengths[kind];
  if (excess <= 0) return text;
  if (detail === undefined) return formatLogLine(shortenAdmission(line, excess));
  // The ellipsis has three bytes.
  return formatLogLine({ ...line, detail: cutText(detail, Math.max(detail.length - excess - 2, 1)) });
}

/** First goes what the line says twice: the digits of a pin that is the thumbprint. */
function shortenAdmission(line: DecisionLogLine, excess: number): object {
  const { matched = '', thumbprintSha256 = '' } = line;
  const isTwice = matched !== '' && thumbprintSha256.startsWith(matched);
  const shorter = isTwice ? { ...line, matched: undefined } : line;
  return isTwice && excess <= `"matched":"${matched}",`.length ? shorter : { ...shorter, route: undefined };
}

function createLogLine(context: LoggingCall, facts: DecisionFacts, suppressed: number): DecisionLogLine {
  const { decision, trustRevision, trustSha256, trustSource, reportOnlyUntil, observation } = facts;
  return {
    ...startLine('decision', facts.decidedAt),
    outcome: findOutcome(facts),
    code: decision.code,
    ...(decision.outcome === 'denied' && observation === undefined ? { status: getPublicStatus(decision.code) } : {}),
    function: context.functionName,
    ...describeRequest(context),
    correlationId: context.invocationId,
    ...describeCaller(decision),
    ...(trustRevision === undefined ? {} : { trustRevision }),
    ...(trustSha256 === undefined ? {} : { trustSha256: shortenDigests(trustSha256) }),
    ...(decision.code === 'certificate_not_trusted' && trustSource !== undefined ? { trustSource } : {}),
    ...describeObservation(observation),
    ...(decision.outcome === 'denied' ? describeDenial(decision) : describeDeferral(decision, reportOnlyUntil)),
    ...facts.describeStranger?.(),
    ...(suppressed === 0 ? {} : { suppressed }),
  };
}

function describeObservation(observation: Observation | undefined): Partial<DecisionLogLine> {
  if (observation === undefined) return {};
  const { until, functionKey } = observation;
  return { observedUntil: formatInstant(until), ...(functionKey === undefined ? {} : { functionKey }) };
}

/** Facts of a denial beside what its detail says. Of a stranger's claim, `describeStranger` knows more. */
function describeDenial({ identityName, facts, detail }: Denial): Partial<DecisionLogLine> {
  const { list, claim } = readDenialFacts(facts);
  const { end, ...ofList } = list ?? {};
  return {
    ...(claim === undefined || identityName !== undefined
      ? {}
      : { claimedBy: 'name', claimedIdentity: claim.identity }),
    ...(list === undefined
      ? {}
      : {
          list: { ...ofList, ...(end === undefined ? {} : { end: formatInstant(end) }) } as DecisionLogLine['list'] &
            object,
        }),
    detail,
  };
}

function describeDeferral({ deferred }: Admission, reportOnlyUntil: number | undefined): Partial<DecisionLogLine> {
  if (deferred === undefined) return {};
  return {
    reportOnlyCode: deferred.code,
    ...(reportOnlyUntil === undefined ? {} : { reportOnlyUntil: formatInstant(reportOnlyUntil) }),
    detail: deferred.detail,
  };
}

function describeCaller(decision: Decision): Partial<DecisionLogLine> {
  if (decision.outcome === 'allowed') {
    const { name, matchedBy, matched, certificate, withoutClientAuthUntil: until } = decision.identity;
    return {
      identity: name,
      matchedBy,
      ...(matched === undefined ? {} : { matched: shortenMatched(matched) }),
      thumbprintSha256: certificate.thumbprintSha256,
      ...(until === undefined ? {} : { withoutClientAuthUntil: formatInstant(until) }),
    };
  }
  const matched = findMatched(decision);
  return {
    ...(decision.identityName === undefined ? {} : { identity: decision.identityName }),
    ...(matched === undefined ? {} : { matched: matched.split(',').map(shortenMatched).join() }),
    ...(decision.thumbprintSha256 === undefined ? {} : { thumbprintSha256: decision.thumbprintSha256 }),
  };
}

function describeRequest({ functionName, about }: LoggingCall): Partial<DecisionLogLine> {
  if (about === undefined) return {};
  const { method, route, tool } = about;
  return {
    ...(method === undefined ? {} : { method: cutText(method, maximumMethodLength) }),
    ...(route === undefined || route === functionName ? {} : { route }),
    ...(typeof tool === 'string' ? { tool } : {}),
  };
}

/** The longest of the registered ones, BASELINE-CONTROL; a caller may write any. */
const maximumMethodLength = 16;

/** A digest has 64 digits, or 40; a name is as long as an operator reads. */
export function shortenMatched(matched: string): string {
  return /^(?:[0-9A-F]{40}|[0-9A-F]{64})$/.test(matched) ? matched.slice(0, 16) : cutText(matched, maximumFieldLength);
}

function shortenDigests(digests: string): string {
  return digests.length <= 64 ? digests.slice(0, 16) : digests.replace(/(\w{16})\w*/g, '$1');
}
