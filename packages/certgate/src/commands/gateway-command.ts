import { readFile } from 'node:fs/promises';
import { readFrontEndSettings, secretSetting } from '@certgate/core/internal';
import { Command } from 'commander';
import colors from 'picocolors';
import { createServerCertificate } from '../certificates/self-signed-certificate.js';
import { ToolFailure, messageOf } from '../faults/tool-failure.js';
import { addHelpSections } from './command-line/help.js';
import { parsePort } from './command-line/option-values.js';
import { printJson, printLine, printNotice } from './command-line/output.js';
import { untilStopped } from './command-line/until-stopped.js';
import { type GatewayExchange, type GatewayOptions, startGateway } from '../local/gateway/gateway.js';
import { type AppFrontEnd, chooseFrontEnd } from '../local/local-app/front-end-settings.js';
import { startOnPort } from '../local/local-app/listening-port.js';
import { formatExchangeLine } from './dev/decision-line.js';
import { waitForUpstream } from './dev/wait-for-upstream.js';
import { type GatewayFlags, addGatewayFlags, parseUpstream, readGatewayFlags } from './gateway-flags.js';

interface Flags extends GatewayFlags {
  readonly upstream: URL;
  readonly port?: number;
  readonly host: string;
  readonly unsafeListen?: boolean;
  readonly cert?: string;
  readonly key?: string;
  readonly json?: boolean;
}

const defaultPort = 7443;

export function gatewayCommand(): Command {
  const command = new Command('gateway')
    .description(
      "Run a front end on your machine, App Service's or another: real mTLS in front of an app that uses plain HTTP. The secret of the front end comes from the environment variable CERTGATE_FRONT_END_SECRET.",
    )
    .requiredOption('--upstream <url>', 'the app, e.g. http://localhost:7071 of func start', parseUpstream)
    .option('--port <port>', `default ${defaultPort}, or the next free one; 0 picks a free one`, parsePort)
    .option('--host <address>', 'loopback only, unless --unsafe-listen', '127.0.0.1')
    .option('--unsafe-listen', 'listen on other addresses too: others can then reach the app through this machine')
    .option('--cert <file>', "the gateway's own certificate in PEM; by default, one is created at start")
    .option('--key <file>', 'its key in PEM')
    .option('--json', 'one JSON object when ready, then one line of JSON per request');
  addGatewayFlags(command, 'required').action(runGateway);
  return addHelpSections(command, {
    exitCodes: { 0: 'stopped by a signal', 2: 'an option, file or port that cannot be used' },
    examples: [
      'certgate gateway --upstream http://localhost:7071',
      'certgate gateway --upstream http://localhost:7071 --mode optional --port 0',
      'certgate gateway --upstream http://localhost:7071 --exclude /api/health --worst-case',
      'certgate gateway --upstream http://localhost:3000 --front-end nginx',
    ],
  });
}

async function runGateway(flags: Flags): Promise<void> {
  const frontEnd = chooseFrontEnd(readFrontEndSettings(process.env), flags.frontEnd);
  const behaviour = readGatewayFlags(flags, frontEnd.name, 'required');
  const serverCertificate = await getServerCertificate(flags);
  warnWithoutSecret(frontEnd);
  const choice = { port: flags.port ?? defaultPort, isFixed: flags.port !== undefined };
  const gateway = await startOnPort(choice, 'gateway', printNotice, (port) =>
    openGateway(flags, {
      ...behaviour,
      ...(frontEnd.secret === undefined ? {} : { frontEndSecret: frontEnd.secret }),
      port,
      serverCertificate,
    }),
  );
  const stopped = untilStopped();
  if (!(await waitForUpstream(flags.upstream, stopped))) {
    await gateway.close();
    return;
  }
  if (flags.json === true) printJson({ gateway: { url: gateway.url, frontEnd: frontEnd.name } });
  else {
    const mode = `client certificates: ${behaviour.clientCertificateMode}`;
    printLine(`ready ${gateway.url} -> ${flags.upstream.origin} (front end: ${frontEnd.name}, ${mode})`);
  }
  await stopped;
  await gateway.close();
}

/** An app that says what else keeps others away needs none. */
export function warnWithoutSecret({ name, secret }: AppFrontEnd): void {
  if (name === 'app-service' || secret !== undefined) return;
  printNotice(
    `${colors.yellow('warning')} ${secretSetting} is not set, so requests bring no secret. An app that has one refuses them: set the same value here and for the app.`,
  );
}

async function openGateway(flags: Flags, options: Omit<GatewayOptions, 'upstream'>): ReturnType<typeof startGateway> {
  try {
    return await startGateway({
      ...options,
      upstream: flags.upstream,
      host: flags.host,
      onExchange: flags.json === true ? printExchangeJson : printExchange,
      ...(flags.unsafeListen === undefined ? {} : { unsafeListen: flags.unsafeListen }),
    });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new ToolFailure(error.message, { remedy: 'See certgate gateway --help.', cause: error });
  }
}

async function getServerCertificate({ cert, key }: Flags): Promise<{ certificatePem: string; privateKeyPem: string }> {
  if (cert === undefined && key === undefined) return createServerCertificate({ now: new Date() });
  if (cert === undefined || key === undefined) {
    throw new ToolFailure('--cert and --key must be used together.', { remedy: 'Pass both, or neither.' });
  }
  return { certificatePem: await readPem(cert), privateKeyPem: await readPem(key) };
}

async function readPem(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new ToolFailure(`${file} can't be read: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}

function printExchangeJson(exchange: GatewayExchange): void {
  printLine(JSON.stringify(exchange));
}

/** One line per request, on stderr: what came, who answered, with which certificate. */
export function printExchange(exchange: GatewayExchange): void {
  printNotice(formatExchangeLine(exchange, new Date()));
}
