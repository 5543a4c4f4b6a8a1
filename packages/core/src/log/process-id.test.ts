import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { startLine } from './log-text.js';
import { nameProcess } from './process-id.js';

const module = new URL('./process-id.js', import.meta.url);

/** Writes a file with the program, which prints the id whenever it calls `print`. */
async function writeProgram(context: TestContext, program: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'certgate-process-'));
  context.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const outfile = join(folder, 'program.cjs');
  const contents = `import { nameProcess } from './process-id.js'; const print = () => console.log(nameProcess()); ${program}`;
  await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL('.', module)) },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    outfile,
    logLevel: 'silent',
  });
  return outfile;
}

function run(...args: readonly string[]): readonly string[] {
  return execFileSync(process.execPath, args, { encoding: 'utf8' }).trim().split('\n');
}

function expectDistinct(ids: readonly string[], count: number): void {
  assert.equal(ids.length, count);
  for (const id of ids) assert.match(id, /^[0-9a-f]{16}$/);
  assert.equal(new Set(ids).size, count);
}

describe('the process id', () => {
  it('is the same in every line of a process', () => {
    const { process } = startLine('decision', 0);
    assert.match(process ?? '', /^[0-9a-f]{16}$/);
    assert.deepEqual([startLine('status').process, nameProcess()], [process, process]);
  });

  it('differs in a forked process and in a worker thread', async (context) => {
    const program = await writeProgram(
      context,
      `print();
      if (require('node:worker_threads').isMainThread && process.send === undefined) {
        require('node:child_process').fork(__filename).once('exit', () => new (require('node:worker_threads').Worker)(__filename));
      }`,
    );
    expectDistinct(run(program), 3);
  });

  it('differs in each process that starts from one snapshot, although the snapshot contained an id', async (context) => {
    const program = await writeProgram(
      context,
      `print(); require('node:v8').startupSnapshot.setDeserializeMainFunction(print);`,
    );
    const snapshot = ['--snapshot-blob', `${program}.blob`];
    const built = run(...snapshot, '--build-snapshot', program);
    expectDistinct([...built, ...run(...snapshot), ...run(...snapshot)], 3);
  });
});
