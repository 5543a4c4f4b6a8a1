// Makes the files that apps load from a package's compiled files. Node gets CommonJS files (it is the only one with the
// condition `node-addons`), and for each entry an ES module that exports what the CommonJS file does. So a process that
// both imports and requires an entry has it once. Bundlers, with or without conditions of their user, get ES modules,
// because they can't leave out unused parts of CommonJS. The entries, and the place of each, come from `exports` in the
// package.json.
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

/** The entries of the package, each with the compiled file that it starts from. */
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
 * Puts what several entries of a package need into a file of its own, which each of them loads, so that its state
 * exists only once. The adapters don't contain core, whose state would otherwise exist twice; bundle-commonjs.mjs names
 * what core contains.
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
 * Mentions the file for Node in a file for bundlers. File tracers such as @vercel/nft use the conditions of a bundler,
 * but Node runs what they copy. They follow every import; bundlers leave out a branch that is never taken.
 */
function mentionModule(text, module) {
  return text.replace(/(?=\/\/# sourceMappingURL=)/, `if(false)import("../${module}");\n`);
}

/**
 * Replaces imports without names by spaces. esbuild makes them to keep the order in which shared files run, but ours do
 * nothing when loaded. package.json says so, and the app's bundler would warn about each of them. With spaces, the
 * source map stays correct.
 */
function withoutBareImports(text) {
  return text.replace(/\bimport"[^"]+";/g, (statement) => ' '.repeat(statement.length));
}

/**
 * The ES module for Node. It uses `createRequire`, because for an `export … from` a CommonJS file, Node first searches
 * the file for names, which takes 50 ms of CPU time at a cold start. Bundlers would not follow `createRequire`, but
 * they never get this file, as none has the condition `node-addons`. File tracers follow it only if the result is named
 * `require`.
 */
function handOn(names, commonJs) {
  return `import { createRequire } from 'node:module';
const require = createRequire(import.meta.url);
const { ${names.join(',\n')} } = require('./${commonJs}');
export { ${names.join(',\n')} };
`;
}

/**
 * Replaces a created `require` by an import. The bundle is one file, so delayed loading would save nothing, and an ES
 * module has no `require`.
 */
const importAtOnce = replaceCreatedRequire('import-at-once', (text) =>
  text
    .replace(/require\('([^']+)'\)/, 'required')
    .replace(createdRequire, `import * as required from '${/require\('([^']+)'\)/.exec(text)[1]}';`),
);

/**
 * Removes files of an earlier build, which would be published too. Shared files are named after their content, so the
 * names change.
 */
function removeOthers(folder, names) {
  for (const name of [
    ...readdirSync(folder),
    ...readdirSync(join(folder, 'bundler')).map((each) => `bundler/${each}`),
  ]) {
    if (/\.[cm]js(?:\.map)?$/.test(name) && !names.has(name)) rmSync(join(folder, name));
  }
}

/** Replaces the file as a whole, because another process may be loading it. */
export function writeIfChanged(path, text) {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, text);
  renameSync(temporary, path);
}
