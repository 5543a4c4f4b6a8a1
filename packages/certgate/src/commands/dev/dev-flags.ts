import type { GatewayFlags } from '../gateway-flags.js';

export const defaultHostPort = 7071;
/** After the usual ports of the gateway (7443) and the host. */
export const defaultInspectorPort = 7444;

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
