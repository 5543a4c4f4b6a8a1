// Makes of a package's compiled files what apps load: one file per entry and module kind, since a cold start pays for
// every file. Which entries there are, and where each goes, is what its package.json exports.
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';

const formats = { import: 'esm', require: 'cjs' };

export async function bundlePackage(folder) {
  const entries = listEntries(folder);
  if (entries.length === 0) return;
  await Promise.all(entries.map((entry) => bundleEntry(folder, entry)));
  copyDeclarations(join(folder, 'dist/esm'), join(folder, 'dist/cjs'));
  // Node and TypeScript decide a file's module kind by the nearest package.json.
  writeIfChanged(join(folder, 'dist/cjs/package.json'), '{ "type": "commonjs" }\n');
}

/** Each with the compiled file it starts from: the one that its types were written beside. */
function listEntries(folder) {
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return Object.values(exports)
    .filter((conditions) => conditions.import !== undefined)
    .flatMap((conditions) =>
      Object.entries(formats).map(([condition, format]) => ({
        format,
        source: conditions.import.types.replace(/\.d\.ts$/, '.js'),
        target: conditions[condition].default,
      })),
    );
}

/**
 * Entries of one package share no file: what two of them hold is there twice, which is why it hangs on `globalThis`
 * (tests/architecture.test.ts names those modules). Another package is never taken in: its state would be there twice.
 */
async function bundleEntry(folder, { format, source, target }) {
  const { outputFiles } = await build({
    absWorkingDir: folder,
    entryPoints: [source],
    outfile: target,
    format,
    bundle: true,
    packages: 'external',
    platform: 'node',
    target: 'node20.19',
    charset: 'utf8',
    // Names stay: they are in logs and stack traces, and an app's own bundler shortens them anyway.
    minifyWhitespace: true,
    minifySyntax: true,
    // By TypeScript's own maps, lines of src/. The sources themselves would be four times as much as all the rest.
    sourcemap: 'linked',
    sourcesContent: false,
    // Jest runs CommonJS where `import()` is an error; as a `require` it is there with the first use just as well.
    supported: { 'dynamic-import': format === 'esm' },
    // It would be undefined in the CommonJS file.
    logOverride: { 'empty-import-meta': 'error' },
    logLevel: 'warning',
    write: false,
  });
  for (const { path, text } of outputFiles) writeIfChanged(path, text);
}

/** TypeScript writes the same declarations for both module kinds; only the package.json beside them differs. */
function copyDeclarations(from, to) {
  for (const entry of readdirSync(from, { recursive: true, withFileTypes: true })) {
    if (!entry.name.endsWith('.d.ts') || entry.name.endsWith('.test.d.ts')) continue;
    const source = join(entry.parentPath, entry.name);
    if (source.includes('test-support')) continue;
    writeIfChanged(join(to, source.slice(from.length)), readFileSync(source, 'utf8'));
  }
}

/** At once or not at all: a process may be loading the file while another one builds. */
function writeIfChanged(path, text) {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, text);
  renameSync(temporary, path);
}
