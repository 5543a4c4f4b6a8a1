import type { FrontEndName } from '@certgate/core/internal';
import { InvalidArgumentError } from 'commander';
import { ToolFailure } from '#local/tool-failure.js';
import { clientCertificateModes, type ClientCertificateMode } from '#local/gateway/client-certificate-mode.js';
import { isExclusionPath, isUpstreamUrl } from '#local/gateway/gateway-addresses.js';
import { loadCore } from './command-line/option-values.js';
import type { Options } from './command-line/verb.js';

export const defaultGatewayPort = 7443;
export const defaultHostPort = 7071;
/** The port after the gateway's default port. */
export const defaultInspectorPort = 7444;

export interface GatewayFlags {
  readonly frontEnd?: FrontEndName;
  readonly mode?: ClientCertificateMode;
  readonly exclude?: readonly string[];
  readonly worstCase?: boolean;
}

/** The options of `certgate dev`. */
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
  /** False with `--no-inspector`. */
  readonly inspector: boolean;
  readonly inspectorPort?: number;
  readonly unsafeDirectHeader?: boolean;
}

/** The options that `gateway` and `dev` share: which front end to play, and how it behaves. */
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

/** The flags in the form that the gateway and the plan of checks need. */
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
  // In Azure, the setting is one text in which commas or semicolons separate the paths. Such a text works here too.
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
