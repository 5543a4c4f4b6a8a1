import { type Command, InvalidArgumentError, Option } from 'commander';
import { CommandFailure } from '../command-line/command-failure.js';
import { clientCertificateModes, type ClientCertificateMode } from '../gateway/client-certificate-mode.js';
import { isExclusionPath, isUpstreamUrl } from '../gateway/gateway-options.js';

export interface GatewayFlags {
  readonly mode: ClientCertificateMode;
  readonly exclude?: readonly string[];
  readonly worstCase?: boolean;
}

/** What `gateway` and `dev` have in common: how the front end is to behave. */
export function addGatewayFlags(command: Command, defaultMode: ClientCertificateMode): Command {
  return command
    .addOption(
      new Option('--mode <mode>', 'the client certificate mode, as in Azure')
        .choices(clientCertificateModes)
        .default(defaultMode),
    )
    .option('--exclude <paths...>', 'path prefixes for which no certificate is requested, as in Azure')
    .option('--worst-case', "assume the worst where Azure's behavior is not documented: forged headers reach the app");
}

/** The flags as the gateway and the plan of checks take them. */
export interface GatewayBehaviour {
  readonly clientCertificateMode: ClientCertificateMode;
  readonly exclusionPaths: readonly string[];
  readonly worstCase: boolean;
}

export function readGatewayFlags({ mode, exclude, worstCase }: GatewayFlags): GatewayBehaviour {
  // Azure takes one text, separated by commas or semicolons; both ways to say it work.
  const exclusionPaths = (exclude ?? []).flatMap((text) => text.split(/[,;]/)).filter((path) => path !== '');
  const wrong = exclusionPaths.find((path) => !isExclusionPath(path));
  if (wrong !== undefined) {
    throw new CommandFailure(`--exclude names ${JSON.stringify(wrong)}, which is not a path.`, {
      remedy: 'A path begins with "/" and has no spaces, like --exclude /api/Health.',
    });
  }
  return {
    clientCertificateMode: mode,
    exclusionPaths,
    worstCase: worstCase ?? false,
  };
}

export function parseUpstream(text: string): URL {
  if (URL.canParse(text) && isUpstreamUrl(new URL(text))) return new URL(text);
  throw new InvalidArgumentError('It must be this machine with a port, like http://localhost:7071.');
}
