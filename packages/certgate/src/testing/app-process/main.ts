/**
 * The local app's process. Started with `fork` by test-process/local-app-process.ts; speaks local-app-protocol.ts with
 * the test's process, and ends with it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ToolFailure, messageOf } from '#local/tool-failure.js';
import type { CallMessage, MessageFromLocalApp, MessageToLocalApp, StartMessage } from '../local-app-protocol.js';
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
// The test's process is gone, and nobody would end us otherwise. The app's process is killed as this one exits.
process.once('disconnect', () => {
  stop().catch(reportFailedStop);
});
process.once('SIGTERM', () => {
  stop().catch(reportFailedStop);
});
// Ctrl+C reaches the whole process group; the test's process decides.
process.on('SIGINT', () => undefined);

async function start(message: StartMessage): Promise<void> {
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

/** `messageOf` leaves out the full stop, for sentences that go on. */
function wholeMessageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function reportFailedStop(error: unknown): void {
  process.stderr.write(`The local app did not end cleanly: ${messageOf(error)}\n`);
  endProcess(1);
}

function send(message: MessageFromLocalApp, onSent?: () => void): void {
  // The callback also takes the error of a test's process that went away; `disconnect` follows and ends us.
  if (process.connected) process.send?.(message, undefined, undefined, () => onSent?.());
  else onSent?.();
}

function endProcess(exitCode: number): void {
  // An app that is still loading can't be closed, and would hold this process for ever.
  process.exit(exitCode);
}
