// Adds to the tool's compiled files: those of packages/local, which the tool imports as `#local/…` and which its
// tarball contains, and the CommonJS file that users' tests load.
import { existsSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { build } from 'esbuild';
import { writeIfChanged } from './bundle.mjs';

/** Copies packages/local to where `imports` in the tool's package.json leads. */
export function copyLocal(root) {
  const source = join(root, 'packages', 'local', 'dist', 'esm');
  const target = join(root, 'packages', 'certgate', 'dist', 'esm', 'local');
  const files = listCompiled(source).filter((file) => !/\.test\.|\btest-support\b/.test(file));
  for (const file of files) {
    const text = readFileSync(join(source, file), 'utf8');
    writeIfChanged(
      join(target, file),
      nameMap(text, relative(dirname(join(target, file)), dirname(join(source, file)))),
    );
  }
  for (const file of listCompiled(target)) if (!files.includes(file)) rmSync(join(target, file));
}

function listCompiled(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true }).filter((file) => /\.(?:js|d\.ts)$/.test(file));
}

/** Points to the source map in its original folder, because its sources are relative to it. */
function nameMap(text, folder) {
  return text.replace(/(?<=^\/\/# sourceMappingURL=)/m, `${folder.split(sep).join('/')}/`);
}

/**
 * Bundles everything that `certgate` exports into one file, for users' test runners, some of which don't know `imports`
 * of a package.json. The rest of the tool is ES modules, and runs in processes of its own.
 */
export async function bundleForTests(root) {
  const { outputFiles } = await build({
    absWorkingDir: join(root, 'packages', 'certgate'),
    entryPoints: ['dist/esm/index.js'],
    outfile: 'dist/index.cjs',
    bundle: true,
    format: 'cjs',
    packages: 'external',
    tsconfigRaw: {},
    platform: 'node',
    target: 'node20.19',
    charset: 'utf8',
    logLevel: 'warning',
    write: false,
  });
  for (const { path, text } of outputFiles) writeIfChanged(path, text);
}
