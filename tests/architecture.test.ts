import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

// Holds the arrows between rooms (docs/architecture.md): a file imports only what stands before it.
const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Core's rooms in the order of the request's path. A file may import files of its own line and of the lines above it.
 * A file that is on no line fails the test: new rooms say where they stand.
 */
const coreOrder: readonly (readonly string[])[] = [
  ['encoding/*', 'fault-text', 'short-text', 'known-options', 'denial'],
  ['mistaken-structure', 'header-grammars/*', 'certificate-header'],
  [
    'distinguished-name',
    'canonical-name',
    'general-name',
    'spiffe-id',
    'extension-list',
    'certificate-structure',
    'subject-alternative-name',
    'certificate-extensions',
    'certificate-public-key',
    'client-certificate',
  ],
  ['certificate-verification'],
  ['certification-path/*'],
  ['presented-certificate', 'revocation-information'],
  [
    'trust-authority',
    'trust-subject',
    'trust-deny-list',
    'trust-snapshot',
    'trust-document-content',
    'trust-document-reader',
    'trust-document-revocation',
    'trust-document-authorities',
    'trust-document-denied',
    'trust-document-subjects',
    'trust-document-pins',
    'trust-document-identities',
    'trust-document',
    'trust-document-text',
    'trust-change',
    'trust-subject-comparison',
    'trust-authority-comparison',
    'trust-denied-comparison',
    'trust-lookalikes',
    'trust-identity-comparison',
    'trust-refusal-comparison',
    'trust-comparison',
    'trust-inspection-finding',
    'trust-authority-inspection',
    'trust-inspection',
    'authority-path',
    'authority-match',
    'issued-match',
    'trust-finding',
    'trust-answer',
    'trust-store',
  ],
  ['trust-sources/*'],
  ['client-identity', 'verdict-cache', 'refusal-cache'],
  ['authorization'],
  ['access-decision'],
  ['access-gate'],
  ['index'],
];

/** The tool's rooms, and which others each may enter. */
const toolRooms: Readonly<Record<string, readonly string[]>> = {
  'command-line': [],
  certificates: ['command-line'],
  client: ['command-line'],
  gateway: [],
  'functions-host': ['command-line'],
  'local-app': ['command-line', 'certificates', 'client', 'gateway', 'functions-host'],
  'trust-administration': ['command-line', 'certificates'],
  'trust-import': ['command-line', 'certificates', 'trust-administration'],
  'app-inspection': ['command-line', 'functions-host', 'local-app'],
  'path-report': ['command-line'],
  commands: [
    'command-line',
    'certificates',
    'client',
    'gateway',
    'functions-host',
    'local-app',
    'app-setup',
    'trust-administration',
    'trust-import',
    'app-inspection',
    'path-report',
  ],
  testing: ['command-line', 'certificates', 'client', 'gateway', 'functions-host', 'local-app'],
  'app-setup': ['command-line'],
  program: ['command-line', 'commands'],
  cli: ['command-line', 'program'],
  index: ['testing', 'gateway', 'local-app'],
};

const packageImports: Readonly<Record<string, (specifier: string, room: string) => boolean>> = {
  core: () => false,
  // OpenTelemetry is an optional peer: only the entry that is named after it may load it.
  'azure-functions': (specifier, room) =>
    specifier === '@certgate/core' ||
    specifier === '@azure/functions' ||
    (specifier === '@opentelemetry/api' && room.startsWith('opentelemetry')),
  certgate: (specifier) => specifier === '@certgate/core' || listDependencies('certgate').includes(nameOf(specifier)),
};

interface SourceFile {
  /** Relative to the package's src, with forward slashes and without `.ts`. */
  readonly room: string;
  readonly path: string;
  readonly imports: readonly string[];
}

describe('the arrows between packages', () => {
  for (const [name, allows] of Object.entries(packageImports)) {
    it(`${name} imports node, its own files, and what the architecture lets it`, () => {
      for (const { room, imports } of listSources(name)) {
        for (const specifier of imports.filter((each) => !each.startsWith('.') && !isBuiltin(each))) {
          assert.ok(allows(specifier, room), `packages/${name}/src/${room}.ts imports ${specifier}`);
        }
      }
    });
  }

  it('azure-functions imports only types of @azure/functions', () => {
    for (const { path } of listSources('azure-functions')) {
      const values = readFileSync(path, 'utf8').matchAll(/^import (?!type )[^;]*from '@azure\/functions'/gm);
      assert.deepEqual(
        [...values].map(([line]) => line),
        [],
        path,
      );
    }
  });

  it('nothing of azure-functions but its own entry loads what observes the gate', () => {
    for (const file of listSources('azure-functions').filter(({ room }) => !room.startsWith('opentelemetry'))) {
      for (const target of listTargets(file)) assert.doesNotMatch(target, /^opentelemetry/, file.path);
    }
  });

  it('core and azure-functions bring no package of others into an app', () => {
    assert.deepEqual(listDependencies('core'), []);
    assert.deepEqual(listDependencies('azure-functions'), ['@certgate/core']);
  });

  it('examples use published names only', () => {
    for (const path of listTypeScript(join(root, 'examples'))) {
      for (const specifier of readImports(path)) {
        assert.doesNotMatch(specifier, /packages\/|\/src\/|\/dist\//, path);
      }
    }
  });
});

describe('the arrows inside core', () => {
  const lineOf = (room: string): number =>
    coreOrder.findIndex((line) =>
      line.some((entry) => entry === room || (entry.endsWith('/*') && room.startsWith(entry.slice(0, -1)))),
    );

  it('every file stands on one line of the order', () => {
    for (const { room } of listSources('core'))
      assert.notEqual(lineOf(room), -1, `${room}.ts stands nowhere in coreOrder`);
  });

  it('every import points to the same line or an earlier one', () => {
    for (const file of listSources('core')) {
      for (const target of listTargets(file)) {
        assert.ok(lineOf(target) <= lineOf(file.room), `${file.room}.ts imports ${target}.ts, which stands after it`);
      }
    }
  });

  it('encoding knows nothing of certificates', () => {
    for (const file of listSources('core').filter(({ room }) => room.startsWith('encoding/'))) {
      for (const target of listTargets(file))
        assert.match(target, /^encoding\//, `${file.room}.ts imports ${target}.ts`);
    }
  });
});

describe('the arrows inside the tool', () => {
  const roomOf = (path: string): string => path.split('/', 1)[0] ?? path;

  it('every room enters only those it may', () => {
    for (const file of listSources('certgate')) {
      const own = roomOf(file.room);
      const allowed = toolRooms[own];
      assert.ok(allowed !== undefined, `${file.room}.ts stands in no room of toolRooms`);
      for (const target of listTargets(file).map(roomOf)) {
        assert.ok(target === own || allowed.includes(target), `${file.room}.ts imports from ${target}`);
      }
    }
  });

  it('nothing but the command line and the app process ends a process', () => {
    for (const { room, path } of listSources('certgate')) {
      const ends = /process\.exit\(/.test(readFileSync(path, 'utf8'));
      if (ends) assert.match(room, /^(?:cli|functions-host\/host-process|testing\/app-process\/main)$/, room);
    }
  });
});

describe('the entries of azure-functions', () => {
  it('have a module in common only where a copy in each of their bundles does no harm', () => {
    const sources = new Map(listSources('azure-functions').map((file) => [file.room, listTargets(file, true)]));
    const reached = ['index', 'testing', 'opentelemetry'].flatMap((entry) => [...listReached(sources, entry)]);
    const common = reached.filter((room, index) => reached.indexOf(room) !== index);
    // What these hold is functions and texts, or hangs on `globalThis` under registered symbols and names. A variable,
    // a map or a class of their own would be another one in each entry.
    assert.deepEqual([...new Set(common)].sort(), ['decision-channel', 'log-text', 'shared-state', 'worker-core']);
  });
});

describe('imports that go round in a circle', () => {
  for (const name of Object.keys(packageImports)) {
    it(`there are none in ${name}`, () => {
      const sources = new Map(listSources(name).map((file) => [file.room, listTargets(file, true)]));
      for (const room of sources.keys()) assert.equal(findCycle(sources, room, []), undefined);
    });
  }
});

function findCycle(
  sources: ReadonlyMap<string, readonly string[]>,
  room: string,
  path: readonly string[],
): string | undefined {
  if (path.includes(room)) return [...path.slice(path.indexOf(room)), room].join(' → ');
  for (const target of sources.get(room) ?? []) {
    const cycle = findCycle(sources, target, [...path, room]);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

function listReached(sources: ReadonlyMap<string, readonly string[]>, entry: string): ReadonlySet<string> {
  const reached = new Set([entry]);
  // A set is walked to its end, what is added on the way included.
  for (const room of reached) for (const target of sources.get(room) ?? []) reached.add(target);
  return reached;
}

function listSources(name: string): readonly SourceFile[] {
  const src = join(root, 'packages', name, 'src');
  const files = listTypeScript(src).filter((path) => !path.includes('.test.') && !path.includes('test-support'));
  assert.ok(files.length > 0, `no sources in ${src}`);
  return files.map((path) => ({ room: toRoom(src, path), path, imports: readImports(path) }));
}

function toRoom(src: string, path: string): string {
  return relative(src, path).split(sep).join('/').replace(/\.ts$/, '');
}

/** The files of the same package that a file imports; type-only imports can't make a circle at run time. */
function listTargets({ room, path, imports }: SourceFile, onlyValues = false): readonly string[] {
  const specifiers = onlyValues ? readValueImports(path) : imports;
  return specifiers
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => join(dirname(room), specifier).split(sep).join('/').replace(/\.js$/, ''));
}

function readImports(path: string): readonly string[] {
  return ts.preProcessFile(readFileSync(path, 'utf8'), true, true).importedFiles.map(({ fileName }) => fileName);
}

function readValueImports(path: string): readonly string[] {
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest);
  return source.statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return [];
    const isType = ts.isImportDeclaration(statement)
      ? statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
      : statement.isTypeOnly;
    const { moduleSpecifier } = statement;
    return isType || moduleSpecifier === undefined || !ts.isStringLiteral(moduleSpecifier)
      ? []
      : [moduleSpecifier.text];
  });
}

function listTypeScript(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === 'node_modules' || entry.name === 'dist') return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return listTypeScript(path);
    return entry.name.endsWith('.ts') ? [path] : [];
  });
}

function listDependencies(name: string): readonly string[] {
  const manifest = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')) as {
    dependencies?: object;
  };
  return Object.keys(manifest.dependencies ?? {});
}

function nameOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

function isBuiltin(specifier: string): boolean {
  return specifier.startsWith('node:') && builtinModules.includes(specifier.slice('node:'.length));
}
