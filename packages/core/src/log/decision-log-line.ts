import { formatInstant } from '@certgate/x509/internal';
import type { Admission } from '../access/decision.js';
import { type Denial, type DenialCode, getPublicStatus } from '../denial.js';
import type { RevocationListEntry } from '../denial-facts.js';
import { type DecisionFacts, findMatched, findOutcome, type LoggingCall, readDenialFacts } from './decision-channel.js';
import { cutText, type Draft, formatLogLine, type LineStart, startLine, maximumFieldLength } from './log-text.js';
import type { StrangerLine } from './stranger-line.js';

/**
 * The line of a decision. Level information for admitted calls; level warning for denials, and for calls that
 * report-only, `observe` or a grace period of a pin let through. Calls of `allowAnonymous` functions are not logged,
 * unless the gate's setup failed.
 */
export interface DecisionLogLine extends LineStart<'decision'>, StrangerLine {
  /**
   * What happened to the call. `observed`: the gate would have refused it, but the function is observed, so the handler
   * ran.
   */
  readonly outcome: 'allowed' | 'denied' | 'observed';
  /** `allowed`, or the precise denial code. */
  readonly code: 'allowed' | DenialCode;
  /** On denials: the HTTP status of the answer. An MCP caller gets an error instead. */
  readonly status?: number;
  /**
   * `allowed`: an earlier line with this `correlationId` shows that the request was admitted, and a role or a fault
   * behind the gate has refused it since. `denied`: the request was already refused. To count requests, ignore the
   * earlier line on `allowed`, and this line on `denied`. Absent if the role refused after the head of the answer was
   * sent: such a request has two outcomes.
   */
  readonly after?: 'allowed' | 'denied';
  /** The name of the function. For an HTTP server, the `functionName` of the route or else of the server. */
  readonly function: string;
  /** The HTTP method, if the host provides it. */
  readonly method?: string;
  /**
   * The pattern of the route, never the URL. Absent if it is the function's name or not known. It may be left out of
   * the line about an admitted call that would otherwise be longer than 480 bytes.
   */
  readonly route?: string;
  /** On MCP calls: the name of the tool or prompt, or the URI of the resource. */
  readonly tool?: string;
  /** The invocation id (on a server, an id of the request), which a refused caller gets as `correlationId`. */
  readonly correlationId: string;
  /** The identity's name in the trust document, if the caller is known. */
  readonly identity?: string;
  /**
   * On admitted calls: the kind of the pin or the type of the name, followed by the authority if one had to vouch, such
   * as `dns issued by corp`; or what a custom store returned.
   */
  readonly matchedBy?: string;
  /**
   * The name that matched, or the first 16 digits of the pin. Absent if `thumbprintSha256` begins with them and the
   * line about an admitted call would be longer than 480 bytes.
   */
  readonly matched?: string;
  /** The SHA-256 of the caller's certificate, in upper-case hexadecimal. Absent if the gate read no certificate. */
  readonly thumbprintSha256?: string;
  /** The `revision` of the document in use. */
  readonly trustRevision?: number;
  /**
   * The first 16 digits of the SHA-256 of the document in use. With `firstOf`, those of all documents, separated by
   * commas.
   */
  readonly trustSha256?: string;
  /** On `certificate_not_trusted`: the source of the document, such as `file trust.json`. */
  readonly trustSource?: string;
  /** On calls that report-only let through: the code of the denial that was let through. */
  readonly reportOnlyCode?: DenialCode;
  /** RFC 3339: when calls like this one begin to be refused. */
  readonly reportOnlyUntil?: string;
  /** On calls of an observed function: when it closes (RFC 3339). */
  readonly observedUntil?: string;
  /** On calls of an observed function: the name of the function key, if the host provides it. */
  readonly functionKey?: string;
  /** The certificate lacks `clientAuth`, and its pin accepts that until this time (RFC 3339). */
  readonly withoutClientAuthUntil?: string;
  /**
   * On refusals about revocation: the list that names the certificate as revoked, or else the newest known list of its
   * issuer; `end` is RFC 3339.
   */
  readonly list?: Omit<RevocationListEntry, 'end'> & { readonly end?: string };
  /**
   * On denials, also on those that report-only let through: what is wrong, and often what to do. Shortened if the line
   * would be too long.
   */
  readonly detail?: string;
  /**
   * How many earlier denials with this code and identity were not logged. On `observed`: how many such calls of this
   * function.
   */
  readonly suppressed?: number;
}

/**
 * The length beyond which a line of each kind is shortened, in bytes, because operators pay for lines and an unknown
 * caller can make them long.
 */
const maximumLengths = { allowed: 480, denied: 730, stranger: 1130 } as const;

/** Formats the line of a decision, and shortens it if it is longer than its kind allows. */
export function formatDecisionLine(call: LoggingCall, facts: DecisionFacts, suppressed: number): string {
  const line = createLogLine(call, facts, suppressed);
  const text = formatLogLine(line);
  const { detail, code } = line;
  const kind = code === 'certificate_not_trusted' ? 'stranger' : detail === undefined ? 'allowed' : 'denied';
  const excess = Buffer.byteLength(text) - maximumLengths[kind];
  if (excess <= 0) return text;
  if (detail === undefined) return formatLogLine(shortenAdmission(line, excess));
  // `cutText` adds an ellipsis of three bytes, which is one character.
  return formatLogLine({ ...line, detail: cutText(detail, Math.max(detail.length - excess - 2, 1)) });
}

/**
 * Shortens the line of an admitted call. First it leaves out `matched` if that only repeats the thumbprint, then the
 * route.
 */
function shortenAdmission(line: DraftLine, excess: number): object {
  const { matched = '', thumbprintSha256 = '' } = line;
  const isTwice = matched !== '' && thumbprintSha256.startsWith(matched);
  const shorter = isTwice ? { ...line, matched: undefined } : line;
  return isTwice && excess <= `"matched":"${matched}",`.length ? shorter : { ...shorter, route: undefined };
}

type DraftLine = Draft<DecisionLogLine>;
/** Requires every member of the line, so that the compiler reports one that no code writes. */
type OwnLine = DraftLine & { readonly [Key in Exclude<keyof DecisionLogLine, keyof StrangerLine>]-?: DraftLine[Key] };

/** Makes the line in one literal. Putting it together from parts would cost several times as much. */
function createLogLine(call: LoggingCall, facts: DecisionFacts, suppressed: number): DraftLine {
  const { decision, trustSha256, observation } = facts;
  const isDenied = decision.outcome === 'denied';
  const { functionName, about } = call;
  const caller = isDenied ? describeRefused(decision) : describeAdmitted(decision);
  const deferred = isDenied ? undefined : decision.deferred;
  const { certgate, event, time, process } = startLine('decision', facts.decidedAt);
  const line: OwnLine = {
    certgate,
    event,
    time,
    process,
    outcome: findOutcome(facts),
    code: decision.code,
    status: isDenied && observation === undefined ? getPublicStatus(decision.code) : undefined,
    after: facts.after,
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
  | 'identity'
  | 'matchedBy'
  | 'matched'
  | 'thumbprintSha256'
  | 'withoutClientAuthUntil'
  | 'claimedIdentity'
  | 'list';
/** The members of the line that describe the caller. */
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

/** The caller of a refused call. For an unknown caller, `describeStranger` replaces the claim by what it knows. */
function describeRefused(denial: Denial): CallerLine {
  const { identityName, thumbprintSha256, facts } = denial;
  const { list, claim } = readDenialFacts(facts);
  // An ambiguous certificate has matched several entries, which commas separate.
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

function describeList({ end, ...list }: RevocationListEntry): DraftLine['list'] {
  return { ...list, end: formatEnd(end) };
}

function formatEnd(instant: number | undefined): string | undefined {
  return instant === undefined ? undefined : formatInstant(instant);
}

/** The length of UPDATEREDIRECTREF, the longest method that is registered. A caller may send any text. */
const maximumMethodLength = 17;

/** Shortens a hash (64 or 40 digits) to 16 digits, and a name to what an operator will read. */
export function shortenMatched(matched: string): string {
  return /^(?:[0-9A-F]{40}|[0-9A-F]{64})$/.test(matched) ? matched.slice(0, 16) : cutText(matched, maximumFieldLength);
}

function shortenDigests(digests: string): string {
  return digests.length <= 64 ? digests.slice(0, 16) : digests.replace(/(\w{16})\w*/g, '$1');
}
