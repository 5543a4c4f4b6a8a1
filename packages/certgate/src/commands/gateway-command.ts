import { X509Certificate } from 'node:crypto';
import { readFrontEndSettings, secretSetting } from '@certgate/core/internal';
import colors from 'picocolors';
import { decodeText, readBoundedFile } from '../certificates/read-bounded-file.js';
import { createServerCertificate } from '../certificates/self-signed-certificate.js';
import { ToolFailure } from '#local/tool-failure.js';
import { type GatewayExchange, type GatewayOptions, startGateway } from '#local/gateway/gateway.js';
import { type AppFrontEnd, chooseFrontEnd } from '../local-app/front-end-settings.js';
import { pick } from './command-line/option-values.js';
import { printJson, printLine, printNotice } from './command-line/output.js';
import { printExchange } from './dev/decision-line.js';
import { runBefore } from './dev/run-before.js';
import { type GatewayFlags, readGatewayFlags } from './gateway-flags.js';

interface Flags extends GatewayFlags {
  readonly upstream: URL;
  readonly port?: number;
  readonly host: string;
  readonly unsafeListen?: boolean;
  readonly cert?: string;
  readonly key?: string;
  readonly json?: boolean;
}

export async function runGateway(flags: Flags): Promise<void> {
  const frontEnd = chooseFrontEnd(readFrontEndSettings(process.env), flags.frontEnd);
  const behaviour = readGatewayFlags(flags, frontEnd.name, 'required');
  const serverCertificate = await getServerCertificate(flags);
  warnWithoutSecret(frontEnd);
  const openChosen = (port: number): ReturnType<typeof startGateway> =>
    openGateway(flags, {
      ...behaviour,
      ...(frontEnd.secret === undefined ? {} : { frontEndSecret: frontEnd.secret }),
      port,
      serverCertificate,
    });
  await runBefore(flags, openChosen, ({ url }) => {
    if (flags.json === true) printJson({ gateway: { url, frontEnd: frontEnd.name } });
    else {
      const mode = `client certificates: ${behaviour.clientCertificateMode}`;
      printLine(
        `ready ${nameAddress(url, serverCertificate)} -> ${flags.upstream.origin} (front end: ${frontEnd.name}, ${mode})`,
      );
    }
  });
}

/**
 * Warns if a front end other than App Service's has no secret. Some apps need none, because their code names something
 * else that keeps other programs away.
 */
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
      ...pick(flags, 'unsafeListen'),
    });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new ToolFailure(error.message, { remedy: 'See certgate gateway --help', cause: error });
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
  return decodeText(await readBoundedFile(file));
}

/** The gateway's address, with a name that its certificate has, so that a client that verifies it can use the address. */
function nameAddress(url: string, { certificatePem }: { readonly certificatePem: string }): string {
  const certificate = new X509Certificate(certificatePem);
  const address = new URL(url).hostname.replace(/^\[|\]$/g, '');
  if (certificate.checkIP(address) !== undefined) return url;
  const [, named] = /DNS:([^,]+)/.exec(certificate.subjectAltName ?? '') ?? [];
  const name = certificate.checkHost('localhost') ?? named;
  return name === undefined ? url : `https://${name}:${new URL(url).port}`;
}

function printExchangeJson(exchange: GatewayExchange): void {
  printLine(JSON.stringify(exchange));
}
