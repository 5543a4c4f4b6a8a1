// The two things that esbuild does for scripts/bundle.mjs: it makes one ES module of many, and translates and minifies one.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { build, transform } from 'esbuild';

/** A `require` in the compiled files must come out as one: esbuild would make a function of its own of it. */
const lazyRequire = 'requireOfTheSource';

/** Names stay: they are in logs and stack traces, and an app's own bundler shortens them anyway. */
const minified = { minifyWhitespace: true, minifySyntax: true };

/** Of what is published: Node prints the line that threw before it says why, and a terminal shows the end of it. */
export const lineLimit = 200;

/** Source maps lead to lines of src/, by TypeScript's own maps. */
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
    // The paths of the workspace's tsconfig lead to the sources of the other packages.
    tsconfigRaw: {},
    platform: 'node',
    target: 'node20.19',
    charset: 'utf8',
    ...minified,
    sourcemap: 'inline',
    // The sources themselves would be four times as much as all the rest.
    sourcesContent: false,
    define: { require: lazyRequire },
    plugins,
    logLevel: 'warning',
    metafile: true,
    write: false,
  });
}

/** How a source file asks for a `require` (core/src/trust-snapshot/authority-path.ts). */
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
    // Jest runs CommonJS where `import()` is an error; as a `require` it is there with the first use just as well.
    supported: { 'dynamic-import': format === 'esm' },
    define: { [lazyRequire]: 'require' },
    // It would be undefined in the CommonJS file.
    logOverride: { 'empty-import-meta': 'error' },
    logLevel: 'warning',
    ...options,
  });
}
