import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { clientExtensions, makeCertificate } from '@certgate/x509/test-support/certificates.js';
import { issue } from '@certgate/x509/test-support/revocation.js';
import { startFunctionsHost } from './test-support/adapter-app.js';
import { cleanEnvironment, root, runProgram } from './test-support/certgate.js';
import { installWithTarballs, packPackages } from './test-support/npm.js';

// What bundlers and a file tracer make of the packed packages, with conditions and without: built, put where nothing is
// installed, and run. docs/app-shapes.md says what works.

interface Build {
  readonly bundler: 'esbuild' | 'webpack' | 'rspack' | 'rollup' | 'ncc' | 'nft';
  /** Of the bundle: .mjs is an ES module. */
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
    ...{ bundler: 'webpack', extension: '.mjs', mode: 'development', conditionNames: nodeConditions },
  },
  Rspack: { bundler: 'rspack', extension: '.cjs' },
  'Rspack, other conditions': { bundler: 'rspack', extension: '.cjs', conditionNames: nodeConditions },
  Rollup: { bundler: 'rollup', extension: '.mjs' },
  'Rollup, other conditions': { bundler: 'rollup', extension: '.cjs', exportConditions: ['node', 'production'] },
  // Of an ES module it makes one.
  ncc: { bundler: 'ncc', extension: '.mjs' },
  '@vercel/nft': { bundler: 'nft', extension: '.mjs' },
};

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
  ...{ name: 'issued', issuer: authority },
  extensions: [...clientExtensions, 'subjectAltName = DNS:issued.corp.example'],
});

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
      // Only this one needs path validation, which an app loads later.
      { name: 'issued', roles: [], names: [{ issuedBy: 'corp', dns: 'issued.corp.example' }] },
    ],
  };
  writeFileSync(trustFile, JSON.stringify(document));
});

after(() => {
  rmSync(temporary, { recursive: true, force: true });
});

/** Where the bundle of a file is; it has nothing beside it but what the build put there. */
async function build(entry: string, { extension, ...rest }: Build): Promise<string> {
  const place = mkdtempSync(join(temporary, 'bundle-'));
  const outfile = join(place, rest.bundler === 'nft' ? entry : `app${extension}`);
  // On a newer Node, a bundler uses what is deprecated there (ncc 0.45.0 on Node 24). Its other warnings are about our files.
  const words = ['--no-deprecation', join(folder, 'build.mjs'), JSON.stringify({ ...rest, entry, outfile })];
  const { exitCode, stdout, stderr } = await runProgram(process.execPath, words, { cwd: folder });
  assert.equal(exitCode, 0, `${stdout}${stderr}`);
  assert.equal(stderr, '');
  return outfile;
}

async function run(file: string, environment: Readonly<Record<string, string>> = {}): Promise<unknown> {
  const env = { ...cleanEnvironment(), ...environment };
  const { exitCode, stdout, stderr } = await runProgram(process.execPath, [file], { cwd: dirname(file), env });
  assert.equal(exitCode, 0, stderr);
  // The gate's own lines come before.
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
}

async function describeByOpenssl(der: Uint8Array): Promise<string> {
  const file = join(temporary, 'certificate.der');
  writeFileSync(file, der);
  const words = ['x509', '-inform', 'DER', '-in', file, '-noout', '-fingerprint', '-sha256'];
  return (await runProgram('openssl', words)).stdout;
}

/** As a CommonJS source, with `require` in the place of `import`. */
function requireInstead(entry: string): string {
  const text = readFileSync(join(folder, entry), 'utf8');
  const name = entry.replace('.mjs', '.cjs');
  writeFileSync(join(folder, name), text.replace(/^import (.*) from ('.*');$/gm, 'const $1 = require($2);'));
  return name;
}

describe('every entry of every package is there', () => {
  let expected: unknown;
  before(async () => {
    expected = await run(join(folder, 'entries.mjs'));
  });
  for (const [name, options] of Object.entries(builds)) {
    it(name, async () => {
      // What a minifier makes of the packages is seen by the server and the app below, in a fraction of the time.
      const file = await build('entries.mjs', { ...options, minimize: false });
      assert.deepEqual(await run(file), expected);
    });
  }
});

describe('a server refuses whom it refuses unbundled', () => {
  const fieldsOf = (der: Uint8Array | undefined): object => ({
    'x-certgate-front-end-secret': frontEndSecret,
    'x-client-certificate-verification': 'UNVERIFIED',
    ...(der !== undefined && { 'x-client-certificate': Buffer.from(der).toString('base64') }),
  });
  const calls = [undefined, stranger.der, pinned.der, issued.der].map(fieldsOf);
  const environment = { TRUST: trustFile, SECRET: frontEndSecret, CALLS: JSON.stringify(calls) };
  const expected = ['401', '401', '200 pinned', '200 issued'];

  it('unbundled', async () => {
    assert.deepEqual(await run(join(folder, 'http.mjs'), environment), expected);
  });
  for (const [name, options] of Object.entries(builds)) {
    it(name, async () => {
      assert.deepEqual(await run(await build('http.mjs', options), environment), expected);
    });
  }
  for (const [name, options] of Object.entries(pick('esbuild, no condition', 'webpack, other conditions', 'ncc'))) {
    it(`${name}, of CommonJS`, async () => {
      const file = await build(requireInstead('http.mjs'), { ...options, extension: '.cjs', minimize: false });
      assert.deepEqual(await run(file, environment), expected);
    });
  }
});

describe('an app of Azure Functions answers as it does unbundled', { concurrency: 2 }, () => {
  const callers = { none: undefined, stranger: stranger.der, pinned: pinned.der, issued: issued.der };
  const expected = {
    ...{ 'Closed none': '401', 'Closed stranger': '401', 'Closed pinned': '200 pinned', 'Closed issued': '200 issued' },
    ...{ 'Role none': '401', 'Role stranger': '401', 'Role pinned': '200 pinned', 'Role issued': '403' },
    ...{ 'Open none': '200 open', 'Open stranger': '200 open', 'Open pinned': '200 open', 'Open issued': '200 open' },
  };
  /** The host supplies @azure/functions-core to `require` alone, so ES modules have a `require` made for them. */
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
  // Two copies of the adapter in one bundle, where a bundler's conditions have them so.
  const ofMixed = pick('esbuild', 'esbuild, no condition', 'webpack, other conditions', '@vercel/nft');
  for (const [name, options] of Object.entries(ofMixed)) {
    it(`${name}, which imports the gate and requires the marks`, async () => {
      assert.deepEqual(await answer(await build('mixed.mjs', { ...options, minimize: false })), expected);
    });
  }
});
