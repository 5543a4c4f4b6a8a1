import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { cleanEnvironment, root, runCertgateHere, runProgram } from './test-support/certgate.js';

// Tests the tool's questions on a real terminal: a pseudo-terminal that `script` of util-linux makes, which every Linux
// has. The terminal echoes what is typed unless the program turns that off.

const bin = join(root, 'packages/certgate/bin/certgate.js');

interface Session {
  readonly exitCode: number | null;
  /** Everything that the terminal showed. */
  readonly screen: string;
  readonly stdout: string;
}

/** The text to wait for on the screen, and what to type then: text, or the name of a signal to send to the tool. */
type Turn = readonly [shown: string, typed: string];

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'certgate-terminal-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the tool in a terminal. Checks that the terminal's settings are the same afterwards. */
async function converse(args: readonly string[], ...turns: readonly Turn[]): Promise<Session> {
  const session = [
    'stty -g > before',
    '/bin/sh -c \'echo $$ > pid; exec "$TEST_NODE" "$TEST_CERTGATE" "$@"\' sh "$@" > stdout',
    'status=$?; stty -g > after; exit $status',
  ];
  writeFileSync(join(folder, 'session.sh'), `set -- ${args.join(' ')}\n${session.join('\n')}\n`);
  const env = { ...cleanEnvironment(), SHELL: '/bin/sh', TEST_NODE: process.execPath, TEST_CERTGATE: bin };
  const child = spawn('script', ['-qefE', 'always', '-c', '. ./session.sh', '/dev/null'], {
    cwd: folder,
    env,
    timeout: 60_000,
  });
  const rest = [...turns];
  let screen = '';
  let answered = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text;
    const [shown = '', typed = ''] = rest[0] ?? [];
    const at = rest.length === 0 ? -1 : screen.indexOf(shown, answered);
    if (at < 0) return;
    rest.shift();
    answered = at + shown.length;
    if (typed.startsWith('SIG')) process.kill(Number(readFile('pid')), typed);
    else child.stdin.write(typed);
  });
  const exitCode = await new Promise<number | null>((resolve) => child.once('close', resolve));
  assert.deepEqual(rest, [], screen);
  assert.equal(readFile('after'), readFile('before'));
  return { exitCode, screen, stdout: readFile('stdout') };
}

function readFile(name: string): string {
  return readFileSync(join(folder, name), 'utf8');
}

/** Whether OpenSSL can open the PFX that was made with this password. */
async function opens(password: string): Promise<boolean> {
  writeFileSync(join(folder, 'password'), `${password}\n`);
  const words = ['pkcs12', '-in', join(folder, 'billing.pfx'), '-noout', '-passin', `file:${join(folder, 'password')}`];
  return (await runProgram('openssl', words)).exitCode === 0;
}

const create = ['certificate', 'create', 'billing', '--json'];
const first = 'New password for billing.pfx: ';

describe('a question of the tool', { skip: process.platform !== 'linux' }, () => {
  it('takes a password twice, shows none of it, and uses stdout only for the answer', async () => {
    // A pasted password in several scripts, with one character of two UTF-16 units, and with a last character that is
    // deleted again.
    const password = 'päss wörd 🔑 密码x\u007f';
    const { exitCode, screen, stdout } = await converse(
      create,
      [first, `${password}\r`],
      ['Once more: ', `${password}\r`],
    );
    assert.equal(exitCode, 0, screen);
    assert.doesNotMatch(screen.replaceAll(first, ''), /[äö🔑密xp]/u);
    assert.ok(screen.includes(`${first}${'*'.repeat(15)}`), screen);
    assert.equal((JSON.parse(stdout) as { readonly subject: string }).subject, 'CN=billing');
    assert.ok(await opens('päss wörd 🔑 密码'));
  });

  it('fails for two passwords that differ and for an empty one, and writes nothing', async () => {
    const differing = await converse(create, [first, 'one\r'], ['Once more: ', 'another\r']);
    const empty = await converse(create, [first, '\r']);
    assert.deepEqual([differing.exitCode, empty.exitCode], [2, 2]);
    assert.match(differing.screen, /The two passwords are not the same\./);
    assert.match(empty.screen, /The password is empty\./);
    assert.ok(!existsSync(join(folder, 'billing.pfx')));
  });

  it('ends at Ctrl+C and at Ctrl+D, and starts a new line', async () => {
    for (const key of ['\u0003', '\u0004']) {
      const { exitCode, screen } = await converse(create, [first, key]);
      assert.equal(exitCode, 2);
      assert.match(screen, /: \r\nerror No password was given\./);
    }
  });

  it('shows nothing of a password after Ctrl+Z, and continues', async () => {
    const { exitCode, screen } = await converse(
      create,
      [first, '\u001aone'],
      ['***', ' two\r'],
      ['Once more: ', 'one two\r'],
    );
    assert.equal(exitCode, 0, screen);
    assert.doesNotMatch(screen, /two/);
    assert.ok(await opens('one two'));
  });

  it('refuses a new password that no file could contain', async () => {
    for (const password of ['one\ttwo', 'x'.repeat(1025)]) {
      const { exitCode, screen } = await converse(create, [first, `${password}\r`]);
      assert.equal(exitCode, 2, screen);
      assert.match(screen, /has a tab, or more than 1,024 characters/);
    }
  });

  it('leaves the terminal unchanged when the tool is killed', async () => {
    for (const [signal, exitCode] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      assert.equal((await converse(create, [first, signal])).exitCode, exitCode);
    }
  });

  it("asks for a file's password only if the file needs one", async () => {
    writeFileSync(join(folder, 'password'), 'secret\n');
    const passwordFile = join(folder, 'password');
    await runCertgateHere(['certificate', 'create', 'billing', '--password-file', passwordFile], folder);
    const inspect = ['certificate', 'inspect', 'billing.pfx'];
    const right = await converse(inspect, ['Password of billing.pfx: ', 'secret\r']);
    const wrong = await converse(inspect, ['Password of billing.pfx: ', 'secrets\r']);
    assert.deepEqual([right.exitCode, wrong.exitCode], [0, 2]);
    assert.doesNotMatch(right.screen + wrong.screen, /secret/);
    const { screen } = await converse(['certificate', 'inspect', 'billing.crt.pem']);
    assert.equal(screen, '');
  });

  it('leads to changes of an app only after a yes', async () => {
    const question = 'Change these 8 files? (y/N) ';
    const manifest = { name: 'app', main: 'index.js', dependencies: { '@azure/functions': '^4.0.0' } };
    writeFileSync(join(folder, 'host.json'), '{ "version": "2.0" }\n');
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(folder, 'index.js'), "require('@azure/functions');\n");
    for (const key of ['\r', ' No \r', '\u0003', '\u0004']) {
      const { exitCode, screen } = await converse(['init'], [question, key]);
      assert.equal(exitCode, 1);
      assert.match(screen, /\nNothing was changed\./);
    }
    // Stops the question and continues it, as Ctrl+Z and `fg` do.
    const stopped = await converse(['init'], [question, '\u001aq'], ['q', 'SIGCONT'], [question, '\u007fn\r']);
    assert.equal(stopped.exitCode, 1, stopped.screen);
    const { exitCode, screen } = await converse(['init'], [question, 'si\r'], ['Answer yes or no: ', 'Y\r']);
    assert.equal(exitCode, 0, screen);
    assert.match(readFile('stdout'), /^Changed\.$/m);
  });
});
