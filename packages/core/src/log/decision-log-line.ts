import { formatInstant } from '@certgate/x509/internal';
import type { Admission } from '../access/decision.js';
import { type Denial, type DenialCode, getPublicStatus } from '../denial.js';
import type { RevocationListEntry } from '../denial-facts.js';
import { type DecisionFacts, findMatched, findOutcome, type LoggingCall, readDenialFacts } from './decision-channel.js';
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
   * How many denials of this code, and of this identity where there is one, were not logged and not told of before; on
   * `observed`, how many such calls of this function.
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
function shortenAdmission(line: DraftLine, excess: number): object {
  const { matched = '', thumbprintSha256 = '' } = line;
  const isTwice = matched !== '' && thumbprintSha256.startsWith(matched);
  const shorter = isTwice ? { ...line, matched: undefined } : line;
  return isTwice && excess <= `"matched":"${matched}",`.length ? shorter : { ...shorter, route: undefined };
}

/** In one literal, whose absent members JSON leaves out: to put it together of parts would cost several times as much. */
type DraftLine = { readonly [Key in keyof DecisionLogLine]: DecisionLogLine[Key] | undefined };

function createLogLine(call: LoggingCall, facts: DecisionFacts, suppressed: number): DraftLine {
  const { decision, trustSha256, observation } = facts;
  const isDenied = decision.outcome === 'denied';
  const { functionName, about } = call;
  const caller = isDenied ? describeRefused(decision) : describeAdmitted(decision);
  const deferred = isDenied ? undefined : decision.deferred;
  const { certgate, event, time } = startLine('decision', facts.decidedAt);
  const line: DraftLine = {
    certgate,
    event,
    time,
    outcome: findOutcome(facts),
    code: decision.code,
    status: isDenied && observation === undefined ? getPublicStatus(decision.code) : undefined,
    function: functionName,
    method: about?.method === undefined ? undefined : cutText(about.method, maximumMethodLength),
    route: about?.route === functionName ? undefined : about?.route,
    tool: typeof about?.tool === 'string' ? about.tool : undefined,
    correlationId: call.invocationId,
    identity: caller.identity,
    matchedBy: caller.matchedBy,
    matched: caller.matched,
    thumbprintSha256: caller.thumbprintSha256,
    withoutClientAuthUntil: caller.withoutClientAuthUntil,
    trustRevision: facts.trustRevision,
    trustSha256: trustSha256 === undefined ? undefined : shortenDigests(trustSha256),
    trustSource: decision.code === 'certificate_not_trusted' ? facts.trustSource : undefined,
    observedUntil: formatEnd(observation?.until),
    functionKey: observation?.functionKey,
    reportOnlyCode: deferred?.code,
    reportOnlyUntil: deferred === undefined ? undefined : formatEnd(facts.reportOnlyUntil),
    claimedBy: caller.claimedIdentity === undefined ? undefined : 'name',
    claimedIdentity: caller.claimedIdentity,
    list: caller.list,
    detail: isDenied ? decision.detail : deferred?.detail,
    suppressed: suppressed === 0 ? undefined : suppressed,
  };
  const { describeStranger } = facts;
  return describeStranger === undefined ? line : { ...line, ...describeStranger() };
}

type CallerKey =
  'identity' | 'matchedBy' | 'matched' | 'thumbprintSha256' | 'withoutClientAuthUntil' | 'claimedIdentity' | 'list';
/** What the line says of who called. */
type CallerLine = Pick<DraftLine, CallerKey>;

function describeAdmitted({ identity }: Admission): CallerLine {
  const { name, matchedBy, matched, certificate, withoutClientAuthUntil } = identity;
  return {
    identity: name,
    matchedBy,
    matched: matched === undefined ? undefined : shortenMatched(matched),
    thumbprintSha256: certificate.thumbprintSha256,
    withoutClientAuthUntil: formatEnd(withoutClientAuthUntil),
    claimedIdentity: undefined,
    list: undefined,
  };
}

/** Of a stranger's claim, `describeStranger` knows more. */
function describeRefused(denial: Denial): CallerLine {
  const { identityName, thumbprintSha256, facts } = denial;
  const { list, claim } = readDenialFacts(facts);
  // Of an ambiguous certificate there are several.
  const matched = findMatched(denial)?.split(',').map(shortenMatched).join();
  return {
    identity: identityName,
    matchedBy: undefined,
    matched: matched && cutText(matched, maximumFieldLength),
    thumbprintSha256,
    withoutClientAuthUntil: undefined,
    claimedIdentity: identityName === undefined ? claim?.identity : undefined,
    list: list && describeList(list),
  };
}

function describeList({ end, ...list }: RevocationListEntry): NonNullable<DecisionLogLine['list']> {
  return { ...list, ...(end === undefined ? {} : { end: formatInstant(end) }) };
}

function formatEnd(instant: number | undefined): string | undefined {
  return instant === undefined ? undefined : formatInstant(instant);
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
