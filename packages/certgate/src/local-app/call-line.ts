import { join, relative } from 'node:path';
import { shellWord } from '../texts/safe-text.js';
import { formatToolCall } from '../texts/tool-call.js';
import { gatewayName } from './development-certificates.js';

/** One call of the gateway, from which a command line to copy is made. */
export interface CallLine {
  readonly url: string;
  readonly method: string;
  /**
   * The name of an MCP tool to call at the app's address, with the method that MCP prescribes. For `certgate call`
   * only.
   */
  readonly mcpTool?: string;
  /** The tool's arguments in JSON. Undefined for none. */
  readonly mcpArguments?: string;
  readonly headers?: readonly (readonly [name: string, value: string])[];
  /** The request's body. Undefined if it has none. */
  readonly body?: string | undefined;
  /** The files of the caller's certificate and key. Undefined if the caller shows no certificate. */
  readonly identity: CallIdentity | undefined;
  /** The file of the gateway's own certificate. */
  readonly caFile: string;
}

/** Paths of files, as a person would write them. */
export interface CallIdentity {
  readonly certificateFile: string;
  readonly keyFile: string;
}

export function formatCertgateCall(line: CallLine): string {
  const { url, method, mcpTool, mcpArguments, headers = [], body, identity, caFile } = line;
  // `certgate call` would take a body that begins with @ for the name of a file. The pipes of Windows add a line end, so
  // the user must write the file there.
  const isFile = body?.startsWith('@') === true;
  const isPiped = isFile && process.platform !== 'win32';
  const usual = body === undefined ? 'GET' : 'POST';
  return [
    ...(isPiped ? [`printf %s ${shellWord(body)} |`] : []),
    formatToolCall(['call', url]),
    ...(mcpTool === undefined ? [] : [`--mcp-tool ${shellWord(mcpTool)}`]),
    ...(mcpArguments === undefined ? [] : [`--mcp-arguments ${shellWord(mcpArguments)}`]),
    ...(method === usual || mcpTool !== undefined ? [] : [`--request ${shellWord(method)}`]),
    ...headers.map(([name, value]) => `--header ${shellWord(`${name}: ${value}`)}`),
    ...(body === undefined ? [] : [`--data ${isPiped ? '@-' : shellWord(isFile ? '@BODY_FILE' : body)}`]),
    ...(identity === undefined
      ? []
      : [`--certificate ${shellWord(identity.certificateFile)} --key ${shellWord(identity.keyFile)}`]),
    `--cacert ${shellWord(caFile)}`,
  ].join(' ');
}

/** Formats the same call for curl, with PEM files, because curl opens a PFX only with certain TLS libraries. */
export function formatCurlCall({ url, method, headers = [], body, identity, caFile }: CallLine): string {
  const usual = body === undefined ? 'GET' : 'POST';
  return [
    // In PowerShell 5, `curl` is another program.
    process.platform === 'win32' ? 'curl.exe' : 'curl',
    // Without this option, curl takes brackets for a set of addresses.
    ...(/[[\]{}]/.test(url) ? ['--globoff'] : []),
    shellWord(url),
    ...(method === usual ? [] : method === 'HEAD' ? ['--head'] : [`--request ${shellWord(method)}`]),
    // With a colon and nothing after it, curl would leave the field out. A semicolon sends it empty.
    ...headers.map(([name, value]) => `--header ${shellWord(value === '' ? `${name};` : `${name}: ${value}`)}`),
    ...(body === undefined ? [] : [`--data-raw ${shellWord(body)}`]),
    ...(identity === undefined
      ? []
      : [`--cert ${shellWord(identity.certificateFile)} --key ${shellWord(identity.keyFile)}`]),
    `--cacert ${shellWord(caFile)}`,
  ].join(' ');
}

/** The files of the caller with this name in the development folder, relative to the working folder. */
export function findCallFiles(developmentFolder: string, name: string): CallIdentity {
  const at = (kind: string): string => join(relative(process.cwd(), developmentFolder), `${name}.${kind}.pem`);
  return { certificateFile: at('crt'), keyFile: at('key') };
}

/** The file of the gateway's certificate. */
export function findGatewayFile(developmentFolder: string): string {
  return findCallFiles(developmentFolder, gatewayName).certificateFile;
}
