// functions-host/: the Functions host on this machine, which runs the app in a separate process.

import { fork, type ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { ToolFailure } from '../tool-failure.js';
import { findAppEntry } from './app-entry.js';
import { placeOnAppService } from './app-service-settings.js';
import { type ProcessEnvironment, resolveAppSettings } from './app-settings.js';
import { readHostConfiguration } from './host-json.js';
import { isLogged } from './log-levels.js';
import { createFrontEndToken, frontEndTokenHeaderName } from './http/request-sender.js';
import type {
  CrashedMessage,
  DescribedMessage,
  DescribeMessage,
  FailedMessage,
  GateQuestion,
  HostAnswer,
  HostedFunction,
  HostedGate,
  HostLogLine,
  MessageFromHost,
  MessageToHost,
} from './worker/host-protocol.js';
import { StartHookFailure } from './worker/start-hook-failure.js';

export { createFrontEndToken } from './http/request-sender.js';
export type * from './worker/host-protocol.js';
export { StartHookFailure } from './worker/start-hook-failure.js';

export interface HostExit {
  /** What ended the app, in one line. */
  readonly message: string;
  readonly stack?: string;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface FunctionsHostOptions {
  /** The app's folder, which contains host.json and package.json. */
  readonly folder: string;
  /** The port on 127.0.0.1. Default: 0, for a free port. */
  readonly port?: number;
  /** Further app settings. They win over local.settings.json and over this process's own environment. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Loads the app with App Service's variables in place of those that describe this machine. */
  readonly asInAzure?: boolean;
  /** The debugger of the app's process: `true` for Node's default address, or `host:port`. */
  readonly inspect?: string | true;
  /**
   * The token that the gateway sends with each request. A host that starts again behind the same gateway keeps it.
   * Default: a new token.
   */
  readonly frontEndToken?: string;
  /**
   * Whether requests without the token are answered too, if their `Host` is a name of the loopback interface. Default:
   * false.
   */
  readonly unsafeDirectHeader?: boolean;
  readonly onLog?: (line: HostLogLine) => void;
  /** Called for each request that the host accepted, when it was answered or cut off. */
  readonly onAnswer?: (answer: HostAnswer) => void;
  /** Receives what the app's gate reports about its sources, whenever that changes. */
  readonly onReport?: (report: unknown) => void;
  /**
   * Called if the app's process ends after it was ready, and without `close()`. An uncaught exception ends it, as in
   * Azure.
   */
  readonly onExit?: (exit: HostExit) => void;
}

export interface FunctionsHost {
  /** The host's address, `http://127.0.0.1:<port>`, without a trailing slash. */
  readonly url: string;
  readonly port: number;
  /**
   * The field that the gateway must add to each request. Unless `unsafeDirectHeader` is set, the host refuses requests
   * without it.
   */
  readonly frontEndField: { readonly name: string; readonly value: string };
  /** Sorted by name. The host tries their routes in the same order. */
  readonly functions: readonly HostedFunction[];
  /** The app's gate. Undefined if the app has none. */
  readonly gate: HostedGate | undefined;
  /** The app settings, with which the app was loaded as its environment. */
  readonly settings: ProcessEnvironment;
  /** Whether the app has set `enableHttpStream`. */
  readonly streaming: boolean;
  /** Runs the app's appTerminate hooks and ends its process. If it doesn't end in time, it is killed. */
  close(): Promise<void>;
}

const hostProcessFile = fileURLToPath(new URL('host-process.js', import.meta.url));
const loadingNoticeMilliseconds = 10_000;
const closingGraceMilliseconds = 5000;
const outputGraceMilliseconds = 1000;

type ExitStatus = [exitCode: number | null, signal: NodeJS.Signals | null];

/** Starts a function app in a separate process. Rejects with `ToolFailure` if the app can't be loaded or hosted. */
export async function startFunctionsHost(options: FunctionsHostOptions): Promise<FunctionsHost> {
  const { port = 0, frontEndToken = createFrontEndToken(), unsafeDirectHeader = false } = options;
  const access = { frontEndToken, unsafeDirectHeader };
  const [running, ready, settings] = await forkHost(options, 'ready', (app) => ({
    ...app,
    kind: 'start',
    port,
    access,
  }));
  return Object.freeze({
    url: `http://127.0.0.1:${ready.port}`,
    port: ready.port,
    frontEndField: Object.freeze({ name: frontEndTokenHeaderName, value: frontEndToken }),
    functions: Object.freeze(ready.functions),
    gate: ready.gate,
    settings,
    streaming: ready.streaming,
    close: () => running.close(),
  });
}

/** The description of an app that was loaded without being served. */
export type FunctionAppDescription = Omit<DescribedMessage, 'kind'>;

/**
 * Loads a function app as `startFunctionsHost` does, including its `appStart` hooks, and ends it again. Nothing is
 * served, and no function is called. Rejects with `ToolFailure` if the app can't be loaded.
 */
export async function describeFunctionApp(
  options: Pick<FunctionsHostOptions, 'folder' | 'environment' | 'asInAzure' | 'onLog'> & {
    readonly question?: GateQuestion;
  },
): Promise<FunctionAppDescription> {
  const { question } = options;
  const [running, description] = await forkHost(options, 'described', (app) => ({
    ...app,
    kind: 'describe',
    ...(question && { question }),
  }));
  await running.close();
  return description;
}

type ExpectedKind = 'ready' | 'described';
type AnswerOf<Kind extends ExpectedKind> = Extract<MessageFromHost, { readonly kind: Kind }>;

async function forkHost<Kind extends ExpectedKind>(
  options: FunctionsHostOptions,
  expected: Kind,
  createMessage: (app: Omit<DescribeMessage, 'kind'>) => MessageToHost,
): Promise<readonly [RunningHost<Kind>, AnswerOf<Kind>, ProcessEnvironment]> {
  const folder = resolve(options.folder);
  const entry = await findAppEntry(folder);
  const explicit = options.environment ?? {};
  const local = await resolveAppSettings({ folder, inherited: process.env, explicit });
  const settings = options.asInAzure === true ? placeOnAppService(local, process.env).settings : local;
  const { logLevels, ...configuration } = await readHostConfiguration(folder, settings);
  const onLog = (line: HostLogLine): void => {
    if (isLogged(logLevels, line)) options.onLog?.(line);
  };
  const child = fork(hostProcessFile, [], {
    cwd: folder,
    env: { ...settings },
    execArgv: [...findWorkerArguments(settings), ...inspectArguments(options.inspect)],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const running = new RunningHost(child, { ...options, onLog }, expected);
  running.send(createMessage({ folder, ...entry, ...configuration }));
  const answer = await withNotice(running.ready, () => {
    const message = 'The app is still loading: a file that awaits something that never arrives would look like this.';
    onLog({ source: 'host', level: 'warning', message });
  });
  return [running, answer, settings];
}

async function withNotice<Value>(pending: Promise<Value>, notify: () => void): Promise<Value> {
  const timer = setTimeout(notify, loadingNoticeMilliseconds);
  try {
    return await pending;
  } finally {
    clearTimeout(timer);
  }
}

/** Options for Node. The real host takes them from this app setting and splits them at white space. */
function findWorkerArguments(settings: ProcessEnvironment): string[] {
  const found = Object.entries(settings).find(([name]) => /^languageWorkers(?:__|:)node(?:__|:)arguments$/i.test(name));
  return (found?.[1] ?? '').split(/\s+/).filter((word) => word !== '');
}

function inspectArguments(inspect: string | true | undefined): string[] {
  if (inspect === undefined) return [];
  return [inspect === true ? '--inspect' : `--inspect=${inspect}`];
}

/** The host process, as its parent sees it. */
class RunningHost<Kind extends ExpectedKind> {
  readonly ready: Promise<AnswerOf<Kind>>;
  readonly #child: ChildProcess;
  readonly #ended: Promise<ExitStatus>;
  #closing: Promise<void> | undefined;
  #isReady = false;
  #crash: CrashedMessage | undefined;
  #failure: FailedMessage | undefined;
  /** The last line of stderr that is not empty. If the process ends without a message, it may explain why. */
  #lastError = '';

  constructor(child: ChildProcess, options: FunctionsHostOptions, expected: Kind) {
    this.#child = child;
    // Kills the app when its parent exits, because an app that never yields can't notice that.
    const kill = (): void => {
      child.kill('SIGKILL');
    };
    process.once('exit', kill);
    child.once('exit', () => process.off('exit', kill));
    const onLog = options.onLog ?? (() => undefined);
    readLines(child.stdout, (message) => {
      onLog({ source: 'app', level: 'information', message });
    });
    readLines(child.stderr, (message) => {
      if (message.trim() !== '') this.#lastError = message.trim();
      onLog({ source: 'app', level: 'error', message });
    });
    this.#ended = new Promise((resolve) => {
      // `close` comes only when all output is read. A grandchild that keeps the pipes open may delay it for ever.
      child.once('close', (...how: ExitStatus) => {
        resolve(how);
      });
      child.once('exit', (...how: ExitStatus) => {
        setTimeout(resolve, outputGraceMilliseconds, how).unref();
      });
    });
    this.ready = new Promise((resolve, reject) => {
      child.on('message', (message: MessageFromHost) => {
        if (message.kind === 'log') onLog(message.line);
        if (message.kind === 'report') options.onReport?.(message.report);
        if (message.kind === 'answered') options.onAnswer?.(message.answer);
        if (message.kind === 'failed') this.#failure = message;
        if (message.kind === 'crashed') this.#crash = message;
        if (message.kind === expected) {
          this.#isReady = true;
          resolve(message as AnswerOf<Kind>);
        }
      });
      child.once('error', (error) => {
        reject(new ToolFailure(`The app's process can't be started: ${error.message}.`, { cause: error }));
      });
      this.#ended.then(([exitCode, signal]) => {
        if (!this.#isReady) reject(this.#describeFailedStart(exitCode, signal));
        else if (this.#closing === undefined) options.onExit?.(this.#describeExit(exitCode, signal));
      }, reject);
    });
  }

  send(message: MessageToHost): void {
    // A process that has ended is reported by `close`.
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    this.send({ kind: 'stop' });
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), closingGraceMilliseconds);
    await this.#ended;
    clearTimeout(timer);
  }

  #describeFailedStart(exitCode: number | null, signal: NodeJS.Signals | null): ToolFailure {
    if (this.#failure !== undefined) {
      const { message, remedy, hookError, stack } = this.#failure;
      const cause = stack === undefined ? undefined : withStack(message, stack);
      const options = { ...(remedy === undefined ? {} : { remedy }), cause };
      return hookError === undefined
        ? new ToolFailure(message, options)
        : new StartHookFailure(message, hookError, options);
    }
    const exit = this.#describeExit(exitCode, signal);
    return new ToolFailure(exit.message.replace(/^The app/, 'While it was loading, the app'), {
      remedy: 'Correct the app; in Azure it would not start either.',
      cause: exit.stack === undefined ? undefined : withStack(exit.message, exit.stack),
    });
  }

  #describeExit(exitCode: number | null, signal: NodeJS.Signals | null): HostExit {
    if (this.#crash !== undefined) {
      const { message, stack } = this.#crash;
      const line = `The app ended on an uncaught error: ${message.split('\n', 1)[0] ?? ''}`;
      return { message: line, ...(stack === undefined ? {} : { stack }), exitCode, signal };
    }
    const how = signal === null ? `with exit code ${exitCode ?? 0}` : `by the signal ${signal}`;
    const last = this.#lastError === '' ? '' : ` Its last error line: ${this.#lastError}`;
    return { message: `The app's process ended ${how}.${last}`, exitCode, signal };
  }
}

function withStack(message: string, stack: string): Error {
  return Object.assign(new Error(message), { stack });
}

function readLines(stream: Readable | null, onLine: (line: string) => void): void {
  if (stream !== null) createInterface({ input: stream, crlfDelay: Infinity }).on('line', onLine);
}
