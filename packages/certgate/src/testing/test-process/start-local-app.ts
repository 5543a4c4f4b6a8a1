// testing/: startLocalApp, which runs an app and its gateway for users' tests, in processes of their own

import { formatLogText } from '../../texts/safe-text.js';
import type { AnsweredMessage } from '../local-app-protocol.js';
import { createLocalAppError, invalidInput } from './local-app-error.js';
import { LocalAppProcess } from './local-app-process.js';
import type { LocalApp, LocalAppAnswer, LocalAppLogLine, LocalAppOptions } from './local-app-types.js';
import { readCaller, readRequest } from './read-call.js';
import { readOptions, undeclaredCallers } from './read-options.js';

/**
 * Starts a built function app for a test, behind a front end that does real mutual TLS. The app runs on free ports of
 * this machine, in separate processes, with certificates and a trust document made for this start. Nothing is written
 * into the app's folder, and no key to any disk. The path of the trust document reaches the app as the setting
 * `CERTGATE_TRUST`.
 *
 * An app that was not closed doesn't keep the test's process alive, and ends together with it.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { startLocalApp } from 'certgate';
 *
 * const app = await startLocalApp({ folder: '.', callers: { billing: { roles: ['orders.read'] } } });
 * assert.equal((await app.callAs('billing', '/api/orders')).status, 200);
 * assert.equal((await app.callAs('denied', '/api/orders')).status, 401);
 * await app.close();
 * ```
 *
 * @throws {LocalAppError} (as a rejection) `CERTGATE_ARGUMENT_INVALID` if an option is not valid, and
 * `CERTGATE_LOCAL_APP_NOT_STARTED` if the folder contains no app, the app isn't built, or it can't be loaded.
 */
export async function startLocalApp<Name extends string = never>(
  options: LocalAppOptions<Name>,
): Promise<LocalApp<Name>> {
  const start = readOptions(options);
  const callers = [...Object.keys(start.callers), ...undeclaredCallers];
  const running = new LocalAppProcess(readLogListener(options.onLog));
  const { url, serverCertificatePem, functions } = await running.start(start);
  return Object.freeze({
    url,
    serverCertificatePem,
    functions: Object.freeze(functions),
    callAs: async (caller, request) => {
      const answer = await running.call(readCaller(caller, callers), readRequest(request));
      return createAnswer(answer);
    },
    close: () => running.close(),
  } satisfies LocalApp);
}

function readLogListener(onLog: unknown): (line: LocalAppLogLine) => void {
  if (onLog === undefined) return printError;
  if (typeof onLog === 'function') return onLog as (line: LocalAppLogLine) => void;
  throw invalidInput('onLog must be a function.');
}

function printError({ level, source, functionName, message }: LocalAppLogLine): void {
  if (level === 'error' || level === 'critical')
    process.stderr.write(`[${functionName ?? source}] ${formatLogText(message)}\n`);
}

function createAnswer({ status, headers, body }: AnsweredMessage): LocalAppAnswer {
  return Object.freeze({
    status,
    headers,
    body,
    json: (): unknown => {
      try {
        return JSON.parse(body);
      } catch (cause) {
        const message = `The answer (status ${status}) is not JSON: ${body.slice(0, 200)}`;
        throw createLocalAppError('CERTGATE_LOCAL_APP_CALL_FAILED', message, { cause });
      }
    },
  });
}
