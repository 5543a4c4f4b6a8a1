import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { cleanEnvironment, root, runProgram } from './test-support/certgate.js';

// examples/fleet: what its commands print is what its page shows, over the logs that it makes.

const example = join(root, 'examples', 'fleet');
const page = readFileSync(join(example, 'README.md'), 'utf8').replaceAll('\r\n', '\n');
const tool = join(root, 'packages', 'certgate', 'bin', 'certgate.js');

/** A command of the page and the output below it. */
const shown = [...page.matchAll(/^```sh\nnpx --no-install certgate (.+)\n```\n\n```\n([\s\S]*?)^```$/gm)].map(
  ([, command = '', output = '']) => ({ command, output }),
);

/** By the beginning of a command. The others end with 0. */
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

/** The lines of a text for which the page has a line with an ellipsis, as the page shows them. */
function leaveOut(text: string, shownOutput: string): string {
  const [before = '', after] = shownOutput.split('…\n');
  if (after === undefined || !text.startsWith(before) || !text.endsWith(after)) return text;
  return shownOutput;
}

describe('examples/fleet', () => {
  it('is the same in every run, and of a size that a disk has', async () => {
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
