// Makes of a package's compiled files what apps load. For Node, which alone has the condition `node-addons`, CommonJS files,
// and for each entry an ES module that hands on what the CommonJS file exports: a process that both imports and requires an
// entry has it once. For bundlers, with or without conditions of their user, ES modules: of CommonJS they can't leave out
// what an app doesn't use. Which entries there are, and where each goes, is what its package.json exports.
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { buildCommonJs, toCommonJs } from './bundle-commonjs.mjs';
import { buildModules, createdRequire, lineLimit, replaceCreatedRequire, translate } from './bundle-esbuild.mjs';

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
      module: basename(conditions['node-addons'].import),
    }));
}

/**
 * What several entries of a package need is in a file of its own, which each of them loads: so it is there once, its state
 * too. The adapters don't contain core, whose state would be there twice; bundle-commonjs.mjs names what core contains.
 */
async function bundleEntries(folder, entries) {
  const files = new Map();
  const forNode = await buildCommonJs(folder, entries);
  const forBundlers = await buildModules(folder, entries, 'dist/bundler', '.mjs', [importAtOnce]);
  for (const [{ outputFiles }, prefix, toFormat] of [
    [forNode, '', toCommonJs],
    [forBundlers, 'bundler/', (text, name) => translate(withoutBareImports(text), name, 'esm', { lineLimit })],
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
    files.set(`bundler/${module}`, mentionModule(files.get(`bundler/${module}`), module));
  }
  return files;
}

/**
 * A file tracer, as @vercel/nft, looks up the conditions of a bundler, but what it copies is run by Node. It follows an
 * import wherever that stands; bundlers leave out a branch that is never taken.
 */
function mentionModule(text, module) {
  return text.replace(/(?=\/\/# sourceMappingURL=)/, `if(false)import("../${module}");\n`);
}

/**
 * esbuild keeps the order in which shared files would run. Ours do nothing when they are loaded, and package.json says so:
 * the app's bundler would warn of each. Spaces, so that the source map fits.
 */
function withoutBareImports(text) {
  return text.replace(/\bimport"[^"]+";/g, (statement) => ' '.repeat(statement.length));
}

/**
 * By `createRequire`, since an `export … from` a CommonJS file has Node search its text for names first: 50 ms of CPU time
 * at a cold start. No bundler follows that, and none sees this file: none has the condition `node-addons`. File tracers
 * follow a `require` of that name alone.
 */
function handOn(names, commonJs) {
  return `import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
const { ${names.join(',\n')} } = require('./${commonJs}');
export { ${names.join(',\n')} };
`;
}

/** A bundle is one file: nothing would be saved by loading a part of it later, and an ES module has no `require`. */
const importAtOnce = replaceCreatedRequire('import-at-once', (text) =>
  text
    .replace(/require\('([^']+)'\)/, 'required')
    .replace(createdRequire, `import * as required from '${/require\('([^']+)'\)/.exec(text)[1]}';`),
);

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
export function writeIfChanged(path, text) {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, text);
  renameSync(temporary, path);
}
