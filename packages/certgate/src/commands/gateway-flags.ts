import type { FrontEndName } from '@certgate/core/internal';
import { InvalidArgumentError } from 'commander';
import { ToolFailure } from '../faults/tool-failure.js';
import { clientCertificateModes, type ClientCertificateMode } from '../local/gateway/client-certificate-mode.js';
import { isExclusionPath, isUpstreamUrl } from '../local/gateway/gateway-addresses.js';
import { loadCore } from './command-line/option-values.js';
import type { Options } from './command-line/verb.js';

export const defaultGatewayPort = 7443;
export const defaultHostPort = 7071;
/** After the usual ports of the gateway (7443) and the host. */
export const defaultInspectorPort = 7444;

export interface GatewayFlags {
  readonly frontEnd?: FrontEndName;
  readonly mode?: ClientCertificateMode;
  readonly exclude?: readonly string[];
  readonly worstCase?: boolean;
}

/** What `certgate dev` was told on the command line. */
export interface DevFlags extends GatewayFlags {
  readonly trust?: string;
  readonly call?: readonly string[];
  readonly check?: boolean;
  readonly once?: boolean;
  readonly json?: boolean;
  readonly jsonLog?: boolean;
  readonly port?: number;
  readonly hostPort?: number;
  readonly upstream?: URL;
  readonly inspect?: string | true;
  /** False: `--no-inspector`. */
  readonly inspector: boolean;
  readonly inspectorPort?: number;
  readonly unsafeDirectHeader?: boolean;
}

/** What `gateway` and `dev` have in common: which front end there is, and how it is to behave. */
export function listGatewayOptions(defaultMode: ClientCertificateMode): Options {
  return {
    '--front-end <name>': [
      'the front end whose header fields the app gets (default: the app setting CERTGATE_FRONT_END, or else app-service). Only app-service refuses calls by itself; the others request a certificate, verify nothing, and let callers without one through',
      { choices: () => loadCore().frontEndNames },
    ],
    '--mode <mode>': [
      `the client certificate mode of app-service, as in Azure (default: ${defaultMode})`,
      { choices: clientCertificateModes },
    ],
    '--exclude <paths...>': 'path prefixes for which app-service requests no certificate, as in Azure',
    '--worst-case': "assume the worst where the front end's behavior is not documented: forged headers reach the app",
  };
}

/** The flags as the gateway and the plan of checks take them. */
export interface GatewayBehaviour {
  readonly frontEnd: FrontEndName;
  readonly clientCertificateMode: ClientCertificateMode;
  readonly exclusionPaths: readonly string[];
  readonly worstCase: boolean;
}

export function readGatewayFlags(
  { mode, exclude, worstCase }: GatewayFlags,
  frontEnd: FrontEndName,
  defaultMode: ClientCertificateMode,
): GatewayBehaviour {
  if (frontEnd !== 'app-service') {
    if (mode !== undefined) refuseForFrontEnd('--mode', frontEnd);
    if (exclude !== undefined) refuseForFrontEnd('--exclude', frontEnd);
  }
  return {
    frontEnd,
    clientCertificateMode: mode ?? (frontEnd === 'app-service' ? defaultMode : 'optional'),
    exclusionPaths: readExclusionPaths(exclude),
    worstCase: worstCase ?? false,
  };
}

export function readExclusionPaths(exclude: GatewayFlags['exclude']): readonly string[] {
  // Azure takes one text, separated by commas or semicolons; both ways to say it work.
  const exclusionPaths = (exclude ?? []).flatMap((text) => text.split(/[,;]/)).filter((path) => path !== '');
  const wrong = exclusionPaths.find((path) => !isExclusionPath(path));
  if (wrong !== undefined) {
    throw new ToolFailure(`--exclude names ${JSON.stringify(wrong)}, which is not a path.`, {
      remedy: 'A path begins with "/" and has no spaces, like --exclude /api/Health.',
    });
  }
  return exclusionPaths;
}

function refuseForFrontEnd(option: string, frontEnd: FrontEndName): never {
  throw new ToolFailure(`${option} is a setting of App Service, and the front end here is ${frontEnd}.`, {
    remedy: `Leave it out: ${frontEnd} is played as one that requests a certificate and lets callers without one through.`,
  });
}

export function parseUpstream(text: string): URL {
  if (URL.canParse(text) && isUpstreamUrl(new URL(text))) return new URL(text);
  throw new InvalidArgumentError('It must be this machine with a port, like http://localhost:7071.');
}
