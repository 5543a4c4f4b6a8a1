import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as developmentCallersModule from '../../packages/certgate/dist/esm/local-app/development-callers.js';
import type * as developmentCertificatesModule from '../../packages/certgate/dist/esm/local-app/development-certificates.js';
import { root } from './certgate.js';

type DevelopmentFiles = ReadonlyMap<string, Buffer>;

let made: Promise<DevelopmentFiles> | undefined;

/**
 * Gives an app the certificates of an earlier `certgate dev`. They are the same for every app of this process, because
 * making them takes most of a second of CPU time. The command makes the trust document, which depends on the app's
 * roles.
 */
export async function addDevelopmentFiles(appFolder: string): Promise<void> {
  made ??= makeDevelopmentFiles();
  const folder = join(appFolder, '.certgate');
  mkdirSync(folder, { mode: 0o700 });
  for (const [name, bytes] of await made) writeFileSync(join(folder, name), bytes, { mode: 0o600 });
}

async function makeDevelopmentFiles(): Promise<DevelopmentFiles> {
  const localApp = join(root, 'packages/certgate/dist/esm/local-app');
  const importBuilt = (file: string): Promise<unknown> => import(pathToFileURL(join(localApp, file)).href);
  const { prepareCallers } = (await importBuilt('development-callers.js')) as typeof developmentCallersModule;
  const { getGatewayCertificate } = (await importBuilt(
    'development-certificates.js',
  )) as typeof developmentCertificatesModule;
  const folder = mkdtempSync(join(tmpdir(), 'certgate-development-'));
  try {
    const now = new Date();
    await prepareCallers(folder, [['operator']], now);
    await getGatewayCertificate(folder, now);
    return new Map(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
