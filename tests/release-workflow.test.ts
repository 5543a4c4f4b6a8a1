import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { type Ended, collect, root, runProgram } from './test-support/certgate.js';

// Runs the script of .github/workflows/release.yml that publishes, in bash, with an npm that writes down its arguments.

const workflow = readFileSync(join(root, '.github', 'workflows', 'release.yml'), 'utf8').replaceAll('\r\n', '\n');
const script = /^ {6}- name: Publish the tarballs[^]*?^ {8}run: \|\n((?: {10}.*\n)+)/m
  .exec(workflow)?.[1]
  ?.replaceAll(/^ {10}/gm, '');

/** A stand-in for npm, which already has the package $TEST_PUBLISHED, and fails to publish $TEST_FAILING. */
const npm = `#!/bin/bash
echo "$*" >> asked.txt
case "$1 $2" in
  "view $TEST_PUBLISHED") echo "$TEST_SHASUM";;
  view*) echo 'npm error code E404' >&2; exit 1;;
  "publish ./$TEST_FAILING") exit 1;;
esac
`;
const names = ['x509', 'core', 'certgate'];

describe('the workflow that publishes', () => {
  let folder: string;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'certgate-publish-'));
    mkdirSync(join(folder, 'bin'));
    writeFileSync(join(folder, 'bin', 'npm'), npm, { mode: 0o755 });
    for (const name of names) {
      mkdirSync(join(folder, name, 'package'), { recursive: true });
      writeFileSync(join(folder, name, 'package', 'package.json'), JSON.stringify({ name, version: '1.2.3' }));
      const { exitCode } = await runProgram('tar', ['-czf', `${name}.tgz`, '-C', name, 'package'], { cwd: folder });
      assert.equal(exitCode, 0);
    }
    const sums = names.map((name) => `${hash(name, 'sha256')}  ${name}.tgz\n`);
    writeFileSync(join(folder, 'SHA256SUMS'), sums.join(''));
    writeFileSync(join(folder, 'asked.txt'), '');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  function hash(name: string, algorithm: string): string {
    return createHash(algorithm)
      .update(readFileSync(join(folder, `${name}.tgz`)))
      .digest('hex');
  }

  function publish(env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    writeFileSync(join(folder, 'script.sh'), script ?? 'exit 99');
    const path = [join(folder, 'bin'), dirname(process.execPath), process.env['PATH'] ?? ''].join(delimiter);
    const child = spawn('bash', ['--noprofile', '--norc', '-eo', 'pipefail', 'script.sh'], {
      cwd: folder,
      env: { PATH: path, ...env },
    });
    return collect(child);
  }

  const listPublished = (): readonly string[] =>
    readFileSync(join(folder, 'asked.txt'), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('publish'));
  const publishing = (name: string): string => `publish ./${name}.tgz --provenance --access public`;

  it('publishes every tarball with provenance, in the order of the sums', async () => {
    const { exitCode, stderr } = await publish();
    assert.equal(exitCode, 0, stderr);
    assert.deepEqual(listPublished(), names.map(publishing));
  });

  it('publishes nothing if a tarball is not the one that was checked', async () => {
    writeFileSync(join(folder, 'certgate.tgz'), 'something else');
    assert.notEqual((await publish()).exitCode, 0);
    assert.deepEqual(listPublished(), []);
  });

  it('stops if npm refuses a package, and continues from there when it is started again', async () => {
    assert.notEqual((await publish({ TEST_FAILING: 'core.tgz' })).exitCode, 0);
    assert.deepEqual(listPublished(), ['x509', 'core'].map(publishing));
    writeFileSync(join(folder, 'asked.txt'), '');
    const again = await publish({ TEST_PUBLISHED: 'x509@1.2.3', TEST_SHASUM: hash('x509', 'sha1') });
    assert.equal(again.exitCode, 0, again.stderr);
    assert.deepEqual(listPublished(), ['core', 'certgate'].map(publishing));
  });

  it('does not skip a package with the same name and version but other bytes', async () => {
    await publish({ TEST_PUBLISHED: 'x509@1.2.3', TEST_SHASUM: '0'.repeat(40), TEST_FAILING: 'x509.tgz' });
    assert.deepEqual(listPublished(), [publishing('x509')]);
  });
});
