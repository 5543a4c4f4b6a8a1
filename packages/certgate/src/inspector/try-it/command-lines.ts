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

/** The same call from a terminal. */
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

/** Undefined: no certificate. Names that stand for files which somebody has to put there are in capitals. */
function nameFiles({ name, certificate, files }: TryCaller, dropped: string | undefined): CallIdentity | undefined {
  if (files !== undefined) return findCallFiles(files);
  if (certificate === undefined) return undefined;
  const pfxFile = dropped === undefined ? `${name}.pfx` : dropped.replace(/^-/, './-');
  return { pfxFile, passwordFile: 'PASSWORD_FILE', certificateFile: 'CERTIFICATE.pem', keyFile: 'KEY.pem' };
}

/** A comment ends with its line, whatever the file is called. */
function explainFiles({ name, certificate, files }: TryCaller, dropped: string | undefined): string {
  if (files !== undefined || certificate === undefined) return '';
  if (dropped === undefined) {
    return `# "${name}" is in the memory of this certgate dev only, and has no file: use files of your own.\n`;
  }
  return '# The file was dropped on the page: its folder and its password are not known here.\n';
}
