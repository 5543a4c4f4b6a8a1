import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { build, transform } from 'esbuild';
import { type Callers, createCallers } from './test-support/adapter-app.js';
import { cleanEnvironment, collect, root } from './test-support/certgate.js';

// Tests other people's preInvocation hooks against the gate, for functions that are registered before and after
// secureApp. Every ordered pair of possible behaviors runs, and every pair of a hook that rewrites the request and one
// that calls handlers. secureApp adds no hook of its own, which is checked too. So it does not matter whether other
// hooks are registered before or after it.

const require = createRequire(import.meta.url);
const libraries = { floor: 'azure-functions-floor', newest: '@azure/functions' } as const;
type Library = keyof typeof libraries;
const packagings = ['CommonJS', 'ES modules', 'bundle', 'two copies'] as const;
type Packaging = (typeof packagings)[number];
const packages = join(root, 'packages');
const source = join(root, 'tests/foreign-hooks/app.mjs');
const driver = join(root, 'tests/foreign-hooks/drive.mjs');
const testSupport = join(packages, 'azure-functions/dist/esm/test-support/');

let folder: string;
let callers: Callers;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'certgate-hooks-'));
  callers = createCallers(folder);
});
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Outcome {
  readonly failures: readonly unknown[];
  readonly invocations: number;
  readonly hooksOfTheGate: number;
}

describe('whatever two foreign hooks do, a function runs only for admitted callers', { concurrency: 2 }, () => {
  for (const library of Object.keys(libraries) as Library[]) {
    for (const packaging of packagings) {
      it(`with ${packaging}, ${library} @azure/functions, plain and streaming`, async () => {
        const entry = await createApp(library, packaging);
        for (const mode of ['plain', 'streaming']) {
          const { failures, invocations, hooksOfTheGate } = await drive(entry, mode);
          assert.deepEqual({ mode, failures, hooksOfTheGate }, { mode, failures: [], hooksOfTheGate: 0 });
          // Every ordered pair of the driver's own hooks, and both orders of a rewriting and a calling hook.
          assert.equal(invocations, 5 * 5 * 4 * 4 + 4 * 5 * 2 * 3 * 3);
        }
      });
    }
  }
});

/** Makes the app's folder with its imports in node_modules, built for this packaging. Returns the entry file. */
async function createApp(library: Library, packaging: Packaging): Promise<string> {
  const app = mkdtempSync(join(folder, 'app-'));
  const modules = join(app, 'node_modules');
  const isTwice = packaging === 'two copies';
  const otherLibrary = isTwice ? libraries[library === 'floor' ? 'newest' : 'floor'] : libraries[library];
  link(findPackage(libraries[library]), join(modules, '@azure/functions'));
  link(findPackage(otherLibrary), join(modules, 'other-functions'));
  link(join(packages, 'core'), join(modules, '@certgate/core'));
  link(join(packages, 'azure-functions'), join(modules, '@certgate/azure-functions'));
  if (isTwice) copyAdapter(join(modules, 'other-certgate'));
  else link(join(packages, 'azure-functions'), join(modules, 'other-certgate'));
  const text = readFileSync(source, 'utf8');
  writeFileSync(join(app, 'app.mjs'), text);
  if (packaging === 'ES modules') return join(app, 'app.mjs');
  const entry = join(app, 'app.cjs');
  if (packaging === 'bundle') {
    const external = ['@azure/functions-core'];
    await build({
      entryPoints: [join(app, 'app.mjs')],
      outfile: entry,
      bundle: true,
      tsconfigRaw: {},
      platform: 'node',
      external,
    });
  } else {
    writeFileSync(entry, (await transform(text, { format: 'cjs', platform: 'node' })).code);
  }
  return entry;
}

function findPackage(name: string): string {
  return dirname(require.resolve(`${name}/package.json`));
}

function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path, 'junction');
}

/** Copies only the published files. A link would lead to the same module again, not to a second copy. */
function copyAdapter(path: string): void {
  const adapter = join(packages, 'azure-functions');
  cpSync(join(adapter, 'package.json'), join(path, 'package.json'));
  const isLoaded = (file: string): boolean => !/\.d\.ts$|[\\/]dist[\\/](?:esm|cjs)$/.test(file);
  cpSync(join(adapter, 'dist'), join(path, 'dist'), { recursive: true, filter: isLoaded });
}

async function drive(entry: string, mode: string): Promise<Outcome> {
  const environment = { WEBSITE_INSTANCE_ID: 'a1', CERTGATE_TRUST: callers.trustFile, FOREIGN_HOOKS_MODE: mode };
  const child = spawn(process.execPath, [driver, entry, testSupport], {
    env: { ...cleanEnvironment(), ...environment },
  });
  const { reader, operator, stranger } = callers;
  child.stdin.end(JSON.stringify({ reader, operator, stranger }));
  const { exitCode, stdout, stderr } = await collect(child);
  assert.equal(exitCode, 0, stderr);
  // The last line is the outcome. The gate's own lines come before it.
  return JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Outcome;
}
