import assert from 'node:assert/strict';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Ended, root, runCertgate, runCertgateHere, runProgram, sampleFolder } from './test-support/certgate.js';
import { addDevelopmentFiles } from './test-support/development-files.js';

type AppTree = Readonly<Record<string, string>>;

interface Report {
  readonly outcome: string;
  readonly gateFile: string;
  readonly changes: readonly { readonly file: string; readonly kind: string; readonly diff: string }[];
  readonly nextSteps: readonly string[];
}

const gateLine = 'secureApp(app, { trustStore: trustStoreFrom(process.env.CERTGATE_TRUST) });';
const hostJson = '{ "version": "2.0" }\n';

const typeScriptFunction = `import { app } from '@azure/functions';

app.http('Hello', { authLevel: 'anonymous', handler: async () => ({ body: 'hello' }) });
`;
const commonJsFunction = `const { app } = require('@azure/functions');

app.http('Hello', { authLevel: 'anonymous', handler: async () => ({ body: 'hello' }) });
`;

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

function tsconfig(options: object = {}): string {
  const base = { module: 'commonjs', target: 'es2022', outDir: 'dist', rootDir: '.', sourceMap: true, strict: false };
  // TypeScript 6 includes only the types that `types` names. The templates are made for an earlier version, which
  // includes all.
  return json({ compilerOptions: { ...base, types: ['node'], skipLibCheck: true, ...options }, include: ['src'] });
}

function manifest(more: object): string {
  return json({ name: 'app', version: '1.0.0', dependencies: { '@azure/functions': '^4.0.0' }, ...more });
}

const tscScripts = { build: 'tsc', watch: 'tsc -w', prestart: 'npm run build', start: 'func start' };

/** The layouts that Microsoft's own tools make. */
const funcInit: AppTree = {
  'host.json': hostJson,
  'package.json': manifest({ main: 'dist/src/functions/*.js', scripts: tscScripts }),
  'tsconfig.json': tsconfig(),
  'src/functions/Hello.ts': typeScriptFunction,
  '.gitignore': 'node_modules\ndist\nlocal.settings.json\n',
  '.funcignore': '*.js.map\n*.ts\n.git*\n.vscode\nlocal.settings.json\ntsconfig.json',
  'local.settings.json': json({ IsEncrypted: false, Values: { FUNCTIONS_WORKER_RUNTIME: 'node' } }),
};
const vsCode: AppTree = {
  ...funcInit,
  'package.json': manifest({ main: 'dist/src/{index.js,functions/*.js}', scripts: tscScripts }),
  'src/index.ts': `import { app } from '@azure/functions';

app.setup({
    enableHttpStream: true,
});
`,
};
const esModule: AppTree = {
  ...vsCode,
  'package.json': manifest({
    type: 'module',
    main: 'dist/src/{index.js,functions/*.js}',
    scripts: { build: 'tsc' },
  }),
  'tsconfig.json': tsconfig({ module: 'nodenext' }),
};
const javaScript: AppTree = {
  'host.json': hostJson,
  'package.json': manifest({ main: 'src/{index.js,functions/*.js}', scripts: { start: 'func start' } }),
  'src/functions/Hello.js': commonJsFunction,
  'src/index.js': `const { app } = require('@azure/functions');

app.setup({
    enableHttpStream: true,
});
`,
};
const javaScriptFuncInit: AppTree = {
  'host.json': hostJson,
  'package.json': manifest({ main: 'src/functions/*.js', scripts: { start: 'func start' } }),
  'src/functions/Hello.js': commonJsFunction,
};
/**
 * An app with one entry file that imports its functions. This is the hardest case for ES modules, whose imports run
 * before the file's own code.
 */
const importing: AppTree = {
  ...esModule,
  'package.json': manifest({ type: 'module', main: 'dist/src/index.js', scripts: { build: 'tsc' } }),
  'src/index.ts': "// The app.\nimport './functions/Hello.js';\n",
};
const importingCommonJs: AppTree = {
  ...funcInit,
  'package.json': manifest({ main: 'dist/src/index.js', scripts: { build: 'tsc' } }),
  'src/index.ts': "import './functions/Hello';\n",
};
const compilesSourceFolder: AppTree = {
  ...funcInit,
  'package.json': manifest({ main: './dist/functions/*.js', scripts: { build: 'tsc' } }),
  'tsconfig.json': tsconfig({ rootDir: 'src' }),
};

const layouts: Readonly<Record<string, AppTree>> = {
  'func init (TypeScript)': funcInit,
  'ES modules (TypeScript)': esModule,
  'VS Code (JavaScript)': javaScript,
  'one entry that imports its functions (ES modules)': importing,
  'rootDir src': compilesSourceFolder,
};

let temporary: string;
let count = 0;

before(() => {
  temporary = mkdtempSync(join(tmpdir(), 'certgate-init-'));
});
after(() => {
  rmSync(temporary, { recursive: true, force: true });
});

function makeApp(tree: AppTree): string {
  count += 1;
  const folder = join(temporary, `app-${count}`);
  for (const [path, text] of Object.entries(tree)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

function readTree(folder: string): AppTree {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.includes('node_modules'));
  return Object.fromEntries(
    paths.sort().map((path) => [path.slice(folder.length + 1).replaceAll('\\', '/'), readFileSync(path, 'utf8')]),
  );
}

async function init(folder: string): Promise<Report> {
  const ended = await runCertgateHere(['init', folder, '--yes', '--json']);
  assert.equal(ended.exitCode, 0, ended.stderr);
  return JSON.parse(ended.stdout) as Report;
}

function read(folder: string, path: string): string {
  return readFileSync(join(folder, path), 'utf8');
}

describe('certgate init', () => {
  const apps = new Map<string, { readonly folder: string; readonly report: Report }>();

  before(async () => {
    for (const [name, tree] of Object.entries(layouts)) {
      const folder = makeApp(tree);
      apps.set(name, { folder, report: await init(folder) });
      symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
    }
    // One process compiles all apps, so that they share what they all import.
    const tsc = createRequire(`${sampleFolder}/`).resolve('typescript/bin/tsc');
    const compiled = [...apps.values()]
      .map(({ folder }) => folder)
      .filter((folder) => existsSync(join(folder, 'tsconfig.json')));
    const built = await runProgram(process.execPath, [tsc, '-b', ...compiled]);
    assert.equal(built.exitCode, 0, built.stdout);
  });

  for (const [name, tree] of Object.entries(layouts)) {
    it(`closes an app of the layout ${name}, which then builds and runs, and has nothing to do the second time`, async () => {
      const { folder, report } = apps.get(name)!;
      const handlers = Object.keys(tree).filter((path) => path.includes('functions/'));
      assert.equal(report.outcome, 'changed');
      for (const path of handlers) assert.equal(read(folder, path), tree[path], 'a handler was touched');
      assert.ok(read(folder, report.gateFile).includes(gateLine));

      const done = readTree(folder);
      const again = await runCertgateHere(['init', folder, '--yes']);
      assert.equal(again.exitCode, 0, again.stderr);
      assert.match(again.stdout, /^Nothing to do/);
      assert.deepEqual(readTree(folder), done);

      await addDevelopmentFiles(folder);
      const dev = await runCertgateHere(['dev', folder, '--once', '--json']);
      const { functions, checks } = JSON.parse(dev.stdout) as {
        functions: { name: string; covered: string }[];
        checks: { status: number }[];
      };
      assert.deepEqual(
        functions.map((hosted) => [hosted.name, hosted.covered]),
        [['Hello', 'gate']],
        dev.stderr,
      );
      assert.ok(checks.length > 0 && checks.every(({ status }) => status === 401 || status === 403 || status === 503));
    });
  }

  it('adds what func init leaves out, and nothing else', async () => {
    const folder = makeApp(funcInit);
    const { changes, gateFile } = await init(folder);
    assert.equal(gateFile, 'src/index.ts');
    assert.deepEqual(
      changes.map(({ file, kind }) => `${kind} ${file}`),
      [
        'create src/index.ts',
        'edit package.json',
        'edit .gitignore',
        'edit .funcignore',
        'edit local.settings.json',
        'create .vscode/launch.json',
        'create .vscode/tasks.json',
        'create .vscode/extensions.json',
      ],
    );
    const added = JSON.parse(read(folder, 'package.json')) as { main: string; scripts: Record<string, string> };
    assert.equal(added.main, 'dist/src/{index.js,functions/*.js}');
    assert.deepEqual(added.scripts, { ...tscScripts, dev: 'npm run build && certgate dev' });
    const comment = '# Private keys, passwords and logs of changes (certgate init)';
    const secrets = ['*.pfx', '*.p12', '*.key', '*.key.pem', '*.password', 'password.txt', '*.log.jsonl'];
    const inGit = [comment, '.certgate/', ...secrets, ''].join('\n');
    assert.equal(read(folder, '.gitignore'), `${funcInit['.gitignore'] ?? ''}${inGit}`);
    const everywhere = ['.certgate', ...secrets].flatMap((entry) => [entry, `**/${entry}`]);
    const inDeployment = [comment, ...everywhere, ''].join('\n');
    assert.equal(read(folder, '.funcignore'), `${funcInit['.funcignore'] ?? ''}\n${inDeployment}`);
    assert.deepEqual(JSON.parse(read(folder, 'local.settings.json')), {
      IsEncrypted: false,
      Values: { FUNCTIONS_WORKER_RUNTIME: 'node', CERTGATE_TRUST: '.certgate/trust.json' },
    });
  });

  it("puts its line into VS Code's index.ts, after the import and before the rest", async () => {
    const folder = makeApp(vsCode);
    await init(folder);
    assert.equal(
      read(folder, 'src/index.ts'),
      `import { app } from '@azure/functions';
import { secureApp, trustStoreFrom } from '@certgate/azure-functions';

// Closes every HTTP and MCP function of the app, in any file and in any order.
${gateLine}

app.setup({
    enableHttpStream: true,
});
`,
    );
  });

  it('puts its line after imports, even if these register functions', async () => {
    const folder = makeApp(importing);
    const { gateFile } = await init(folder);
    assert.equal(gateFile, 'src/index.ts');
    assert.match(
      read(folder, 'src/index.ts'),
      /^\/\/ The app\.\nimport '.\/functions\/Hello\.js';\n[^]*\nsecureApp\(app, /,
    );
    const commonJs = makeApp(importingCommonJs);
    await init(commonJs);
    assert.match(read(commonJs, 'src/index.ts'), /^import '.\/functions\/Hello';\n[^]*\nsecureApp\(app, /);
  });

  it('makes local.settings.json like Core Tools if there is none', async () => {
    const folder = makeApp(javaScript);
    await init(folder);
    assert.deepEqual(JSON.parse(read(folder, 'local.settings.json')), {
      IsEncrypted: false,
      Values: { AzureWebJobsStorage: '', FUNCTIONS_WORKER_RUNTIME: 'node', CERTGATE_TRUST: '.certgate/trust.json' },
    });
  });

  it('says how to install packages that are not on the registry, unless they are installed', async () => {
    const { nextSteps } = await init(makeApp(funcInit));
    assert.match(nextSteps.join('\n'), /npm install <certgate>\/packed\/certgate-azure-functions-\d\S*\.tgz$/m);
    assert.match(nextSteps.join('\n'), /npm install --save-dev <certgate>\/packed\/certgate-\d/);
    const dependencies = { '@azure/functions': '^4.0.0', '@certgate/azure-functions': '0.1.0', certgate: '0.1.0' };
    const packageJson = manifest({ main: 'src/functions/*.js', dependencies });
    const installed = await init(makeApp({ ...javaScriptFuncInit, 'package.json': packageJson }));
    assert.doesNotMatch(installed.nextSteps.join('\n'), /npm install/);
  });
});

describe('certgate init keeps', () => {
  it('the gate of an app that has it in another file', async () => {
    const folder = makeApp({ ...funcInit, 'src/functions/zz.ts': 'secureApp(app, { trustStore });' });
    const { gateFile } = await init(folder);
    assert.equal(gateFile, 'src/functions/zz.ts');
    assert.equal((JSON.parse(read(folder, 'package.json')) as { main: string }).main, 'dist/src/functions/*.js');
  });

  it('the sample as it is, because nothing is missing there', async () => {
    const folder = join(temporary, 'sample');
    cpSync(sampleFolder, folder, {
      recursive: true,
      filter: (source) => !/[\\/](?:node_modules|dist|\.certgate)$/.test(source),
    });
    const { outcome, changes } = await init(folder);
    assert.deepEqual([outcome, changes], ['nothing-to-do', []]);
  });

  it('lines of ignore files in any spelling, and exceptions made by hand', async () => {
    const ignored = '# mine\r\n*.pfx\r\n/.certgate/**\r\n!fixtures/**\r\n!fixtures/demo.key.pem\r\ndist';
    const folder = makeApp({ ...funcInit, '.gitignore': ignored, '.funcignore': '**/.certgate/\n*.key\n' });
    await init(folder);
    const lines = read(folder, '.gitignore').split('\r\n');
    assert.deepEqual(lines.slice(0, 4), ['# mine', '*.pfx', '/.certgate/**', '!fixtures/**']);
    assert.equal(lines.filter((line) => /pfx|certgate\//.test(line)).length, 2);
    // In an ignore file, the last matching line wins. The exception comes after the added lines, so it still applies.
    assert.deepEqual(lines.slice(-2), ['!fixtures/demo.key.pem', 'dist']);
    assert.ok(lines.indexOf('*.key.pem') < lines.indexOf('!fixtures/demo.key.pem'));
    const deployed = read(folder, '.funcignore').split('\n');
    assert.deepEqual(deployed.slice(0, 2), ['**/.certgate/', '*.key']);
    for (const entry of ['.certgate', '**/*.key', '*.pfx', '**/*.pfx']) {
      assert.equal(deployed.filter((line) => line === entry).length, 1, entry);
    }
    assert.ok(!deployed.includes('**/.certgate') && deployed.filter((line) => line === '*.key').length === 1);
  });

  it('a value of CERTGATE_TRUST, in any letter case', async () => {
    const settings = json({ isEncrypted: false, values: { Certgate_Trust: 'elsewhere.json' } });
    const folder = makeApp({ ...funcInit, 'local.settings.json': settings });
    await init(folder);
    assert.equal(read(folder, 'local.settings.json'), settings);
  });

  it("the app's own dev scripts", async () => {
    for (const [own, name] of [
      [{ dev: 'func start' }, 'dev:certgate'],
      [{ dev: 'func start', 'dev:certgate': 'func start --port 7072' }, 'dev:certgate-2'],
    ] as const) {
      const packageJson = manifest({ main: 'src/functions/*.js', scripts: own });
      const folder = makeApp({ ...javaScriptFuncInit, 'package.json': packageJson });
      const { nextSteps } = await init(folder);
      const { scripts } = JSON.parse(read(folder, 'package.json')) as { scripts: unknown };
      assert.deepEqual(scripts, { ...own, [name]: 'certgate dev' });
      assert.ok(nextSteps.includes(`  npm run ${name}`));
    }
  });

  it('comments, trailing commas and order in .vscode', async () => {
    const launch = '{\n\t"version": "0.2.0",\n\t"configurations": [\n\t\t{ "name": "Attach" }, // mine\n\t],\n}\n';
    const extensions = '{ "recommendations": ["MS-AzureTools.vscode-azurefunctions"] }\n';
    const folder = makeApp({ ...funcInit, '.vscode/launch.json': launch, '.vscode/extensions.json': extensions });
    await init(folder);
    const edited = read(folder, '.vscode/launch.json');
    assert.match(edited, /^\t\t\{\n\t\t\t"name": "Certgate: debug behind mTLS",$/m);
    assert.match(edited, /\{ "name": "Attach" \}, \/\/ mine\n\t\],\n\}\n$/);
    assert.equal(read(folder, '.vscode/extensions.json'), extensions);
  });

  it('CRLF, tabs, a byte order mark, quotes and missing semicolons', async () => {
    const index = 'import { app } from "@azure/functions"\r\n\r\napp.setup({ enableHttpStream: true })\r\n';
    const packageJson = `\uFEFF${(vsCode['package.json'] ?? '').replaceAll('  ', '\t').replaceAll('\n', '\r\n')}`;
    const folder = makeApp({ ...vsCode, 'src/index.ts': index, 'package.json': packageJson });
    await init(folder);
    const edited = read(folder, 'src/index.ts');
    assert.equal(edited.replaceAll('\r\n', '').includes('\n'), false);
    assert.match(edited, /^import \{ secureApp, trustStoreFrom \} from "@certgate\/azure-functions"\r$/m);
    assert.match(edited, /^secureApp\(.*\)\r$/m);
    const editedManifest = read(folder, 'package.json');
    assert.ok(editedManifest.startsWith('\uFEFF{\r\n\t"name"'));
    assert.match(editedManifest, /^\t\t"dev": "npm run build && certgate dev"\r$/m);
    assert.equal(editedManifest.replaceAll('\r\n', '').includes('\n'), false);
  });

  // On Windows, only administrators can make links, and files have no modes.
  if (process.platform !== 'win32') {
    it('links and modes', async () => {
      const folder = makeApp(funcInit);
      const elsewhere = join(temporary, `shared-${count}.json`);
      writeFileSync(elsewhere, funcInit['local.settings.json'] ?? '');
      chmodSync(elsewhere, 0o600);
      rmSync(join(folder, 'local.settings.json'));
      symlinkSync(elsewhere, join(folder, 'local.settings.json'));
      await init(folder);
      assert.match(readFileSync(elsewhere, 'utf8'), /CERTGATE_TRUST/);
      assert.equal(statSync(elsewhere).mode & 0o777, 0o600);
    });
  }
});

describe('certgate init changes nothing', () => {
  const stays = async (
    tree: AppTree,
    args: readonly string[],
    run: (args: readonly string[]) => Promise<Ended> = runCertgateHere,
  ): Promise<Ended> => {
    const folder = makeApp(tree);
    const given = readTree(folder);
    const ended = await run(['init', folder, ...args]);
    assert.deepEqual(readTree(folder), given);
    return ended;
  };

  it('without a terminal and without --yes, but shows the diff and ends with 1', async () => {
    const { exitCode, stdout, stderr } = await stays(funcInit, [], runCertgate);
    assert.equal(exitCode, 1);
    assert.match(stdout, /^--- \/dev\/null\n\+\+\+ b\/src\/index\.ts\n@@ /m);
    assert.match(stdout, /^-\s*"main": "dist\/src\/functions\/\*\.js",\n\+\s*"main": "dist\/src\/\{index/m);
    assert.match(stderr, /Nothing was changed\. Run it with --yes/);
  });

  it('with --json but without --yes, or with --dry-run', async () => {
    const planned = await stays(funcInit, ['--json']);
    assert.equal(planned.exitCode, 1);
    assert.equal((JSON.parse(planned.stdout) as Report).outcome, 'planned');
    const dryRun = await stays(funcInit, ['--dry-run', '--yes']);
    assert.equal(dryRun.exitCode, 0);
    assert.match(dryRun.stdout, /\+\+\+ b\/src\/index\.ts/);
  });

  it('if a file has the name of a folder that init must make', async () => {
    const { exitCode, stderr } = await stays({ ...funcInit, '.vscode': 'no folder\n' }, ['--yes']);
    assert.equal(exitCode, 2);
    assert.match(stderr, /\.vscode/);
  });

  const notUnderstood: Readonly<Record<string, readonly [AppTree, RegExp]>> = {
    'a bundle': [
      { ...funcInit, 'package.json': manifest({ main: 'dist/main.cjs', scripts: { build: 'esbuild' } }) },
      /it may be a bundle[^]*By hand: import secureApp/,
    ],
    'a build by something other than tsc': [
      { ...funcInit, 'package.json': manifest({ main: 'dist/src/functions/*.js', scripts: { build: 'node b.mjs' } }) },
      /no script of package\.json runs tsc[^]*By hand/,
    ],
    'a JavaScript build': [
      { ...javaScript, 'package.json': manifest({ main: 'dist/*.js' }), 'dist/a.js': '' },
      /it may be a bundle[^]*By hand/,
    ],
    'sources that tsconfig.json leaves out': [
      { ...funcInit, 'tsconfig.json': json({ compilerOptions: { outDir: 'dist' }, include: ['src/functions/**/*'] }) },
      /does not include src\/index\.ts/,
    ],
    'a gate in a place of its own': [
      { ...vsCode, 'src/index.ts': `import { secureApp } from 'x';\nif (cond) { secureApp(app, {}); }\n` },
      /src\/index\.ts already seems to call secureApp/,
    ],
    'source that does not parse': [{ ...vsCode, 'src/index.ts': 'import {' }, /src\/index\.ts can't be parsed/],
    'another app': [
      { ...vsCode, 'src/index.ts': "import express from 'express';\nconst app = express();\n" },
      /src\/index\.ts does not import the app/,
    ],
    'the older programming model': [
      { ...funcInit, 'package.json': manifest({}) },
      /has no "main"[^]*Add "main" to package\.json[^]*"main": "dist\/src\/\{index\.js,functions\/\*\.js\}"/,
    ],
    'no host.json': [{ 'package.json': manifest({ main: 'index.js' }) }, /no host\.json/],
    'tasks that are not a list': [
      { ...funcInit, '.vscode/tasks.json': '{ "tasks": {} }' },
      /"tasks" in .*is not an array/,
    ],
    'encrypted settings': [
      { ...funcInit, 'local.settings.json': json({ IsEncrypted: true, Values: { a: 'x' } }) },
      /func settings add CERTGATE_TRUST/,
    ],
  };
  for (const [name, [tree, expected]] of Object.entries(notUnderstood)) {
    it(`for ${name}, and says what to do`, async () => {
      const { exitCode, stderr } = await stays(
        name === 'another app' ? { ...tree, 'package.json': withExpress } : tree,
        ['--yes'],
      );
      assert.equal(exitCode, 2, stderr);
      assert.match(stderr, expected);
    });
  }

  const withExpress = manifest({
    main: 'dist/src/index.js',
    dependencies: { '@azure/functions': '^4.0.0', express: '^5.0.0' },
  });

  it('if the folder does not exist', async () => {
    const ended = await runCertgateHere(['init', join(temporary, 'absent'), '--yes']);
    assert.equal(ended.exitCode, 2);
    assert.ok(!existsSync(join(temporary, 'absent')));
  });
});
