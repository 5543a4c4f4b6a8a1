// Runs the sample app behind real mTLS with certificates that are made for it, after building what is needed. Arguments
// go to `certgate dev`; `npm start -- --once` prints the table and ends.
import './check-node.mjs';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { writeIfChanged } from './bundle.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const sample = fileURLToPath(new URL('../examples/function-app', import.meta.url));

function build(what, script, args, cwd) {
  // Printed at once, because a first build takes a minute on a small machine and prints nothing itself.
  console.error(`Building ${what} …`);
  // The builds write to stderr, because stdout must have only the answer: with --json, one JSON object.
  const { status } = spawnSync(process.execPath, [script, ...args], { cwd, stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(status ?? 1);
}

/**
 * Builds the sample app with the TypeScript version of the Functions templates. Writes only files that differ, because
 * any other `certgate dev` of the sample loads it again when a file is written, and answers 502 meanwhile.
 */
function buildSample() {
  // Next to dist, so that source maps have the same paths. `certgate dev` does not watch names that begin with a dot.
  const built = mkdtempSync(join(sample, '.build-'));
  process.once('exit', () => rmSync(built, { recursive: true, force: true }));
  build('the sample app', createRequire(`${sample}/`).resolve('typescript/bin/tsc'), ['--outDir', built], sample);
  for (const path of readdirSync(built, { recursive: true }).filter((name) => /\.(?:js|map)$/.test(name)))
    writeIfChanged(join(sample, 'dist', path), readFileSync(join(built, path), 'utf8'));
  rmSync(built, { recursive: true });
}

build('the packages', fileURLToPath(new URL('build.mjs', import.meta.url)), [], root);
buildSample();

const certgate = fileURLToPath(new URL('../packages/certgate/bin/certgate.js', import.meta.url));
const dev = ['dev', 'examples/function-app', '--check', '--call', 'PublicFunction', 'SecuredFunction', 'RoleFunction'];
console.error('Starting the sample app behind the gateway, and calling every function …');
const child = spawn(process.execPath, [certgate, ...dev, ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' });
// Ctrl+C reaches the whole process group. A signal to this process only is passed on, and the child decides when it
// ends.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGBREAK']) {
  process.on(signal, () => {
    // On Windows, the console tells the child itself, and `kill` would end it before it has closed the app.
    if (process.platform !== 'win32') child.kill(signal);
  });
}
child.on('exit', (code) => {
  process.exitCode = code ?? 1;
});
