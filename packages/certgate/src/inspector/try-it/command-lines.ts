import {
  type CallIdentity,
  type CallLine,
  findCallFiles,
  findGatewayFile,
  formatCertgateCall,
  formatCurlCall,
} from '../../local-app/call-line.js';
import type { RunningApp } from '../inspected-app.js';
import type { TryRequest, TryResult } from '../../trust/views/page-views.js';
import type { TryCaller } from './callers.js';

/** Formats the same call as commands for a terminal. */
export function formatCommands(
  { app }: Pick<RunningApp, 'app'>,
  { method, target, headers, body, caller: chosen }: TryRequest,
  caller: TryCaller,
): TryResult['commands'] {
  const dropped = 'file' in chosen ? chosen.file.name : undefined;
  const line: CallLine = {
    url: `${app.url}${target}`,
    method,
    headers: [...headers, ...Object.entries(caller.headers ?? {})],
    body: body ?? undefined,
    identity: nameFiles(caller, dropped),
    caFile: findGatewayFile(app.callers) ?? 'gateway.crt.pem',
  };
  const comment = explainFiles(caller, dropped);
  return { certgate: `${comment}${formatCertgateCall(line)}`, curl: `${comment}${formatCurlCall(line)}` };
}

/**
 * The files that identify the caller. Names of files that the user must provide are in capitals. Undefined if the
 * caller shows no certificate.
 */
function nameFiles({ name, certificate, files }: TryCaller, dropped: string | undefined): CallIdentity | undefined {
  if (files !== undefined) return findCallFiles(files);
  if (certificate === undefined) return undefined;
  const pfxFile = dropped === undefined ? `${name}.pfx` : dropped.replace(/^-/, './-');
  return { pfxFile, passwordFile: 'PASSWORD_FILE', certificateFile: 'CERTIFICATE.pem', keyFile: 'KEY.pem' };
}

/** A comment line for a caller without known files. It contains no name that could end the line. */
function explainFiles({ name, certificate, files }: TryCaller, dropped: string | undefined): string {
  if (files !== undefined || certificate === undefined) return '';
  if (dropped === undefined) {
    return `# "${name}" is in the memory of this certgate dev only, and has no file: use files of your own.\n`;
  }
  return '# The file was dropped on the page: its folder and its password are not known here.\n';
}
