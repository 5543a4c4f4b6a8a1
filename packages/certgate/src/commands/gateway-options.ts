import { type Command, Option } from 'commander';
import { clientCertificateModes, type ClientCertificateMode } from '../gateway/client-certificate-mode.js';

export interface GatewayFlags {
  readonly mode: ClientCertificateMode;
  readonly exclude?: readonly string[];
  readonly worstCase?: boolean;
}

/** What `gateway` and `dev` have in common: how the front end is to behave. */
export function addGatewayFlags(command: Command, defaultMode: ClientCertificateMode): Command {
  return command
    .addOption(
      new Option('--mode <mode>', 'how Azure asks for certificates')
        .choices(clientCertificateModes)
        .default(defaultMode),
    )
    .option('--exclude <paths...>', 'paths where no certificate is asked for; prefixes, as on Azure')
    .option('--worst-case', 'be unkind where the behaviour of Azure is not documented: forged headers reach the app');
}

/** The flags as the gateway and the plan of checks take them. */
export interface GatewayBehaviour {
  readonly clientCertificateMode: ClientCertificateMode;
  readonly exclusionPaths: readonly string[];
  readonly worstCase: boolean;
}

export function readGatewayFlags({ mode, exclude, worstCase }: GatewayFlags): GatewayBehaviour {
  return {
    clientCertificateMode: mode,
    // Azure takes one text, separated by commas or semicolons; both ways to say it work.
    exclusionPaths: (exclude ?? []).flatMap((text) => text.split(/[,;]/)).filter((path) => path !== ''),
    worstCase: worstCase ?? false,
  };
}
