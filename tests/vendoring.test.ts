import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { issue } from '@certgate/x509/test-support/revocation.js';
import { type Ended, collect, root, runProgram } from './test-support/certgate.js';
import { expectNpm, findTarball, packPackages } from './test-support/npm.js';

// Tests that each tarball of `npm run pack` can be installed on its own, and that docs/app-shapes.md works word for
// word.

const [, page = ''] = readFileSync(join(root, 'docs', 'app-shapes.md'), 'utf8')
  .replaceAll('\r\n', '\n')
  .split(/^## (?=Install from tarballs\n)|^## (?=A monorepo\n)/m);
/** The section's shell blocks, including those in numbered steps, without their indentation. */
const blocks = [...page.replaceAll(/^ {3}/gm, '').matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, code = '']) => code);
const [packing = '', adding = '', installing = '', installingForProduction = '', ...others] = blocks;
/** Options by which npm prefers its cache to the network. */
const quietly = ['--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];

let temporary: string;
let packed: string;

before(async () => {
  temporary = mkdtempSync(join(tmpdir(), 'certgate-vendoring-'));
  packed = join(temporary, 'packed');
  await packPackages(packed);
});

after(() => {
  rmSync(temporary, { recursive: true, force: true });
});

function makeFolder(name: string): string {
  const folder = join(temporary, name);
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{ "name": "app", "version": "1.0.0", "private": true }\n');
  return folder;
}

async function runShell(command: string, cwd: string): Promise<Ended> {
  const settings = { npm_config_prefer_offline: 'true', npm_config_audit: 'false', npm_config_fund: 'false' };
  const path = `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`;
  const own = { PATH: path, NO_COLOR: '1', NODE_TEST_CONTEXT: undefined, NODE_V8_COVERAGE: undefined };
  const child = spawn('sh', ['-euc', command], { cwd, env: { ...process.env, ...settings, ...own } });
  child.stdin.end();
  return collect(child);
}

async function expectShell(command: string, cwd: string): Promise<string> {
  const { exitCode, stdout, stderr } = await runShell(command, cwd);
  assert.equal(exitCode, 0, `${command}\n${stdout}${stderr}`);
  return stdout;
}

/**
 * Loads the adapter as CommonJS and as an ES module. Returns what was loaded, and the copies of core and x509 in the
 * process.
 */
async function loadGate(folder: string, more = ''): Promise<unknown> {
  const script = `
    const { createRequire } = require('node:module');
    const gate = require('@certgate/azure-functions');
    ${more}
    const copies = Object.keys(require.cache).flatMap((file) => /.*@certgate[\\\\/](?:core|x509)(?=[\\\\/])/.exec(file) ?? []);
    import('@certgate/azure-functions').then((module) =>
      console.log(JSON.stringify({ kinds: [typeof gate.secureApp, typeof module.secureApp], copies: [...new Set(copies)].sort() })));`;
  writeFileSync(join(folder, 'load.cjs'), script);
  return JSON.parse(await expectShell('node load.cjs', folder));
}

/** Compiles the files next to their sources, with Node's types and the packages of their folder. */
async function compile(folder: string, files: readonly string[], ...options: readonly string[]): Promise<void> {
  // The native compiler takes a fraction of the time.
  const tsc = join(root, 'node_modules', 'typescript-native', 'bin', 'tsc');
  const types = ['--types', 'node', '--typeRoots', join(root, 'node_modules', '@types')];
  const words = [tsc, ...files, ...types, '--strict', '--target', 'es2022', ...options];
  const { exitCode, stdout } = await runProgram(process.execPath, words, { cwd: folder });
  assert.equal(exitCode, 0, stdout);
}

function listCopies(folder: string, below: string): readonly string[] {
  return ['core', 'x509'].map((name) => join(folder, 'node_modules', below, 'node_modules', '@certgate', name));
}

it('each package has a tarball', () => {
  assert.equal(readdirSync(packed).length, 5);
});

describe('with only one tarball, in an empty folder,', () => {
  it('the tool runs', async () => {
    const folder = makeFolder('tool');
    await expectNpm(['install', ...quietly, findTarball(packed, 'certgate')], folder);
    assert.ok(!existsSync(join(folder, 'node_modules', '@certgate')));
    const dist = join(folder, 'node_modules', 'certgate', 'dist');
    const scripts = readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'));
    assert.ok(scripts.length > 100);
    const mapped = scripts.filter((file) => /^\/\/# sourceMappingURL=/m.test(readFileSync(join(dist, file), 'utf8')));
    assert.deepEqual(mapped, []);
    const { version } = JSON.parse(readFileSync(join(root, 'packages/certgate/package.json'), 'utf8')) as {
      readonly version: string;
    };
    assert.equal((await expectShell('node_modules/.bin/certgate --version', folder)).trim(), version);
    await expectShell('node_modules/.bin/certgate trust init --store file:trust.json --reason first', folder);
    await expectShell('node_modules/.bin/certgate trust check --store file:trust.json', folder);
  });

  it('x509 and core load', async () => {
    const folder = makeFolder('core');
    await expectNpm(['install', ...quietly, '--offline', findTarball(packed, 'certgate-core')], folder);
    const code = `console.log(typeof require('@certgate/core').AccessGate, typeof require('@certgate/core/internal'))`;
    assert.equal(await expectShell(`node -e "${code}"`, folder), 'function object\n');
  });

  it('x509 verifies certificates from PEM, as JavaScript and as TypeScript', async () => {
    const folder = makeFolder('x509');
    await expectNpm(['install', ...quietly, '--offline', findTarball(packed, 'certgate-x509')], folder);
    const dated = { notBefore: '20000101000000Z', notAfter: '99991231235959Z' };
    const [ca, other] = [issue({ name: 'ca', ...dated }), issue({ name: 'other', key: 'p-384', ...dated })];
    const extensions = ['keyUsage = critical, digitalSignature', 'authorityKeyIdentifier = keyid'];
    const client = issue({ name: 'client', issuer: ca, extensions, ...dated });
    for (const [name, { pemPath }] of Object.entries({ ca, other, client }))
      cpSync(pemPath, join(folder, `${name}.pem`));
    const body = `
      const read = (name) => readFileSync(name + '.pem', 'utf8');
      const answers = ['ca', 'other'].map((name) => verifyClientCertificate(read('client'), { anchors: read(name), revocation: 'off' }));
      console.log(answers.map((answer) => (answer.ok ? answer.names.subject : answer.fault.code)).join());`;
    const names = '{ type ClientVerification, verifyClientCertificate }';
    const typed = body
      .replace('(name)', '(name: string): string')
      .replace('answers =', 'answers: readonly ClientVerification[] =');
    const programs = {
      'program.mjs': `import { readFileSync } from 'node:fs';\nimport { verifyClientCertificate } from '@certgate/x509/path';${body}`,
      'program.cjs': `const { readFileSync } = require('node:fs');\nconst { verifyClientCertificate } = require('@certgate/x509/path');${body}`,
    };
    const source = `import { readFileSync } from 'node:fs';\nimport ${names} from '@certgate/x509/path';${typed}`;
    for (const [file, text] of Object.entries({ ...programs, 'nodenext.mts': source, 'bundler.ts': source }))
      writeFileSync(join(folder, file), text);
    await compile(folder, ['nodenext.mts'], '--module', 'nodenext');
    await compile(folder, ['bundler.ts'], '--module', 'esnext', '--moduleResolution', 'bundler');
    writeFileSync(join(folder, 'bundler.mjs'), readFileSync(join(folder, 'bundler.js')));
    for (const file of [...Object.keys(programs), 'nodenext.mjs', 'bundler.mjs'])
      assert.equal(await expectShell(`node ${file}`, folder), 'CN=client,path_not_found\n', file);
  });
});

describe('docs/app-shapes.md, "Install from tarballs"', () => {
  it('has exactly these commands', () => {
    assert.equal(packing, 'npm ci && npm run pack\n');
    assert.match(installing, /^npm ci\n/);
    assert.equal(installingForProduction, 'npm ci --omit=dev\n');
    assert.deepEqual(others, []);
  });

  it('works word for word: the adapter alone, then with the tool, in CI and in production', async () => {
    const folder = makeFolder('app');
    const [adapter = '', tool = ''] = [...adding.matchAll(/^npm install .*$/gm)].map(([command]) => command);
    const copying = adding.slice(0, adding.indexOf('npm install')).replaceAll('<certgate>', temporary);
    await expectShell(copying, folder);
    await expectShell(adapter, folder);
    // core's file contains what a start needs of x509, so only core is loaded.
    const [core] = listCopies(folder, '@certgate/azure-functions');
    const own = { kinds: ['function', 'function'], copies: [core] };
    assert.deepEqual(await loadGate(folder), own);

    await expectShell(tool, folder);
    for (const copy of listCopies(folder, 'certgate')) assert.ok(existsSync(copy), copy);
    // A user's test loads both the adapter and the tool.
    assert.deepEqual(await loadGate(folder, "require('certgate');"), own);

    assert.match(await expectShell(installing, folder), /^\d+\.\d+\.\d+$/m);
    await expectShell(installingForProduction, folder);
    assert.ok(!existsSync(join(folder, 'node_modules', 'certgate')));
    assert.deepEqual(await loadGate(folder), own);
  });

  it('is right about the lockfile: npm ci fails on another tarball of the same name', async () => {
    const folder = makeFolder('changed');
    const tarball = join(folder, 'core.tgz');
    cpSync(findTarball(packed, 'certgate-core'), tarball);
    await expectNpm(['install', ...quietly, '--offline', './core.tgz'], folder);
    cpSync(findTarball(packed, 'certgate-x509'), tarball);
    // From its own cache, npm would install the right tarball.
    const { exitCode, stderr } = await runShell('npm ci --offline --cache empty', folder);
    assert.notEqual(exitCode, 0);
    assert.match(stderr, /EINTEGRITY/);
  });
});
