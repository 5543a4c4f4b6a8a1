/**
 * The process of the local app. test-process/local-app-process.ts starts it with `fork`. It exchanges the messages of
 * local-app-protocol.ts with the test's process, and ends together with it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ToolFailure, messageOf } from '#local/tool-failure.js';
import type {
  CallMessage,
  MessageFromLocalApp,
  MessageToLocalApp,
  StartLocalAppMessage,
} from '../local-app-protocol.js';
import { type TestApp, startTestApp } from './test-app.js';

let app: TestApp | undefined;
const temporaryFolder = mkdtempSync(join(tmpdir(), 'certgate-test-'));

process.once('exit', () => {
  rmSync(temporaryFolder, { recursive: true, force: true });
});
process.on('message', (message: MessageToLocalApp) => {
  switch (message.kind) {
    case 'start':
      start(message).catch(reportFailedStart);
      return;
    case 'call':
      call(message).catch((error: unknown) => {
        send({ kind: 'call-failed', id: message.id, message: wholeMessageOf(error) });
      });
      return;
    case 'stop':
      stop().catch(reportFailedStop);
      return;
  }
});
// The test's process is gone, so this process must end itself. The app's process is killed when this one exits.
process.once('disconnect', () => {
  stop().catch(reportFailedStop);
});
process.once('SIGTERM', () => {
  stop().catch(reportFailedStop);
});
// Ctrl+C reaches every process of the group. The test's process decides whether to end.
process.on('SIGINT', () => undefined);

async function start(message: StartLocalAppMessage): Promise<void> {
  app = await startTestApp(message, {
    temporaryFolder,
    onLog: (line) => {
      send({ kind: 'log', line });
    },
    onEnd: (end) => {
      send({ kind: 'app-ended', ...end });
    },
  });
  const { url, serverCertificatePem, functions } = app;
  send({ kind: 'ready', url, serverCertificatePem, functions });
}

async function call({ id, caller, request }: CallMessage): Promise<void> {
  if (app === undefined) throw new Error('The app is not started.');
  const { status, headers, body } = await app.call(caller, request);
  send({ kind: 'answered', id, status, headers, body });
}

async function stop(): Promise<void> {
  await app?.close();
  endProcess(0);
}

function reportFailedStart(error: unknown): void {
  const { cause } = error instanceof Error ? error : {};
  const stack = cause instanceof Error && cause.stack !== undefined ? { stack: cause.stack } : {};
  const remedy = error instanceof ToolFailure && error.remedy !== undefined ? ` ${error.remedy}` : '';
  send({ kind: 'start-failed', message: `${wholeMessageOf(error)}${remedy}`, ...stack }, () => {
    endProcess(1);
  });
}

/** The whole message with its full stop, which `messageOf` removes. */
function wholeMessageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function reportFailedStop(error: unknown): void {
  process.stderr.write(`The local app did not end cleanly: ${messageOf(error)}\n`);
  endProcess(1);
}

function send(message: MessageFromLocalApp, onSent?: () => void): void {
  // The callback also receives the error if the test's process is gone. `disconnect` follows and ends this process.
  if (process.connected) process.send?.(message, undefined, undefined, () => onSent?.());
  else onSent?.();
}

function endProcess(exitCode: number): void {
  // Exits at once, because an app that is still loading can't be closed and would keep this process alive.
  process.exit(exitCode);
}
