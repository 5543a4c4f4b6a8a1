import colors from 'picocolors';
import { escapeControls, formatLogText } from '../../texts/safe-text.js';
import type { HostAnswer, HostDecision, HostExit, HostLogLine } from '#local/functions-host/functions-host.js';
import type { GatewayExchange } from '#local/gateway/gateway.js';
import { printNotice } from '../command-line/output.js';

/**
 * One line for a request that reached the app: when, what was called, the answer, who called, and the reason of the
 * decision.
 */
export function formatRequestLine(answer: HostAnswer, now: Date): string {
  const { method, path, status, functionName, decision, mcp } = answer;
  const reason = functionName === undefined ? describeUnanswered(status) : describeDecision(decision);
  if (mcp === undefined) return formatLine(now, `${method} ${path}`, status, reason);
  const called = `${mcp.method}${mcp.name === undefined ? '' : ` ${mcp.name}`}`;
  // Over MCP, the HTTP status is 200 even if the call failed.
  const hasFailed = mcp.failed && decision?.outcome !== 'denied';
  const text = hasFailed ? `${reason}, answered with an MCP error` : reason;
  return formatLine(now, `${method} ${path} ${called}`, status, text, mcp.failed);
}

/** One line for a request as the gateway sees it: who answered, and the caller's certificate. */
export function formatExchangeLine(exchange: GatewayExchange, now: Date): string {
  const { method, path, status, answeredBy, reason } = exchange;
  const { clientCertificateThumbprintSha256: thumbprintSha256 } = exchange;
  const certificate = thumbprintSha256 === undefined ? 'no certificate' : describeCertificate(thumbprintSha256);
  const by = `by ${answeredBy}${reason === undefined ? '' : `: ${reason}`}`;
  return formatLine(now, `${method} ${path}`, status, `${by}, ${certificate}`);
}

function describeUnanswered(status: HostAnswer['status']): string {
  if (status === 'cut') return 'the client left before a function ran';
  return status === 404 ? 'no function has this route and method' : 'answered by the host itself';
}

function describeDecision(decision: HostDecision | undefined): string {
  if (decision === undefined) return 'public';
  const { outcome, code, identityName, thumbprintSha256, detail = '', deferredCode } = decision;
  const certificate = thumbprintSha256 === undefined ? undefined : describeCertificate(thumbprintSha256);
  const caller = identityName === undefined ? certificate : `caller ${identityName}`;
  const refusal = `${caller === undefined ? '' : `${caller}, `}${code}: ${detail}`;
  if (outcome === 'denied') return refusal;
  if (outcome === 'observed') return `observed, would be refused: ${refusal}`;
  const deferral = deferredCode === undefined ? '' : `, let through as report only: ${deferredCode}: ${detail}`;
  return `${caller ?? 'caller unknown'}${deferral}`;
}

/** The first 16 characters, which is enough for a person who reads the log. */
function describeCertificate(thumbprintSha256: string): string {
  return `certificate ${thumbprintSha256.slice(0, 16)}…`;
}

/**
 * Formats a line. Callers chose the path, and others the names and certificates, so none of these may steer the
 * terminal.
 */
function formatLine(
  now: Date,
  request: string,
  status: number | 'cut',
  reason: string,
  hasFailed: boolean = false,
): string {
  const text = escapeControls(`${now.toTimeString().slice(0, 8)} ${request} ${status} ${reason}`);
  if (typeof status !== 'number' || status >= 500) return colors.red(text);
  return status >= 400 || hasFailed ? colors.yellow(text) : text;
}

const shownElsewhere: ReadonlySet<string> = new Set(['status', 'decision', 'suppressed']);

/**
 * Formats a line that Certgate's adapter wrote to the app's log, for people. Undefined if it is not such a line. The
 * text is empty for decisions, because `formatRequestLine` reports them together with the request, and for lines with
 * totals.
 */
export function formatAdapterLine(message: string): string | undefined {
  if (!message.startsWith('{"certgate":')) return undefined;
  try {
    const { event, code, detail, source, ...more } = JSON.parse(message) as Readonly<Record<string, unknown>>;
    if (typeof event === 'string' && shownElsewhere.has(event)) return '';
    if (typeof code !== 'string') return undefined;
    const subject = [more['identity'], source].filter((text) => typeof text === 'string');
    return `${[code, ...subject].join(' ')}${typeof detail === 'string' ? `: ${detail}` : ''}`;
  } catch {
    return undefined;
  }
}

/** Prints one line for a request to stderr: what was called, who answered, and the caller's certificate. */
export function printExchange(exchange: GatewayExchange): void {
  printNotice(formatExchangeLine(exchange, new Date()));
}

export function printAnswer(answer: HostAnswer): void {
  printNotice(formatRequestLine(answer, new Date()));
}

/**
 * Prints only requests that the gateway answered itself, or whose client left. The host reports those that reached the
 * app, because it knows the decision.
 */
export function printGatewayAnswer(exchange: GatewayExchange): void {
  if (exchange.answeredBy === 'gateway') printExchange(exchange);
}

/**
 * Prints the adapter's lines as they are, one JSON object each, for programs that read them. Prints all other lines as
 * printLog does.
 */
export function printRawLog(line: HostLogLine): void {
  if (formatAdapterLine(line.message) === undefined) printLog(line);
  else printNotice(formatLogText(line.message));
}

export function printLog({ source, level, functionName, message: raw }: HostLogLine): void {
  const message = formatAdapterLine(raw) ?? raw;
  if (message === '' && raw !== '') return;
  if (source === 'host' && (level === 'trace' || level === 'debug')) return;
  const name = functionName ?? (source === 'host' ? 'host' : 'app');
  const text = `[${name}] ${formatLogText(message)}`;
  if (level === 'error' || level === 'critical') printNotice(colors.red(text));
  else printNotice(level === 'warning' ? colors.yellow(text) : colors.dim(text));
}

/** Prints only errors. A check expects refusals, and its table shows them. */
export function printImportantLog(line: HostLogLine): void {
  if (line.level === 'error' || line.level === 'critical') printLog(line);
}

export function printHostExit({ message }: HostExit): void {
  printNotice(colors.red(`${message} It is loaded again when its files change.`));
}
