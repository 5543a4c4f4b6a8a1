// What esbuild does for scripts/bundle.mjs: it makes one ES module of many modules, and translates and minifies a
// module.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { build, transform } from 'esbuild';

/**
 * Takes the place of `require` in the compiled files until the end, because esbuild would replace `require` by a
 * function of its own.
 */
const lazyRequire = 'requireOfTheSource';

/** Names are not minified, because logs and stack traces show them, and an app's own bundler shortens them anyway. */
const minified = { minifyWhitespace: true, minifySyntax: true };

/**
 * The longest line of published files. Before an error, Node prints the line that threw, and a terminal shows only the
 * end of the output.
 */
export const lineLimit = 200;

/** Bundles ES modules. The source maps lead to lines of src/, because TypeScript's own maps are followed. */
export function buildModules(folder, entries, outdir, extension, plugins, splitting = true) {
  return build({
    absWorkingDir: folder,
    entryPoints: entries.map(({ source, commonJs }) => ({ in: source, out: basename(commonJs, '.cjs') })),
    outdir,
    outExtension: { '.js': extension },
    chunkNames: 'shared-[hash]',
    format: 'esm',
    splitting,
    bundle: true,
    packages: 'external',
    // The paths in the workspace's tsconfig lead to the sources of the other packages.
    tsconfigRaw: {},
    platform: 'node',
    target: 'node20.19',
    charset: 'utf8',
    ...minified,
    sourcemap: 'inline',
    // The text of the sources would be four times as large as everything else.
    sourcesContent: false,
    define: { require: lazyRequire },
    plugins,
    logLevel: 'warning',
    metafile: true,
    write: false,
  });
}

/** The line with which a source file creates a `require` (core/src/load-path-validation.ts). */
export const createdRequire = 'const require = createRequire(import.meta.url);';

export function replaceCreatedRequire(name, replace) {
  return {
    name,
    setup({ onLoad }) {
      onLoad({ filter: /\.js$/ }, ({ path }) => {
        const text = readFileSync(path, 'utf8');
        return text.includes(createdRequire) ? { contents: replace(text) } : undefined;
      });
    },
  };
}

export function translate(text, name, format, options = {}) {
  return transform(text, {
    sourcefile: name,
    sourcemap: 'external',
    sourcesContent: false,
    ...minified,
    format,
    platform: 'node',
    target: 'node20.19',
    charset: 'utf8',
    // Turns `import()` into `require`, because `import()` fails in CommonJS that Jest runs. A `require` also loads the
    // module at its first use.
    supported: { 'dynamic-import': format === 'esm' },
    define: { [lazyRequire]: 'require' },
    // `import.meta` would be undefined in a CommonJS file, so it is an error.
    logOverride: { 'empty-import-meta': 'error' },
    logLevel: 'warning',
    ...options,
  });
}
