import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Ended, cleanEnvironment, collect, root, runProgram } from './test-support/certgate.js';

// A user with an older Node must get a clear message before anything is loaded that this Node cannot run. A user
// without a program that the tests need must get one before anything is built.

let temporary: string;

before(() => {
  temporary = mkdtempSync(join(tmpdir(), 'certgate-node-'));
});
after(() => {
  rmSync(temporary, { recursive: true, force: true });
});

/** Runs a script with another version in `process.versions.node`. */
function runAs(version: string, script: string, ...args: readonly string[]): Promise<Ended> {
  const preload = join(temporary, `node-${version}.cjs`);
  const versions = `{ ...process.versions, node: '${version}' }`;
  writeFileSync(preload, `Object.defineProperty(process, 'versions', { value: ${versions} });\n`);
  const child = spawn(process.execPath, ['--require', preload, script, ...args], {
    cwd: temporary,
    env: cleanEnvironment(),
  });
  child.stdin.end();
  return collect(child);
}

function expectRefusal({ exitCode, stdout, stderr }: Ended, version: string): void {
  assert.equal(exitCode, 2, stderr);
  assert.equal(stdout, '');
  assert.match(
    stderr,
    new RegExp(`needs Node 20\\.19 or later, and this is Node ${version.replaceAll('.', '\\.')}\\.`),
  );
  assert.match(stderr, /Install a newer one .*, and run the same command again/);
  assert.equal(stderr.trimEnd().split('\n').length, 2, stderr);
}

const older = ['20.18.3', '18.20.8', '16.20.2'];

describe('an older Node', () => {
  it('is a version that package.json excludes', () => {
    for (const path of ['package.json', 'packages/certgate/package.json']) {
      const { engines } = JSON.parse(readFileSync(join(root, path), 'utf8')) as { readonly engines: unknown };
      assert.deepEqual(engines, { node: '>=20.19' }, path);
    }
  });

  it('is refused by the tool before anything else is loaded', async () => {
    // This copy lacks all other files of the tool, so a load would fail.
    const folder = join(temporary, 'certgate');
    mkdirSync(join(folder, 'bin'), { recursive: true });
    cpSync(join(root, 'packages', 'certgate', 'bin'), join(folder, 'bin'), { recursive: true });
    cpSync(join(root, 'packages', 'certgate', 'package.json'), join(folder, 'package.json'));
    const script = join(folder, 'bin', 'certgate.js');
    for (const version of older) expectRefusal(await runAs(version, script, '--version'), version);
    assert.match((await runAs('20.19.0', script, '--version')).stderr, /ERR_MODULE_NOT_FOUND/);
  });

  it('is refused by npm start, npm test and npm run check', async () => {
    for (const name of ['start.mjs', 'run.mjs', 'check.mjs', 'test.mjs']) {
      const script = join(root, 'scripts', name);
      for (const version of older) expectRefusal(await runAs(version, script), version);
      const [first, ...others] = [...readFileSync(script, 'utf8').matchAll(/^import .*/gm)].map(([line]) => line);
      assert.equal(first, "import './check-node.mjs';");
      for (const line of others) assert.match(line, / (?:from )?'(?:node:|\.\/)/);
    }
  });

  it('does not include 20.19 or later', async () => {
    const script = join(root, 'packages', 'certgate', 'bin', 'certgate.js');
    for (const version of ['20.19.0', '21.0.0', '22.0.0', '100.0.0']) {
      assert.equal((await runAs(version, script, '--version')).exitCode, 0, version);
    }
  });
});

describe('the programs that the tests need', () => {
  /** Runs a script with a PATH that has only these programs, which print a version. */
  const runWithVersions = (script: string, versions: Readonly<Record<string, string>>): Promise<Ended> => {
    const PATH = mkdtempSync(join(temporary, 'programs-'));
    for (const [name, version] of Object.entries(versions))
      writeFileSync(join(PATH, name), `#!/bin/sh\necho '${version}'\n`, { mode: 0o755 });
    return runProgram(process.execPath, [join(root, 'scripts', script)], { env: { PATH } });
  };
  const others = { curl: 'curl 8.5.0 (x86_64-pc-linux-gnu)', git: 'git version 2.43.0' };

  for (const [versions, found] of [
    [{ openssl: 'LibreSSL 3.3.6', ...others }, 'openssl is LibreSSL 3.3.6'],
    [{ openssl: 'OpenSSL 1.1.1w  11 Sep 2023', ...others }, 'openssl is OpenSSL 1.1.1w'],
    [{ openssl: 'OpenSSL 3.0.13 30 Jan 2024', curl: others.curl }, 'git is missing'],
    [{}, 'openssl is missing and curl is missing and git is missing'],
  ] as const)
    it(`are checked before anything is built: ${found}`, async () => {
      const { exitCode, stdout, stderr } = await runWithVersions('test.mjs', versions);
      assert.equal(exitCode, 2, stderr);
      assert.equal(stdout, '');
      const [sentence, ...remedies] = stderr.trimEnd().split('\n');
      assert.equal(sentence, `error The tests need OpenSSL 3.0 or later, curl and git, and here ${found}.`);
      assert.match(
        remedies.join('\n'),
        /^ +Debian and Ubuntu: .*openssl curl git\n +macOS: brew install openssl@3 .*$/,
      );
    });

  it('may include an OpenSSL without ML-DSA, about which one line is printed', async () => {
    for (const [version, said] of [
      ['OpenSSL 3.0.13 30 Jan 2024', /^Skipped here: tests of ML-DSA .*OpenSSL 3\.0 .*3\.5 does\.\n$/],
      ['OpenSSL 3.5.0 8 Apr 2025', /^$/],
      ['OpenSSL 4.0.0 14 Apr 2026', /^$/],
    ] as const) {
      const { exitCode, stdout, stderr } = await runWithVersions('check-programs.mjs', { openssl: version, ...others });
      assert.deepEqual([exitCode, stderr], [0, '']);
      assert.match(stdout, said);
    }
  });
});
