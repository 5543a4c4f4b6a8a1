import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { startFunctionsHost } from '../test-support/adapter-app.js';
import { root } from '../test-support/certgate.js';

/** What a host is told of its front end. */
export interface HostOptions {
  readonly frontEnd: string;
  readonly frontEndSecret: string | undefined;
  readonly trustFile: string;
  readonly acceptForwardedChain?: true;
}

/** An app with the three routes of the matrix, on loopback. */
export interface RunningHost {
  readonly port: number;
  stop(): Promise<void>;
}

export type HostName = 'Azure Functions';

export const hosts: Readonly<Record<HostName, (options: HostOptions) => Promise<RunningHost>>> = {
  'Azure Functions': startFunctions,
};

const library = dirname(createRequire(import.meta.url).resolve('@azure/functions/package.json'));

const functionsApp = `
const { app } = require('@azure/functions');
const { allowAnonymous, getClientIdentity, requireRole, secureApp, trustStoreFrom } = require('@certgate/azure-functions');

const name = (request, context) => ({ body: getClientIdentity(context).name });
app.http('closed', { handler: name });
const { frontEnd, acceptForwardedChain } = JSON.parse(process.env.MATRIX_OPTIONS);
secureApp(app, {
  trustStore: trustStoreFrom(process.env.CERTGATE_TRUST),
  frontEnd,
  ...(acceptForwardedChain && { acceptForwardedChain }),
});
app.http('public', { handler: allowAnonymous(() => ({ body: 'public' })) });
app.http('role', { handler: requireRole('writer', name) });
`;

async function startFunctions({ frontEndSecret, trustFile, ...options }: HostOptions): Promise<RunningHost> {
  const folder = mkdtempSync(join(tmpdir(), 'certgate-matrix-'));
  const modules = join(folder, 'node_modules');
  for (const scope of ['@azure', '@certgate']) mkdirSync(join(modules, scope), { recursive: true });
  symlinkSync(library, join(modules, '@azure/functions'), 'junction');
  symlinkSync(join(root, 'packages/azure-functions'), join(modules, '@certgate/azure-functions'), 'junction');
  writeFileSync(join(folder, 'host.json'), '{ "version": "2.0" }');
  writeFileSync(join(folder, 'package.json'), '{ "main": "index.js" }');
  writeFileSync(join(folder, 'index.js'), functionsApp);
  cpSync(trustFile, join(folder, 'trust.json'));
  const secret = frontEndSecret === undefined ? {} : { CERTGATE_FRONT_END_SECRET: frontEndSecret };
  const host = await startFunctionsHost({
    folder,
    environment: { CERTGATE_TRUST: 'trust.json', MATRIX_OPTIONS: JSON.stringify(options), ...secret },
    // The front end of the matrix calls it, not the gateway.
    unsafeDirectHeader: true,
  });
  return {
    port: host.port,
    stop: async () => {
      await host.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
