import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { cleanEnvironment, root, runProgram } from './test-support/certgate.js';

// Runs the commands of examples/fleet on the logs that it generates. They must print what its page shows.

const example = join(root, 'examples', 'fleet');
const page = readFileSync(join(example, 'README.md'), 'utf8').replaceAll('\r\n', '\n');
const tool = join(root, 'packages', 'certgate', 'bin', 'certgate.js');

/** The commands of the page, each with the output that the page shows below it. */
const shown = [...page.matchAll(/^```sh\nnpx --no-install certgate (.+)\n```\n\n```\n([\s\S]*?)^```$/gm)].map(
  ([, command = '', output = '']) => ({ command, output }),
);

/** The exit codes of commands, by how the command begins. All other commands end with 0. */
const exitCodes: readonly (readonly [string, number])[] = [
  ['trust check ', 1],
  ['trust diff ', 1],
];

let folder: string;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'certgate-fleet-'));
  await generate('generated');
});
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function generate(name: string): Promise<void> {
  const { exitCode, stdout, stderr } = await runProgram(process.execPath, [
    join(example, 'generate.mjs'),
    join(folder, name),
  ]);
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /^\d+ lines of 60 apps and 400 callers are in /);
  assert.equal(stderr, '');
}

const listFiles = (name: string): readonly string[] =>
  readdirSync(join(folder, name), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();

/**
 * The text with the lines left out that the page replaces with an ellipsis. Unchanged if the rest differs from the
 * page.
 */
function leaveOut(text: string, shownOutput: string): string {
  const [before = '', after] = shownOutput.split('…\n');
  if (after === undefined || !text.startsWith(before) || !text.endsWith(after)) return text;
  return shownOutput;
}

describe('examples/fleet', () => {
  it('generates the same files in every run, and at most 60 MB', async () => {
    await generate('again');
    const [first, second] = ['generated', 'again'].map((name) =>
      listFiles(name).map((file) => createHash('sha256').update(readFileSync(file)).digest('hex')),
    );
    assert.deepEqual(first, second);
    const size = listFiles('generated').reduce((sum, file) => sum + statSync(file).size, 0);
    assert.ok(size < 60_000_000, `${size} bytes`);
  });

  it('has a command for each question', () => {
    assert.equal(shown.length, [...page.matchAll(/^## .+\?$/gm)].length);
  });

  for (const { command, output } of shown) {
    it(`shows what "certgate ${command}" prints`, async () => {
      const code = `node "${tool}" ${command} 2>&1`;
      const { exitCode, stdout } = await runProgram('sh', ['-c', code], { cwd: folder, env: cleanEnvironment() });
      const [, expected = 0] = exitCodes.find(([start]) => command.startsWith(start)) ?? [];
      assert.deepEqual({ stdout: leaveOut(stdout, output), exitCode }, { stdout: output, exitCode: expected });
    });
  }
});
