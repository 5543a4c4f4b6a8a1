import { join, resolve } from 'node:path';
import { escapeControls } from '../../texts/safe-text.js';
import { printLine } from '../command-line/output.js';
import { findAppEntry } from '#local/functions-host/app-entry.js';
import { startGateway } from '#local/gateway/gateway.js';
import { getGatewayCertificate } from '../../local-app/development-certificates.js';
import { findNamedFile, findTrustSetting } from '../../local-app/app-trust.js';
import {
  listTrustedRoleSets,
  prepareCallers,
  trustFileName,
  writeDevelopmentTrust,
} from '../../local-app/development-callers.js';
import { openDevelopmentFolder, withFolderLock } from '../../local-app/development-files.js';
import { findAppFrontEnd } from '../../local-app/front-end-settings.js';
import { type DevFlags, readGatewayFlags } from '../gateway-flags.js';
import { warnWithoutSecret } from '../gateway-command.js';
import { printExchange } from './decision-line.js';
import { runBefore } from './run-before.js';

/**
 * Describes which trust document CERTGATE_TRUST names, in this environment or in the folder's settings. Which one the
 * app really reads is decided where it runs, and can't be seen from here.
 */
async function describeTrustSetting(folder: string, developmentFolder: string): Promise<string> {
  const setting = await findTrustSetting(folder);
  if (setting === undefined)
    return 'Set the app setting CERTGATE_TRUST=.certgate/trust.json in local.settings.json; the callers are in .certgate/.';
  const { setBy } = setting;
  const file = findNamedFile(folder, setting);
  if (file === join(developmentFolder, trustFileName))
    return `${setBy} names .certgate/trust.json as CERTGATE_TRUST, which lists the callers in .certgate/.`;
  const place = file === undefined ? 'another place than a file' : escapeControls(file);
  return `${setBy} names ${place} as CERTGATE_TRUST: the callers in .certgate/ are unknown there unless you add them.`;
}

/** Runs the gateway with the development callers in front of an app that somebody else runs, such as `func start`. */
export async function runBeforeUpstream(folder: string, flags: DevFlags & { readonly upstream: URL }): Promise<void> {
  await findAppEntry(resolve(folder));
  // The settings of this process and of the folder's local.settings.json, which the app usually shares. What is only in
  // the environment of the app's own process can't be seen from here.
  const frontEnd = await findAppFrontEnd(resolve(folder), flags.frontEnd);
  const behaviour = readGatewayFlags(flags, frontEnd.name, 'optional');
  warnWithoutSecret(frontEnd);
  const developmentFolder = await openDevelopmentFolder(resolve(folder));
  const serverCertificate = await withFolderLock(developmentFolder, async () => {
    const roleSets = await listTrustedRoleSets(developmentFolder);
    await writeDevelopmentTrust(developmentFolder, await prepareCallers(developmentFolder, roleSets, new Date()));
    return getGatewayCertificate(developmentFolder, new Date());
  });
  const openGateway = (port: number): ReturnType<typeof startGateway> =>
    startGateway({
      ...behaviour,
      ...(frontEnd.secret === undefined ? {} : { frontEndSecret: frontEnd.secret }),
      upstream: flags.upstream,
      port,
      serverCertificate,
      onExchange: printExchange,
    });
  await runBefore(flags, openGateway, async ({ url }) => {
    printLine(`ready ${url.replace('127.0.0.1', 'localhost')} -> ${flags.upstream.origin}`);
    printLine(
      `  front end: ${frontEnd.name}${flags.frontEnd === undefined ? "; what the app's code names can't be seen from here: pass --front-end if that is another one" : ''}`,
    );
    printLine(`  ${await describeTrustSetting(resolve(folder), developmentFolder)}`);
  });
}
