import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { TrustBlobClient } from '@certgate/core';
import { cleanEnvironment, root } from './certgate.js';
import { expectNpm } from './npm.js';

/** Where Azurite and the SDK stand once `installAzurite` is through. */
export const azuriteFolder: string = join(root, 'tests', 'azurite');

/** What the tests use of `@azure/storage-blob`. Its own types aren't there before it is installed. */
export interface StorageSdk {
  readonly BlobServiceClient: {
    new (url: string, credential: object, options?: object): BlobServiceClient;
    fromConnectionString(text: string): { readonly accountName: string; readonly credential: object };
  };
  readonly BlobClient: new (url: string, credential?: object, options?: object) => TrustBlobClient;
  readonly StorageSharedKeyCredential: new (account: string, key: string) => object;
  readonly AnonymousCredential: new () => object;
  readonly BlobSASPermissions: { parse(permissions: string): object };
  generateBlobSASQueryParameters(values: object, credential: object): { toString(): string };
}

export interface BlobServiceClient {
  getContainerClient(name: string): ContainerClient;
}

export interface ContainerClient {
  create(): Promise<unknown>;
  delete(): Promise<unknown>;
  getBlockBlobClient(name: string): BlockBlobClient;
  setAccessPolicy(access: undefined, policies: readonly object[]): Promise<unknown>;
}

export interface BlockBlobClient extends TrustBlobClient {
  readonly url: string;
  upload(body: string | Uint8Array, length: number, options?: object): Promise<{ readonly etag?: string }>;
  delete(): Promise<unknown>;
}

export interface Azurite {
  readonly sdk: StorageSdk;
  readonly account: string;
  /** Made for this run; no key stands in the repository, not even the well-known one. */
  readonly key: string;
  readonly port: number;
  /** The account's endpoint, `http://127.0.0.1:PORT/ACCOUNT`. */
  readonly endpoint: string;
  /** A client with the account's key. `endpoint` may be that of a proxy in front; `options` are the SDK's own. */
  connect(endpoint?: string, options?: object): BlobServiceClient;
  /** Orderly, so that what was written to `folder` is there at the next start. */
  stop(): Promise<void>;
  /** After `stop`: the same account, key and port again. */
  restart(): Promise<void>;
}

export interface AzuriteOptions {
  /** It keeps no process alive. */
  readonly isBackground?: boolean;
  /** Where blobs are kept; without, they are kept in memory and go with the process. */
  readonly folder?: string;
  /**
   * Azurite's own development account, whose key the SDK knows, over TLS; tokens of Microsoft Entra are taken too, by
   * their issuer, audience and times.
   */
  readonly development?: { readonly certificateFile: string; readonly keyFile: string };
}

/** A blob service on a port of its own. Who starts it stops it; it also ends with this process. */
export async function startAzurite(options: AzuriteOptions = {}): Promise<Azurite> {
  await installAzurite();
  const sdk = loadStorageSdk();
  if (options.development !== undefined) return startDevelopmentAzurite(sdk, options);
  const account = 'certgatetests';
  const key = randomBytes(64).toString('base64');
  const first = await spawnAzurite(`${account}:${key}`, 0, options);
  const { port } = first;
  let { child } = first;
  const endpoint = `http://127.0.0.1:${port}/${account}`;
  return {
    sdk,
    account,
    key,
    port,
    endpoint,
    connect: (at = endpoint, more = {}) =>
      new sdk.BlobServiceClient(at, new sdk.StorageSharedKeyCredential(account, key), more),
    stop: () => stopAzurite(child),
    restart: async () => {
      ({ child } = await spawnAzurite(`${account}:${key}`, port, options));
    },
  };
}

let shared: Promise<Azurite> | undefined;

/**
 * One for all test files of this process, which it ends with. Each file makes containers of its own names. Only for hooks:
 * node:test takes what follows such an `await` for a part of the file that asked first.
 */
export function shareAzurite(): Promise<Azurite> {
  shared ??= startAzurite({ isBackground: true });
  return shared;
}

async function startDevelopmentAzurite(sdk: StorageSdk, options: AzuriteOptions): Promise<Azurite> {
  const { accountName: account, credential } = sdk.BlobServiceClient.fromConnectionString('UseDevelopmentStorage=true');
  const { child, port } = await spawnAzurite(undefined, 0, options);
  const endpoint = `https://127.0.0.1:${port}/${account}`;
  return {
    sdk,
    account,
    key: '',
    port,
    endpoint,
    connect: (at = endpoint, more = {}) => new sdk.BlobServiceClient(at, credential, more),
    stop: () => stopAzurite(child),
    restart: () => Promise.reject(new Error('not needed by any test')),
  };
}

export function loadStorageSdk(): StorageSdk {
  return createRequire(join(azuriteFolder, 'package.json'))('@azure/storage-blob') as StorageSdk;
}

interface Running {
  readonly child: ChildProcess;
  readonly port: number;
}

async function spawnAzurite(
  accounts: string | undefined,
  port: number,
  { folder, development, isBackground = false }: AzuriteOptions,
): Promise<Running> {
  const place = folder === undefined ? ['--inMemoryPersistence'] : ['--location', folder];
  // The SDK speaks a newer version of the protocol than Azurite says it knows.
  const rest = ['--silent', '--disableTelemetry', '--skipApiVersionCheck'];
  if (development !== undefined) {
    rest.push('--oauth', 'basic', '--cert', development.certificateFile, '--key', development.keyFile);
  }
  const script = join(azuriteFolder, 'node_modules', 'azurite', 'dist', 'src', 'blob', 'main.js');
  const child = spawn(
    process.execPath,
    ['--require', join(azuriteFolder, 'end-with-parent.cjs'), script]
      .concat(['--blobHost', '127.0.0.1', '--blobPort', String(port)])
      .concat(place, rest),
    {
      cwd: folder ?? azuriteFolder,
      env: { ...cleanEnvironment(), NODE_V8_COVERAGE: undefined, AZURITE_ACCOUNTS: accounts },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    },
  );
  const said = await waitForLine(child, /successfully listens on https?:\/\/127\.0\.0\.1:(\d+)/);
  if (isBackground) for (const each of [child, child.channel, child.stdout, child.stderr]) letGo(each);
  return { child, port: Number(said[1]) };
}

/** A pipe's type says nothing of `unref`. */
function letGo(handle: object | null | undefined): void {
  (handle as { unref?(): void } | null | undefined)?.unref?.();
}

function waitForLine(child: ChildProcess, line: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    let said = '';
    const hear = (text: string): void => {
      said += text;
      const match = line.exec(said);
      if (match !== null) resolve(match);
    };
    child.stdout?.setEncoding('utf8').on('data', hear);
    child.stderr?.setEncoding('utf8').on('data', hear);
    child.once('error', reject);
    child.once('close', () => {
      reject(new Error(`Azurite ended before it listened:\n${said}`));
    });
  });
}

async function stopAzurite(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => {
      resolve();
    });
  });
  const closed = waitForLine(child, /successfully closed/);
  // A signal would end it at once on Windows, with its index unwritten.
  child.send('shutdown');
  await Promise.race([closed.catch(() => undefined), delay(60_000, undefined, { ref: false })]);
  child.kill('SIGKILL');
  await ended;
}

/** Once per checkout and lockfile, however many test files ask at once: about twelve seconds. */
export async function installAzurite(): Promise<void> {
  const modules = join(azuriteFolder, 'node_modules');
  const mark = join(modules, '.certgate-lockfile');
  const lockfile = createHash('sha256')
    .update(readFileSync(join(azuriteFolder, 'package-lock.json')))
    .digest('hex');
  const isInstalled = (): boolean => existsSync(mark) && readFileSync(mark, 'utf8') === lockfile;
  if (isInstalled()) return;
  await withInstallationLock(async () => {
    if (isInstalled()) return;
    await expectNpm(['ci', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'], azuriteFolder);
    writeFileSync(mark, lockfile);
  });
}

/** A folder that holds a folder named after the process: no files, so that git sees nothing of it. */
async function withInstallationLock(work: () => Promise<void>): Promise<void> {
  const lock = join(azuriteFolder, '.installing');
  while (!takeLock(lock)) {
    if (isAbandoned(lock)) rmSync(lock, { recursive: true, force: true });
    else await delay(200);
  }
  try {
    await work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function takeLock(lock: string): boolean {
  try {
    mkdirSync(lock);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
  mkdirSync(join(lock, String(process.pid)));
  return true;
}

/** Its process is gone, or it never came to write its name. */
function isAbandoned(lock: string): boolean {
  try {
    const [holder] = readdirSync(lock);
    if (holder === undefined) return Date.now() - statSync(lock).mtimeMs > 10_000;
    process.kill(Number(holder), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}
