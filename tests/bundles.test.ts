import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type TestContext, before, describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { makeCertificate } from '@certgate/x509/test-support/certificates.js';
import { build } from 'esbuild';
import ts from 'typescript';
import { root, runProgram } from './test-support/certgate.js';
import { runNpm } from './test-support/npm.js';

// Tests the bundles, which are what apps load of the packages. The packages' own tests load the files that tsc wrote.

interface Conditions {
  readonly types: string;
  readonly default: string;
}

interface Entry {
  readonly specifier: string;
  readonly folder: string;
  /** The files that Node loads. */
  readonly 'node-addons': { readonly import: string; readonly require: string };
  /** The file that bundlers load, like the `default` of `import`. */
  readonly module: string;
  readonly import: Conditions;
  readonly require: Conditions;
}

const require = createRequire(import.meta.url);
const entries = ['x509', 'core', 'azure-functions', 'http'].flatMap(listEntries);
const kinds = ['import', 'require'] as const;

function listEntries(packageName: string): readonly Entry[] {
  const folder = join(root, 'packages', packageName);
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, string | Pick<Entry, 'node-addons' | 'module' | 'import' | 'require'>>>;
  };
  return Object.entries(exports).flatMap(([path, conditions]) =>
    typeof conditions === 'string'
      ? []
      : [{ specifier: `@certgate/${packageName}${path.slice(1)}`, folder, ...conditions }],
  );
}

it('every entry has a bundle', () => {
  assert.deepEqual(
    entries.map(({ specifier }) => specifier),
    [
      '@certgate/x509',
      '@certgate/x509/path',
      '@certgate/x509/internal',
      '@certgate/x509/internal-certificates',
      '@certgate/core',
      '@certgate/core/internal',
      '@certgate/core/opentelemetry',
      '@certgate/azure-functions',
      '@certgate/azure-functions/testing',
      '@certgate/azure-functions/opentelemetry',
      '@certgate/http',
      '@certgate/http/opentelemetry',
    ],
  );
});

/**
 * The specifiers that the files in a folder import from other packages. The folder is a package's `dist` or
 * `dist/bundler`.
 */
function listForeignImports(folder: string, extension: string): readonly string[] {
  const files = readdirSync(folder).filter((name) => name.endsWith(extension));
  assert.ok(files.length > 0, folder);
  const specifiers = files.flatMap((name) => listSpecifiers(readFileSync(join(folder, name), 'utf8')));
  return [...new Set(specifiers.filter((each) => !each.startsWith('node:') && !/^\.\.?\//.test(each)))].sort();
}

describe('what apps load', () => {
  /** core's CommonJS files contain x509. Core's files for bundlers import it, so that an app's bundle has it once. */
  const x509 = /^@certgate\/x509(?:\/|$)/;
  const foreign: Readonly<Record<string, readonly string[]>> = {
    x509: [],
    core: ['@azure/identity', '@azure/storage-blob', '@opentelemetry/api'],
    'azure-functions': ['@certgate/core', '@certgate/core/opentelemetry'],
    http: ['@certgate/core', '@certgate/core/opentelemetry'],
  };
  for (const [name, allowed] of Object.entries(foreign)) {
    it(`from ${name} contains no other package`, () => {
      const dist = join(root, 'packages', name, 'dist');
      // If the adapter contained its own copy of core, the app would not recognize that copy's errors and diagnostics
      // channels.
      assert.deepEqual(listForeignImports(dist, '.cjs'), allowed);
      assert.deepEqual(
        listForeignImports(join(dist, 'bundler'), '.mjs').filter((each) => name !== 'core' || !x509.test(each)),
        allowed,
      );
    });
  }

  for (const entry of entries) {
    it(`${entry.specifier} exports what was compiled, under the same names`, async () => {
      const compiled = join(entry.folder, 'dist/esm', `${basename(entry.import.default, '.mjs')}.js`);
      const expected = describeExports(await import(pathToFileURL(compiled).href));
      assert.ok(Object.keys(expected).length > 0);
      assert.deepEqual(describeExports(await import(entry.specifier)), expected);
      assert.deepEqual(describeExports(require(entry.specifier)), expected);
      assert.deepEqual(describeExports(await import(pathToFileURL(join(entry.folder, entry.module)).href)), expected);
    });

    it(`${entry.specifier} has one copy, imported or required, and its exports cannot be replaced`, async () => {
      const imported = (await import(entry.specifier)) as Readonly<Record<string, unknown>>;
      const required = require(entry.specifier) as Readonly<Record<string, unknown>>;
      assert.ok(Object.isFrozen(required));
      // The members must be plain values, because esbuild's getters would run at each call from one package to another.
      for (const [name, member] of Object.entries(Object.getOwnPropertyDescriptors(required)))
        assert.ok('value' in member, name);
      for (const [name, value] of Object.entries(imported)) assert.equal(required[name], value, name);
    });
  }

  it('is one file for Node and another for bundlers, whatever their conditions are', () => {
    for (const { specifier, module, import: imported, require: required, 'node-addons': ofNode } of entries) {
      assert.equal(imported.default, module, specifier);
      assert.deepEqual(ofNode, { import: module.replace('/bundler/', '/'), require: required.default }, specifier);
    }
  });

  // With these options Node doesn't set its condition `node-addons`, so the imported and the required copy are two.
  const permission = process.allowedNodeEnvironmentFlags.has('--permission')
    ? '--permission'
    : '--experimental-permission';
  for (const options of [['--no-addons'], [permission, '--allow-fs-read=*']]) {
    it(`works together with a second copy of itself, under ${options[0] ?? ''}`, async () => {
      const script = `
        import { createRequire } from 'node:module';
        import azure from '@azure/functions';
        import * as imported from '@certgate/azure-functions';
        import { withClientIdentity } from '@certgate/azure-functions/testing';
        const required = createRequire(import.meta.url)('@certgate/azure-functions');
        const context = withClientIdentity(new azure.InvocationContext(), { name: 'billing', roles: ['reader'] });
        const handler = imported.requireRole('writer', () => ({ body: 'read' }));
        const request = new azure.HttpRequest({ method: 'GET', url: 'https://localhost/' });
        let fault = '';
        try { required.allowAnonymous(handler); } catch ({ message }) { fault = message; }
        process.stdout.write(JSON.stringify({
          isTwice: imported.requireRole !== required.requireRole,
          name: required.getClientIdentity(context).name,
          status: (await handler(request, context)).status,
          fault,
        }));`;
      const arguments_ = ['--no-warnings', ...options, '--input-type=module', '--eval', script];
      const { stdout, stderr } = await runProgram(process.execPath, arguments_, { cwd: join(root, 'tests') });
      const { fault, ...rest } = JSON.parse(stdout || JSON.stringify(stderr)) as { readonly fault: string };
      assert.deepEqual(rest, { isTwice: true, name: 'billing', status: 403 });
      assert.match(fault, /role/);
    });
  }

  it('is the same value in both entries that export it', () => {
    const tools = require('@certgate/core/internal') as Readonly<Record<string, unknown>>;
    const index = require('@certgate/core') as Readonly<Record<string, unknown>>;
    for (const [name, value] of Object.entries(index)) assert.equal(tools[name], value, name);
  });
});

function makeFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'certgate-bundles-'));
  context.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** The trust anchor is PEM but not a certificate. Only path validation can detect that, so it is loaded. */
const authority = {
  name: 'corp',
  trustAnchors: ['-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----'],
};

describe('a part of a package is loaded synchronously at its first use', () => {
  const documents = {
    pins: { schemaVersion: 1, revision: 1, identities: [] },
    authority: { schemaVersion: 1, revision: 1, identities: [], authorities: [authority] },
  };
  for (const [kind, load] of [
    ['import', "await import('@certgate/core')"],
    ['require', "require('@certgate/core')"],
  ] as const) {
    it(kind, async (context) => {
      const script = `(async () => {
        const { trustStoreFromDocument, trustStoreFromFile, trustStoreFromUrl } = ${load};
        const listParts = () =>
          Object.keys(require.cache).map((file) => /part-.*(?=\\.cjs$)/.exec(file)?.[0]).filter(Boolean).sort();
        const seen = [listParts()];
        trustStoreFromDocument(${JSON.stringify(documents.pins)});
        seen.push(listParts());
        await trustStoreFromFile(process.argv[1]).start();
        seen.push(listParts());
        trustStoreFromUrl('https://localhost/trust.json');
        seen.push(listParts());
        try { trustStoreFromDocument(${JSON.stringify(documents.authority)}); } catch (error) { seen.push(error.name, error.message); }
        seen.push(listParts());
        process.stdout.write(JSON.stringify(seen));
      })();`;
      const file = join(makeFolder(context), 'trust.json');
      writeFileSync(file, JSON.stringify(documents.pins));
      const { stdout, stderr, exitCode } = await runProgram(process.execPath, ['-e', script, file], { cwd: root });
      assert.equal(exitCode, 0, stderr);
      const [atLoad, withPins, withFile, withUrl, name, message, withAuthority] = JSON.parse(
        stdout,
      ) as readonly unknown[];
      for (const seen of [atLoad, withPins, withFile]) assert.deepEqual(seen, []);
      assert.deepEqual(withUrl, ['part-remote-sources']);
      assert.equal(name, 'TrustDocumentError');
      assert.match(String(message), /trustAnchors\[0\]/);
      assert.deepEqual(withAuthority, ['part-authorities', 'part-path', 'part-remote-sources']);
    });
  }

  it("loads none of Node's slow modules", async () => {
    const script = `
      const before = new Set(process.moduleLoadList);
      const list = () => process.moduleLoadList.filter((name) => !before.has(name)).join();
      require('@certgate/azure-functions');
      const loaded = list();
      require('node:zlib');
      require('node:fs').writeSync(1, JSON.stringify([loaded, list()]));`;
    const { stdout, stderr, exitCode } = await runProgram(process.execPath, ['-e', script], { cwd: root });
    assert.equal(exitCode, 0, stderr);
    const [loaded, withZlib] = JSON.parse(stdout) as readonly [string, string];
    assert.match(withZlib, /zlib/, 'the list shows what is loaded');
    assert.doesNotMatch(loaded, /crypto|fs\/promises|stream/);
  });
});

/** Simulates an app that is running while somebody replaces its files with another version. */
describe('a part whose file is missing after the start', () => {
  const stranger = makeCertificate({ name: ['CN = stranger'] });
  const pinned = makeCertificate({ name: ['CN = pinned'] });
  const thumbprintSha256 = createHash('sha256').update(pinned.der).digest('hex');
  const document = {
    schemaVersion: 1,
    revision: 1,
    identities: [{ name: 'app', roles: [], pins: [{ thumbprintSha256 }] }],
  };

  /**
   * The codes of three decisions: the pinned caller, an unknown caller, and, after a new document denies it, the pinned
   * caller again. The file of `part` is missing from the second decision on.
   */
  async function decideWithout(context: TestContext, part: string): Promise<readonly string[]> {
    const folder = makeFolder(context);
    const file = join(folder, 'trust.json');
    writeFileSync(file, JSON.stringify(document));
    const script = `
      const Module = require('node:module');
      const { writeFileSync } = require('node:fs');
      const { ReportingGate, trustStoreFromFile } = require('@certgate/core');
      const [, file, headers, part, denying] = process.argv;
      const trustStore = trustStoreFromFile(file);
      const gate = new ReportingGate({ trustStore }, () => ({ host: 'test', closed: [], open: [] }));
      const subject = { functionName: 'read', invocationId: '1', log: () => undefined, warn: () => undefined };
      const requirement = { functionName: 'read', roles: [] };
      const codes = [];
      const decide = async (header) => {
        const now = Date.now();
        const decision = await gate.decideHeader(header, requirement, now);
        const extraction = { outcome: 'extracted', leaf: header, encoding: 'base64', chain: undefined };
        gate.report({ subject, requirement }, { decision, now, extraction });
        codes.push(decision.code ?? decision.outcome);
      };
      (async () => {
        const [known, unknown] = JSON.parse(headers);
        await trustStore.start();
        await decide(known);
        const load = Module._load;
        Module._load = (name, ...rest) => {
          if (name === './' + part) throw new Error(part + ' got lost');
          return load(name, ...rest);
        };
        await decide(unknown);
        writeFileSync(file, denying);
        await trustStore.start();
        await decide(known);
        process.stdout.write(JSON.stringify(codes));
      })();`;
    const denying = JSON.stringify({ ...document, revision: 2, denied: [{ thumbprintSha256 }] });
    const headers = JSON.stringify([pinned.header, stranger.header]);
    const words = ['-e', script, file, headers, part, denying];
    const { stdout, stderr } = await runProgram(process.execPath, words, { cwd: root });
    assert.notEqual(stdout, '', stderr);
    return JSON.parse(stdout) as readonly string[];
  }

  for (const [what, part, last] of [
    ['of deny lists: nobody is admitted by the document from before', 'part-deny-list.cjs', 'trust_unavailable'],
    ['of sentences: refusals stand', 'part-denial-sentences.cjs', 'certificate_on_deny_list'],
  ] as const) {
    it(what, async (context) => {
      assert.deepEqual(await decideWithout(context, part), ['allowed', 'certificate_not_trusted', last]);
    });
  }
});

it('core reads a trust file through functions that a tracer has wrapped', async (context) => {
  const folder = makeFolder(context);
  const file = join(folder, 'trust.json');
  writeFileSync(file, '{"schemaVersion":1,"revision":7,"identities":[]}');
  const script = `
    const fs = require('node:fs');
    for (const name of ['close', 'open', 'read', 'stat']) {
      const wrapped = fs[name];
      fs[name] = function () { return Reflect.apply(wrapped, this, arguments); };
    }
    const store = require('@certgate/core').trustStoreFromFile(process.argv[1]);
    store.start().then(() => { process.stdout.write(JSON.stringify([store.report().revision, store.report().fault ?? null])); });`;
  const { stdout, stderr } = await runProgram(process.execPath, ['-e', script, file], { cwd: root });
  assert.equal(stderr, '');
  assert.deepEqual(JSON.parse(stdout), [7, null]);
});

it('a bundle without path validation refuses a document with authorities, and says what to do', async (context) => {
  const folder = makeFolder(context);
  const document = {
    schemaVersion: 1,
    revision: 1,
    identities: [],
    authorities: [authority],
  };
  writeFileSync(join(folder, 'trust.json'), JSON.stringify(document));
  const outfile = join(folder, 'app.cjs');
  await build({
    stdin: {
      contents: `const { trustStoreFromDocument, trustStoreFromFile } = require('./packages/core/dist/index.cjs');
        const messages = [];
        try { trustStoreFromDocument(${JSON.stringify(document)}); } catch ({ message }) { messages.push(message); }
        const store = trustStoreFromFile(process.argv[2]);
        // It is not a fault of the document's, so the app starts, and denies.
        store.start().then(() => {
          messages.push(store.report().fault);
          process.stdout.write(JSON.stringify({ messages, version: store.version ?? null }));
        });`,
      resolveDir: root,
    },
    bundle: true,
    platform: 'node',
    plugins: [
      {
        name: 'lose-path-validation',
        setup: (builder) => {
          builder.onResolve({ filter: /\/part-path\.cjs$/ }, ({ path }) => ({ path, external: true }));
        },
      },
    ],
    outfile,
  });
  const { stdout, stderr } = await runProgram(process.execPath, [outfile, join(folder, 'trust.json')], { cwd: folder });
  assert.equal(stderr, '');
  const { messages, version } = JSON.parse(stdout) as { readonly messages: readonly string[]; readonly version: null };
  assert.deepEqual([messages.length, version], [2, null]);
  for (const message of messages) {
    assert.match(
      message,
      /with authorities needs @certgate\/x509\/path, .*Cannot find module.*\. Deploy @certgate\/core and @certgate\/x509/,
    );
    assert.doesNotMatch(message, /\n/);
  }
});

describe('an export that is bundled on its own, minified and compressed, is small', () => {
  for (const [names, entry, limit] of [
    // The gate of the adapter takes 10 kB, certificates 8, log lines 6, the sentences of denials 5, front ends 4.
    // Without a bundler, an app loads the rarer parts only when it needs them.
    ['secureApp', '@certgate/azure-functions', 51_000],
    ['decodeClientCertificate, findCertificateFault', '@certgate/x509', 7_700],
    ['decodePathCertificate, findCertificationPath', '@certgate/x509/path', 25_000],
    // `verifyClientCertificate` includes the decoders of CRLs and OCSP responses.
    ['verifyClientCertificate', '@certgate/x509/path', 32_500],
  ] as const) {
    it(names, async () => {
      const { outputFiles, warnings } = await build({
        stdin: { contents: `export { ${names} } from '${entry}';`, resolveDir: root },
        bundle: true,
        // Keeps esbuild from using the workspace's tsconfig, whose `paths` lead to sources.
        tsconfigRaw: {},
        minify: true,
        format: 'cjs',
        platform: 'node',
        ...(entry === '@certgate/azure-functions' ? { external: ['@certgate/x509/path'] } : {}),
        write: false,
        logLevel: 'silent',
      });
      assert.deepEqual(warnings, []);
      const size = gzipSync(outputFiles[0]!.contents, { level: 9 }).length;
      assert.ok(size <= limit, `${size} bytes`);
    });
  }
});

/**
 * The specifiers of the text's imports. Uses the parser, because TypeScript's quick scan (`preProcessFile`) fails on
 * minified code.
 */
function listSpecifiers(text: string): readonly string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const isCall =
      ts.isCallExpression(node) &&
      (node.expression.kind === ts.SyntaxKind.ImportKeyword ||
        (ts.isIdentifier(node.expression) && node.expression.text === 'require'));
    const isDeclaration = ts.isImportDeclaration(node) || ts.isExportDeclaration(node);
    const specifier = isCall ? node.arguments[0] : isDeclaration ? node.moduleSpecifier : undefined;
    if (specifier !== undefined && ts.isStringLiteral(specifier)) found.push(specifier.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile('bundle.js', text, ts.ScriptTarget.Latest));
  return found;
}

/** The exports with their types. Functions and classes also show their `name`, which a bundler may have changed. */
function describeExports(module: unknown): Readonly<Record<string, string>> {
  const described = Object.entries(module as object).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === 'function' ? `function ${value.name}` : typeof value,
  ]);
  return Object.fromEntries(described) as Record<string, string>;
}

describe('loading an entry has no side effect, as "sideEffects": false promises', () => {
  const loads = { import: 'await import(name)', require: 'require(name)' };
  for (const kind of kinds) {
    it(`with ${kind}, one entry after the other`, async () => {
      const script = `
        const look = () => ({
          globals: Reflect.ownKeys(globalThis).filter((key) => !String(key).startsWith('Symbol(certgate/')).map(String),
          listeners: process.eventNames().map(String),
          // A cold start would pay for them, used or not.
          network: process.moduleLoadList.filter((name) => /^NativeModule (?:https?|http2|tls|net|_http_\\w+)$/.test(name)),
        });
        (async () => {
          // Node's own machinery for imports is left out.
          await import('node:os');
          const before = look();
          const after = [];
          for (const name of process.argv.slice(1)) {
            ${loads[kind]};
            after.push([name, look()]);
          }
          process.stdout.write(JSON.stringify([before, after]));
        })();`;
      const words = ['-e', script, ...entries.map(({ specifier }) => specifier)];
      const { stdout, stderr, exitCode } = await runProgram(process.execPath, words, { cwd: root });
      assert.equal(exitCode, 0, stderr);
      const [before, after] = JSON.parse(stdout) as readonly [unknown, readonly (readonly [string, unknown])[]];
      assert.equal(after.length, entries.length);
      for (const [name, seen] of after) assert.deepEqual(seen, before, name);
    });
  }
});

describe('the bundles are minified, and their source maps lead to the sources', () => {
  for (const kind of kinds) {
    it(`with ${kind}`, async () => {
      const adapter = entries.find(({ specifier }) => specifier === '@certgate/azure-functions')!;
      // The ES module re-exports the CommonJS file, so that file is checked in both cases.
      const bundle = join(adapter.folder, adapter.require.default);
      const text = readFileSync(bundle, 'utf8');
      assert.ok(text.split('\n').every((line) => !/^ {2}|^\/\/(?!# sourceMappingURL=)/.test(line)));
      const { sources } = JSON.parse(readFileSync(`${bundle}.map`, 'utf8')) as {
        readonly sources: readonly string[];
      };
      assert.ok(sources.includes('../src/secure-app.ts'));
      // The source paths stay inside the package, wherever it is installed, and show nothing about the machine that
      // built it.
      for (const source of sources) assert.match(source, /^\.\.\/src\/.+\.ts$/);
      const misuse = `secureApp({}, {})`;
      const script =
        kind === 'import'
          ? `import { secureApp } from '@certgate/azure-functions'; ${misuse};`
          : `const { secureApp } = require('@certgate/azure-functions'); ${misuse};`;
      const type = kind === 'import' ? 'module' : 'commonjs';
      const arguments_ = ['--enable-source-maps', `--input-type=${type}`, '--eval', script];
      const { stderr } = await runProgram(process.execPath, arguments_, { cwd: join(root, 'tests') });
      assert.match(
        stderr,
        /at (?:\w+\.)*secureApp \(.*packages[\\/]azure-functions[\\/]src[\\/]secure-app\.ts:\d+:\d+\)/,
      );
    });
  }
});

describe('a server that does not start', () => {
  for (const [type, load] of [
    ['module', "import { createGate, trustStoreFrom } from '@certgate/http';"],
    ['commonjs', "const { createGate, trustStoreFrom } = require('@certgate/http');"],
  ] as const) {
    it(`says why in the last lines that a terminal shows, as ${type}`, async () => {
      const script = `${load}
        void createGate({ trustStore: trustStoreFrom(process.env.CERTGATE_TRUST), frontEnd: 'nginx' }).start();`;
      const { stderr, exitCode } = await runProgram(process.execPath, [`--input-type=${type}`, '--eval', script], {
        cwd: join(root, 'tests'),
      });
      assert.equal(exitCode, 1);
      const lines = stderr.split('\n');
      assert.ok(
        lines.slice(-25).some((line) => /^TrustSourceMisuse: .*CERTGATE_TRUST/.test(line)),
        stderr.slice(-2000),
      );
      for (const line of lines) assert.ok(line.length < 1000, `${line.length} characters in a line`);
    });
  }
});

describe('the tarballs contain what apps load, one declaration file for each entry and kind, and nothing else', () => {
  const names = ['x509', 'core', 'azure-functions', 'http'];
  let tarballs: readonly { readonly name: string; readonly files: readonly { readonly path: string }[] }[];
  before(async () => {
    const workspaces = names.flatMap((name) => ['-w', join('packages', name)]);
    const { stdout, stderr, exitCode } = await runNpm(['pack', '--dry-run', '--json', ...workspaces], root);
    assert.equal(exitCode, 0, stderr);
    tarballs = Object.values(JSON.parse(stdout) as object) as typeof tarballs;
  });

  for (const name of names) {
    it(name, () => {
      const tarball = tarballs.find((each) => each.name === `@certgate/${name}`);
      const paths = tarball!.files.map(({ path }) => path);
      const unneeded = paths.filter(
        (path) =>
          !/^(?:[^/]+|dist\/(?:shared|part-[\w-]+)\.cjs(?:\.map)?|dist\/bundler\/shared-\w+\.mjs(?:\.map)?)$/.test(
            path,
          ),
      );
      const own = entries.filter(({ folder }) => folder.endsWith(name));
      const bundles = own.flatMap((entry) =>
        [entry.module, entry.require.default].map((file) => file.slice('./'.length)),
      );
      const modules = own.map((entry) => entry['node-addons'].import.slice('./'.length));
      const types = own.flatMap((entry) => kinds.map((kind) => entry[kind].types.slice('./'.length)));
      assert.deepEqual(
        unneeded.sort(),
        [...bundles.flatMap((file) => [file, `${file}.map`]), ...modules, ...types].sort(),
      );
      assert.deepEqual(
        paths.filter((path) => /\.test\.|test-support|tsconfig/.test(path)),
        [],
      );
      assert.ok(paths.includes('LICENSE'));
      assert.equal(paths.includes('trust.schema.json'), ['azure-functions', 'http'].includes(name));
    });
  }
});

describe('TypeScript finds the types of the module kind that is loaded', () => {
  // TypeScript 5 chooses "node10" for CommonJS by default, so apps from the Functions templates use it.
  const node10 = { module: 'commonjs', moduleResolution: 'node10', ignoreDeprecations: '6.0' };
  const modes = [
    { name: 'node10', file: 'consumer.ts', ...node10, types: 'cts' },
    { name: 'node16, CommonJS', file: 'consumer.cts', module: 'node16', moduleResolution: 'node16', types: 'cts' },
    { name: 'node16, ES module', file: 'consumer.mts', module: 'node16', moduleResolution: 'node16', types: 'mts' },
    { name: 'bundler', file: 'consumer.ts', module: 'esnext', moduleResolution: 'bundler', types: 'mts' },
  ];
  const consumer = `
    import { app, InvocationContext } from '@azure/functions';
    import { type TrustStore, getClientIdentity, requireRole, secureApp, trustStoreFromFile } from '@certgate/azure-functions';
    import { type GateObservation, observeGate } from '@certgate/azure-functions/opentelemetry';
    import { withClientIdentity } from '@certgate/azure-functions/testing';
    import { parseTrustDocument } from '@certgate/core/internal';
    const trustStore: TrustStore = trustStoreFromFile('trust.json');
    secureApp(app, { trustStore });
    app.get('a', requireRole('r', (request, context) => ({ body: request.url + getClientIdentity(context).name })));
    const observation: GateObservation = observeGate();
    observation.stop();
    withClientIdentity(new InvocationContext(), { name: 'a' });
    // @ts-expect-error -- the types are there: no any
    withClientIdentity(new InvocationContext(), { name: 1 });
    // @ts-expect-error -- nor here
    observeGate({ spans: true });
    // @ts-expect-error -- nor here
    parseTrustDocument(1).nothing;`;

  for (const { name, file, types, ...resolution } of modes) {
    it(name, (context) => {
      const folder = makeFolder(context);
      symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
      writeFileSync(join(folder, file), consumer);
      const settings = {
        ...resolution,
        target: 'es2022',
        // Without the browser's types, which would take most of the time.
        lib: ['es2023'],
        strict: true,
        skipLibCheck: true,
        noEmit: true,
        types: ['node'],
      };
      const { options, errors } = ts.convertCompilerOptionsFromJson(settings, folder);
      assert.deepEqual(errors, []);
      const program = ts.createProgram([join(folder, file)], {
        ...options,
        typeRoots: [join(root, 'node_modules/@types')],
      });
      const problems = ts.getPreEmitDiagnostics(program);
      assert.deepEqual(
        problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
        [],
      );
      const declarations = program
        .getSourceFiles()
        .map(({ fileName }) => /packages\/[\w-]+\/dist\/\w+\.d\.(\wts)$/.exec(fileName)?.[1]);
      assert.deepEqual([...new Set(declarations.filter((found) => found !== undefined))], [types]);
    });
  }
});
