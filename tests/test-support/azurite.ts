import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { TrustBlobClient } from '@certgate/core';
import { cleanEnvironment, root } from './certgate.js';
import { expectNpm } from './npm.js';

/** The folder that contains Azurite and the SDK after `installAzurite`. */
export const azuriteFolder: string = join(root, 'tests', 'azurite');

/** The part of `@azure/storage-blob` that the tests use. The package's own types are missing until it is installed. */
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
  /**
   * The account's key in base64, made for this run. The repository contains no key, not even Azurite's well-known one.
   */
  readonly key: string;
  readonly port: number;
  /** The account's endpoint, `http://127.0.0.1:PORT/ACCOUNT`. */
  readonly endpoint: string;
  /**
   * A client with the account's key. `endpoint` may be the address of a proxy in front; `options` are the SDK's own.
   */
  connect(endpoint?: string, options?: object): BlobServiceClient;
  /** Stops Azurite in order, so that the next start finds what was written to `folder`. */
  stop(): Promise<void>;
  /** Starts Azurite again after `stop`, with the same account, key and port. */
  restart(): Promise<void>;
}

export interface AzuriteOptions {
  /** Whether this process may end while Azurite is running. */
  readonly isBackground?: boolean;
  /** The folder for blobs. If absent, they are in memory, and are lost when Azurite stops. */
  readonly folder?: string;
  /**
   * Uses Azurite's own development account, whose key the SDK knows, over TLS. Azurite then also accepts tokens of
   * Microsoft Entra, of which it checks the issuer, the audience and the times.
   */
  readonly development?: { readonly certificateFile: string; readonly keyFile: string };
}

/** Starts a blob service on a free port. The caller must stop it; it also ends with this process. */
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
 * One Azurite for all test files of this process, with which it ends. Each file makes containers with names of its own.
 * Call this only in hooks: node:test attributes what follows such an `await` to the file that called first.
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
  // The SDK uses a newer version of the protocol than Azurite claims to know.
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

/** Calls `unref`, which pipes have, although their type doesn't show it. */
function letGo(handle: object | null | undefined): void {
  const pipe: { unref?(): void } | null | undefined = handle;
  pipe?.unref?.();
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
  // On Windows, a signal would end Azurite at once, before it writes its index.
  child.send('shutdown');
  await Promise.race([closed.catch(() => undefined), delay(60_000, undefined, { ref: false })]);
  child.kill('SIGKILL');
  await ended;
}

/**
 * Installs Azurite once for each checkout and lockfile, even if several test files ask at once. It takes about twelve
 * seconds.
 */
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

/**
 * Runs `work` while this process owns a lock. The lock is a folder that contains a folder named after the process. Git
 * ignores it, because it contains no files.
 */
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

/** Whether the lock's process has ended, or never wrote its id. */
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
