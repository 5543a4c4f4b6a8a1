import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Ended, cleanEnvironment, collect, root } from './test-support/certgate.js';

// Somebody with an older Node is told so, before anything that their Node lacks is loaded.

let temporary: string;

before(() => {
  temporary = mkdtempSync(join(tmpdir(), 'certgate-node-'));
});
after(() => {
  rmSync(temporary, { recursive: true, force: true });
});

/** Runs a script as if this Node were another one. */
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
  it('is what package.json says', () => {
    for (const path of ['package.json', 'packages/certgate/package.json']) {
      const { engines } = JSON.parse(readFileSync(join(root, path), 'utf8')) as { readonly engines: unknown };
      assert.deepEqual(engines, { node: '>=20.19' }, path);
    }
  });

  it('is refused by the tool, of which nothing is loaded', async () => {
    // Beside this copy there is nothing that could be loaded.
    const folder = join(temporary, 'certgate');
    mkdirSync(join(folder, 'bin'), { recursive: true });
    cpSync(join(root, 'packages', 'certgate', 'bin'), join(folder, 'bin'), { recursive: true });
    cpSync(join(root, 'packages', 'certgate', 'package.json'), join(folder, 'package.json'));
    const script = join(folder, 'bin', 'certgate.js');
    for (const version of older) expectRefusal(await runAs(version, script, '--version'), version);
    assert.match((await runAs('20.19.0', script, '--version')).stderr, /ERR_MODULE_NOT_FOUND/);
  });

  it('is refused by npm start and npm test', async () => {
    for (const name of ['start.mjs', 'test.mjs']) {
      const script = join(root, 'scripts', name);
      for (const version of older) expectRefusal(await runAs(version, script), version);
      const [first, ...others] = [...readFileSync(script, 'utf8').matchAll(/^import .*/gm)].map(([line]) => line);
      assert.equal(first, "import './check-node.mjs';");
      for (const line of others) assert.match(line, / from '(?:node:|\.\/)/);
    }
  });

  it('counts as newer from 20.19 on', async () => {
    const script = join(root, 'packages', 'certgate', 'bin', 'certgate.js');
    for (const version of ['20.19.0', '21.0.0', '22.0.0', '100.0.0']) {
      assert.equal((await runAs(version, script, '--version')).exitCode, 0, version);
    }
  });
});
