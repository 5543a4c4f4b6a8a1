import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Ended, collect, root, waitForReady } from './test-support/certgate.js';
import { packPackages } from './test-support/npm.js';

// Follows README's "Secure your app in five steps" and docs/quick-start.md word for word. Each command and snippet is
// read from the page and applied to a new app, in the page's order, until the caller gets 200 and a stranger 401.

const readme = readPage('README.md');
const section = readme.split(/^## /m).find((text) => text.startsWith('Secure your app in five steps\n'));
assert.ok(section !== undefined);
const quickStart = readPage('docs/quick-start.md');

/** A snippet of a page, or one command: a line of a shell block, or `npm …` and `npx …` within the text. */
interface Piece {
  readonly kind: 'command' | 'snippet';
  readonly text: string;
}

/** The commands and snippets that this test skips, each with the reason. */
const notRun: readonly (readonly [RegExp, string])[] = [
  [
    /^npm ci && npm run pack$/,
    'rebuilds what other tests are reading: npm run check runs it, and here npm packs the same',
  ],
  [/^az functionapp update /, 'needs an app in Azure'],
  [/^\{ "schemaVersion": 1,/, 'what the commands before it write, by hand: tests/docs.test.ts parses it'],
];

/** How to apply each command and snippet, by a pattern. One that is neither here nor in `notRun` fails the test. */
const actions: readonly (readonly [RegExp, (walk: Walk, text: string) => Promise<void>])[] = [
  [/^npm install /, (walk, text) => walk.install(text)],
  [/^npx --no-install certgate init$/, (walk, text) => walk.init(text)],
  [/^import \{ app \} /, (walk, text) => walk.closeApp(text)],
  [/^"main": /, (walk, text) => walk.loadGate(text)],
  [/^"CERTGATE_TRUST": /, (walk, text) => walk.setTrust(text)],
  [/^import \{ app, /, (walk, text) => walk.write('src/functions/payments.ts', text)],
  [/^declare module /, (walk, text) => walk.append('src/index.ts', text)],
  [/^\{ "IsEncrypted": /, (walk, text) => walk.write('local.settings.json', text)],
  [/^npm run build$/, (walk, text) => walk.succeed(text)],
  [/^npx --no-install certgate (?:certificate|trust) /, (walk, text) => walk.succeed(text)],
  [/^npx --no-install certgate dev --check$/, (walk, text) => walk.check(text)],
  [/^┌─+┬/, (walk, text) => walk.compare(text)],
  [/^npx --no-install certgate dev\b/, (walk, text) => walk.serve(text)],
  [/^npx --no-install certgate call /, (walk, text) => walk.call(text)],
];

/** The file that Core Tools 4 and VS Code write for a new HTTP trigger. */
const generatedFunction = `import { app, HttpRequest, HttpResponseInit, InvocationContext } from "@azure/functions";

export async function httpTrigger1(request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> {
    context.log(\`Http function processed request for url "\${request.url}"\`);

    const name = request.query.get('name') || await request.text() || 'world';

    return { body: \`Hello, \${name}!\` };
};

app.http('httpTrigger1', {
    methods: ['GET', 'POST'],
    authLevel: 'anonymous',
    handler: httpTrigger1
});
`;

interface NewApp {
  readonly main: string;
  readonly files: Readonly<Record<string, string>>;
}

const newApps = {
  'func-init': { main: 'dist/src/functions/*.js', files: {} },
  vscode: {
    main: 'dist/src/{index.js,functions/*.js}',
    files: {
      'src/index.ts': "import { app } from '@azure/functions';\n\napp.setup({\n    enableHttpStream: true,\n});\n",
    },
  },
} as const satisfies Readonly<Record<string, NewApp>>;

/** What the quick start's functions answer, by the end of their path. */
const bodies: readonly (readonly [string, RegExp])[] = [
  ['/Refund', /"refundedBy":\s*"billing"/],
  ['/Health', /^up$/],
];

const tool = join('node_modules', '.bin', 'certgate');

let temporary: string;
const walks: Walk[] = [];

before(async () => {
  temporary = mkdtempSync(join(tmpdir(), 'certgate-readme-'));
  mkdirSync(join(temporary, 'packed'));
  await packPackages(join(temporary, 'packed'));
});

after(async () => {
  await Promise.all(walks.map((walk) => walk.stop()));
  rmSync(temporary, { recursive: true, force: true });
});

describe('README, "Secure your app in five steps"', () => {
  it('has a first step that CI runs', () => {
    assert.ok(readFileSync(join(root, 'scripts', 'check.mjs'), 'utf8').includes("npm('run', 'pack')"));
  });

  it('works word for word in an app from func init, with a yes to init', async () => {
    await follow(section, 'func-init', true, [200, 401]);
  });

  it('begins with the lines that the quick start puts into the app', () => {
    const [, lines = ''] = /^```ts\n([\s\S]*?)^```$/m.exec(readme) ?? [];
    assert.ok(quickStart.includes(lines), lines);
  });
});

describe('docs/quick-start.md', () => {
  // The walk through the README above has an app from func init, in which the same lines become the whole file.
  it('works word for word and by hand in an app from VS Code, with HTTP streaming', async () => {
    await follow(quickStart, 'vscode', false, [200, 401, 200]);
  });
});

async function follow(
  page: string,
  name: keyof typeof newApps,
  saysYes: boolean,
  answers: readonly number[],
): Promise<void> {
  const walk = new Walk(name, saysYes);
  walks.push(walk);
  for (const { text } of readPieces(page)) {
    if (notRun.some(([pattern]) => pattern.test(text))) continue;
    const found = actions.find(([pattern]) => pattern.test(text));
    assert.ok(found !== undefined, `The page has a step that nobody tries:\n${text}`);
    await found[1](walk, text);
  }
  await walk.stop();
  assert.deepEqual(walk.answers, answers);
}

/** A reader who follows a page in an app of their own. */
class Walk {
  readonly answers: number[] = [];
  readonly #folder: string;
  readonly #saysYes: boolean;
  #said = '';
  #dev: ChildProcess | undefined;
  #url = '';

  constructor(name: keyof typeof newApps, saysYes: boolean) {
    this.#folder = join(temporary, `${name}-${String(walks.length)}`);
    this.#saysYes = saysYes;
    const { main, files } = newApps[name];
    const { devDependencies } = readJson(join(root, 'tests', 'apps', 'package.json')) as {
      readonly devDependencies: Readonly<Record<string, string>>;
    };
    const version = (dependency: string): string => devDependencies[dependency] ?? '';
    const manifest = {
      name: '',
      version: '1.0.0',
      description: '',
      main,
      // The templates write `tsc`. The page builds twice, and with `--incremental` the second build doesn't check the
      // libraries' types again.
      scripts: { build: 'tsc --incremental', watch: 'tsc -w', prestart: 'npm run build', start: 'func start' },
      dependencies: { '@azure/functions': version('@azure/functions') },
      devDependencies: { '@types/node': version('@types/node'), typescript: version('typescript') },
    };
    this.#put('package.json', `${JSON.stringify(manifest, null, 2)}\n`);
    this.#put('src/functions/httpTrigger1.ts', generatedFunction);
    for (const [path, text] of Object.entries(files)) this.#put(path, text);
    for (const file of ['host.json', 'tsconfig.json']) {
      cpSync(join(root, 'tests', 'apps', name, file), join(this.#folder, file));
    }
  }

  /**
   * Installs packages. The second app gets a copy of what npm installed in the first, which takes a fraction of the
   * time.
   */
  async install(command: string): Promise<void> {
    const [first] = walks;
    if (first === undefined || first === this) return this.succeed(command.replaceAll('<certgate>', temporary));
    const keys = ['dependencies', 'devDependencies'] as const;
    const installed = JSON.parse(first.#read('package.json')) as Readonly<Record<string, unknown>>;
    const own = JSON.parse(this.#read('package.json')) as Readonly<Record<string, unknown>>;
    const manifest = { ...own, ...Object.fromEntries(keys.map((key) => [key, installed[key]])) };
    this.#put('package.json', `${JSON.stringify(manifest, null, 2)}\n`);
    const [from, to] = [first, this].map((walk) => join(walk.#folder, 'node_modules')) as [string, string];
    // Symbolic links are copied as links, because those in .bin lead to their neighbors.
    if (!existsSync(to)) cpSync(from, to, { recursive: true, verbatimSymlinks: true });
  }

  /** Runs init. There is no terminal to type a yes at, so a yes is `--yes`. Without it, the page continues by hand. */
  async init(command: string): Promise<void> {
    const before = this.#read('package.json');
    const { exitCode, stdout, stderr } = await this.#run(this.#saysYes ? `${command} --yes` : command);
    assert.match(stdout, /^\+.*secureApp\(app, /m);
    if (this.#saysYes) {
      assert.equal(exitCode, 0, stdout + stderr);
      return;
    }
    assert.equal(exitCode, 1, stdout + stderr);
    assert.match(stderr, /Nothing was changed/);
    assert.equal(this.#read('package.json'), before);
  }

  /**
   * Writes the page's three lines into src/index.ts. If the app has this file already, they replace its first line,
   * which is the same as theirs.
   */
  closeApp(lines: string): Promise<void> {
    const present = existsSync(join(this.#folder, 'src/index.ts')) ? this.#read('src/index.ts') : '';
    const [shared = '', ...rest] = lines.split('\n');
    this.#put('src/index.ts', present === '' ? lines : present.replace(shared, lines.trimEnd()));
    assert.ok(this.#read('src/index.ts').includes(`${shared}\n${rest.join('\n').trimEnd()}`));
    return Promise.resolve();
  }

  loadGate(main: string): Promise<void> {
    const manifest = this.#read('package.json').replace(/"main": ".*"/, main.trim());
    assert.ok(manifest.includes('"main": "dist/src/{index.js,'));
    this.#put('package.json', manifest);
    return Promise.resolve();
  }

  /** Changes the settings that init wrote, while the app runs. */
  async setTrust(setting: string): Promise<void> {
    const dev = this.#dev;
    assert.ok(dev !== undefined);
    const settings = this.#read('local.settings.json').replace(/"CERTGATE_TRUST": ".*"/, setting.trim());
    assert.ok(settings.includes(setting.trim()), settings);
    const loaded = waitForReady(dev);
    this.#put('local.settings.json', settings);
    await loaded;
    assert.match(this.#said, /trust document: file trust\.json, revision 2, set by CERTGATE_TRUST/);
  }

  write(path: string, text: string): Promise<void> {
    this.#put(path, text);
    return Promise.resolve();
  }

  append(path: string, text: string): Promise<void> {
    this.#put(path, `${this.#read(path)}\n${text}`);
    return Promise.resolve();
  }

  async succeed(command: string): Promise<void> {
    const { exitCode, stdout, stderr } = await this.#run(command);
    assert.equal(exitCode, 0, `${command}\n${stdout}${stderr}`);
    // No key in this app is in a place about which the tool warns.
    assert.doesNotMatch(stderr, /^warning/m);
  }

  /** Runs the check: every closed function must refuse unknown callers, and the gate must cover every function. */
  async check(command: string): Promise<void> {
    await this.serve(command);
    assert.doesNotMatch(this.#said, /WRONG|warning/);
  }

  /** The check must have printed what the page shows. */
  compare(text: string): Promise<void> {
    assert.ok(this.#said.includes(text), this.#said);
    return Promise.resolve();
  }

  async serve(command: string): Promise<void> {
    await this.stop();
    this.#said = '';
    this.#dev = this.#start(command);
    for (const stream of [this.#dev.stdout, this.#dev.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => (this.#said += text));
    this.#url = (await waitForReady(this.#dev)).split(' ')[1] ?? '';
  }

  async call(command: string): Promise<void> {
    // The gateway may use another port if 7443 is taken.
    const { exitCode, stdout, stderr } = await this.#run(command.replace('https://localhost:7443', this.#url));
    const status = Number(/^(\d{3}) /m.exec(stderr)?.[1]);
    assert.equal(exitCode, status === 200 ? 0 : 1, stdout + stderr);
    if (status === 200) {
      const [, body] = bodies.find(([path]) => command.includes(path)) ?? [];
      assert.match(stdout, body ?? /^Hello, /);
    }
    this.answers.push(status);
  }

  /** Sends SIGINT as Ctrl+C at a terminal does: to npx, the shell and the tool at once. */
  async stop(): Promise<void> {
    const dev = this.#dev;
    this.#dev = undefined;
    if (dev?.pid === undefined || dev.exitCode !== null) return;
    const ended = new Promise((resolve) => dev.once('close', resolve));
    process.kill(-dev.pid, 'SIGINT');
    const late = setTimeout(() => process.kill(-(dev.pid ?? 0), 'SIGKILL'), 10_000);
    await ended;
    clearTimeout(late);
  }

  #run(command: string): Promise<Ended> {
    const child = this.#start(command);
    child.stdin?.end();
    return collect(child);
  }

  #start(words: string): ChildProcess {
    // The second app runs the tool that npx found in the first one directly, because each start of npx takes half a
    // second.
    const command = walks[0] === this ? words : words.replace('npx --no-install certgate', tool);
    const settings = { npm_config_prefer_offline: 'true', npm_config_audit: 'false', npm_config_fund: 'false' };
    const own = { NO_COLOR: '1', NODE_TEST_CONTEXT: undefined, NODE_V8_COVERAGE: undefined };
    const path = `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`;
    const env = { ...process.env, ...settings, ...own, PATH: path };
    // A process group of its own, like at a terminal.
    return spawn(command, { cwd: this.#folder, env, shell: true, detached: true });
  }

  #put(path: string, text: string): void {
    mkdirSync(dirname(join(this.#folder, path)), { recursive: true });
    writeFileSync(join(this.#folder, path), text);
  }

  #read(path: string): string {
    return readFileSync(join(this.#folder, path), 'utf8');
  }
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8')) as unknown;
}

function readPage(path: string): string {
  return readFileSync(join(root, path), 'utf8').replaceAll('\r\n', '\n');
}

/** The page's commands and snippets, in the page's order. */
function readPieces(page: string): readonly Piece[] {
  const found = [...page.replace(/^ {3}/gm, '').matchAll(/^```(\w*)\n([\s\S]*?)^```$|`(np[mx] [^`\n]+)`/gm)];
  const pieces = found.flatMap(([, language, code = '', inline]): readonly Piece[] => {
    if (inline !== undefined) return [{ kind: 'command', text: inline }];
    if (language !== 'sh') return [{ kind: 'snippet', text: code }];
    const lines = code.replace(/\\\n\s*/g, '').split('\n');
    return lines.filter((line) => line !== '').map((text) => ({ kind: 'command', text }));
  });
  assert.ok(pieces.length >= 12, String(pieces.length));
  return pieces;
}
