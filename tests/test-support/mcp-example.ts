import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Ended, cleanEnvironment, root, runProgram, waitForReady } from './certgate.js';
import { installWithTarballs, packPackages } from './npm.js';

/** The part of `@modelcontextprotocol/sdk` that the tests use. The package is installed only while they run. */
export interface McpClient {
  connect(transport: unknown): Promise<void>;
  listTools(): Promise<{ readonly tools: readonly { readonly name: string }[] }>;
  callTool(call: { readonly name: string; readonly arguments?: object }): Promise<McpToolResult>;
  readResource(resource: {
    readonly uri: string;
  }): Promise<{ readonly contents: readonly { readonly text?: string }[] }>;
  getPrompt(prompt: { readonly name: string; readonly arguments?: object }): Promise<McpPromptResult>;
  close(): Promise<void>;
}

export interface McpToolResult {
  readonly isError?: boolean;
  readonly content: readonly { readonly type: string; readonly text?: string }[];
}

export interface McpPromptResult {
  readonly messages: readonly { readonly content: { readonly text?: string } }[];
}

/** A compiled copy of examples/mcp-server with the official SDK, and with Certgate from its tarballs. */
export interface InstalledMcpExample {
  readonly folder: string;
  runCertgate(args: readonly string[]): Promise<Ended>;
  /** Runs the example's own client, as a user starts it. */
  runClient(args: readonly string[], environment?: NodeJS.ProcessEnv): Promise<Ended>;
  /** Starts `certgate dev`, which prints the app's log lines unchanged. */
  startDev(): Promise<RunningMcpExample>;
  /**
   * Connects a client of the SDK over the example's transport. `caller` is a caller of `certgate dev`. If it is
   * undefined, the client has no certificate.
   */
  connect(url: string, caller: string | undefined, options?: ConnectOptions): Promise<McpClient>;
  remove(): void;
}

export interface ConnectOptions {
  readonly systemKey?: string;
  /** The maximum number of connections at once. Further requests wait for a free one. */
  readonly connections?: number;
}

export interface RunningMcpExample {
  readonly url: string;
  /** Everything that was written to both streams until now. */
  output(): string;
  stop(): Promise<void>;
}

/** Installs the example. `functions` is the code of a module with more functions that the copy gets. */
export async function installMcpExample(functions: string): Promise<InstalledMcpExample> {
  const temporary = mkdtempSync(join(tmpdir(), 'certgate-mcp-'));
  const folder = join(temporary, 'mcp-server');
  const remove = (): void => {
    rmSync(temporary, { recursive: true, force: true });
  };
  try {
    const isOurs = (source: string): boolean => !/[\\/](?:node_modules|dist|\.certgate)$/.test(source);
    cpSync(join(root, 'examples', 'mcp-server'), folder, { recursive: true, filter: isOurs });
    await installWithTarballs(folder, await packPackages(temporary));
    // The native compiler takes a fraction of the time.
    const tsc = join(root, 'node_modules', 'typescript-native', 'bin', 'tsc');
    const { exitCode, stdout } = await runProgram(process.execPath, [tsc, '-p', folder]);
    if (exitCode !== 0) throw new Error(`The example does not compile:\n${stdout}`);
    writeFileSync(join(folder, 'dist', 'functions', 'more.js'), functions);
    return await openExample(folder, remove);
  } catch (error) {
    remove();
    throw error;
  }
}

async function openExample(folder: string, remove: () => void): Promise<InstalledMcpExample> {
  const certgate = join(folder, 'node_modules', 'certgate', 'bin', 'certgate.js');
  const { Client } = createRequire(join(folder, 'package.json'))('@modelcontextprotocol/sdk/client/index.js') as {
    readonly Client: new (info: { readonly name: string; readonly version: string }) => McpClient;
  };
  const { createCertificateTransport } = (await import(
    pathToFileURL(join(folder, 'certificate-transport.mjs')).href
  )) as { readonly createCertificateTransport: (url: string, options: object) => unknown };
  const read = (name: string): string => readFileSync(join(folder, '.certgate', name), 'utf8');
  return {
    folder,
    remove,
    runCertgate: (args) => runProgram(process.execPath, [certgate, ...args], { cwd: folder }),
    runClient: (args, environment = {}) =>
      runProgram(process.execPath, [join(folder, 'client.mjs'), ...args], {
        cwd: folder,
        env: { ...cleanEnvironment(), ...environment },
      }),
    startDev: () => startDev(folder, certgate),
    connect: async (url, caller, options = {}) => {
      const client = new Client({ name: 'test', version: '1.0.0' });
      const identity = caller === undefined ? {} : { cert: read(`${caller}.crt.pem`), key: read(`${caller}.key.pem`) };
      await client.connect(createCertificateTransport(url, { ...identity, ca: read('gateway.crt.pem'), ...options }));
      return client;
    },
  };
}

async function startDev(folder: string, certgate: string): Promise<RunningMcpExample> {
  const words = [certgate, 'dev', '--port', '0', '--host-port', '0', '--json-log', '--no-inspector'];
  const child = spawn(process.execPath, words, { cwd: folder, env: cleanEnvironment() });
  const end = (): void => {
    child.kill();
  };
  process.once('exit', end);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  const url = (await waitForReady(child)).replace(/^ready /, '');
  return {
    url,
    output: () => output,
    stop: async () => {
      process.off('exit', end);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      end();
      await ended;
    },
  };
}
