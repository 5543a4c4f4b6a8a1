import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, after, describe, it } from 'node:test';
import { startLocalApp } from 'certgate';
import { cleanEnvironment, collect, root, waitForReady } from './test-support/certgate.js';
import { createLocalApp, setVariable } from './test-support/local-app.js';
import { until } from '@certgate/x509/test-support/until.js';

const temporary = mkdtempSync(join(tmpdir(), 'certgate-cleanup-'));
const temporaryVariables = { TMPDIR: temporary, TEMP: temporary, TMP: temporary };

after(() => {
  rmSync(temporary, { recursive: true, force: true });
});

describe('what startLocalApp leaves behind', () => {
  it("is nothing: no file in the app's folder or the temporary folder, and no open port", async (context) => {
    for (const [name, value] of Object.entries(temporaryVariables)) setVariable(context, name, value);
    const folder = createLocalApp(context);
    const present = readdirSync(folder);
    const app = await startLocalApp({ folder, callers: { reader: {} } });
    await app.callAs('reader', '/api/Secured');
    const made = listTemporary();
    assert.equal(made.length, 1);
    assert.deepEqual(readdirSync(join(temporary, made[0]!)), ['trust.json']);
    await Promise.all([app.close(), app.close()]);
    assert.deepEqual(listTemporary(), []);
    assert.deepEqual(readdirSync(folder), present);
    assert.equal(await isListening(app.url), false);
    await assert.rejects(app.callAs('reader', '/api/Secured'), {
      code: 'CERTGATE_LOCAL_APP_ENDED',
      message: /The local app was closed\./,
    });
  });

  it('is nothing after a start that failed', async (context) => {
    for (const [name, value] of Object.entries(temporaryVariables)) setVariable(context, name, value);
    await assert.rejects(
      startLocalApp({ folder: createLocalApp(context, 'throw new Error("no")'), onLog: () => undefined }),
    );
    assert.deepEqual(listTemporary(), []);
  });

  it('is nothing if the test does not close it: the process ends, and the app with it', async (context) => {
    const test = startTest(context, createLocalApp(context), '');
    const [, url = ''] = (await waitForReady(test)).split(' ');
    assert.equal((await collectEnd(test)).exitCode, 0);
    await until(async () => !(await isListening(url)) && listTemporary().length === 0);
  });

  it('is nothing if the test is killed', async (context) => {
    const test = startTest(context, createLocalApp(context), 'setInterval(() => undefined, 1000);');
    const [, url = ''] = (await waitForReady(test)).split(' ');
    assert.equal(await isListening(url), true);
    test.kill('SIGKILL');
    await until(async () => !(await isListening(url)) && listTemporary().length === 0);
  });

  it('is nothing if the test is killed while the app is still loading in an endless loop', async (context) => {
    const file = join(mkdtempSync(join(temporary, 'pid-')), 'pid');
    const main = `require('node:fs').writeFileSync(${JSON.stringify(file)}, String(process.pid)); for (;;);`;
    const test = startTest(context, createLocalApp(context, main), '');
    await until(() => readText(file) !== '');
    test.kill('SIGKILL');
    await until(() => !isRunning(Number(readText(file))) && listTemporary().length === 0);
  });

  function startTest(context: TestContext, folder: string, more: string): ChildProcess {
    const script = `
      const { startLocalApp } = require('certgate');
      startLocalApp({ folder: ${JSON.stringify(folder)} }).then(({ url }) => console.log('ready ' + url));
      ${more}`;
    const env = { ...cleanEnvironment(), ...temporaryVariables };
    const test = spawn(process.execPath, ['--eval', script], { cwd: root, env });
    context.after(() => test.kill('SIGKILL'));
    return test;
  }
});

function listTemporary(): readonly string[] {
  return readdirSync(temporary).filter((name) => name.startsWith('certgate-test-'));
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function isListening(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.once('connect', () => {
      resolve(true);
      socket.destroy();
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}

async function collectEnd(child: ChildProcess): Promise<{ readonly exitCode: number | null }> {
  return child.exitCode === null ? collect(child) : { exitCode: child.exitCode };
}
