// Stryker's build command: compiles the sources with their mutants, in the folder that Stryker has copied them to. Types are
// not checked, because a mutant may break them. Each package's entries point to its modules and not to bundles, so that
// only one copy of each source file runs.
import { existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));
const sandbox = process.cwd();
const harness = pathToFileURL(join(root, 'proof', 'mutation', 'collected-tests.mjs')).href;

linkModules();
for (const name of ['x509', 'core']) {
  const folder = join(sandbox, 'packages', name);
  await compile(join(folder, 'src'), join(folder, 'dist', 'esm'));
  writeEntries(folder);
}
const runs = join(sandbox, 'packages', 'x509', 'dist', 'esm', 'test-support', 'random-runs.js');
// Runs property tests with a twentieth of their inputs: they find a mutant early or not at all, and there are thousands
// of mutants.
writeFileSync(
  runs,
  `export const countRuns = (usual) => Math.ceil(usual / 20);\nexport const isLongRun = () => false;\n`,
);
const decisions = join(sandbox, 'conformance', 'decision');
await compile(decisions, join(decisions, 'dist'));

/**
 * Links the installed packages of the repository into the sandbox, but takes @certgate packages from the sandbox
 * itself.
 */
function linkModules() {
  const [from, to] = [root, sandbox].map((folder) => join(folder, 'node_modules'));
  mkdirSync(join(to, '@certgate'), { recursive: true });
  for (const name of readdirSync(from).filter((each) => !['@certgate', 'certgate', '.bin'].includes(each)))
    symlinkSync(join(from, name), join(to, name));
  for (const name of ['x509', 'core']) symlinkSync(join(sandbox, 'packages', name), join(to, '@certgate', name));
}

async function compile(source, output) {
  const entryPoints = readdirSync(source, { recursive: true })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => join(source, name));
  const { outputFiles } = await build({
    entryPoints,
    outdir: output,
    outbase: source,
    format: 'esm',
    target: 'es2022',
    write: false,
    logLevel: 'error',
    tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
  });
  for (const { path, text } of outputFiles) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text.replaceAll('from "node:test"', `from ${JSON.stringify(harness)}`));
  }
}

function writeEntries(folder) {
  const { exports: entries } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  for (const { 'node-addons': entry } of Object.values(entries)) {
    if (entry === undefined) continue;
    const name = entry.import.slice('./dist/'.length, -'.mjs'.length);
    if (!existsSync(join(folder, 'dist', 'esm', `${name}.js`))) throw new Error(`${folder} has no source of ${name}.`);
    writeFileSync(join(folder, 'dist', `${name}.mjs`), `export * from './esm/${name}.js';\n`);
    writeFileSync(join(folder, 'dist', `${name}.cjs`), `module.exports = require('./esm/${name}.js');\n`);
  }
}
