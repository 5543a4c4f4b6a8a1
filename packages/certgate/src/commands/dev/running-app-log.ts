import colors from 'picocolors';
import { formatLogText } from '../../faults/safe-text.js';
import { printNotice } from '../command-line/output.js';
import type { HostAnswer, HostExit, HostLogLine } from '../../local/functions-host/functions-host.js';
import type { GatewayExchange } from '../../local/gateway/gateway.js';
import { printExchange } from '../gateway-command.js';
import { formatAdapterLine, formatDecisionLine } from './decision-line.js';

export function printAnswer(answer: HostAnswer): void {
  printNotice(formatDecisionLine(answer, new Date()));
}

/** Requests that reached the app are told of by the host, which knows what was decided. */
export function printGatewayAnswer(exchange: GatewayExchange): void {
  if (exchange.answeredBy === 'gateway') printExchange(exchange);
}

/** For programs that read on: the adapter's lines as they are, one JSON object each. */
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

/** In a check, refusals are what is wanted, and the table shows them. */
export function printImportantLog(line: HostLogLine): void {
  if (line.level === 'error' || line.level === 'critical') printLog(line);
}

export function printHostExit({ message }: HostExit): void {
  printNotice(colors.red(`${message} It is loaded again when its files change.`));
}
