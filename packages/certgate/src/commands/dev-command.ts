import { join, resolve } from 'node:path';
import type { FrontEndName } from '@certgate/core/internal';
import colors from 'picocolors';
import { escapeControls } from '../texts/safe-text.js';
import { ToolFailure } from '#local/tool-failure.js';
import type { RunningApp } from '../inspector/inspected-app.js';
import type { Inspector } from '../inspector/inspector.js';
import type { HostAnswer, HostedFunction } from '#local/functions-host/functions-host.js';
import { findAppEntry } from '#local/functions-host/app-entry.js';
import type { GatewayExchange } from '#local/gateway/gateway.js';
import { isCallable, planChecks } from '../local-app/checks/check-plan.js';
import { formatCheckTable, listFailures } from '../local-app/checks/check-table.js';
import { type CheckResult, runChecks } from '../local-app/checks/run-checks.js';
import { listCoverageWarnings, listFunctionFileWarnings } from '../local-app/app-notices.js';
import { findAppFrontEnd } from '../local-app/front-end-settings.js';
import { type HostedApp, runLocalApp } from '../local-app/local-app.js';
import { developmentFolderName } from '../local-app/development-files.js';
import { refuseSecond } from '../local-app/running-dev.js';
import { startOnPort } from '../local-app/listening-port.js';
import { type ExitCode, exitCodes } from './command-line/exit-codes.js';
import { pick } from './command-line/option-values.js';
import { printJson, printLine, printNotice } from './command-line/output.js';
import { runBeforeUpstream } from './dev/before-upstream.js';
import { formatCallLines } from './dev/call-lines.js';
import {
  printAnswer,
  printGatewayAnswer,
  printHostExit,
  printImportantLog,
  printLog,
  printRawLog,
} from './dev/decision-line.js';
import { keepRunning } from './dev/keep-running.js';
import { describeTrustInUse, listTrustWarnings } from './dev/trust-lines.js';
import {
  defaultGatewayPort,
  defaultHostPort,
  defaultInspectorPort,
  type DevFlags,
  type GatewayBehaviour,
  readExclusionPaths,
  readGatewayFlags,
} from './gateway-flags.js';

export async function runDev(folder: string, flags: DevFlags): Promise<void> {
  if (flags.upstream !== undefined) return runBeforeUpstream(folder, { ...flags, upstream: flags.upstream });
  const isOnce = flags.once === true;
  if (flags.call !== undefined && flags.check !== true && !isOnce) {
    throw new ToolFailure('--call names functions for a check, but there is no check.', {
      remedy: 'Add --check or --once.',
    });
  }
  // A wrong `--exclude` is reported first, and then a missing app, whose settings could not be read.
  readExclusionPaths(flags.exclude);
  await findAppEntry(resolve(folder));
  const { name: frontEnd } = await findAppFrontEnd(resolve(folder), flags.frontEnd);
  const findGatewayOptions = (name: FrontEndName): GatewayBehaviour => {
    refuseDirectHeader(flags, name);
    return readGatewayFlags(flags, name, 'optional');
  };
  findGatewayOptions(frontEnd);
  if (!isOnce && flags.port === undefined) await refuseSecond(join(resolve(folder), developmentFolderName));
  let inspector: Inspector | undefined;
  const app = await runLocalApp({
    folder,
    ...(flags.trust === undefined ? {} : { trustFile: flags.trust }),
    ...pick(flags, 'frontEnd', 'inspect', 'unsafeDirectHeader'),
    gatewayPort: { port: flags.port ?? (isOnce ? 0 : defaultGatewayPort), isFixed: flags.port !== undefined },
    hostPort: { port: flags.hostPort ?? (isOnce ? 0 : defaultHostPort), isFixed: flags.hostPort !== undefined },
    findGatewayOptions,
    onLog: isOnce ? printImportantLog : flags.jsonLog === true ? printRawLog : printLog,
    ...(isOnce
      ? {}
      : {
          onAnswer: (answer: HostAnswer): void => {
            inspector?.noteAnswer(answer);
            if (flags.jsonLog !== true) printAnswer(answer);
          },
          onExchange: (exchange: GatewayExchange, certificateDer: Uint8Array | undefined): void => {
            inspector?.noteExchange(exchange, certificateDer);
            printGatewayAnswer(exchange);
          },
        }),
    onHostExit: printHostExit,
    onNotice: printNotice,
  });
  try {
    if (isOnce) process.exitCode = await reportApp(app, flags);
    else {
      inspector = await startPage(describeRunning(app, flags), flags);
      const page = inspector;
      await keepRunning(app, folder, (isAgain) =>
        reportApp(app, { ...flags, page, ...(isAgain ? { json: false } : {}) }),
      );
    }
  } finally {
    await inspector?.close();
    await app.close();
  }
}

/** Starts the inspector for the app. It is imported when it is needed, so `--once` starts without it. */
async function startPage(running: RunningApp, { inspector, inspectorPort }: DevFlags): Promise<Inspector | undefined> {
  if (!inspector) return undefined;
  const { startInspector } = await import('../inspector/inspector.js');
  const choice = { port: inspectorPort ?? defaultInspectorPort, isFixed: inspectorPort !== undefined };
  return startOnPort(choice, 'inspector', printNotice, (port) => startInspector({ subject: { running }, port }));
}

/** The flags, and the inspector that is served next to the app. */
interface RunningFlags extends DevFlags {
  readonly page?: Inspector | undefined;
}

/**
 * Refuses `--unsafe-direct-header` for any other front end than App Service: it is for an X-ARR-ClientCert that
 * somebody sets by hand.
 */
function refuseDirectHeader({ unsafeDirectHeader }: DevFlags, frontEnd: FrontEndName): void {
  if (unsafeDirectHeader !== true || frontEnd === 'app-service') return;
  throw new ToolFailure(`--unsafe-direct-header is for app-service, and the front end here is ${frontEnd}.`, {
    remedy: 'Leave it out, and call the gateway.',
  });
}

function describeRunning(app: HostedApp, flags: DevFlags): RunningApp {
  const behaviour = readGatewayFlags(flags, app.frontEnd, 'optional');
  return { app, frontEnd: app.frontEnd, behaviour, namesToCall: flags.call ?? [] };
}

/** Reports what runs, and returns the exit code of a check. */
async function reportApp(app: HostedApp, flags: RunningFlags): Promise<ExitCode> {
  const warnings = listCoverageWarnings(app.functions);
  if (flags.unsafeDirectHeader === true) {
    printNotice(
      `${colors.yellow('warning')} ${app.hostUrl} takes X-ARR-ClientCert from every program on this machine (--unsafe-direct-header).`,
    );
  }
  if (app.isStreaming)
    printNotice(
      'HTTP streaming is on (enableHttpStream): requests reach the app as Azure proxies them. @azure/functions listens for them on all addresses of this machine, on a port that it chooses.',
    );
  for (const note of app.notes) printNotice(escapeControls(note));
  const unseen = listFunctionFileWarnings(app.functionFiles);
  for (const warning of [...warnings, ...unseen, ...app.settingWarnings])
    printNotice(`${colors.yellow('warning')} ${escapeControls(warning)}`);
  const isChecking = flags.check === true || flags.once === true;
  const results = isChecking ? await checkApp(app, flags) : [];
  if (flags.json !== true && flags.once === true) printLine(describeTrustInUse(app));
  for (const warning of listTrustWarnings(app)) printNotice(`${colors.yellow('warning')} ${warning}`);
  if (isChecking && results.length === 0) printNotice(`${colors.yellow('warning')} ${nothingChecked}`);
  if (flags.json !== true) printApp(app, results, flags);
  else {
    printJson(describeApp(app, results));
    if (flags.once !== true) printNotice(describeReady(app, flags));
  }
  if (warnings.length > 0 || !results.every(({ ok }) => ok)) return exitCodes.failed;
  return unseen.length > 0 ? exitCodes.unverified : exitCodes.ok;
}

const nothingChecked = 'Nothing was checked: the app has no closed HTTP or MCP function, and --call names no function.';

async function checkApp(app: HostedApp, flags: DevFlags): Promise<readonly CheckResult[]> {
  const namesToCall = flags.call ?? [];
  const isNamed = (name: string) => (hosted: HostedFunction) => hosted.name.toLowerCase() === name.toLowerCase();
  const disabled = app.functions.find(
    (hosted) => hosted.disabled === true && namesToCall.some((name) => isNamed(name)(hosted)),
  );
  if (disabled !== undefined) {
    throw new ToolFailure(`--call names "${disabled.name}", which is disabled.`, {
      remedy: `Remove the app setting AzureWebJobs.${disabled.name}.Disabled, or leave the name out.`,
    });
  }
  const unknown = namesToCall.find(
    (name) => !app.functions.some((hosted) => isCallable(hosted) && isNamed(name)(hosted)),
  );
  if (unknown !== undefined) {
    throw new ToolFailure(`--call names "${unknown}", which is not an HTTP or MCP function of the app.`, {
      remedy: `Its functions are ${app.functions
        .filter(isCallable)
        .map(({ name }) => name)
        .join(', ')}.`,
    });
  }
  const behaviour = readGatewayFlags(flags, app.frontEnd, 'optional');
  return runChecks(planChecks(app.functions, app.callers, namesToCall, behaviour), app);
}

function printApp(app: HostedApp, results: readonly CheckResult[], flags: RunningFlags): void {
  if (results.length > 0) {
    printLine(formatCheckTable(app.functions, results));
    for (const failure of listFailures(results)) printLine(`${colors.red('wrong')} ${escapeControls(failure)}`);
    if (results.every(({ ok }) => ok)) printLine(colors.green(`All ${results.length} verdicts are as expected.`));
    if (app.functionFiles.length > 0) printLine(colors.yellow(`Not checked: ${app.functionFiles.join(', ')}`));
  }
  const others = app.functions.filter((hosted) => !isCallable(hosted));
  if (others.length > 0) {
    printLine(
      `Not called, no HTTP or MCP trigger: ${others.map(({ name, triggerType }) => `${name} (${triggerType})`).join(', ')}`,
    );
  }
  const disabled = app.functions.filter((hosted) => hosted.disabled === true);
  if (disabled.length > 0) {
    printLine(
      `Disabled by app settings (AzureWebJobs.<name>.Disabled), so nobody can call them: ${disabled.map(({ name }) => name).join(', ')}`,
    );
  }
  if (flags.once === true) return;
  printLine(describeReady(app, flags));
  for (const line of formatCallLines(app)) printLine(line);
}

function describeReady(app: HostedApp, { page }: RunningFlags): string {
  const lines = [`ready ${app.url}`, `  ${describeTrustInUse(app)}`, `  front end: ${app.frontEnd}`];
  // The link contains the inspector's token. Programs on this machine that have it can call the app as its development
  // callers.
  return [...lines, ...(page === undefined ? [] : [`  inspector: ${colors.cyan(page.url)}`])].join('\n');
}

function describeApp(app: HostedApp, checks: readonly CheckResult[]): object {
  const functions = app.functions.map((hosted) => {
    const { name, triggerType, http, mcp, route, methods, covered, disabled } = hosted;
    const policy = hosted.policy ?? { kind: 'certificate', roles: [] };
    return {
      name,
      triggerType,
      ...(http ? { route, methods: methods ?? null } : {}),
      ...(mcp === undefined ? {} : { mcp }),
      ...(isCallable(hosted) ? { policy, covered } : {}),
      ...(disabled === true ? { disabled } : {}),
    };
  });
  const { read, setBy, unknownCallers } = app.trust;
  const trust = {
    ...(read?.parts === undefined ? {} : { parts: read.parts }),
    source: read?.source ?? null,
    revision: read?.revision ?? null,
    fault: read?.fault ?? null,
    setBy,
  };
  return {
    gateway: { url: app.url, frontEnd: app.frontEnd },
    trust: { ...trust, unknownCallers },
    streaming: app.isStreaming,
    functionFiles: app.functionFiles,
    notes: app.notes,
    settingWarnings: app.settingWarnings,
    locked: app.isLocked,
    functions,
    checks,
  };
}
