// Builds every package: by project references its files as ES modules, with the tests beside them; of those the bundles
// that apps and users' tests load. Then the declarations of each entry are rolled up into one file. `node scripts/build.mjs conformance` builds further projects, which import the packages, at the
// end. Incremental: a second run costs about a second.
//
// TypeScript 7 builds, in a fifth of the time. Version 6 stays for what needs its API, which version 7 lacks: the linters,
// api-extractor and some tests. The samples and the published types are checked with it too.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildInspectorPage } from './build-inspector-page.mjs';
import { bundleForTests, copyLocal } from './build-tool.mjs';
import { bundlePackage, writeIfChanged } from './bundle.mjs';
import { rollUpDeclarations } from './declarations.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const tsc = join(root, 'node_modules', 'typescript-native', 'bin', 'tsc');
const packages = readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name));

function runTsc(args) {
  const { status } = spawnSync(process.execPath, [tsc, ...args], { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(status ?? 1);
}

/** TypeScript leaves the output of a source that is gone, and a test that has moved would run from both places. */
function removeStale(output, source, recursive) {
  if (!existsSync(output)) return;
  // What is copied from another package (build-tool.mjs) has its source there.
  const isCompiled = (name) => name.endsWith('.js') && !name.startsWith(`local${sep}`);
  for (const file of readdirSync(output, { recursive }).filter(isCompiled)) {
    const name = file.slice(0, -'.js'.length);
    if (['.ts', '.tsx'].some((ending) => existsSync(join(source, `${name}${ending}`)))) continue;
    for (const ending of ['.js', '.js.map', '.d.ts']) rmSync(join(output, `${name}${ending}`), { force: true });
  }
}

for (const folder of packages) removeStale(join(folder, 'dist', 'esm'), join(folder, 'src'), true);
// Their folders hold the output of other projects, too.
for (const folder of ['tests', 'conformance/decision'])
  removeStale(join(root, folder, 'dist'), join(root, folder), false);
const withTsconfig = (name) => packages.filter((folder) => existsSync(join(folder, name)));
runTsc(['-b', ...withTsconfig('tsconfig.json')]);
for (const folder of withTsconfig('tsconfig.json')) await bundlePackage(folder);
// Apps install an adapter: `$schema` of their trust document leads there.
const schema = readFileSync(join(root, 'packages', 'core', 'trust.schema.json'), 'utf8');
for (const name of ['azure-functions', 'http'])
  writeIfChanged(join(root, 'packages', name, 'trust.schema.json'), schema);
await buildInspectorPage(root);
copyLocal(root);
await bundleForTests(root);
// In the order in which they depend on each other: each sees the rolled-up declarations of those before it.
for (const name of ['x509', 'core', 'azure-functions', 'http', 'certgate'])
  rollUpDeclarations(join(root, 'packages', name));
const others = process.argv.slice(2);
if (others.length > 0) runTsc(['-b', ...others]);
