// Builds every package: its files as ES modules, with their tests, by project references; from those, the bundles that
// apps and users' tests load. Then it rolls up the declarations of each entry into one file.
// `node scripts/build.mjs conformance` also builds further projects, which import the packages, at the end. The build is
// incremental: a second run takes about a second.
//
// TypeScript 7 builds in a fifth of the time. Version 6 stays for tools that need its API, which version 7 lacks:
// ESLint, TypeDoc, api-extractor and some tests. The samples and the published types are checked with it too.
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

/**
 * Removes compiled files without a source. TypeScript leaves them, and a test that was moved would run from both
 * places.
 */
function removeStale(output, source, recursive) {
  if (!existsSync(output)) return;
  // Files that are copied from another package (build-tool.mjs) have their source there.
  const isCompiled = (name) => name.endsWith('.js') && !name.startsWith(`local${sep}`);
  for (const file of readdirSync(output, { recursive }).filter(isCompiled)) {
    const name = file.slice(0, -'.js'.length);
    if (['.ts', '.tsx'].some((ending) => existsSync(join(source, `${name}${ending}`)))) continue;
    for (const ending of ['.js', '.js.map', '.d.ts']) rmSync(join(output, `${name}${ending}`), { force: true });
  }
}

for (const folder of packages) removeStale(join(folder, 'dist', 'esm'), join(folder, 'src'), true);
// The output folders of these projects also contain the output of other projects.
for (const folder of ['tests', 'conformance/decision'])
  removeStale(join(root, folder, 'dist'), join(root, folder), false);
const withTsconfig = (name) => packages.filter((folder) => existsSync(join(folder, name)));
runTsc(['-b', ...withTsconfig('tsconfig.json')]);
for (const folder of withTsconfig('tsconfig.json')) await bundlePackage(folder);
// Copies the schema to the adapters, because apps install one of them, and `$schema` of their trust document leads
// there.
const schema = readFileSync(join(root, 'packages', 'core', 'trust.schema.json'), 'utf8');
for (const name of ['azure-functions', 'http'])
  writeIfChanged(join(root, 'packages', name, 'trust.schema.json'), schema);
await buildInspectorPage(root);
copyLocal(root);
await bundleForTests(root);
// The packages are in the order of their dependencies, because each needs the rolled-up declarations of those before
// it.
for (const name of ['x509', 'core', 'azure-functions', 'http', 'certgate'])
  rollUpDeclarations(join(root, 'packages', name));
const others = process.argv.slice(2);
if (others.length > 0) runTsc(['-b', ...others]);
