// Makes of a package's compiled files what apps load. For Node, CommonJS files, and for each entry an ES module that hands
// on what the CommonJS file exports: a process that both imports and requires an entry has it once. For bundlers, which
// look for the condition `module`, ES modules: of CommonJS they can't leave out what an app doesn't use. Which entries
// there are, and where each goes, is what its package.json exports.
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { build, transform } from 'esbuild';

/** A `require` in the compiled files must come out as one: esbuild would make a function of its own of it. */
const lazyRequire = 'requireOfTheSource';

/**
 * What an app needs after it has imported an entry, or never: files of their own, each loaded with its first use. Every app
 * comes to `trust-reading` when it makes its trust store; one with pins in a file or an app setting, to nothing else.
 */
const partsOf = {
  core: {
    'trust-reading': [
      'encoding/json-fault',
      'encoding/json-level',
      'encoding/strict-json',
      'trust-document/document-keys',
      'trust-document/document-reader',
      'trust-document/parse-document',
      'trust-document/read-authorities',
      'trust-document/read-deny-list',
      'trust-document/read-identities',
      'trust-document/read-names',
      'trust-snapshot/find-in-snapshot',
      'trust-snapshot/revocation-information',
      'trust-snapshot/trust-snapshot',
      'trust-sources/app-setting-source',
      'trust-sources/document-bytes',
      'trust-sources/file-source',
      'trust-sources/trust-address',
      'trust-sources/trust-source',
      'trust-store/document-admission',
      'trust-store/read-history',
      'trust-store/refresh-options',
      'trust-store/refreshing-store',
    ],
    'remote-sources': [
      'trust-sources/blob-source',
      'trust-sources/document-signature',
      'trust-sources/http-exchange',
      'trust-sources/url-source',
    ],
    authorities: [
      'trust-document/read-revocation',
      'trust-snapshot/authority-match',
      'trust-snapshot/authority-path',
      'trust-snapshot/issued-match',
      'trust-store/crl-keeper',
      'trust-store/kept-lists',
      'trust-store/ocsp-keeper',
      'trust-store/revocation-keeper',
    ],
    'several-stores': ['trust-store/combine-findings'],
  },
};

/** Which entry of a package a cold start loads, where it isn't the index. */
const firstEntryOf = { x509: 'internal' };

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
  const forNode = await buildForNode(folder, entries);
  const forBundlers = await buildModules(folder, entries, 'dist/bundler', '.mjs', [importAtOnce]);
  for (const [{ outputFiles }, prefix, toFormat] of [
    [forNode, '', toCommonJs],
    [forBundlers, 'bundler/', (text, name) => translate(text, name, 'esm')],
  ]) {
    for (const { path, text } of outputFiles) {
      const name = basename(path);
      const { code, map } = await toFormat(text, name);
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
 * esbuild splits ES modules only, so the CommonJS files are made as such first and translated then. It splits finely: what
 * each two of the entries share would be a file, and each file costs a cold start half a millisecond. So the first run
 * only tells what is shared, and the second has it in two: what a cold start loads, and the rest.
 */
async function buildForNode(folder, entries) {
  const parts = Object.entries(partsOf[basename(folder)] ?? {}).map(([name, modules]) => createPart(name, modules));
  const run = (apart, splitting) =>
    buildModules(folder, [...entries, ...apart], 'dist', '.cjs', [keepRequire, setApart(folder, apart)], splitting);
  const { metafile } = await run(parts, true);
  const atStart = listChunks(metafile, `dist/${firstEntryOf[basename(folder)] ?? 'index'}.cjs`);
  const listModules = (chunks) =>
    chunks
      .flatMap((chunk) => Object.keys(metafile.outputs[chunk].inputs))
      .filter((input) => !entries.some(({ source }) => source === `./${input}`))
      .map((input) => input.slice('dist/esm/'.length, -'.js'.length));
  const others = Object.keys(metafile.outputs).filter(
    (output) => metafile.outputs[output].entryPoint === undefined && !atStart.includes(output),
  );
  const shared = [createShared('shared', listModules(atStart)), createShared('shared-later', listModules(others))];
  const result = await run([...parts, ...shared.filter(({ modules }) => modules.length > 0)], false);
  expectExports(result);
  return result;
}

/** The files shared with others that an entry loads, directly or by another one. */
function listChunks({ outputs }, entry) {
  const found = new Set([entry]);
  for (const output of found) {
    for (const { path, external } of outputs[output].imports) if (!external) found.add(path);
  }
  return [...found].filter((output) => outputs[output].entryPoint === undefined);
}

function createPart(name, modules) {
  return { modules, source: `part:${name}`, commonJs: `part-${name}.cjs` };
}

function createShared(name, modules) {
  return { modules, source: `part:${name}`, commonJs: `${name}.cjs` };
}

/** A file of each part, which the others import as they would a package. */
function setApart(folder, parts) {
  const compiled = join(folder, 'dist/esm');
  const partOf = new Map(parts.flatMap((part) => part.modules.map((name) => [join(compiled, `${name}.js`), part])));
  return {
    name: 'set-apart',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^part:/ }, ({ path }) => ({ path, namespace: 'part' }));
      onLoad({ filter: /^/, namespace: 'part' }, ({ path }) => {
        const { modules } = parts.find(({ source }) => source === path);
        return { contents: modules.map((name) => `export * from './${name}.js';`).join('\n'), resolveDir: compiled };
      });
      onResolve({ filter: /^\./ }, ({ path, kind, importer, namespace, resolveDir }) => {
        const part = partOf.get(join(resolveDir, path));
        if (kind === 'entry-point' || namespace === 'part' || part === undefined) return undefined;
        if (part === partOf.get(importer)) return undefined;
        return { path: `./${part.commonJs}`, external: true, sideEffects: false };
      });
    },
  };
}

/** What stands twice in a part under one name, it would not export; the importers would find `undefined`. */
function expectExports({ outputFiles, metafile }) {
  for (const { text, path } of outputFiles) {
    for (const [, list, file] of text.matchAll(/\bimport\{([^{}]*)\}from"\.\/([^"]+)"/g)) {
      const { exports } = metafile.outputs[`dist/${file}`];
      const missing = list
        .split(',')
        .map((each) => each.split(' as ')[0])
        .filter((each) => !exports.includes(each));
      if (missing.length > 0) throw new Error(`${basename(path)} imports ${missing.join(', ')}, which ${file} lacks.`);
    }
  }
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
function buildModules(folder, entries, outdir, extension, plugins, splitting = true) {
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

const createdRequire = 'const require = createRequire(import.meta.url);';

/** In a CommonJS file `require` is there; one that `createRequire` made is none that the bundler of an app follows. */
const keepRequire = replaceCreatedRequire('keep-require', (text) => text.replace(createdRequire, ''));

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

/** Legibly first: each `require` then is a line of its own. */
async function toCommonJs(text, name) {
  const options = { minifyWhitespace: false, minifySyntax: false, sourcemap: 'inline' };
  const { code } = await translate(exportValues(text, name), name, 'cjs', options);
  return translate(requireAtFirstUse(code), name, 'cjs', { charset: 'ascii', treeShaking: true });
}

/**
 * Puts each `require` at the head of a file off until something of what it gives is used: Node compiles the parts that an
 * app comes to, and none of its own modules before it needs them.
 */
function requireAtFirstUse(text) {
  const atHead = /^var (\w+) = (?:__toESM\()?require\(("[^"]+")\)?\);\n/gm;
  const requires = [...text.matchAll(atHead)].map(([, name, specifier]) => ({ name, specifier }));
  if (requires.length === 0) return text;
  // esbuild has one for each source file.
  const loaders = new Map(requires.toReversed().map(({ name, specifier }) => [specifier, name]));
  const loaderOf = new Map(requires.map(({ name, specifier }) => [name, loaders.get(specifier)]));
  const uses = new RegExp(`(\\bnew )?\\b(${[...loaderOf.keys()].join('|')})\\.(\\w+)`, 'g');
  const used = text.replace(uses, (_, creation, name, member) => {
    const value = `${loaderOf.get(name)}().${member}`;
    return creation === undefined ? value : `new (${value})`;
  });
  const heads = [...loaders].map(
    ([specifier, name]) => `let ${name}_; function ${name}() { return ${name}_ ??= require(${specifier}); }`,
  );
  // The lines stay where they are: the source map counts them.
  return used.replace(atHead, () => `${heads.splice(0).join(' ')}\n`);
}

function translate(text, name, format, options = {}) {
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
