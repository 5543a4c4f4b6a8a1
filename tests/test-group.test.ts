import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { cleanEnvironment, root, runProgram } from './test-support/certgate.js';

// One test file must not hide the results of the files after it, which run in the same process.

const folder = mkdtempSync(join(tmpdir(), 'certgate-test-group-'));
after(() => {
  rmSync(folder, { recursive: true });
});

const header = "import test from 'node:test';";
const failing = `${header} test('fails', () => { throw new Error('failed'); });`;

/** The exit code of a process that runs these files one after another. */
async function runFiles(sources: readonly string[], longestLoad = 300_000): Promise<number | null> {
  const urls = sources.map((source, index) => {
    const path = join(folder, `${index}.test.mjs`);
    writeFileSync(path, source);
    return pathToFileURL(path).href;
  });
  const runner = pathToFileURL(join(root, 'scripts/test-group.mjs')).href;
  const script = join(folder, 'group.mjs');
  writeFileSync(script, `import { runGroup } from '${runner}';\nawait runGroup(${JSON.stringify(urls)});\n`);
  const env = { ...cleanEnvironment(), CERTGATE_TEST_LONGEST_LOAD: String(longestLoad) };
  return (await runProgram(process.execPath, [script], { env })).exitCode;
}

const endings = {
  'a test that ends the process': `${header} test('ends', () => { process.exit(0); });`,
  'a timer that ends the process': `${header} test('ends', () => new Promise(() => { setTimeout(() => process.exit(0), 5); }));`,
  'a file that ends the process': 'process.exit(0);',
  'a file that throws': `${header} test('passes', () => {}); throw new Error('thrown');`,
  'a file that waits for ever': 'await new Promise(() => {});',
  'a promise that nobody awaits': `${header} test('passes', () => { void Promise.reject(new Error('rejected')); });`,
};

describe('a group of test files fails', () => {
  for (const [what, source] of Object.entries(endings)) {
    test(`for ${what}`, async () => {
      // Only the file that waits needs this limit. All others end before it, and every end is a failure, even on a busy
      // machine.
      assert.notEqual(await runFiles([source, `${header} test('passes', () => {});`], 3_000), 0);
    });
  }
  test('for a failed test in the last file', async () => {
    assert.notEqual(await runFiles([`${header} test('passes', () => {});`, failing]), 0);
  });
  test('for nothing else', async () => {
    assert.equal(await runFiles([`${header} test('passes', () => {});`, `${header} test('passes', () => {});`]), 0);
  });
});
