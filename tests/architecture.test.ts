import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { basename, dirname, join, relative, sep } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

// Tests which packages and rooms may import which (docs/architecture.md). A room is a folder below a package's src; the
// files directly in src are entries.
const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * The rooms and entries of each package, one per line, with the rooms that each may import. A line names only rooms of
 * lines above it, so all imports point one way. A folder without a line of its own belongs to the room around it.
 */
const packageRooms: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  x509: {
    'certgate-error': [],
    encoding: ['certgate-error'],
    certificate: ['encoding'],
    revocation: ['certgate-error', 'encoding', 'certificate'],
    'certification-path': ['certgate-error', 'encoding', 'certificate', 'revocation'],
    index: ['certgate-error', 'encoding', 'certificate'],
    path: ['certgate-error', 'encoding', 'certificate', 'revocation', 'certification-path'],
    internal: ['certgate-error', 'encoding', 'certificate', 'index'],
    'internal-certificates': ['certificate'],
  },
  core: {
    'denial-facts': [],
    'denial-sentences': ['denial-facts'],
    encoding: [],
    denial: ['denial-facts', 'denial-sentences', 'encoding'],
    'load-path-validation': [],
    'certificate-header': ['denial-facts', 'denial', 'load-path-validation'],
    'front-ends': ['denial-facts', 'denial', 'certificate-header'],
    'front-end-resolution': ['denial', 'encoding', 'certificate-header', 'front-ends'],
    'trust-snapshot': ['denial-facts', 'denial', 'load-path-validation', 'certificate-header'],
    'trust-document': ['load-path-validation', 'encoding', 'trust-snapshot'],
    'trust-sources': ['encoding', 'trust-document'],
    'trust-store': [
      'denial-facts',
      'denial',
      'load-path-validation',
      'encoding',
      'certificate-header',
      'trust-snapshot',
      'trust-document',
      'trust-sources',
    ],
    access: ['denial-facts', 'denial', 'encoding', 'certificate-header', 'trust-snapshot', 'trust-store'],
    log: ['denial-facts', 'denial', 'encoding', 'trust-snapshot', 'trust-store', 'access'],
    hosting: ['denial', 'encoding', 'certificate-header', 'front-end-resolution', 'trust-store', 'access', 'log'],
    opentelemetry: ['trust-store', 'log'],
    index: [
      'denial-facts',
      'denial',
      'encoding',
      'certificate-header',
      'front-ends',
      'front-end-resolution',
      'trust-snapshot',
      'trust-document',
      'trust-sources',
      'trust-store',
      'access',
      'log',
      'hosting',
    ],
    internal: [
      'denial',
      'hosting',
      'load-path-validation',
      'encoding',
      'certificate-header',
      'front-ends',
      'front-end-resolution',
      'trust-snapshot',
      'trust-document',
      'trust-sources',
      'trust-store',
      'access',
      'log',
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
  local: {
    'tool-failure': [],
    'json-file': ['tool-failure'],
    wire: [],
    client: ['tool-failure', 'json-file'],
    'gateway/exchange': ['wire'],
    'gateway/front-ends': ['wire', 'gateway/exchange'],
    gateway: ['wire', 'gateway/exchange', 'gateway/front-ends'],
    'functions-host/worker': ['tool-failure'],
    'functions-host/routing': ['tool-failure', 'functions-host/worker'],
    'functions-host/http': ['json-file', 'wire', 'functions-host/worker', 'functions-host/routing'],
    'functions-host/mcp': [
      'tool-failure',
      'json-file',
      'wire',
      'functions-host/worker',
      'functions-host/routing',
      'functions-host/http',
    ],
    'functions-host': [
      'tool-failure',
      'json-file',
      'functions-host/worker',
      'functions-host/routing',
      'functions-host/http',
      'functions-host/mcp',
    ],
  },
  certgate: {
    texts: [],
    files: ['#local/tool-failure'],
    'azure-sdk': ['#local/tool-failure'],
    'certificates/path-report': ['texts'],
    'certificates/pfx': [],
    'certificates/structure': ['#local/tool-failure', 'texts'],
    certificates: ['#local/tool-failure', 'texts', 'certificates/pfx', 'certificates/structure'],
    'certificates/authority': [
      '#local/tool-failure',
      '#local/json-file',
      'texts',
      'files',
      'certificates/pfx',
      'certificates/structure',
      'certificates',
    ],
    'local-app': [
      '#local/tool-failure',
      '#local/json-file',
      '#local/client',
      '#local/gateway',
      '#local/functions-host/worker',
      '#local/functions-host/routing',
      '#local/functions-host/http',
      '#local/functions-host',
      'texts',
      'files',
      'certificates/pfx',
      'certificates',
    ],
    testing: [
      '#local/tool-failure',
      '#local/client',
      '#local/gateway',
      '#local/functions-host/worker',
      '#local/functions-host',
      'texts',
      'certificates',
      'local-app',
    ],
    'app/setup': ['#local/tool-failure', '#local/json-file', 'texts', 'files'],
    'app/inspection': [
      '#local/tool-failure',
      '#local/json-file',
      '#local/functions-host/routing',
      '#local/functions-host',
      'texts',
      'local-app',
    ],
    'log/reading': ['#local/tool-failure', 'texts', 'files'],
    'log/arrival': ['texts', 'log/reading'],
    'log/coverage': ['texts', 'log/reading'],
    'trust/comparison': ['texts'],
    'trust/administration/edits': ['#local/tool-failure', 'texts'],
    'trust/administration/location': ['#local/tool-failure', 'files'],
    'trust/administration/blob': ['#local/tool-failure', 'texts', 'azure-sdk', 'trust/administration/location'],
    'trust/administration/signing': ['#local/tool-failure', 'azure-sdk', 'certificates'],
    'trust/administration': [
      '#local/tool-failure',
      'texts',
      'trust/comparison',
      'trust/administration/edits',
      'trust/administration/location',
      'trust/administration/blob',
      'trust/administration/signing',
    ],
    'trust/import': ['#local/tool-failure', 'files', 'certificates', 'trust/administration/edits'],
    'trust/spiffe-bundle': [
      '#local/tool-failure',
      '#local/json-file',
      'texts',
      'certificates/structure',
      'certificates',
    ],
    'trust/check': ['texts', 'trust/comparison', 'trust/administration', 'trust/import'],
    'trust/usage': ['texts', 'log/reading', 'log/coverage', 'trust/comparison', 'trust/administration', 'trust/check'],
    'trust/explanation': [
      '#local/tool-failure',
      '#local/functions-host',
      'texts',
      'certificates/path-report',
      'local-app',
      'app/inspection',
      'log/reading',
      'trust/administration/location',
      'trust/administration',
    ],
    'trust/views': ['trust/explanation'],
    'trust/certificate-reading': [
      'texts',
      'certificates/pfx',
      'certificates/structure',
      'certificates',
      'trust/explanation',
      'trust/views',
    ],
    'trust/validity': [
      'texts',
      'certificates/authority',
      'log/coverage',
      'trust/administration',
      'trust/import',
      'trust/check',
      'trust/explanation',
      'trust/views',
    ],
    doctor: [
      '#local/tool-failure',
      '#local/client',
      '#local/gateway/front-ends',
      'texts',
      'certificates/structure',
      'certificates',
    ],
    inspector: [
      '#local/tool-failure',
      '#local/wire',
      '#local/client',
      '#local/gateway/front-ends',
      '#local/gateway',
      '#local/functions-host/worker',
      '#local/functions-host',
      'texts',
      'certificates/structure',
      'certificates',
      'local-app',
      'app/inspection',
      'trust/administration',
      'trust/import',
      'trust/explanation',
      'trust/views',
      'trust/certificate-reading',
      'trust/validity',
    ],
    'commands/command-line': ['#local/tool-failure', 'texts'],
    commands: [
      '#local/tool-failure',
      '#local/json-file',
      '#local/client',
      '#local/gateway',
      '#local/functions-host',
      'texts',
      'files',
      'certificates/path-report',
      'certificates/pfx',
      'certificates/structure',
      'certificates',
      'certificates/authority',
      'local-app',
      'app/setup',
      'app/inspection',
      'log/reading',
      'log/arrival',
      'log/coverage',
      'trust/comparison',
      'trust/administration/edits',
      'trust/administration/location',
      'trust/administration/signing',
      'trust/administration',
      'trust/import',
      'trust/spiffe-bundle',
      'trust/check',
      'trust/usage',
      'trust/explanation',
      'trust/certificate-reading',
      'doctor',
      'inspector',
      'commands/command-line',
    ],
    index: ['#local/gateway', 'local-app', 'testing'],
    program: ['texts', 'commands/command-line', 'commands'],
    cli: ['texts', 'commands/command-line', 'program'],
  },
};

/**
 * The wings of the tool: the folders at the top of its src. A wing may import itself and the wings before it in this
 * list, and none after it. A room that moves to another wing must follow the imports that are allowed there.
 */
const toolWings = [
  'texts',
  'files',
  'azure-sdk',
  'certificates',
  'local-app',
  'testing',
  'app',
  'log',
  'trust',
  'doctor',
  'inspector',
  'commands',
];

/**
 * If a folder has this many source files or more, the test prints a warning that asks which room is missing. It does
 * not fail, because a limit that fails would start to shape the code.
 */
const manyFilesInFolder = 20;

/**
 * The prefix by which the tool's imports name files of packages/local, and by which its lines above name rooms there.
 */
const localPrefix = '#local/';

/**
 * The only names that packages/local may import from core: front ends, the form of a gate's answer, and nothing about
 * trust.
 */
const localTakesOfCore = [
  'FrontEndName',
  'describeJsonFault',
  'expectSecret',
  'frontEndNames',
  'problemTypePrefix',
  'secretHeaderName',
];

const packageImports: Readonly<Record<string, (specifier: string, room: string) => boolean>> = {
  x509: () => false,
  // OpenTelemetry is an optional peer, so only the entry that is named after it may load it. Apps install Azure's SDK
  // themselves, so only `azure-blob-client` may import it.
  core: (specifier, room) =>
    /^@certgate\/x509(?:\/internal|\/internal-certificates|\/path)?$/.test(specifier) ||
    (specifier === '@opentelemetry/api' && room.startsWith('opentelemetry')) ||
    (/^@azure\/(?:storage-blob|identity)$/.test(specifier) && room === 'trust-sources/azure-blob-client'),
  'azure-functions': (specifier, room) =>
    specifier === '@certgate/core' ||
    specifier === '@azure/functions' ||
    (specifier === '@certgate/core/opentelemetry' && room === 'opentelemetry') ||
    // The testing entry imports only types of the adapter, which apps extend.
    (specifier === '@certgate/azure-functions' && room === 'testing'),
  // No framework is allowed: an adapter declares its own types for the parts of a framework that it uses.
  http: (specifier, room) =>
    specifier === '@certgate/core' || (specifier === '@certgate/core/opentelemetry' && room === 'opentelemetry'),
  local: (specifier) => listDependencies('local').includes(nameOf(specifier)),
  certgate: (specifier) =>
    specifier.startsWith(localPrefix) ||
    specifier === '@certgate/core/internal' ||
    listDependencies('certgate').includes(nameOf(specifier)),
};

interface SourceFile {
  /** The file's path relative to the package's src, with forward slashes and without `.ts`. */
  readonly room: string;
  readonly path: string;
  readonly imports: readonly string[];
}

describe('the imports between packages', () => {
  for (const [name, allows] of Object.entries(packageImports)) {
    it(`${name} imports Node's modules, its own files, and only the packages that the architecture allows`, () => {
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

  it("nothing in core except the OpenTelemetry entry loads OpenTelemetry's files", () => {
    for (const file of listSources('core').filter(({ room }) => !room.startsWith('opentelemetry'))) {
      for (const target of listTargets(file)) assert.doesNotMatch(target, /^opentelemetry/, file.path);
    }
  });

  it('the pure decision of core imports nothing from the gate', () => {
    const [decision] = listSources('core').filter(({ room }) => room === 'access/access-decision');
    assert.ok(decision !== undefined && !listTargets(decision).includes('access/access-gate'));
  });

  it('local imports few names of core, and none about trust', () => {
    const names = listSources('local').flatMap(({ path }) => {
      const statements = readFileSync(path, 'utf8').matchAll(
        /\{([^{}]*)\}[^{}]*(?:from |import\()'@certgate\/core\/internal'/g,
      );
      return [...statements].flatMap(([, list = '']) => list.match(/(?!type\b)\b\w+/g) ?? []);
    });
    assert.deepEqual([...new Set(names)].sort(), localTakesOfCore);
  });

  it('local has no word about trust documents, except the name of the report that a gate gives', () => {
    const words = /\w*trust[ -]?(?:document|store|snapshot|source|report|file|setting)\w*|trust\.json|certgate trust/gi;
    const found = listSources('local').flatMap(({ path }) => readFileSync(path, 'utf8').match(words) ?? []);
    assert.deepEqual(found, ['findTrustReport']);
  });

  it('the tool has the dependencies of local in the same versions, because local is packed with it', () => {
    const ofTool = readDependencies('certgate');
    for (const [name, version] of Object.entries(readDependencies('local'))) assert.equal(ofTool[name], version, name);
  });

  it('the packages that an app loads depend on no package of anybody else', () => {
    assert.deepEqual(listDependencies('x509'), []);
    assert.deepEqual(listDependencies('core'), ['@certgate/x509']);
    assert.deepEqual(listDependencies('azure-functions'), ['@certgate/core']);
    assert.deepEqual(listDependencies('http'), ['@certgate/core']);
  });

  it('examples use published names only', () => {
    for (const path of listModules(join(root, 'examples'))) {
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

    it('name only rooms on lines above their own', () => {
      for (const [index, line] of lines.entries()) {
        for (const target of rooms[line] ?? []) {
          const above = target.startsWith(localPrefix) ? listLocalRooms() : lines.slice(0, index);
          assert.ok(above.includes(target), `${line} names ${target}, which does not stand above it`);
        }
      }
    });

    it('contain every file, and import only what their line allows, types included', () => {
      for (const file of files) {
        const own = findRoom(lines, file.room);
        assert.ok(
          own !== undefined,
          `${file.room}.ts has no room: add it to packageRooms, and to docs/architecture.md`,
        );
        for (const target of listTargets(file)) {
          const room = findTargetRoom(lines, target);
          const isAllowed = room !== undefined && (room === own || (rooms[own] ?? []).includes(room));
          assert.ok(isAllowed, `${file.room}.ts imports ${target}.ts, which the line of ${own} does not allow`);
        }
      }
    });

    it('use every import that their line allows', () => {
      for (const line of lines) {
        const used = files
          .filter((file) => findRoom(lines, file.room) === line)
          .flatMap((file) => listTargets(file).map((target) => findTargetRoom(lines, target)));
        for (const target of rooms[line] ?? []) assert.ok(used.includes(target), `${line} no longer imports ${target}`);
      }
    });

    it(`cause a warning if a folder has ${manyFilesInFolder} source files or more`, (context) => {
      const counts = new Map<string, number>();
      for (const { room } of files) counts.set(dirname(room), (counts.get(dirname(room)) ?? 0) + 1);
      for (const [folder, count] of counts) {
        if (count >= manyFilesInFolder)
          context.diagnostic(`warning: ${name}/src/${folder} has ${count} source files; which room is missing?`);
      }
    });

    it('have their purpose on the first line of their main file', () => {
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
      const wings = name === 'certgate' ? toolWings.filter((wing) => !lines.includes(wing)) : [];
      rows.push(...wings.map((wing) => `${wing}/  ${findHead(listFilesOf(files, wing), wing) ?? ''}`));
      // The main file of an entry has no such first line. The page describes entries in its own words, so only their
      // names are compared.
      const shown = drawn.map(({ place, text }) => (place.endsWith('/') ? `${place}  ${text}` : place));
      assert.deepEqual(shown.toSorted(), rows.toSorted());
    });

    it('have no circular imports, types included', () => {
      const targets = new Map(files.map((file) => [file.room, listTargets(file)]));
      for (const { room } of files) assert.equal(findCycle(targets, room, [], new Set()), undefined);
    });
  });
}

describe('the wings of the tool', () => {
  const files = listSources('certgate');
  const findWing = (room: string): string | undefined => toolWings.find((wing) => room.startsWith(`${wing}/`));

  it('are the folders at the top of its source', () => {
    const folders = files.filter(({ room }) => room.includes('/')).map(({ room }) => room.split('/', 1)[0]);
    assert.deepEqual([...new Set(folders)].sort(), toolWings.toSorted());
  });

  it('import only wings that come before them, types included', () => {
    for (const file of files) {
      const own = findWing(file.room);
      if (own === undefined) continue;
      for (const target of listTargets(file).filter((each) => !each.startsWith(localPrefix))) {
        const wing = findWing(target);
        assert.ok(
          wing !== undefined && toolWings.indexOf(wing) <= toolWings.indexOf(own),
          `${file.room}.ts imports ${target}.ts: ${own} stands before it`,
        );
      }
    }
  });

  it('have their purpose on the first line of their main file', () => {
    for (const wing of toolWings) {
      assert.ok(findHead(listFilesOf(files, wing), wing) !== undefined, `${wing}: no file says it, or several do`);
    }
  });

  it('have this order in docs/architecture.md', () => {
    const drawn = readDrawnRooms('certgate').map(({ place }) => place.split('/', 1)[0] ?? '');
    const order = [...new Set(drawn)].filter((place) => toolWings.includes(place));
    assert.deepEqual(order, toolWings);
  });
});

/** Files with values that options name or check. They load almost nothing else, so they may load before a verb runs. */
const namedByOptions = [
  'certificates/structure/certificate-choices',
  'certificates/authority/authority-files',
  '#local/client/request-fields',
  '#local/gateway/client-certificate-mode',
  '#local/gateway/gateway-addresses',
  'trust/administration/location/trust-location',
];

/** Verbs that run often or in an emergency, and the packages that each may load besides Commander and core. */
const packagesOfVerb: Readonly<Record<string, readonly string[]>> = {
  'commands/trust/trust-lock-command': ['picocolors'],
  'commands/trust/identity/trust-list-command': ['cli-table3', 'picocolors'],
};

describe('what the command line loads', () => {
  const ofLocal = listSources('local').map((file) => ({ ...file, room: `${localPrefix}${file.room}` }));
  const files = new Map([...listSources('certgate'), ...ofLocal].map((file) => [file.room, file]));
  /** The files of `rooms`, and all files that they load in turn at run time before any of their code runs. */
  const listLoaded = (rooms: readonly string[]): readonly SourceFile[] => {
    const loaded = new Set(rooms.map((room) => getFile(files, room)));
    for (const file of loaded) for (const target of listTargets(file, true)) loaded.add(getFile(files, target));
    return [...loaded];
  };
  const listPackages = (loaded: readonly SourceFile[]): readonly string[] =>
    [...new Set(loaded.flatMap(({ path }) => readValueImports(path)))].filter(
      (specifier) => !/^(?:\.|#local\/)/.test(specifier) && !isBuiltin(specifier),
    );

  it('is only what describes the verbs, and not their work, until one of them runs', () => {
    // The program imports a verb's commands only when the command line names them, and imports `report-failure` only
    // for a failure.
    const described = listTargets(getFile(files, 'program')).filter((room) => !room.endsWith('/report-failure'));
    const loaded = listLoaded(['cli', ...described]);
    for (const { room } of loaded) {
      assert.ok(
        /^(?:cli$|program$|texts\/|commands\/|#local\/tool-failure$)/.test(room) || namedByOptions.includes(room),
        `${room}.ts is loaded before a verb runs: import it in the \`work\` of the verb`,
      );
    }
    assert.deepEqual(listPackages(loaded), ['commander']);
    for (const room of namedByOptions) assert.ok(loaded.includes(getFile(files, room)), `no option names ${room}`);
  });

  for (const [room, packages] of Object.entries(packagesOfVerb)) {
    it(`includes few packages for ${room}`, () => {
      const others = listPackages(listLoaded([room])).filter((name) => !/^(?:commander|@certgate\/core)\b/.test(name));
      assert.deepEqual(others.toSorted(), packages);
    });
  }
});

/**
 * File names that several packages may use: an entry passes on another package's entry of the same name, or belongs to
 * one package only.
 */
const entryNames = ['index.ts', 'opentelemetry.ts', 'internal.ts'];

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

it('only files/ renames, because Windows needs several attempts', () => {
  for (const { room, path } of listSources('certgate').filter(({ room }) => !room.startsWith('files/'))) {
    assert.doesNotMatch(readFileSync(path, 'utf8'), /\brename\(/, `${room}.ts must use renamePatiently`);
  }
});

it('only the command line and the app process end a process', () => {
  for (const { room, path } of [...listSources('certgate'), ...listSources('local')]) {
    const ends = /process\.exit\(/.test(readFileSync(path, 'utf8'));
    if (ends) assert.match(room, /^(?:cli|functions-host\/host-process|testing\/app-process\/main)$/, room);
  }
});

/** What the first line of a room's main file says about the room. Undefined unless exactly one file has such a line. */
function findRoomHead(files: readonly SourceFile[], lines: readonly string[], line: string): string | undefined {
  return findHead(
    files.filter(({ room }) => findRoom(lines, room) === line),
    line,
  );
}

/**
 * The text after `// folder/: ` in the first two lines of the folder's files. Undefined unless exactly one file has it.
 * One file may be the main file of a wing and of a room: then its first line is the wing's, and its second the room's.
 */
function findHead(files: readonly SourceFile[], folder: string): string | undefined {
  const start = `// ${basename(folder)}/: `;
  const heads = files
    .flatMap(({ path }) => readFileSync(path, 'utf8').split('\n', 2))
    .filter((line) => line.startsWith(start));
  return heads.length === 1 ? heads[0]?.slice(start.length).replace(/\.$/, '') : undefined;
}

function listFilesOf(files: readonly SourceFile[], folder: string): readonly SourceFile[] {
  return files.filter(({ room }) => room.startsWith(`${folder}/`));
}

/** The rooms that docs/architecture.md draws below a package's src, with their descriptions. */
function readDrawnRooms(name: string): readonly { readonly place: string; readonly text: string }[] {
  const page = readFileSync(join(root, 'docs', 'architecture.md'), 'utf8');
  const [, block = ''] = page.split(new RegExp(`^packages/${name}/src/.*\n`, 'm'));
  const [drawing = ''] = block.split(/^(?! {2})/m);
  return [...drawing.matchAll(/^ {2}(\S+) {2,}(.*)$/gm)].map(([, place = '', text = '']) => ({ place, text }));
}

/** The room or entry that a file belongs to: the longest line that is the file itself or a folder above it. */
function findRoom(lines: readonly string[], file: string): string | undefined {
  const above = lines.filter((line) => file === line || file.startsWith(`${line}/`));
  return above.sort((left, right) => right.length - left.length)[0];
}

/** The room or entry that an imported file belongs to. The file may be one of packages/local. */
function findTargetRoom(lines: readonly string[], target: string): string | undefined {
  return findRoom(target.startsWith(localPrefix) ? listLocalRooms() : lines, target);
}

function listLocalRooms(): readonly string[] {
  return Object.keys(packageRooms['local'] ?? {}).map((room) => `${localPrefix}${room}`);
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
  const files = listModules(src).filter((path) => !path.includes('.test.') && !path.includes('test-support'));
  assert.ok(files.length > 0, `no sources in ${src}`);
  return files.map((path) => ({ room: toRoom(src, path), path, imports: readImports(path) }));
}

function getFile(files: ReadonlyMap<string, SourceFile>, room: string): SourceFile {
  const file = files.get(room);
  assert.ok(file !== undefined, `there is no ${room}.ts`);
  return file;
}

function toRoom(src: string, path: string): string {
  return relative(src, path).split(sep).join('/').replace(/\.ts$/, '');
}

/**
 * The files of this package, or of packages/local, that a file imports. With `onlyValues`, only those that are loaded
 * at run time.
 */
function listTargets({ room, path, imports }: SourceFile, onlyValues = false): readonly string[] {
  const specifiers = onlyValues ? readValueImports(path) : imports;
  return specifiers
    .filter((specifier) => specifier.startsWith('.') || specifier.startsWith(localPrefix))
    .map((specifier) => (specifier.startsWith('.') ? join(dirname(room), specifier) : specifier))
    .map((target) => target.split(sep).join('/').replace(/\.js$/, ''));
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

function listModules(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === 'node_modules' || entry.name === 'dist') return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return listModules(path);
    return /\.m?ts$|\.mjs$/.test(entry.name) ? [path] : [];
  });
}

function listDependencies(name: string): readonly string[] {
  return Object.keys(readDependencies(name));
}

function readDependencies(name: string): Readonly<Record<string, string>> {
  const manifest = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')) as {
    readonly dependencies?: Readonly<Record<string, string>>;
  };
  return manifest.dependencies ?? {};
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
