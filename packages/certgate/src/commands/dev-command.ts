// commands/: one file per verb: its options, exit codes and output. The work is done by the other rooms.

import { Command } from 'commander';
import colors from 'picocolors';
import { CommandFailure, exitCodes } from '../command-line/command-failure.js';
import { addHelpSections } from '../command-line/help.js';
import { parsePort } from '../command-line/option-values.js';
import { escapeControls, formatLogText, printJson, printLine, printNotice } from '../command-line/output.js';
import { untilStopped } from '../command-line/until-stopped.js';
import type { HostAnswer, HostExit, HostLogLine } from '../functions-host/functions-host.js';
import { planChecks } from '../local-app/check-plan.js';
import { formatCheckTable, listFailures } from '../local-app/check-table.js';
import { listCoverageWarnings } from '../local-app/coverage-warnings.js';
import { type LocalApp, runLocalApp } from '../local-app/local-app.js';
import { type CheckResult, runChecks } from '../local-app/run-checks.js';
import { type AppWatch, watchApp } from '../local-app/watch-app.js';
import type { GatewayExchange } from '../gateway/gateway.js';
import { formatCallLines } from './dev/call-lines.js';
import { formatAdapterLine, formatDecisionLine } from './dev/decision-line.js';
import { describeTrust, listTrustWarnings } from './dev/trust-lines.js';
import { runBeforeUpstream } from './dev/before-upstream.js';
import type { DevFlags } from './dev/dev-flags.js';
import { addGatewayFlags, parseUpstream, readGatewayFlags } from './gateway-flags.js';
import { printExchange } from './gateway-command.js';

const defaultGatewayPort = 7443;
const defaultHostPort = 7071;

export function devCommand(): Command {
  const command = new Command('dev')
    .description(
      'Run a function app behind the local gateway, with development certificates and a trust document, and check who is admitted.',
    )
    .argument('[folder]', 'the app: the folder with host.json and package.json', '.')
    .option(
      '--trust <file>',
      'a trust document of your own (default: the one that the app setting CERTGATE_TRUST names, or else one with development callers, in .certgate/)',
    )
    .option('--check', 'call every function as callers that must be refused, and print the table')
    .option('--once', 'check, print the table, and exit: with 0 if every verdict is as expected, otherwise with 1')
    .option('--call <names...>', 'functions that checks may also call as allowed callers; this runs their code')
    .option('--json', 'print the functions, and the results of a check, as one JSON object')
    .option(
      '--json-log',
      "print Certgate's log lines as the app writes them, instead of one readable line per decision",
    )
    .option(
      '--port <port>',
      `the gateway's port (default ${defaultGatewayPort}, or the next free one; 0 picks one)`,
      parsePort,
    )
    .option(
      '--host-port <port>',
      `the app's port (default ${defaultHostPort}, or the next free one; 0 picks one)`,
      parsePort,
    )
    .option('--inspect [address]', 'let a debugger attach to the app, as node --inspect does')
    .option(
      '--unsafe-direct-header',
      "let the app's own port answer without the gateway, and accept an X-ARR-ClientCert that you set: every program on this machine can then claim to be any caller",
    )
    .option(
      '--upstream <url>',
      'put the gateway in front of this address (func start) instead of the embedded host',
      parseUpstream,
    );
  addGatewayFlags(command, 'optional').action(runDev);
  return addHelpSections(command, {
    exitCodes: {
      0: 'stopped by a signal; with --once: every verdict as expected',
      1: 'with --once: a wrong verdict, or an HTTP function that the gate does not cover at registration',
      2: 'there is no app or trust document, it cannot be loaded, or a port is in use',
    },
    examples: [
      'certgate dev',
      'certgate dev ./orders --check',
      'certgate dev ./orders --once --json --call GetOrders Health',
      'certgate dev --upstream http://localhost:7071',
    ],
  });
}

async function runDev(folder: string, flags: DevFlags): Promise<void> {
  if (flags.upstream !== undefined) return runBeforeUpstream(folder, { ...flags, upstream: flags.upstream });
  refuseIdleFlags(flags);
  const isOnce = flags.once === true;
  const app = await runLocalApp({
    folder,
    ...(flags.trust === undefined ? {} : { trustFile: flags.trust }),
    gatewayPort: { port: flags.port ?? (isOnce ? 0 : defaultGatewayPort), isFixed: flags.port !== undefined },
    hostPort: { port: flags.hostPort ?? (isOnce ? 0 : defaultHostPort), isFixed: flags.hostPort !== undefined },
    gateway: readGatewayFlags(flags),
    ...(flags.inspect === undefined ? {} : { inspect: flags.inspect }),
    ...(flags.unsafeDirectHeader === undefined ? {} : { unsafeDirectHeader: flags.unsafeDirectHeader }),
    onLog: isOnce ? printImportantLog : flags.jsonLog === true ? printRawLog : printLog,
    ...(isOnce || flags.jsonLog === true ? {} : { onAnswer: printAnswer }),
    ...(isOnce ? {} : { onExchange: printGatewayAnswer }),
    onHostExit: printHostExit,
    onNotice: printNotice,
  });
  try {
    if (isOnce) process.exitCode = (await reportApp(app, flags)) ? exitCodes.ok : exitCodes.failed;
    else await keepRunning(app, folder, flags);
  } finally {
    await app.close();
  }
}

/** A flag that would do nothing was meant to do something. */
function refuseIdleFlags({ call, check, once, jsonLog }: DevFlags): void {
  if (call !== undefined && check !== true && once !== true) {
    throw new CommandFailure('--call names functions for a check, but there is no check.', {
      remedy: 'Add --check or --once.',
    });
  }
  if (jsonLog === true && once === true) {
    throw new CommandFailure('--json-log shows log lines, but --once shows only errors.', {
      remedy: 'Use only one of them; --check prints the same table, and continues to run.',
    });
  }
}

/** Says what runs; answers whether all is as it should be. */
async function reportApp(app: LocalApp, flags: DevFlags): Promise<boolean> {
  const warnings = listCoverageWarnings(app.functions);
  if (flags.unsafeDirectHeader === true) {
    printNotice(
      `${colors.yellow('warning')} ${app.hostUrl} takes X-ARR-ClientCert from every program on this machine (--unsafe-direct-header).`,
    );
  }
  if (app.isStreaming)
    printNotice('HTTP streaming is on (enableHttpStream): requests reach the app as Azure proxies them.');
  for (const warning of warnings) printNotice(`${colors.yellow('warning')} ${warning}`);
  const isChecking = flags.check === true || flags.once === true;
  const results = isChecking ? await checkApp(app, flags) : [];
  if (flags.json !== true && flags.once === true) printLine(describeTrust(app));
  for (const warning of listTrustWarnings(app)) printNotice(`${colors.yellow('warning')} ${warning}`);
  if (isChecking && results.length === 0) printNotice(`${colors.yellow('warning')} ${nothingChecked}`);
  if (flags.json !== true) printApp(app, results, flags);
  else {
    printJson(describeApp(app, results));
    if (flags.once !== true) printNotice(`ready ${app.url}\n  ${describeTrust(app)}`);
  }
  return warnings.length === 0 && results.every(({ ok }) => ok);
}

const nothingChecked = 'Nothing was checked: the app has no closed HTTP function, and --call names no function.';

async function checkApp(app: LocalApp, flags: DevFlags): Promise<readonly CheckResult[]> {
  const namesToCall = flags.call ?? [];
  const unknown = namesToCall.find(
    (name) => !app.functions.some((hosted) => hosted.http && hosted.name.toLowerCase() === name.toLowerCase()),
  );
  if (unknown !== undefined) {
    throw new CommandFailure(`--call names "${unknown}", which is not an HTTP function of the app.`, {
      remedy: `Its HTTP functions are ${app.functions
        .filter(({ http }) => http)
        .map(({ name }) => name)
        .join(', ')}.`,
    });
  }
  return runChecks(planChecks(app.functions, app.callers, namesToCall, readGatewayFlags(flags)), app);
}

function printApp(app: LocalApp, results: readonly CheckResult[], flags: DevFlags): void {
  if (results.length > 0) {
    printLine(formatCheckTable(app.functions, results));
    for (const failure of listFailures(results)) printLine(`${colors.red('wrong')} ${escapeControls(failure)}`);
    if (results.every(({ ok }) => ok)) printLine(colors.green(`All ${results.length} verdicts are as expected.`));
  }
  const others = app.functions.filter(({ http }) => !http);
  if (others.length > 0) {
    printLine(
      `Left alone, no HTTP trigger: ${others.map(({ name, triggerType }) => `${name} (${triggerType})`).join(', ')}`,
    );
  }
  if (flags.once === true) return;
  printLine(`ready ${app.url}`);
  printLine(`  ${describeTrust(app)}`);
  for (const line of formatCallLines(app)) printLine(line);
}

function describeApp(app: LocalApp, checks: readonly CheckResult[]): object {
  const functions = app.functions.map(({ name, triggerType, http, route, methods, policy, covered }) => ({
    name,
    triggerType,
    ...(http ? { route, methods: methods ?? null, policy: policy ?? { kind: 'certificate', roles: [] }, covered } : {}),
  }));
  const { read, setBy, unknownCallers } = app.trust;
  const trust = { source: read?.source ?? null, revision: read?.revision ?? null, fault: read?.fault ?? null, setBy };
  return {
    gateway: { url: app.url },
    trust: { ...trust, unknownCallers },
    streaming: app.isStreaming,
    functions,
    checks,
  };
}

/** Listens for signals and for changes before it says that it is ready: both may come at once. */
async function keepRunning(app: LocalApp, folder: string, flags: DevFlags): Promise<void> {
  const stopped = untilStopped();
  let work: Promise<unknown> = Promise.resolve();
  const watch: AppWatch = await watchApp(folder, () => {
    work = work.then(() => reload(app, flags));
  });
  try {
    const report = reportApp(app, flags);
    work = work.then(() => report);
    await report;
    await stopped;
  } finally {
    await watch.close();
    await work;
  }
}

async function reload(app: LocalApp, flags: DevFlags): Promise<void> {
  printNotice('The app changed and is loaded again.');
  try {
    await app.restart();
    await reportApp(app, { ...flags, json: false });
  } catch (error) {
    const message = error instanceof Error ? error.message : 'The app could not be loaded.';
    printNotice(`${colors.red('error')} ${message} The app is loaded again when its files change.`);
  }
}

function printAnswer(answer: HostAnswer): void {
  printNotice(formatDecisionLine(answer, new Date()));
}

/** Requests that reached the app are told of by the host, which knows what was decided. */
function printGatewayAnswer(exchange: GatewayExchange): void {
  if (exchange.answeredBy === 'gateway') printExchange(exchange);
}

/** For programs that read on: the adapter's lines as they are, one JSON object each. */
function printRawLog(line: HostLogLine): void {
  if (formatAdapterLine(line.message) === undefined) printLog(line);
  else printNotice(formatLogText(line.message));
}

function printLog({ source, level, functionName, message: raw }: HostLogLine): void {
  const message = formatAdapterLine(raw) ?? raw;
  if (message === '' && raw !== '') return;
  if (source === 'host' && (level === 'trace' || level === 'debug')) return;
  const name = functionName ?? (source === 'host' ? 'host' : 'app');
  const text = `[${name}] ${formatLogText(message)}`;
  if (level === 'error' || level === 'critical') printNotice(colors.red(text));
  else printNotice(level === 'warning' ? colors.yellow(text) : colors.dim(text));
}

/** In a check, refusals are what is wanted, and the table shows them. */
function printImportantLog(line: HostLogLine): void {
  if (line.level === 'error' || line.level === 'critical') printLog(line);
}

function printHostExit({ message }: HostExit): void {
  printNotice(colors.red(`${message} It is loaded again when its files change.`));
}
