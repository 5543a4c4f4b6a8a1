import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { basename, dirname, join, relative, sep } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

// Holds the arrows between packages and between rooms (docs/architecture.md). A room is a folder below a package's src;
// the files at its top are entries.
const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Each package's rooms and entries: one line each, with those that it may import. Every name stands on a line above, so
 * all imports point one way. A folder that has no line of its own belongs to the room that holds it.
 */
const packageRooms: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  x509: {
    encoding: [],
    certificate: ['encoding'],
    revocation: ['encoding', 'certificate'],
    'certification-path': ['encoding', 'certificate', 'revocation'],
    index: ['encoding', 'certificate'],
    path: ['certificate', 'revocation', 'certification-path'],
    internal: ['encoding', 'certificate'],
    'internal-certificates': ['encoding', 'certificate'],
  },
  core: {
    denial: [],
    'context-map': [],
    'client-identity-missing': [],
    'load-path-validation': [],
    encoding: [],
    'certificate-header': ['denial', 'load-path-validation'],
    'front-ends': ['denial', 'certificate-header'],
    'front-end-resolution': ['denial', 'encoding', 'certificate-header', 'front-ends'],
    'trust-snapshot': ['denial', 'load-path-validation', 'certificate-header'],
    'trust-document': ['load-path-validation', 'encoding', 'trust-snapshot'],
    'trust-review': ['encoding', 'trust-snapshot', 'trust-document'],
    'trust-sources': ['encoding', 'trust-document'],
    'trust-store': [
      'denial',
      'load-path-validation',
      'encoding',
      'certificate-header',
      'trust-snapshot',
      'trust-document',
      'trust-sources',
    ],
    access: ['denial', 'encoding', 'certificate-header', 'trust-snapshot', 'trust-store'],
    'denial-answer': ['denial', 'trust-store'],
    log: ['denial', 'trust-store', 'access'],
    'host-gate-options': ['front-end-resolution', 'trust-store', 'log'],
    'reporting-gate': [
      'denial',
      'encoding',
      'certificate-header',
      'front-end-resolution',
      'trust-store',
      'access',
      'log',
      'host-gate-options',
    ],
    opentelemetry: ['trust-store', 'log'],
    index: [
      'denial',
      'context-map',
      'client-identity-missing',
      'encoding',
      'certificate-header',
      'front-ends',
      'front-end-resolution',
      'trust-snapshot',
      'trust-document',
      'trust-sources',
      'trust-store',
      'access',
      'denial-answer',
      'log',
      'host-gate-options',
      'reporting-gate',
    ],
    tools: [
      'denial',
      'encoding',
      'certificate-header',
      'front-ends',
      'front-end-resolution',
      'trust-snapshot',
      'trust-document',
      'trust-review',
      'trust-sources',
      'trust-store',
      'access',
      'index',
    ],
  },
  'azure-functions': {
    gate: [],
    opentelemetry: [],
    'request-identity': ['gate'],
    'secure-app': ['gate'],
    'function-policy': ['gate', 'request-identity'],
    testing: ['gate'],
    'temporary-opening': ['gate', 'function-policy'],
    'report-only': ['gate', 'temporary-opening'],
    observe: ['gate', 'temporary-opening'],
    index: ['gate', 'request-identity', 'secure-app', 'function-policy', 'report-only', 'observe'],
  },
  http: {
    gate: [],
    opentelemetry: [],
    'caller-identity': ['gate'],
    node: ['gate'],
    'secure-express': ['gate', 'node'],
    'secure-fastify': ['gate', 'caller-identity', 'node'],
    'secure-fetch': ['gate'],
    index: ['gate', 'caller-identity', 'node', 'secure-express', 'secure-fastify', 'secure-fetch'],
  },
  certgate: {
    'certificates/pfx': [],
    'command-line': [],
    'gateway/exchange': [],
    'app-setup': ['command-line'],
    'certificates/structure': ['command-line'],
    client: ['command-line'],
    'functions-host/worker': ['command-line'],
    'gateway/front-ends': ['gateway/exchange'],
    gateway: ['gateway/exchange', 'gateway/front-ends'],
    'path-report': ['command-line'],
    'trust-administration/azure-sdk': ['command-line'],
    'trust-administration/edits': ['command-line'],
    'trust-administration/location': ['command-line'],
    certificates: ['certificates/pfx', 'command-line', 'certificates/structure'],
    'functions-host/routing': ['command-line', 'functions-host/worker'],
    'trust-administration/blob': ['command-line', 'trust-administration/azure-sdk', 'trust-administration/location'],
    'trust-administration/signing': ['command-line', 'trust-administration/azure-sdk', 'certificates'],
    'certificates/authority': ['certificates/pfx', 'command-line', 'certificates/structure', 'certificates'],
    'functions-host/http': ['command-line', 'gateway/exchange', 'functions-host/worker', 'functions-host/routing'],
    'trust-administration': [
      'command-line',
      'trust-administration/edits',
      'trust-administration/location',
      'trust-administration/blob',
      'trust-administration/signing',
    ],
    'trust-import': ['command-line', 'trust-administration/edits', 'certificates'],
    doctor: ['command-line', 'client', 'certificates'],
    'functions-host/mcp': [
      'command-line',
      'gateway/exchange',
      'functions-host/worker',
      'functions-host/routing',
      'functions-host/http',
    ],
    'functions-host': [
      'command-line',
      'functions-host/worker',
      'functions-host/routing',
      'functions-host/http',
      'functions-host/mcp',
    ],
    'local-app': [
      'certificates/pfx',
      'command-line',
      'client',
      'functions-host/worker',
      'gateway',
      'certificates',
      'functions-host/routing',
      'functions-host/http',
      'functions-host',
    ],
    'app-inspection': ['command-line', 'functions-host/routing', 'functions-host', 'local-app'],
    'trust-explanation': ['command-line', 'path-report', 'app-inspection'],
    'inspector/protocol': ['trust-explanation'],
    'trust-check': ['trust-administration', 'trust-import'],
    'certificate-reading': [
      'certificates/pfx',
      'command-line',
      'certificates/structure',
      'certificates',
      'trust-explanation',
      'inspector/protocol',
    ],
    'trust-view': [
      'command-line',
      'certificates/authority',
      'trust-import',
      'trust-explanation',
      'inspector/protocol',
      'trust-check',
    ],
    inspector: [
      'command-line',
      'gateway/exchange',
      'gateway/front-ends',
      'certificates/structure',
      'client',
      'functions-host/worker',
      'gateway',
      'certificates',
      'trust-administration',
      'trust-import',
      'functions-host',
      'local-app',
      'app-inspection',
      'trust-explanation',
      'inspector/protocol',
      'certificate-reading',
      'trust-view',
    ],
    testing: [
      'command-line',
      'client',
      'functions-host/worker',
      'gateway',
      'certificates',
      'functions-host',
      'local-app',
    ],
    commands: [
      'certificates/pfx',
      'command-line',
      'app-setup',
      'certificates/structure',
      'client',
      'functions-host/worker',
      'gateway',
      'path-report',
      'trust-administration/edits',
      'trust-administration/location',
      'certificates',
      'certificates/authority',
      'trust-administration/signing',
      'trust-administration',
      'trust-import',
      'doctor',
      'functions-host',
      'local-app',
      'app-inspection',
      'trust-explanation',
      'inspector/protocol',
      'trust-check',
      'certificate-reading',
      'trust-view',
      'inspector',
    ],
    index: ['gateway', 'local-app', 'testing'],
    program: ['command-line', 'commands'],
    cli: ['command-line', 'program'],
  },
};

/** More than that, and a folder is no longer one thing. */
const maximumFilesPerFolder = 20;

const packageImports: Readonly<Record<string, (specifier: string, room: string) => boolean>> = {
  x509: () => false,
  // OpenTelemetry is an optional peer: only the entry that is named after it may load it. Azure's SDK is the app's own.
  core: (specifier, room) =>
    /^@certgate\/x509(?:\/internal|\/internal-certificates|\/path)?$/.test(specifier) ||
    (specifier === '@opentelemetry/api' && room.startsWith('opentelemetry')) ||
    (/^@azure\/(?:storage-blob|identity)$/.test(specifier) && room === 'trust-sources/azure-blob-client'),
  'azure-functions': (specifier, room) =>
    specifier === '@certgate/core' ||
    specifier === '@azure/functions' ||
    (specifier === '@certgate/core/opentelemetry' && room === 'opentelemetry') ||
    // Types alone, which apps extend.
    (specifier === '@certgate/azure-functions' && room === 'testing'),
  // No framework: an adapter says by types of its own what it uses of one.
  http: (specifier, room) =>
    specifier === '@certgate/core' || (specifier === '@certgate/core/opentelemetry' && room === 'opentelemetry'),
  certgate: (specifier) =>
    specifier === '@certgate/core/tools' || listDependencies('certgate').includes(nameOf(specifier)),
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

  it('nothing of core but its own entry loads what observes the gate', () => {
    for (const file of listSources('core').filter(({ room }) => !room.startsWith('opentelemetry'))) {
      for (const target of listTargets(file)) assert.doesNotMatch(target, /^opentelemetry/, file.path);
    }
  });

  it('what an app loads brings no package of others along', () => {
    assert.deepEqual(listDependencies('x509'), []);
    assert.deepEqual(listDependencies('core'), ['@certgate/x509']);
    assert.deepEqual(listDependencies('azure-functions'), ['@certgate/core']);
    assert.deepEqual(listDependencies('http'), ['@certgate/core']);
  });

  it('examples use published names only', () => {
    for (const path of listTypeScript(join(root, 'examples'))) {
      for (const specifier of readImports(path)) {
        assert.doesNotMatch(specifier, /packages\/|\/src\/|\/dist\//, path);
      }
    }
  });
});

for (const [name, rooms] of Object.entries(packageRooms)) {
  describe(`the rooms of ${name}`, () => {
    const files = listSources(name);
    const lines = Object.keys(rooms);

    it('name only rooms that stand above them', () => {
      for (const [index, line] of lines.entries()) {
        for (const target of rooms[line] ?? []) {
          assert.ok(lines.slice(0, index).includes(target), `${line} names ${target}, which does not stand above it`);
        }
      }
    });

    it('hold every file, and import only what their line allows, types included', () => {
      for (const file of files) {
        const own = findRoom(lines, file.room);
        assert.ok(own !== undefined, `${file.room}.ts stands in no room of packageRooms`);
        for (const target of listTargets(file)) {
          const room = findRoom(lines, target);
          const isAllowed = room !== undefined && (room === own || (rooms[own] ?? []).includes(room));
          assert.ok(isAllowed, `${file.room}.ts imports ${target}.ts, which the line of ${own} does not allow`);
        }
      }
    });

    it('use every import that their line allows', () => {
      for (const line of lines) {
        const used = files
          .filter((file) => findRoom(lines, file.room) === line)
          .flatMap((file) => listTargets(file).map((target) => findRoom(lines, target)));
        for (const target of rooms[line] ?? []) assert.ok(used.includes(target), `${line} no longer imports ${target}`);
      }
    });

    it(`have at most ${maximumFilesPerFolder} source files in a folder`, () => {
      const counts = new Map<string, number>();
      for (const { room } of files) counts.set(dirname(room), (counts.get(dirname(room)) ?? 0) + 1);
      for (const [folder, count] of counts) {
        assert.ok(
          count <= maximumFilesPerFolder,
          `${name}/src/${folder} has ${count} source files; which room is missing?`,
        );
      }
    });

    it('say what they are for, on the first line of their main file', () => {
      for (const line of lines.filter((each) => !files.some(({ room }) => room === each))) {
        assert.ok(findRoomHead(files, lines, line) !== undefined, `${name}/src/${line}: no file, or several`);
      }
    });

    it('are those that docs/architecture.md draws, in the words of their main files', () => {
      const drawn = readDrawnRooms(name);
      const rows = lines.map((line) => {
        const head = findRoomHead(files, lines, line);
        return head === undefined ? `${line}.ts` : `${line}/  ${head}`;
      });
      // An entry has no head of this form: the page describes it in its own words.
      const shown = drawn.map(({ place, text }) => (place.endsWith('/') ? `${place}  ${text}` : place));
      assert.deepEqual(shown.toSorted(), rows.toSorted());
    });

    it('have no imports that go round in a circle, types included', () => {
      const targets = new Map(files.map((file) => [file.room, listTargets(file)]));
      for (const { room } of files) assert.equal(findCycle(targets, room, [], new Set()), undefined);
    });
  });
}

/** A package hands such an entry on under the same name. */
const entryNames = ['index.ts', 'opentelemetry.ts'];

it('no two source files of the packages have the same name, so that a name finds one file', () => {
  const rooms = new Map<string, string>();
  for (const name of Object.keys(packageRooms)) {
    for (const { room } of listSources(name).filter(({ path }) => !entryNames.includes(basename(path)))) {
      const place = `${name}/src/${room}.ts`;
      assert.equal(rooms.get(basename(room)), undefined, `${place} has the name of another file; say what it holds`);
      rooms.set(basename(room), place);
    }
  }
});

it('nothing but the command line and the app process ends a process', () => {
  for (const { room, path } of listSources('certgate')) {
    const ends = /process\.exit\(/.test(readFileSync(path, 'utf8'));
    if (ends) assert.match(room, /^(?:cli|functions-host\/host-process|testing\/app-process\/main)$/, room);
  }
});

/** What the first line of a room's main file says that the room is for; undefined unless exactly one file says it. */
function findRoomHead(files: readonly SourceFile[], lines: readonly string[], line: string): string | undefined {
  const start = `// ${basename(line)}/: `;
  const heads = files
    .filter(({ room }) => findRoom(lines, room) === line)
    .map(({ path }) => readFileSync(path, 'utf8').split('\n', 1)[0] ?? '')
    .filter((first) => first.startsWith(start));
  return heads.length === 1 ? heads[0]?.slice(start.length).replace(/\.$/, '') : undefined;
}

/** The lines that docs/architecture.md draws below a package's src. */
function readDrawnRooms(name: string): readonly { readonly place: string; readonly text: string }[] {
  const page = readFileSync(join(root, 'docs', 'architecture.md'), 'utf8');
  const [, block = ''] = page.split(new RegExp(`^packages/${name}/src/.*\n`, 'm'));
  const [drawing = ''] = block.split(/^(?! {2})/m);
  return [...drawing.matchAll(/^ {2}(\S+) {2,}(.*)$/gm)].map(([, place = '', text = '']) => ({ place, text }));
}

/** The longest line that is the file itself or a folder above it. */
function findRoom(lines: readonly string[], file: string): string | undefined {
  const above = lines.filter((line) => file === line || file.startsWith(`${line}/`));
  return above.sort((left, right) => right.length - left.length)[0];
}

function findCycle(
  targets: ReadonlyMap<string, readonly string[]>,
  file: string,
  path: readonly string[],
  done: Set<string>,
): string | undefined {
  if (path.includes(file)) return [...path.slice(path.indexOf(file)), file].join(' → ');
  if (done.has(file)) return undefined;
  for (const target of targets.get(file) ?? []) {
    const cycle = findCycle(targets, target, [...path, file], done);
    if (cycle !== undefined) return cycle;
  }
  done.add(file);
  return undefined;
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

/** The files of the same package that a file imports; with `onlyValues`, those that are loaded at run time. */
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
