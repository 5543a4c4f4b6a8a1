// Makes of a package's compiled files what apps load. For Node, CommonJS files, and for each entry an ES module that hands
// on what the CommonJS file exports: a process that both imports and requires an entry has it once. For bundlers, which
// look for the condition `module`, ES modules: of CommonJS they can't leave out what an app doesn't use. Which entries
// there are, and where each goes, is what its package.json exports.
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { build, transform } from 'esbuild';

/** A `require` in the compiled files must come out as one: esbuild would make a function of its own of it. */
const lazyRequire = 'requireAtFirstUse';

export async function bundlePackage(folder) {
  const entries = listEntries(folder);
  if (entries.length === 0) return;
  const files = await bundleEntries(folder, entries);
  for (const [name, text] of files) writeIfChanged(join(folder, 'dist', name), text);
  removeOthers(join(folder, 'dist'), new Set(files.keys()));
}

/** Each with the compiled file it starts from. */
function listEntries(folder) {
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return Object.values(exports)
    .filter((conditions) => conditions.import !== undefined)
    .map((conditions) => ({
      source: `./dist/esm/${basename(conditions.import.default, '.mjs')}.js`,
      commonJs: basename(conditions.require.default),
      module: basename(conditions.import.default),
    }));
}

/**
 * What several entries of a package need is in a file of its own, which each of them loads: so it is there once, its state
 * too. Another package is never taken in: its state would be there twice.
 */
async function bundleEntries(folder, entries) {
  const files = new Map();
  // esbuild splits ES modules only, so the CommonJS files are made as such first and translated then.
  const forNode = await buildModules(folder, entries, requireAtFirstUse, 'dist', '.cjs');
  const forBundlers = await buildModules(folder, entries, importAtOnce, 'dist/bundler', '.mjs');
  for (const [{ outputFiles }, prefix, format] of [
    [forNode, '', 'cjs'],
    [forBundlers, 'bundler/', 'esm'],
  ]) {
    for (const { path, text } of outputFiles) {
      const name = basename(path);
      const { code, map } = await translate(format === 'cjs' ? exportValues(text, name) : text, name, format);
      files.set(`${prefix}${name}`, `${code}//# sourceMappingURL=${name}.map\n`);
      files.set(`${prefix}${name}.map`, map);
    }
  }
  for (const { commonJs, module } of entries) {
    const { exports } = forNode.metafile.outputs[`dist/${commonJs}`];
    files.set(module, handOn(exports, commonJs));
  }
  return files;
}

/**
 * By `createRequire`, since an `export … from` a CommonJS file has Node search its text for names first: 50 ms of CPU time
 * at a cold start. No bundler sees this file, for it takes those of the condition `module`.
 */
function handOn(names, commonJs) {
  return `import { createRequire } from 'node:module';
const { ${names.join(', ')} } = createRequire(import.meta.url)('./${commonJs}');
export { ${names.join(', ')} };
`;
}

/** Names stay: they are in logs and stack traces, and an app's own bundler shortens them anyway. */
const minified = { minifyWhitespace: true, minifySyntax: true };

/** Source maps lead to lines of src/, by TypeScript's own maps. */
function buildModules(folder, entries, plugin, outdir, extension) {
  return build({
    absWorkingDir: folder,
    entryPoints: entries.map(({ source, commonJs }) => ({ in: source, out: basename(commonJs, '.cjs') })),
    outdir,
    outExtension: { '.js': extension },
    chunkNames: 'shared-[hash]',
    format: 'esm',
    splitting: true,
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
    plugins: [plugin],
    logLevel: 'warning',
    metafile: true,
    write: false,
  });
}

const createdRequire = 'const require = createRequire(import.meta.url);';

/** In a CommonJS file `require` is there; one that `createRequire` made is none that the bundler of an app follows. */
const requireAtFirstUse = replaceCreatedRequire('require-at-first-use', (text) => text.replace(createdRequire, ''));

/** A bundle is one file: nothing would be saved by loading a part of it later, and an ES module has no `require`. */
const importAtOnce = replaceCreatedRequire('import-at-once', (text) =>
  text
    .replace(/require\('([^']+)'\)/, 'required')
    .replace(createdRequire, `import * as required from '${/require\('([^']+)'\)/.exec(text)[1]}';`),
);

function replaceCreatedRequire(name, replace) {
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

/**
 * As properties of one frozen object. esbuild would make a getter of each, and one more in each file that hands it on: all
 * of them would be called whenever one package calls another. Our modules export constants, so nothing else changes.
 */
function exportValues(text, name) {
  const [clause, list] = /\bexport\{([^{}]*)\};/.exec(text) ?? [];
  if (clause === undefined) throw new Error(`${name} exports nothing.`);
  const members = list.split(',').map((each) => each.split(' as ').toReversed().join(':'));
  const values = `Object.freeze(Object.defineProperty({${members.join(',')}},'__esModule',{value:true}))`;
  return text.replace(clause, () => `module.exports=${values};`);
}

function translate(text, name, format) {
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
  });
}

/** Shared files are named after what they hold; those of an earlier build would be published too. */
function removeOthers(folder, names) {
  for (const name of [
    ...readdirSync(folder),
    ...readdirSync(join(folder, 'bundler')).map((each) => `bundler/${each}`),
  ]) {
    if (/\.[cm]js(?:\.map)?$/.test(name) && !names.has(name)) rmSync(join(folder, name));
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
