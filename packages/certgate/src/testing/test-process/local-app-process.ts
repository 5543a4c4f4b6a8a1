import { type ChildProcess, fork } from 'node:child_process';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type {
  AnsweredMessage,
  CallMessage,
  EndMessage,
  MessageFromLocalApp,
  MessageToLocalApp,
  LocalAppReadyMessage,
  StartLocalAppMessage,
} from '../local-app-protocol.js';
import { createLocalAppError } from './local-app-error.js';
import type { LocalAppLogLine } from './local-app-types.js';

/** The process runs the tool's ESM build from dist, because no test runner may change how it is loaded. */
const processFile = join(__dirname, 'esm/testing/app-process/main.js');

const startMilliseconds = 60_000;
/** Twice the five seconds that the app has for its appTerminate hooks. */
const closeMilliseconds = 10_000;

/**
 * Environment variables with which test runners mark the processes that they start. The app must not be taken for one.
 */
const runnerVariable = /^(?:NODE_TEST_CONTEXT|NODE_UNIQUE_ID|JEST_WORKER_ID|VITEST|VITEST_.*|TINYPOOL_.*)$/;

interface PendingCall {
  readonly resolve: (answer: AnsweredMessage) => void;
  readonly reject: (error: Error) => void;
}

/**
 * The local app's process, as the test's process sees it. It keeps the test's process alive only while the start, a
 * call or the end of the app is awaited.
 */
export class LocalAppProcess {
  readonly #child: ChildProcess;
  readonly #onLog: (line: LocalAppLogLine) => void;
  readonly #calls = new Map<number, PendingCall>();
  readonly #ended: Promise<void>;
  #nextId = 0;
  #awaited = 0;
  #settleStart:
    | { readonly resolve: (ready: LocalAppReadyMessage) => void; readonly reject: (error: Error) => void }
    | undefined;
  #closing: Promise<void> | undefined;
  /** Why no function can be called any more. Undefined while the app runs. */
  #end: Error | undefined;
  #isReady = false;

  constructor(onLog: (line: LocalAppLogLine) => void) {
    this.#onLog = onLog;
    const inherited = Object.entries(process.env).filter(([name]) => !runnerVariable.test(name));
    this.#child = fork(processFile, [], {
      env: Object.fromEntries(inherited),
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#child.unref();
    this.#child.channel?.unref();
    (this.#child.stderr as Socket | null)?.unref();
    this.#ended = new Promise((resolve) => {
      this.#child.once('exit', (exitCode, signal) => {
        this.#abandon(`The local app's process ended (${signal ?? `exit code ${exitCode ?? 0}`}).`);
        resolve();
      });
      this.#child.once('error', (cause) => {
        this.#abandon(`The local app's process can't be started: ${cause.message}.`, cause);
        resolve();
      });
    });
    this.#child.on('message', (message: MessageFromLocalApp) => {
      this.#receive(message);
    });
    if (this.#child.stderr !== null) {
      createInterface({ input: this.#child.stderr }).on('line', (message) => {
        onLog({ source: 'host', level: 'error', message });
      });
    }
  }

  async start(options: Omit<StartLocalAppMessage, 'kind'>): Promise<LocalAppReadyMessage> {
    const ready = new Promise<LocalAppReadyMessage>((resolve, reject) => {
      this.#settleStart = { resolve, reject };
    });
    this.#send({ kind: 'start', ...options });
    const timer = setTimeout(() => {
      this.#abandon(`The app did not load within ${startMilliseconds / 1000} s.`);
    }, startMilliseconds);
    try {
      return await this.#await(ready);
    } catch (error) {
      // Ends the process, which also removes the files that it wrote.
      await this.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async call(caller: CallMessage['caller'], request: CallMessage['request']): Promise<AnsweredMessage> {
    if (this.#end !== undefined)
      throw createLocalAppError('CERTGATE_LOCAL_APP_ENDED', this.#end.message, { cause: this.#end });
    const id = this.#nextId;
    this.#nextId += 1;
    const answered = new Promise<AnsweredMessage>((resolve, reject) => {
      this.#calls.set(id, { resolve, reject });
    });
    this.#send({ kind: 'call', id, caller, request });
    try {
      return await this.#await(answered);
    } finally {
      this.#calls.delete(id);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#await(this.#stop());
    return this.#closing;
  }

  async #stop(): Promise<void> {
    this.#abandon('The local app was closed.');
    this.#send({ kind: 'stop' });
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), closeMilliseconds);
    await this.#ended;
    clearTimeout(timer);
  }

  #receive(message: MessageFromLocalApp): void {
    switch (message.kind) {
      case 'ready':
        this.#isReady = true;
        this.#settleStart?.resolve(message);
        return;
      case 'answered':
        this.#calls.get(message.id)?.resolve(message);
        return;
      case 'call-failed':
        this.#calls.get(message.id)?.reject(createLocalAppError('CERTGATE_LOCAL_APP_CALL_FAILED', message.message));
        return;
      case 'start-failed':
      case 'app-ended':
        this.#abandon(message.message, restoreError(message));
        return;
      case 'log':
        this.#onLog(message.line);
        return;
    }
  }

  /** Ends the start and all calls with an error. Only the first reason is kept. */
  #abandon(message: string, cause?: Error): void {
    this.#end ??= createLocalAppError(
      this.#isReady ? 'CERTGATE_LOCAL_APP_ENDED' : 'CERTGATE_LOCAL_APP_NOT_STARTED',
      message,
      cause && { cause },
    );
    this.#settleStart?.reject(this.#end);
    for (const { reject } of this.#calls.values()) reject(this.#end);
  }

  #send(message: MessageToLocalApp): void {
    // A process that has ended is reported by the `exit` event.
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  async #await<Value>(pending: Promise<Value>): Promise<Value> {
    this.#awaited += 1;
    if (this.#awaited === 1) this.#hold(true);
    try {
      return await pending;
    } finally {
      this.#awaited -= 1;
      if (this.#awaited === 0) this.#hold(false);
    }
  }

  #hold(isHeld: boolean): void {
    const change = isHeld ? 'ref' : 'unref';
    this.#child[change]();
    this.#child.channel?.[change]();
  }
}

/** The app's own error. Undefined if the message carries no stack of one. */
function restoreError({ message, stack }: EndMessage): Error | undefined {
  return stack === undefined ? undefined : Object.assign(new Error(message), { stack });
}
