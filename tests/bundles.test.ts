import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import type * as functionsLibrary from '@azure/functions';
import type * as adapterEntry from '@certgate/azure-functions';
import type * as telemetryEntry from '@certgate/azure-functions/opentelemetry';
import type * as testingEntry from '@certgate/azure-functions/testing';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import ts from 'typescript';
import { root, runProgram, sampleFolder } from './test-support/certgate.js';
import { runNpm } from './test-support/npm.js';

// What apps load of x509, core and the adapter is one file per entry and module kind; packages' own tests load neither.

interface Conditions {
  readonly types: string;
  readonly default: string;
}

interface Entry {
  readonly specifier: string;
  readonly folder: string;
  readonly import: Conditions;
  readonly require: Conditions;
}

const require = createRequire(import.meta.url);
const { HttpRequest, InvocationContext } = require('@azure/functions') as typeof functionsLibrary;
const entries = ['x509', 'core', 'azure-functions'].flatMap(listEntries);
const kinds = ['import', 'require'] as const;

function listEntries(packageName: string): readonly Entry[] {
  const folder = join(root, 'packages', packageName);
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, string | Pick<Entry, 'import' | 'require'>>>;
  };
  return Object.entries(exports).flatMap(([path, conditions]) =>
    typeof conditions === 'string'
      ? []
      : [{ specifier: `@certgate/${packageName}${path.slice(1)}`, folder, ...conditions }],
  );
}

/** The whole entry as an app of that module kind gets it. */
function load(kind: (typeof kinds)[number], specifier: string): Promise<unknown> {
  return kind === 'import' ? import(specifier) : Promise.resolve(require(specifier) as unknown);
}

it('there is a bundle of every entry', () => {
  assert.deepEqual(
    entries.map(({ specifier }) => specifier),
    [
      '@certgate/x509',
      '@certgate/x509/path',
      '@certgate/core',
      '@certgate/core/tools',
      '@certgate/azure-functions',
      '@certgate/azure-functions/testing',
      '@certgate/azure-functions/opentelemetry',
    ],
  );
});

describe('an entry is one file', () => {
  for (const entry of entries) {
    for (const kind of kinds) {
      it(`${entry.specifier} by ${kind}`, () => {
        const text = readFileSync(join(entry.folder, entry[kind].default), 'utf8');
        const specifiers = listSpecifiers(text);
        const others = specifiers.filter((specifier) => !specifier.startsWith('node:'));
        // The ES module asks for the Azure SDK by another function than `require`.
        const storage = kind === 'require' ? ['@azure/identity', '@azure/storage-blob'] : [];
        const allowed: Readonly<Record<string, readonly string[]>> = {
          '@certgate/core': ['@certgate/x509', '@certgate/x509/path'],
          '@certgate/core/tools': ['@certgate/x509', '@certgate/x509/path'],
          '@certgate/azure-functions': [...storage, '@certgate/core'],
          '@certgate/azure-functions/testing': ['@certgate/core'],
          '@certgate/azure-functions/opentelemetry': ['@certgate/core', '@opentelemetry/api'],
        };
        assert.ok(specifiers.length > 0);
        // A core of the adapter's own would not be the one whose errors and channels the app knows.
        assert.deepEqual([...new Set(others)].sort(), allowed[entry.specifier] ?? []);
      });

      it(`${entry.specifier} by ${kind} exports what was compiled, by the same names`, async () => {
        const compiled = join(entry.folder, entry.import.types.replace(/\.d\.ts$/, '.js'));
        const expected = describeExports(await import(pathToFileURL(compiled).href));
        assert.ok(Object.keys(expected).length > 0);
        assert.deepEqual(describeExports(await load(kind, entry.specifier)), expected);
      });
    }
  }
});

/** By the parser: the compiler's quick scan loses its way in minified code, and finds nothing. */
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

/** A class or a function that a bundler has renamed shows its new name in logs. */
function describeExports(module: unknown): Readonly<Record<string, string>> {
  const described = Object.entries(module as object).map(([name, value]: [string, unknown]) => [
    name,
    typeof value === 'function' ? `function ${value.name}` : typeof value,
  ]);
  return Object.fromEntries(described) as Record<string, string>;
}

describe('the entries of the adapter, of both kinds, are of one mind', () => {
  const readOrders: functionsLibrary.HttpHandler = () => ({ body: 'read' });

  for (const one of kinds) {
    for (const other of kinds) {
      it(`who calls: testing by ${one}, the adapter by ${other}`, async () => {
        const { withClientIdentity } = (await load(one, '@certgate/azure-functions/testing')) as typeof testingEntry;
        const { getClientIdentity, requireRole } = (await load(
          other,
          '@certgate/azure-functions',
        )) as typeof adapterEntry;
        const context = withClientIdentity(new InvocationContext(), { name: 'billing', roles: ['reader'] });
        assert.equal(getClientIdentity(context).name, 'billing');

        const request = new HttpRequest({ method: 'GET', url: 'https://localhost/' });
        const read = requireRole('reader', readOrders);
        assert.deepEqual(await read(request, context), { body: 'read' });
        const write = requireRole('writer', readOrders);
        assert.equal((await write(request, context)).status, 403);
      });

      it(`what a function asks: marked by ${one}, read by ${other}`, async () => {
        const { requireRole } = (await load(one, '@certgate/azure-functions')) as typeof adapterEntry;
        const { allowAnonymous } = (await load(other, '@certgate/azure-functions')) as typeof adapterEntry;
        const handler = requireRole('reader', readOrders);
        assert.throws(() => allowAnonymous(handler), /role/);
      });
    }
  }

  it('what is observed', async () => {
    const [one, other] = (await Promise.all(
      kinds.map((kind) => load(kind, '@certgate/azure-functions/opentelemetry')),
    )) as readonly (typeof telemetryEntry)[];
    const meterProvider = new MeterProvider();
    const observation = one!.observeGate({ meterProvider });
    assert.notEqual(one!.observeGate, other!.observeGate);
    assert.equal(other!.observeGate({ meterProvider }), observation);
    observation.stop();
    await meterProvider.shutdown();
  });
});

describe('loading an entry does nothing that "sideEffects": false would lose', () => {
  for (const { specifier } of entries) {
    for (const [kind, statement] of [
      ['import', `await import('${specifier}')`],
      ['require', `require('${specifier}')`],
    ] as const) {
      it(`${specifier} by ${kind}`, async () => {
        const script = `
          const look = () => ({
            globals: Reflect.ownKeys(globalThis).filter((key) => !String(key).startsWith('Symbol(certgate/')).map(String),
            listeners: process.eventNames().map(String),
            // A cold start would pay for them, used or not.
            network: process.moduleLoadList.filter((name) => /^NativeModule (?:https?|http2|tls|net|_http_\\w+)$/.test(name)),
          });
          (async () => {
            // Node's own machinery for imports counts for nobody.
            await import('node:os');
            const before = look();
            ${statement};
            const after = look();
            process.stdout.write(JSON.stringify([before, after]));
          })();`;
        const { stdout, stderr, exitCode } = await runProgram(process.execPath, ['-e', script], { cwd: root });
        assert.equal(exitCode, 0, stderr);
        const [before, after] = JSON.parse(stdout) as readonly unknown[];
        assert.deepEqual(after, before);
      });
    }
  }
});

describe('the bundles are minified, and their source maps lead to the sources', () => {
  for (const kind of kinds) {
    it(`by ${kind}`, async () => {
      const adapter = entries.find(({ specifier }) => specifier === '@certgate/azure-functions')!;
      const text = readFileSync(join(adapter.folder, adapter[kind].default), 'utf8');
      assert.ok(text.split('\n').every((line) => !/^ {2}|^\/\/(?!# sourceMappingURL=)/.test(line)));
      const { sources } = JSON.parse(readFileSync(join(adapter.folder, `${adapter[kind].default}.map`), 'utf8')) as {
        readonly sources: readonly string[];
      };
      assert.ok(sources.includes('../src/secure-app.ts'));
      // Inside a package, wherever it is installed; nothing of the machine that built it.
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

describe('the tarballs hold what apps load, its types, and nothing else', () => {
  for (const name of ['x509', 'core', 'azure-functions']) {
    it(name, async () => {
      const arguments_ = ['pack', '--dry-run', '--json', '-w', join('packages', name)];
      const { stdout, stderr, exitCode } = await runNpm(arguments_, root);
      assert.equal(exitCode, 0, stderr);
      const [tarball] = Object.values(JSON.parse(stdout) as object) as { files: { path: string }[] }[];
      const paths = tarball!.files.map(({ path }) => path);
      const unneeded = paths.filter((path) => !/^(?:[^/]+|dist\/cjs\/package\.json|dist\/.+\.d\.ts)$/.test(path));
      const own = entries.filter(({ folder }) => folder.endsWith(name));
      const bundles = own.flatMap((entry) => kinds.map((kind) => entry[kind].default.slice('./'.length)));
      assert.deepEqual(unneeded.sort(), bundles.flatMap((bundle) => [bundle, `${bundle}.map`]).sort());
      assert.deepEqual(
        paths.filter((path) => /\.test\.|test-support|tsconfig/.test(path)),
        [],
      );
      for (const { types } of own.flatMap((entry) => kinds.map((kind) => entry[kind]))) {
        assert.ok(paths.includes(types.slice('./'.length)), types);
      }
      assert.ok(paths.includes('LICENSE'));
      assert.equal(paths.includes('trust.schema.json'), name === 'core');
    });
  }
});

describe('the types are found, as those of the module kind that is loaded', () => {
  // With the compiler of the Functions templates, whose default for CommonJS is "node10".
  const templates = createRequire(join(sampleFolder, 'package.json'))('typescript') as typeof ts;
  const modes = [
    { name: 'node10', file: 'consumer.ts', module: 'commonjs', moduleResolution: 'node10', types: 'cjs' },
    { name: 'node16, CommonJS', file: 'consumer.cts', module: 'node16', moduleResolution: 'node16', types: 'cjs' },
    { name: 'node16, ES module', file: 'consumer.mts', module: 'node16', moduleResolution: 'node16', types: 'esm' },
    { name: 'bundler', file: 'consumer.ts', module: 'esnext', moduleResolution: 'bundler', types: 'esm' },
  ];
  const consumer = `
    import { app, InvocationContext } from '@azure/functions';
    import { type TrustStore, getClientIdentity, requireRole, secureApp, trustStoreFromFile } from '@certgate/azure-functions';
    import { type GateObservation, observeGate } from '@certgate/azure-functions/opentelemetry';
    import { withClientIdentity } from '@certgate/azure-functions/testing';
    import { parseTrustDocument } from '@certgate/core';
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
      const folder = mkdtempSync(join(tmpdir(), 'certgate-types-'));
      context.after(() => {
        rmSync(folder, { recursive: true, force: true });
      });
      symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
      writeFileSync(join(folder, file), consumer);
      const settings = {
        ...resolution,
        target: 'es2022',
        strict: true,
        skipLibCheck: true,
        noEmit: true,
        types: ['node'],
      };
      const { options, errors } = templates.convertCompilerOptionsFromJson(settings, folder);
      assert.deepEqual(errors, []);
      const program = templates.createProgram([join(folder, file)], {
        ...options,
        typeRoots: [join(root, 'node_modules/@types')],
      });
      const problems = templates.getPreEmitDiagnostics(program);
      assert.deepEqual(
        problems.map(({ messageText }) => templates.flattenDiagnosticMessageText(messageText, '\n')),
        [],
      );
      const declarations = program
        .getSourceFiles()
        .map(({ fileName }) => /packages\/[\w-]+\/dist\/(\w+)\//.exec(fileName)?.[1]);
      assert.deepEqual([...new Set(declarations.filter((found) => found !== undefined))], [types]);
    });
  }
});
