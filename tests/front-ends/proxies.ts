import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, closeSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from 'node:tls';
import type { Certificates } from './callers.js';
import {
  type ProxyName,
  type ProxyVariables,
  listMissingPackages,
  proxyPrograms,
  readExample,
} from './proxy-programs.js';

/** The two configuration files that examples/front-ends has for each proxy. */
export type ProxyVariant = 'any-certificate' | 'ca-verified';

export const proxyVariants: readonly ProxyVariant[] = ['any-certificate', 'ca-verified'];

export interface RunningProxy {
  readonly name: ProxyName;
  readonly variant: ProxyVariant;
  /** The port on 127.0.0.1. */
  readonly port: number;
  /** Ends the process and removes its folder. Both also happen when the test's process ends. */
  stop(): Promise<void>;
}

export interface ProxyOptions {
  readonly certificates: Pick<Certificates, 'server' | 'clientCa'>;
  readonly upstreamPort: number;
  readonly frontEndSecret: string;
}

/**
 * The reason why a proxy's tests can't run here, for the option `skip`. With `CERTGATE_REQUIRE_PROXIES=1` they run
 * anyway, and fail if the proxy is missing.
 */
export function reasonToSkip(name: ProxyName): string | false {
  const missing = listMissingPackages(name);
  if (missing.length === 0 || process.env['CERTGATE_REQUIRE_PROXIES'] === '1') return false;
  return `${name} is not installed on this machine: apt-get install ${missing.join(' ')}`;
}

/** Starts a proxy with its unchanged file from examples/front-ends, and waits until it answers. */
export async function startProxy(name: ProxyName, variant: ProxyVariant, options: ProxyOptions): Promise<RunningProxy> {
  const missing = listMissingPackages(name);
  if (missing.length > 0) throw new Error(`${name} is not installed: apt-get install ${missing.join(' ')}`);
  // Another test may take the port after we found it free and before the proxy listens on it. So this tries three
  // times.
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOnce(name, variant, options);
    } catch (error) {
      if (attempt === 3) throw error;
    }
  }
}

async function startOnce(name: ProxyName, variant: ProxyVariant, options: ProxyOptions): Promise<RunningProxy> {
  const port = await findFreePort();
  const folder = mkdtempSync(join(tmpdir(), `certgate-${name}-`));
  const removeFolder = (): void => {
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', removeFolder);
  try {
    const child = spawnProxy(name, variant, folder, port, options);
    const endChild = (): void => {
      child.kill('SIGTERM');
    };
    process.once('exit', endChild);
    const stop = async (): Promise<void> => {
      await endProcess(child);
      process.off('exit', endChild);
      process.off('exit', removeFolder);
      removeFolder();
    };
    try {
      await waitUntilItAnswers(child, port, options.certificates);
    } catch (error) {
      const said = readFileSync(join(folder, 'output'), 'utf8');
      await stop();
      throw new Error(`${name} with ${variant} did not start: ${String(error)}\n${said}`, { cause: error });
    }
    return { name, variant, port, stop };
  } catch (error) {
    process.off('exit', removeFolder);
    removeFolder();
    throw error;
  }
}

function spawnProxy(
  name: ProxyName,
  variant: ProxyVariant,
  folder: string,
  port: number,
  { certificates, upstreamPort, frontEndSecret }: ProxyOptions,
): ChildProcess {
  const write = (file: string, text: string): string => {
    const path = join(folder, file);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const { cert, key } = certificates.server;
  const variables: ProxyVariables = {
    TLS_LISTEN: `127.0.0.1:${port}`,
    TLS_PORT: String(port),
    SITE_ADDRESS: `https://localhost:${port}`,
    // HAProxy needs the certificate and the key in one file. The others use only the certificate in it.
    TLS_CERTIFICATE: write('server.pem', `${cert}${key}`),
    TLS_CERTIFICATE_KEY: write('server.key', key),
    CLIENT_CA_FILE: write('client-ca.pem', certificates.clientCa.pem),
    UPSTREAM_ADDRESS: `127.0.0.1:${upstreamPort}`,
    CERTGATE_FRONT_END_SECRET: frontEndSecret,
  };
  const program = proxyPrograms[name];
  // The proxy gets a copy, because its user may not be allowed to read the checkout.
  const exampleFile = write(basename(program.exampleFile(variant)), readExample(name, variant));
  const command = [...lowerPrivileges(), ...program.prepare(folder, exampleFile, variables)];
  // The output goes to a file, because httpd opens /dev/stderr again, which fails with a pipe from Node.
  const output = openSync(join(folder, 'output'), 'w');
  if (isRoot) giveTo(nobody, folder);
  const child = spawn('setpriv', command, {
    cwd: folder,
    env: { ...variables, PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: folder },
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  // Without this listener, the error would end the test's process. `waitUntilItAnswers` reports that there is no child.
  child.once('error', () => undefined);
  return child;
}

const isRoot = process.getuid?.() === 0;
const nobody = 65534;

/**
 * Arguments of setpriv(1), from util-linux: the proxy also ends when this process is killed, and never runs as root.
 */
function lowerPrivileges(): readonly string[] {
  const user = isRoot ? [`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'] : [];
  return ['--pdeathsig=TERM', '--no-new-privs', ...user, '--'];
}

function giveTo(user: number, folder: string): void {
  chownSync(folder, user, user);
  for (const file of readdirSync(folder)) chownSync(join(folder, file), user, user);
}

async function waitUntilItAnswers(
  child: ChildProcess,
  port: number,
  { server }: Pick<Certificates, 'server'>,
): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (child.pid === undefined) throw new Error('setpriv, of the package util-linux, is not installed');
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('its process ended');
    // Trusts only the proxy's own certificate, so that no other server on that port is mistaken for the proxy.
    const refusal = await tryHandshake(port, server.cert);
    if (refusal === undefined) return;
    if (refusal.code !== 'ECONNREFUSED' && refusal.code !== 'ECONNRESET') throw refusal;
    await delay(50);
  }
  throw new Error('it did not listen within 10 seconds');
}

function tryHandshake(port: number, ca: string): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, servername: 'localhost', ca });
    socket.once('error', resolve);
    socket.once('secureConnect', () => {
      socket.destroy();
      resolve(undefined);
    });
  });
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await ended;
  clearTimeout(timer);
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
