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
  { method, target, headers, body }: TryRequest,
  caller: TryCaller,
): TryResult['commands'] {
  const line: CallLine = {
    url: `${app.url}${target}`,
    method,
    headers: [...headers, ...Object.entries(caller.headers ?? {})],
    body: body ?? undefined,
    identity: nameFiles(caller, app.developmentFolder),
    caFile: findGatewayFile(app.developmentFolder),
  };
  const comment = explainFiles(caller);
  // The curl.exe of Windows uses Schannel, whose --cert takes a PFX file or a certificate of the store.
  const ofWindows =
    process.platform === 'win32' && line.identity !== undefined
      ? '# The curl.exe of Windows reads no certificate in PEM: this needs a curl with OpenSSL, such as that of Git.\n'
      : '';
  return { certgate: `${comment}${formatCertgateCall(line)}`, curl: `${comment}${ofWindows}${formatCurlCall(line)}` };
}

/**
 * The files that identify the caller. Names of files that the user must provide are in capitals. Undefined if the
 * caller shows no certificate.
 */
function nameFiles({ name, certificate, origin }: TryCaller, developmentFolder: string): CallIdentity | undefined {
  if (certificate === undefined) return undefined;
  if (origin === 'folder') return findCallFiles(developmentFolder, name);
  return { certificateFile: 'CERTIFICATE.pem', keyFile: 'KEY.pem' };
}

/** A comment line for a caller without known files. It contains no name that could end the line. */
function explainFiles({ name, certificate, origin }: TryCaller): string {
  if (origin === 'folder' || certificate === undefined) return '';
  if (origin === 'page') return '# The file was dropped on the page: its folder and its password are not known here.\n';
  return `# "${name}" is in the memory of this certgate dev only, and has no file: use files of your own.\n`;
}
