import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cleanEnvironment, collect, root } from './certgate.js';
import { installWithTarballs, packPackages } from './npm.js';

/** The servers of examples/http-hosts/src. */
export type HttpHostName =
  | 'node-http'
  | 'direct-tls'
  | 'express'
  | 'fastify'
  | 'hapi'
  | 'hono'
  | 'hono-direct-tls'
  | 'koa'
  | 'nestjs-express'
  | 'nestjs-fastify';

/** Servers behind a front end, one or more for each adapter. Those of `hostsOnNodeHttp` are behind one too. */
export const hostsBehindFrontEnds: readonly HttpHostName[] = [
  'node-http',
  'express',
  'fastify',
  'hono',
  'nestjs-express',
  'nestjs-fastify',
];

/** The servers behind a front end that `secureServer` closes in the same way as `node-http`. */
export const hostsOnNodeHttp: readonly HttpHostName[] = ['hapi', 'koa'];

/** The servers that end TLS themselves. */
export const hostsWithTls: readonly HttpHostName[] = ['direct-tls', 'hono-direct-tls'];

/** The servers that examples/http-hosts/src has. */
export function listHttpHosts(): readonly string[] {
  return readdirSync(join(root, 'examples', 'http-hosts', 'src')).map((file) => file.replace(/\.ts$/, ''));
}

/** A compiled copy of examples/http-hosts with its frameworks, and with Certgate from its tarballs. */
export interface InstalledHosts {
  readonly folder: string;
  /** Starts a server. `settings` are environment variables such as CERTGATE_TRUST and CERTGATE_FRONT_END. */
  start(name: HttpHostName, settings: Readonly<Record<string, string>>): Promise<RunningHost>;
  remove(): void;
}

/** An app with one server. */
export interface InstalledApp {
  /** Starts the server. `settings` are environment variables such as CERTGATE_TRUST and CERTGATE_FRONT_END. */
  start(settings: Readonly<Record<string, string>>): Promise<RunningHost>;
  remove(): void;
}

export interface RunningHost {
  /** The port on a loopback address. */
  readonly port: number;
  /** The lines that the host has written to stdout and stderr until now. Log lines are JSON. */
  readonly lines: readonly string[];
  stop(): Promise<void>;
}

/** Only the frameworks, for a test that makes servers in its own process. */
export interface InstalledFrameworks {
  /** Loads a module of the example's node_modules, like `require`. */
  load(name: string): unknown;
  remove(): void;
}

export async function installFrameworks(): Promise<InstalledFrameworks> {
  const { folder, remove } = copyExample();
  return removeUnless(remove, async () => {
    await installWithTarballs(folder, []);
    return { load: createRequire(join(folder, 'package.json')), remove };
  });
}

/** Installs the servers. This takes about ten seconds. */
export async function installHttpHosts(): Promise<InstalledHosts> {
  const { temporary, folder, remove } = copyExample();
  return removeUnless(remove, async () => {
    await installWithTarballs(folder, await packPackages(temporary, ['certgate-http']));
    // The native compiler takes a fraction of the time.
    const tsc = join(root, 'node_modules', 'typescript-native', 'bin', 'tsc');
    const { exitCode, stdout } = await collect(spawn(process.execPath, [tsc, '-p', folder]));
    if (exitCode !== 0) throw new Error(`The examples do not compile:\n${stdout}`);
    return { folder, start: (name, settings) => startHost(folder, join('dist', `${name}.js`), settings), remove };
  });
}

/**
 * Builds a copy of examples/http-hosts/next with the routes of a folder below tests/. This takes about half a minute.
 */
export async function installNextApp(routes: string): Promise<InstalledApp> {
  const { temporary, folder: hosts, remove } = copyExample();
  const folder = join(hosts, 'next');
  cpSync(join(root, 'tests', routes), join(folder, 'app'), { recursive: true });
  return removeUnless(remove, async () => {
    await installWithTarballs(folder, await packPackages(temporary, ['certgate-http']));
    const env = { ...cleanEnvironment(), NEXT_TELEMETRY_DISABLED: '1' };
    const next = join(folder, 'node_modules', 'next', 'dist', 'bin', 'next');
    const { exitCode, stdout, stderr } = await collect(spawn(process.execPath, [next, 'build'], { cwd: folder, env }));
    if (exitCode !== 0) throw new Error(`The app of Next.js was not built:\n${stdout}${stderr}`);
    return { start: (settings) => startHost(folder, 'server.js', { ...settings, NODE_ENV: 'production' }), remove };
  });
}

function copyExample(): { readonly temporary: string; readonly folder: string; readonly remove: () => void } {
  const temporary = mkdtempSync(join(tmpdir(), 'certgate-http-hosts-'));
  const folder = join(temporary, 'hosts');
  const isOurs = (source: string): boolean => !/[\\/](?:node_modules|dist|\.next)$/.test(source);
  cpSync(join(root, 'examples', 'http-hosts'), folder, { recursive: true, filter: isOurs });
  const remove = (): void => {
    rmSync(temporary, { recursive: true, force: true });
  };
  return { temporary, folder, remove };
}

async function removeUnless<Result>(remove: () => void, install: () => Promise<Result>): Promise<Result> {
  try {
    return await install();
  } catch (error) {
    remove();
    throw error;
  }
}

async function startHost(
  folder: string,
  script: string,
  settings: Readonly<Record<string, string>>,
): Promise<RunningHost> {
  const env = { ...cleanEnvironment(), ...settings, PORT: '0' };
  const child = spawn(process.execPath, [join(folder, script)], { cwd: folder, env });
  const end = (): void => {
    child.kill();
  };
  process.once('exit', end);
  const stop = async (): Promise<void> => {
    process.off('exit', end);
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    end();
    await ended;
  };
  const lines: string[] = [];
  try {
    return { port: await hear(child, lines), lines, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Collects the lines that the process writes. Resolves with its port when it listens. */
function hear(child: ChildProcess, lines: string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr]) {
      let rest = '';
      stream?.setEncoding('utf8').on('data', (text: string) => {
        const parts = (rest + text).split('\n');
        rest = parts.pop() ?? '';
        lines.push(...parts);
        const port = /^listening on \{.*port: (\d+)/m.exec(parts.join('\n'))?.[1];
        if (port !== undefined) resolve(Number(port));
      });
    }
    child.once('error', reject);
    child.once('exit', () => {
      reject(new Error(`The host ended before it listened:\n${lines.join('\n')}`));
    });
  });
}
