import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { startFunctionsHost } from '../test-support/adapter-app.js';
import { root } from '../test-support/certgate.js';
import { type HttpHostName, hostsBehindFrontEnds, type InstalledHosts } from '../test-support/http-hosts.js';

/** What a host is configured with about its front end. */
export interface HostOptions {
  readonly frontEnd: string;
  readonly frontEndSecret: string | undefined;
  readonly trustFile: string;
  readonly acceptForwardedChain?: true;
  /** Environment variables that name the files of the server's own certificate and key. */
  readonly tls?: Readonly<Record<string, string>>;
}

/** An app with the three routes of the matrix, which listens on a loopback address. */
export interface RunningHost {
  readonly port: number;
  stop(): Promise<void>;
}

/** The columns of the matrix: Azure Functions, and the servers of examples/http-hosts. */
export type HostName = 'functions' | HttpHostName;

export const hostNames: readonly HostName[] = ['functions', ...hostsBehindFrontEnds];

/** Starts Azure Functions, or one of the servers in `installed`. */
export function startHost(
  name: HostName,
  installed: InstalledHosts | undefined,
  options: HostOptions,
): Promise<RunningHost> {
  if (name === 'functions') return startFunctions(options);
  if (installed === undefined) throw new Error(`${name} is not installed`);
  const { frontEnd, frontEndSecret, trustFile } = options;
  if (name === 'direct-tls') return installed.start(name, { CERTGATE_TRUST: trustFile, ...options.tls });
  const secret = frontEndSecret === undefined ? {} : { CERTGATE_FRONT_END_SECRET: frontEndSecret };
  return installed.start(name, { CERTGATE_TRUST: trustFile, CERTGATE_FRONT_END: frontEnd, ...secret });
}

const library = dirname(createRequire(import.meta.url).resolve('@azure/functions/package.json'));

const functionsApp = `
const { app } = require('@azure/functions');
const { allowAnonymous, getClientIdentity, requireRole, secureApp, trustStoreFrom } = require('@certgate/azure-functions');

const name = (request, context) => ({ body: \`hello \${getClientIdentity(context).name}\` });
app.http('closed', { handler: name });
const { frontEnd, acceptForwardedChain } = JSON.parse(process.env.MATRIX_OPTIONS);
secureApp(app, {
  trustStore: trustStoreFrom(process.env.CERTGATE_TRUST),
  frontEnd,
  ...(acceptForwardedChain && { acceptForwardedChain }),
});
app.http('public', { handler: allowAnonymous(() => ({ body: 'public' })) });
app.http('role', { handler: requireRole('operator', name) });
`;

async function startFunctions({ frontEndSecret, trustFile, ...options }: HostOptions): Promise<RunningHost> {
  const folder = mkdtempSync(join(tmpdir(), 'certgate-matrix-'));
  const modules = join(folder, 'node_modules');
  for (const scope of ['@azure', '@certgate']) mkdirSync(join(modules, scope), { recursive: true });
  symlinkSync(library, join(modules, '@azure/functions'), 'junction');
  symlinkSync(join(root, 'packages/azure-functions'), join(modules, '@certgate/azure-functions'), 'junction');
  writeFileSync(join(folder, 'host.json'), '{ "version": "2.0", "extensions": { "http": { "routePrefix": "" } } }');
  writeFileSync(join(folder, 'package.json'), '{ "main": "index.js" }');
  writeFileSync(join(folder, 'index.js'), functionsApp);
  cpSync(trustFile, join(folder, 'trust.json'));
  const secret = frontEndSecret === undefined ? {} : { CERTGATE_FRONT_END_SECRET: frontEndSecret };
  const host = await startFunctionsHost({
    folder,
    environment: { CERTGATE_TRUST: 'trust.json', MATRIX_OPTIONS: JSON.stringify(options), ...secret },
    // The matrix's front end calls the host directly, not through the tool's gateway.
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
