import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { root, sampleFolder } from './test-support/certgate.js';
import { expectNpm, installWithTarballs, packPackages, runNpm } from './test-support/npm.js';

/** The number of tests for each runner: five unit tests and six integration tests. */
const expectedPasses = 11;

const temporary = mkdtempSync(join(tmpdir(), 'certgate-users-tests-'));
const app = join(temporary, 'app');
let filesBefore: readonly string[];

before(async () => {
  const filter = (source: string): boolean => !/[\\/](?:node_modules|dist)$/.test(source);
  cpSync(join(root, 'tests', 'users-tests'), app, { recursive: true, filter });
  for (const name of ['src', 'host.json', 'local.settings.json']) {
    cpSync(join(sampleFolder, name), join(app, name), { recursive: true });
  }
  await installWithTarballs(app, await packPackages(temporary));
  await expectNpm(['run', '--silent', 'build'], app);
  filesBefore = readdirSync(app);
});

after(() => {
  rmSync(temporary, { recursive: true, force: true });
});

describe("users' tests pass with the packed tarballs", () => {
  it('with Jest 30 and ts-jest, as CommonJS', async () => {
    const { exitCode, stdout, stderr } = await runNpm(
      ['run', '--silent', 'test:jest', '--', '--json', '--runInBand'],
      app,
    );
    assert.equal(exitCode, 0, stderr);
    // Jest has one more test, because the adapter loads a blob's packages by `require` for Jest's sake.
    assert.deepEqual(readJsonReport(stdout), { passed: expectedPasses + 1, total: expectedPasses + 1 });
    // Jest prints this if something keeps its process alive.
    assert.doesNotMatch(stderr, /did not exit|failed to exit|open handle/i);
  });

  it('with vitest', async () => {
    const reporter = ['--', '--reporter=json'];
    const { exitCode, stdout, stderr } = await runNpm(['run', '--silent', 'test:vitest', ...reporter], app);
    assert.equal(exitCode, 0, stderr);
    assert.deepEqual(readJsonReport(stdout), { passed: expectedPasses, total: expectedPasses });
  });

  it('with node:test, as ESM', async () => {
    const { exitCode, stdout, stderr } = await runNpm(['run', '--silent', 'test:node'], app);
    assert.equal(exitCode, 0, stdout + stderr);
    // The reporter's prefix is `#` or `ℹ`, because the default reporter depends on Node's version.
    assert.match(stdout, new RegExp(`^\\S pass ${expectedPasses}$`, 'm'));
    assert.match(stdout, new RegExp(`^\\S tests ${expectedPasses}$`, 'm'));
  });

  it("and leave nothing in the app's folder", () => {
    assert.deepEqual(readdirSync(app), filesBefore);
  });
});

/** Reads Jest's JSON report. vitest's JSON reporter writes the same form. */
function readJsonReport(stdout: string): { readonly passed: number; readonly total: number } {
  const { numPassedTests, numTotalTests } = JSON.parse(stdout) as Record<string, number>;
  return { passed: numPassedTests ?? -1, total: numTotalTests ?? -1 };
}
