// The main job: builds what is needed, and runs the sample app behind real mTLS with certificates made on the spot.
// Arguments go to `certgate dev`; `npm start -- --once` prints the table and ends.
import './check-node.mjs';
import { spawn, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const sample = fileURLToPath(new URL('../examples/function-app', import.meta.url));

function build(what, script, args, cwd) {
  // At once: a first build takes a minute on a small machine, and says nothing of its own.
  console.error(`Building ${what} …`);
  // stdout is the answer's alone: --json must stay one JSON object.
  const { status } = spawnSync(process.execPath, [script, ...args], { cwd, stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(status ?? 1);
}

build('the packages', fileURLToPath(new URL('build.mjs', import.meta.url)), [], root);
// The sample keeps the TypeScript of the Functions templates.
build('the sample app', createRequire(`${sample}/`).resolve('typescript/bin/tsc'), [], sample);

const certgate = fileURLToPath(new URL('../packages/certgate/bin/certgate.js', import.meta.url));
const dev = ['dev', 'examples/function-app', '--check', '--call', 'PublicFunction', 'SecuredFunction', 'RoleFunction'];
console.error('Starting the sample app behind the gateway, and calling every function …');
const child = spawn(process.execPath, [certgate, ...dev, ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' });
// Ctrl+C reaches the whole group; a signal to this process alone is handed on, and the child decides when it ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code) => {
  process.exitCode = code ?? 1;
});
