import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { TrustDocument } from '@certgate/core/internal';
import { remedyTemplates } from '../../trust/explanation/command-template.js';
import type { CommandRun } from '../certificate/test-support/run-certgate.js';
import { runLineInProcess } from './test-support/run-in-process.js';

const folder = mkdtempSync(join(tmpdir(), 'certgate-printed-'));
after(() => {
  rmSync(folder, { recursive: true });
});

// A shell would take each of these for more than one word, and the tool would take the name for an option.
const store = 'file:who may call.json';
const name = '-billing $(id)';

const run = (args: readonly string[]): Promise<CommandRun> => runLineInProcess(args, folder);
const change = async (...args: readonly string[]): Promise<string> => {
  const [verb = '', ...options] = args;
  const { exitCode, stdout, stderr } = await run(['trust', verb, ...options.slice(1), '--reason', 'x', '--store', store, '--', ...options.slice(0, 1)]); // prettier-ignore
  assert.equal(exitCode, 0, stderr);
  return stdout;
};
const read = (): TrustDocument['identities'] =>
  (JSON.parse(readFileSync(join(folder, 'who may call.json'), 'utf8')) as TrustDocument).identities;

/** Runs the command between `intro` and the end of the line, with the words as a shell reads them. */
async function runPrinted(text: string, intro: string): Promise<CommandRun> {
  const line = text.split(intro)[1]?.split('\n')[0] ?? '';
  assert.notEqual(line, '', text);
  const words = execFileSync('sh', ['-c', `set -- ${line}\nprintf '%s\\0' "$@"`], { encoding: 'utf8' }).split('\0');
  return run(words.slice(words.indexOf('certgate') + 1, -1));
}

describe('a printed command', { skip: process.platform === 'win32' }, () => {
  it('runs as it is: it undoes a change, or shows what an error message mentions', async () => {
    assert.equal((await run(['trust', 'init', '--reason', 'x', '--store', store])).exitCode, 0);
    const pin = ['--thumbprint-sha256', '1'.repeat(64), '--not-after', '2099-01-01T00:00:00Z'];
    await change('add', name, ...pin, '--role', 'a', '--role', 'b c', '--function', 'F', '--owner', 'the "team"');
    const before = read();

    const disabled = await change('disable', name);
    assert.equal(read()[0]?.enabled, false);
    assert.equal((await runPrinted(disabled, 'To undo: ')).exitCode, 0);
    assert.deepEqual(read(), before);

    const ofPin = await change('disable', name, '--pin', '11111111');
    assert.equal(read()[0]?.pins?.[0]?.enabled, false);
    assert.equal((await runPrinted(ofPin, 'To undo: ')).exitCode, 0);
    assert.deepEqual(read(), before);

    const removed = await change('remove', name);
    assert.deepEqual(read(), []);
    assert.equal((await runPrinted(removed, 'To undo: ')).exitCode, 0);
    assert.deepEqual(
      read().map((identity) => ({ ...identity, reason: undefined })),
      before.map((identity) => ({ ...identity, reason: undefined })),
    );

    const missing = await run(['trust', 'list', 'nobody', '--store', store]);
    assert.match((await runPrinted(missing.stderr, 'To list the identities: ')).stdout, /billing/);
    const noPin = await run(['trust', 'disable', '--pin', '22222222', '--reason', 'x', '--store', store, '--', name]);
    assert.match((await runPrinted(noPin.stderr, 'To see its pins: ')).stdout, /1{8}/);
    const locked = await run(['trust', 'lock', '--store', store]);
    assert.equal((await runPrinted(locked.stdout, 'To undo: ')).exitCode, 0);
  });

  it('is not printed if it would leave out a restriction', async () => {
    await change('disable', name);
    const removed = await change('remove', name);
    assert.match(removed, /One command can't undo it\. It was: .*"enabled":false/);
    assert.doesNotMatch(removed, /trust add/);
  });

  it('is refused if it still has a word in capitals, and nothing is written', async () => {
    await change('add', 'billing', '--thumbprint-sha256', '3'.repeat(64));
    const before = read();
    for (const template of Object.values(remedyTemplates)) {
      const words = template.split(' ').map((word) => (word === 'NAME' ? 'billing' : word));
      if (!/\b[A-Z]{3}/.test(words.join(' '))) continue;
      const { exitCode, stdout } = await run([...words, '--reason', 'x', '--store', store]);
      assert.equal(exitCode, 2, `${template}\n${stdout}`);
      const named = await run([...template.split(' '), '--reason', 'x', '--store', store]);
      assert.equal(named.exitCode, 2, template);
    }
    assert.deepEqual(read(), before);
  });

  it('is not followed by a full stop, which would be copied with it', () => {
    const sources = new URL('../../../../src/', import.meta.url);
    for (const path of readdirSync(sources, { recursive: true, encoding: 'utf8' })) {
      if (!path.endsWith('.ts') || path.includes('test')) continue;
      const source = readFileSync(new URL(path, sources), 'utf8');
      assert.doesNotMatch(source, /\bformat(?:ToolCall|TrustCall|TrustChange|Change)\([^`]*?\)\}[.,)]/, path);
    }
  });
});
