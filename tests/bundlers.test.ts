import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { clientExtensions, makeCertificate } from '@certgate/x509/test-support/certificates.js';
import { issue } from '@certgate/x509/test-support/revocation.js';
import { startFunctionsHost } from './test-support/adapter-app.js';
import { cleanEnvironment, root, runProgram } from './test-support/certgate.js';
import { installWithTarballs, packPackages } from './test-support/npm.js';

// Builds the packed packages with bundlers and a file tracer, with and without export conditions. Each result is put
// into a folder where nothing is installed, and run there. docs/app-shapes.md says what works.

interface Build {
  readonly bundler: 'esbuild' | 'webpack' | 'rspack' | 'rollup' | 'ncc' | 'nft';
  /** The file extension of the bundle. `.mjs` makes an ES module. */
  readonly extension: '.cjs' | '.mjs';
  readonly [option: string]: unknown;
}

const nodeConditions = ['node', 'import', 'require', 'default'];
const builds: Readonly<Record<string, Build>> = {
  esbuild: { bundler: 'esbuild', extension: '.cjs' },
  'esbuild, ES module': { bundler: 'esbuild', extension: '.mjs' },
  'esbuild, no condition': { bundler: 'esbuild', extension: '.cjs', conditions: [] },
  'esbuild, no condition, ES module': { bundler: 'esbuild', extension: '.mjs', conditions: [] },
  'esbuild, worker': { bundler: 'esbuild', extension: '.cjs', conditions: ['worker'] },
  'esbuild, development, ES module': { bundler: 'esbuild', extension: '.mjs', conditions: ['development'] },
  'esbuild for no platform': { bundler: 'esbuild', extension: '.mjs', platform: 'neutral' },
  webpack: { bundler: 'webpack', extension: '.cjs' },
  'webpack, other conditions': { bundler: 'webpack', extension: '.cjs', conditionNames: nodeConditions },
  'webpack, development, ES module': {
    bundler: 'webpack',
    extension: '.mjs',
    mode: 'development',
    conditionNames: nodeConditions,
  },
  Rspack: { bundler: 'rspack', extension: '.cjs' },
  'Rspack, other conditions': { bundler: 'rspack', extension: '.cjs', conditionNames: nodeConditions },
  Rollup: { bundler: 'rollup', extension: '.mjs' },
  'Rollup, other conditions': { bundler: 'rollup', extension: '.cjs', exportConditions: ['node', 'production'] },
  // `ncc` writes an ES module, because its entry file is one.
  ncc: { bundler: 'ncc', extension: '.mjs' },
  '@vercel/nft': { bundler: 'nft', extension: '.mjs' },
};

/** The builds whose server is minified, one by each minifier. All other builds are not, because that takes seconds. */
const isMinified = ['webpack', 'Rspack'];

function pick(...names: readonly string[]): Readonly<Record<string, Build>> {
  return Object.fromEntries(Object.entries(builds).filter(([name]) => names.includes(name)));
}

const frontEndSecret = 'a-secret-of-the-front-end-for-tests-only';
const temporary = mkdtempSync(join(tmpdir(), 'certgate-bundlers-'));
const folder = join(temporary, 'sources');
const trustFile = join(temporary, 'trust.json');
const pinned = makeCertificate({ name: ['CN = pinned'] });
const stranger = makeCertificate({ name: ['CN = pinned'] });
const authority = issue({ name: 'Corp root', key: 'p-384' });
const issued = issue({
  name: 'issued',
  issuer: authority,
  extensions: [...clientExtensions, 'subjectAltName = DNS:issued.corp.example'],
});

let builder: ChildProcess | undefined;
/** The builder answers in the order of the messages. */
let last: Promise<unknown> = Promise.resolve();

before(async () => {
  const isSource = (source: string): boolean => basename(source) !== 'node_modules';
  cpSync(join(root, 'tests', 'bundlers'), folder, { recursive: true, filter: isSource });
  const names = ['x509', 'core', 'azure-functions', 'http'].map((name) => `certgate-${name}`);
  await installWithTarballs(folder, await packPackages(temporary, names));
  const thumbprintSha256 = (await describeByOpenssl(pinned.der)).replace(/.*=/, '').trim();
  const document = {
    schemaVersion: 1,
    revision: 1,
    authorities: [
      { name: 'corp', trustAnchors: [readFileSync(authority.pemPath, 'utf8')], revocation: { mode: 'off' } },
    ],
    identities: [
      { name: 'pinned', roles: ['operator'], pins: [{ thumbprintSha256 }] },
      // Only this identity needs path validation, which the packages load when it is first needed.
      { name: 'issued', roles: [], names: [{ issuedBy: 'corp', dns: 'issued.corp.example' }] },
    ],
  };
  writeFileSync(trustFile, JSON.stringify(document));
  // ncc 0.45.0 uses features that Node 24 deprecates. `--no-deprecation` hides those warnings; any other warning is
  // about our files and fails the test.
  const options = { cwd: folder, env: cleanEnvironment(), execArgv: ['--no-deprecation'] };
  builder = fork(join(folder, 'build.mjs'), options);
});

after(() => {
  builder?.kill();
  rmSync(temporary, { recursive: true, force: true });
});

/** Bundles the entry and returns the path of the bundle, whose folder contains only what the build wrote. */
async function build(entry: string, { extension, ...rest }: Build): Promise<string> {
  const place = mkdtempSync(join(temporary, 'bundle-'));
  const outfile = join(place, rest.bundler === 'nft' ? entry : `app${extension}`);
  const ended = last.then(async () => {
    assert.ok(builder);
    builder.send({ ...rest, entry, outfile });
    const [warnings] = (await once(builder, 'message')) as [string];
    return warnings;
  });
  last = ended;
  assert.equal(await ended, '');
  return outfile;
}

async function run(file: string, environment: Readonly<Record<string, string>> = {}): Promise<unknown> {
  const env = { ...cleanEnvironment(), ...environment };
  const { exitCode, stdout, stderr } = await runProgram(process.execPath, [file], { cwd: dirname(file), env });
  assert.equal(exitCode, 0, stderr);
  // The last line is the result. The gate's own lines come before it.
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
}

async function describeByOpenssl(der: Uint8Array): Promise<string> {
  const file = join(temporary, 'certificate.der');
  writeFileSync(file, der);
  const words = ['x509', '-inform', 'DER', '-in', file, '-noout', '-fingerprint', '-sha256'];
  return (await runProgram('openssl', words)).stdout;
}

/** Writes a copy of the file as CommonJS, with `require` in place of `import`. */
function requireInstead(entry: string): string {
  const text = readFileSync(join(folder, entry), 'utf8');
  const name = entry.replace('.mjs', '.cjs');
  writeFileSync(join(folder, name), text.replace(/^import (.*) from ('.*');$/gm, 'const $1 = require($2);'));
  return name;
}

describe('a bundle has every entry of every package', () => {
  let expected: unknown;
  before(async () => {
    expected = await run(join(folder, 'entries.mjs'));
  });
  for (const [name, options] of Object.entries(builds)) {
    it(name, async () => {
      const file = await build('entries.mjs', options);
      assert.deepEqual(await run(file), expected);
    });
  }
});

describe('a bundled server gives the same answers as an unbundled one', () => {
  const fieldsOf = (der: Uint8Array | undefined): object => ({
    'x-certgate-front-end-secret': frontEndSecret,
    'x-client-certificate-verification': 'UNVERIFIED',
    ...(der !== undefined && { 'x-client-certificate': Buffer.from(der).toString('base64') }),
  });
  const calls = [undefined, stranger.der, pinned.der, issued.der].map(fieldsOf);
  const environment = { TRUST: trustFile, SECRET: frontEndSecret, CALLS: JSON.stringify(calls) };
  const expected = ['401', '401', '200 pinned', '200 issued'];

  it('without a bundler', async () => {
    assert.deepEqual(await run(join(folder, 'http.mjs'), environment), expected);
  });
  for (const [name, options] of Object.entries(builds)) {
    it(name, async () => {
      const file = await build('http.mjs', { ...options, minimize: isMinified.includes(name) });
      assert.deepEqual(await run(file, environment), expected);
    });
  }
  for (const [name, options] of Object.entries(pick('esbuild, no condition', 'webpack, other conditions', 'ncc'))) {
    it(`${name}, from CommonJS`, async () => {
      const file = await build(requireInstead('http.mjs'), { ...options, extension: '.cjs' });
      assert.deepEqual(await run(file, environment), expected);
    });
  }
});

describe('a bundled app of Azure Functions gives the same answers as an unbundled one', { concurrency: 2 }, () => {
  const callers = { none: undefined, stranger: stranger.der, pinned: pinned.der, issued: issued.der };
  const expected = {
    'Closed none': '401',
    'Closed stranger': '401',
    'Closed pinned': '200 pinned',
    'Closed issued': '200 issued',
    'Role none': '401',
    'Role stranger': '401',
    'Role pinned': '200 pinned',
    'Role issued': '403',
    'Open none': '200 open',
    'Open stranger': '200 open',
    'Open pinned': '200 open',
    'Open issued': '200 open',
  };
  /**
   * The builds of the Functions app. The host supplies @azure/functions-core to `require` only, so the ES module gets a
   * `require` from its banner.
   */
  const ofFunctions: Readonly<Record<string, Build>> = {
    ...pick('esbuild, no condition', 'webpack, other conditions', 'Rspack, other conditions'),
    ...pick('Rollup, other conditions', 'ncc', '@vercel/nft'),
    'esbuild, worker, ES module': { bundler: 'esbuild', extension: '.mjs', conditions: ['worker'], banner: true },
  };
  const answer = async (file: string): Promise<Record<string, string>> => {
    const place = dirname(file);
    writeFileSync(join(place, 'host.json'), '{ "version": "2.0" }');
    writeFileSync(join(place, 'package.json'), JSON.stringify({ main: basename(file) }));
    const options = { environment: { CERTGATE_TRUST: trustFile }, onLog: () => undefined, unsafeDirectHeader: true };
    const host = await startFunctionsHost({ folder: place, ...options });
    try {
      const answers: Record<string, string> = {};
      for (const name of ['Closed', 'Role', 'Open']) {
        for (const [caller, der] of Object.entries(callers)) {
          const headers = der === undefined ? {} : { 'x-arr-clientcert': Buffer.from(der).toString('base64') };
          const response = await fetch(`${host.url}/api/${name}`, { headers });
          const body = await response.text();
          answers[`${name} ${caller}`] = response.status === 200 ? `200 ${body}` : String(response.status);
        }
      }
      return answers;
    } finally {
      await host.close();
    }
  };

  for (const [name, options] of Object.entries(ofFunctions)) {
    it(name, async () => {
      assert.deepEqual(await answer(await build('functions.mjs', options)), expected);
    });
  }
  // With some conditions, the bundle contains two copies of the adapter: one imported and one required.
  const ofMixed = pick('esbuild', 'esbuild, no condition', 'webpack, other conditions', '@vercel/nft');
  for (const [name, options] of Object.entries(ofMixed)) {
    it(`${name}, in an app that imports the gate and requires the markers`, async () => {
      assert.deepEqual(await answer(await build('mixed.mjs', options)), expected);
    });
  }
});
