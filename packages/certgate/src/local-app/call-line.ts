import { dirname, join, relative } from 'node:path';
import { shellWord } from '../texts/safe-text.js';
import { formatToolCall } from '../texts/tool-call.js';
import type { Caller } from './development-callers.js';

/** One call of the gateway, as a line to copy. */
export interface CallLine {
  readonly url: string;
  readonly method: string;
  /** Called by its name at the address of the app; the method is MCP's own. For `certgate call` alone. */
  readonly mcpTool?: string;
  /** The tool's arguments, in JSON. Absent: none. */
  readonly mcpArguments?: string;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  /** Undefined: none. */
  readonly body?: string | undefined;
  /** Undefined: without a certificate. */
  readonly identity: CallIdentity | undefined;
  /** The gateway's own certificate. */
  readonly caFile: string;
}

/** Files, as a person would name them. */
export interface CallIdentity {
  readonly pfxFile: string;
  readonly passwordFile: string;
  readonly certificateFile: string;
  readonly keyFile: string;
}

export function formatCertgateCall(line: CallLine): string {
  const { url, method, mcpTool, mcpArguments, headers = [], body, identity, caFile } = line;
  // A body that begins with @ would be taken for the name of a file.
  const isPiped = body?.startsWith('@') === true;
  const usual = body === undefined ? 'GET' : 'POST';
  return [
    ...(isPiped ? [`printf %s ${shellWord(body)} |`] : []),
    formatToolCall(['call', url]),
    ...(mcpTool === undefined ? [] : [`--mcp-tool ${shellWord(mcpTool)}`]),
    ...(mcpArguments === undefined ? [] : [`--mcp-arguments ${shellWord(mcpArguments)}`]),
    ...(method === usual || mcpTool !== undefined ? [] : [`--request ${shellWord(method)}`]),
    ...headers.map(([name, value]) => `--header ${shellWord(`${name}: ${value}`)}`),
    ...(body === undefined ? [] : [`--data ${isPiped ? '@-' : shellWord(body)}`]),
    ...(identity === undefined
      ? []
      : [`--certificate ${quotePath(identity.pfxFile)} --password-file ${quotePath(identity.passwordFile)}`]),
    `--cacert ${quotePath(caFile)}`,
  ].join(' ');
}

/** The same by curl, which opens PEM files everywhere, and a PFX not with every TLS library. */
export function formatCurlCall({ url, method, headers = [], body, identity, caFile }: CallLine): string {
  const usual = body === undefined ? 'GET' : 'POST';
  return [
    'curl',
    // Else curl takes brackets for a set of addresses.
    ...(/[[\]{}]/.test(url) ? ['--globoff'] : []),
    shellWord(url),
    ...(method === usual ? [] : method === 'HEAD' ? ['--head'] : [`--request ${shellWord(method)}`]),
    // A field with nothing behind the colon would be left out.
    ...headers.map(([name, value]) => `--header ${shellWord(value === '' ? `${name};` : `${name}: ${value}`)}`),
    ...(body === undefined ? [] : [`--data-raw ${shellWord(body)}`]),
    ...(identity === undefined
      ? []
      : [`--cert ${quotePath(identity.certificateFile)} --key ${quotePath(identity.keyFile)}`]),
    `--cacert ${quotePath(caFile)}`,
  ].join(' ');
}

/**
 * Double quotes are what POSIX shells, PowerShell and cmd have in common; Windows' separators stand as they are. Not a
 * separator at the end, which would take the quote into the name, nor Bash's history (`!`), nor a second line.
 */
function quotePath(path: string): string {
  if (/^[\w./\\:+-]*[\w./:+-]$/.test(path)) return path;
  return /["$`!\n]|\\$/.test(path) ? shellWord(path) : `"${path}"`;
}

/** The files of a development caller, from the working folder; undefined where it has no certificate. */
export function findCallFiles({ name, certificate }: Caller): CallIdentity | undefined {
  if (certificate === undefined) return undefined;
  const at = (file: string): string => join(relative(process.cwd(), dirname(certificate.pfxFile)), file);
  return {
    pfxFile: at(`${name}.pfx`),
    passwordFile: at('password.txt'),
    certificateFile: at(`${name}.crt.pem`),
    keyFile: at(`${name}.key.pem`),
  };
}

/** The gateway's certificate, which lies beside those of the callers. */
export function findGatewayFile(callers: readonly Caller[]): string | undefined {
  const [sample] = callers.flatMap(({ certificate }) => certificate ?? []);
  return sample === undefined ? undefined : join(relative(process.cwd(), dirname(sample.pfxFile)), 'gateway.crt.pem');
}
