// Makes the CommonJS files that scripts/bundle.mjs needs for Node, split so that a cold start loads little: parts that
// an app needs later are files of their own, and each file is loaded when it is first used.
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { buildModules, createdRequire, lineLimit, replaceCreatedRequire, translate } from './bundle-esbuild.mjs';

/**
 * The parts of each package: modules that an app needs after its first request or never. Each part is a file that is
 * loaded when it is first used. A name that ends with a slash means all modules of a folder, unless a longer name
 * matches. Other modules are loaded at once; cold-start.test.ts of azure-functions fails if a first request does not
 * run one of them.
 */
const partsOf = {
  core: {
    'remote-sources': [
      'trust-sources/azure-blob-client',
      'trust-sources/blob-source',
      'trust-sources/document-signature',
      'trust-sources/http-exchange',
      'trust-sources/url-source',
      'trust-store/document-mirror',
    ],
    authorities: [
      'trust-document/read-authorities',
      'trust-document/read-names',
      'trust-document/read-revocation',
      'trust-snapshot/authority-match',
      'trust-snapshot/authority-path',
      'trust-snapshot/candidate-issuers',
      'trust-snapshot/issued-match',
      'trust-store/crl-keeper',
      'trust-store/kept-lists',
      'trust-store/lists-in-use',
      'trust-store/ocsp-keeper',
      'trust-store/revocation-channel',
      'trust-store/revocation-keeper',
    ],
    // The module that reads the deny list must not be here. If this file were lost, the gate would still notice that a
    // document has a deny list, and would decide no call without it.
    'deny-list': ['trust-snapshot/deny-list'],
    'several-stores': ['trust-store/combine-findings', 'trust-store/composed-store'],
    // The sentences that operators read about a refusal, or about a document that is invalid.
    'denial-sentences': ['access/certificate-denial', 'denial-sentences/', 'encoding/json-fault'],
    // Needed for MCP calls.
    mcp: ['encoding/json-scan'],
    // Messages about a certificate that expires, and about a certificate with serverAuth that loses clientAuth.
    'client-auth': [
      'access/client-auth',
      'log/expiry-lines',
      'trust-document/read-client-auth-grace',
      'trust-snapshot/client-auth-grace',
    ],
    // What the log says about an unknown caller's certificate.
    strangers: ['encoding/serial-number', 'log/stranger-line', 'trust-snapshot/stranger-claim'],
    // Needed only by an app behind another front end than App Service's.
    'front-ends': [
      'certificate-header/chain-text',
      'certificate-header/percent-encoded-pem',
      'front-end-resolution/front-end-secret',
      'front-ends/',
    ],
  },
  'azure-functions': {
    // Never needed by a healthy app whose callers are all admitted.
    refusals: ['gate/denial-response', 'gate/fault-texts', 'gate/handler-gate'],
    mcp: ['gate/mcp-call', 'gate/mcp-system-key'],
  },
};

/** Modules that are loaded at once although their folder is in a part. */
const atStart = ['front-ends/app-service', 'front-ends/front-end', 'front-ends/front-end-table'];

/**
 * Modules most of whose functions run before the first decision is made. V8 compiles these functions with the file.
 * Otherwise it would read each of them twice, and a compile cache would not contain them.
 */
const compiledAtOnce = {
  x509: ['certificate/certificate', 'certificate/client-certificate', 'encoding/der', 'encoding/own-members'],
  core: [
    'access/access-gate',
    'access/authentication',
    'certificate-header/certificate-header',
    'trust-document/parse-document',
    'trust-document/read-identities',
    'trust-snapshot/find-in-snapshot',
    'trust-sources/document-bytes',
    'trust-sources/file-source',
    'trust-store/refresh-options',
    'trust-store/trust-store',
  ],
};

/** The entry of a package that a cold start loads, if it is not the index. */
const firstEntryOf = { x509: 'internal' };

/**
 * The package whose modules are copied into the files of another package, with its entries that become parts. To find
 * and read another package would cost a cold start one to two milliseconds. Both adapters use core, so an app has this
 * copy once. An app that uses x509 itself has it twice. Each copy accepts the values of the other, and `instanceof`
 * works for errors of both.
 */
const takenIn = { core: { name: 'x509', later: ['path', 'internal-certificates'] } };

/**
 * Makes the CommonJS files of a package. esbuild splits only ES modules, so the files are made as ES modules first and
 * translated then. It would make a file for everything that two of the entries share, and each file costs a cold start
 * a tenth of a millisecond or more. So the first run only finds out what is shared, and the second run puts all of that
 * into one file.
 */
export async function buildCommonJs(folder, entries) {
  const parts = await listParts(folder, entries);
  const run = (apart, splitting) =>
    buildModules(
      folder,
      [...entries, ...apart],
      'dist',
      '.cjs',
      [keepRequire(folder), setApart(folder, apart), compileAtOnce(folder)],
      splitting,
    );
  const { metafile } = await run(parts, true);
  const modules = Object.values(metafile.outputs)
    .flatMap(({ entryPoint, inputs }) => (entryPoint === undefined ? Object.keys(inputs) : []))
    .filter((input) => !entries.some(({ source }) => source === `./${input}`))
    .map(nameModule);
  const shared = modules.length === 0 ? [] : [createPart('shared', modules)];
  const result = await run([...parts, ...shared], false);
  expectOnce(result.metafile, entries);
  expectExports(result);
  exportFirstEntry(result, getFirstEntry(folder, entries));
  return result;
}

/**
 * Makes the object that the first entry exports in the shared file, if the entry exports nothing else, because the
 * values are there. The entry's file stays, so that a test that mocks the package changes nothing inside it.
 */
function exportFirstEntry({ outputFiles }, { commonJs }) {
  const [entry, shared] = [commonJs, 'shared.cjs'].map((name) =>
    outputFiles.find(({ path }) => basename(path) === name),
  );
  const [, names] = /^(?:import\{[\w,]+\}from"\.\/shared\.cjs";)+export\{([\w,]+)\};/.exec(entry.text) ?? [];
  if (names === undefined) return;
  const exported = (list) => list.split(',').filter((each) => names.split(',').includes(each.split(' as ').at(-1)));
  setText(
    shared,
    shared.text.replace(
      exportClause,
      (_, list) => `var firstEntry=${freezeExports(exported(list))};export{${list},firstEntry};`,
    ),
  );
  setText(entry, entry.text.replace(/^.*/, 'import{firstEntry}from"./shared.cjs";export default firstEntry;'));
}

function setText(file, text) {
  Object.defineProperty(file, 'text', { value: text });
}

/**
 * The parts of a package. A part gets only those modules of a folder that the package's first entry needs. Modules that
 * only another entry needs stay with that entry.
 */
async function listParts(folder, entries) {
  const parts = partsOf[basename(folder)] ?? {};
  const names = [...atStart, ...Object.values(parts).flat()];
  const reached = await listReached(folder, getFirstEntry(folder, entries));
  const modules = new Set([...reached, ...names.filter((name) => !name.endsWith('/'))]);
  const own = Object.entries(parts).map(([part, own]) =>
    createPart(
      `part-${part}`,
      [...modules].filter((module) => own.includes(findLongest(names, module))),
    ),
  );
  return [...own, ...(await listTakenParts(folder))];
}

/** A part for each entry in `later`: the modules that it needs and the first entry of its package doesn't. */
async function listTakenParts(folder) {
  const { name, later = [] } = takenIn[basename(folder)] ?? {};
  const listOf = (entry) =>
    listReached(folder, { source: `../${name}/dist/esm/${entry}.js`, commonJs: `${entry}.cjs` });
  const parts = [];
  for (const entry of later) {
    const known = [...(await listOf(firstEntryOf[name])), ...parts.flatMap(({ modules }) => modules)];
    const modules = (await listOf(entry)).filter((module) => !known.includes(module));
    parts.push(createPart(`part-${entry}`, modules));
  }
  return parts;
}

async function listReached(folder, entry) {
  const plugins = [keepRequire(folder), setApart(folder, [])];
  const { metafile } = await buildModules(folder, [entry], 'dist', '.cjs', plugins);
  return Object.keys(metafile.inputs).map(nameModule);
}

function getFirstEntry(folder, entries) {
  const name = firstEntryOf[basename(folder)] ?? 'index';
  return entries.find(({ commonJs }) => commonJs === `${name}.cjs`);
}

function findLongest(names, module) {
  return names
    .filter((name) => isWithin(module, name))
    .toSorted((left, right) => right.length - left.length)
    .at(0);
}

function isWithin(module, name) {
  return name.endsWith('/') ? module.startsWith(name) : module === name;
}

/**
 * The name of a module as `partsOf` has it: without `dist/esm/` and the ending. A module of a package that is copied in
 * begins with that package's name.
 */
function nameModule(input) {
  return input.replace(/^(?:\.\.\/(\w+\/))?dist\/esm\/(.*)\.js$/, (_, name, module) =>
    name === undefined ? module : `@certgate/${name}${module}`,
  );
}

/** The module of a package's entry: its index, unless the entry has a name. */
function nameEntry(specifier) {
  return /^@certgate\/\w+$/.test(specifier) ? `${specifier}/index` : specifier;
}

/** The compiled file of a module. */
function locateModule(folder, module) {
  const [, name, path] = /^@certgate\/(\w+)\/(.*)$/.exec(module) ?? [undefined, basename(folder), module];
  return join(folder, '..', name, 'dist/esm', `${path}.js`);
}

function createPart(name, modules) {
  return { modules, source: `part:${name}`, commonJs: `${name}.cjs` };
}

/** Puts each part into a file of its own, which the other files import like a package. */
function setApart(folder, parts) {
  const partOf = new Map(parts.flatMap((part) => part.modules.map((name) => [locateModule(folder, name), part])));
  const taken = new RegExp(`^@certgate/${takenIn[basename(folder)]?.name}(?=/|$)`);
  return {
    name: 'set-apart',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^part:/ }, ({ path }) => ({ path, namespace: 'part' }));
      onLoad({ filter: /^/, namespace: 'part' }, ({ path }) => {
        const { modules } = parts.find(({ source }) => source === path);
        // An index only exports what other modules have. If a part had two values with the same name, it would export
        // neither.
        const own = modules.filter((name) => !name.endsWith('/index'));
        const files = own.map((name) => JSON.stringify(locateModule(folder, name)));
        return { contents: files.map((file) => `export * from ${file};`).join('\n'), resolveDir: folder };
      });
      onResolve({ filter: /^[.@]/ }, ({ path, kind, importer, namespace, resolveDir }) => {
        if (kind === 'entry-point' || namespace === 'part') return undefined;
        const isTaken = taken.test(path);
        const file = isTaken ? locateModule(folder, nameEntry(path)) : join(resolveDir, path);
        const part = partOf.get(file);
        if (part === undefined || part === partOf.get(importer)) return isTaken ? { path: file } : undefined;
        return { path: `./${part.commonJs}`, external: true, sideEffects: false };
      });
    },
  };
}

/** Puts parentheses around functions, because V8 then compiles them with the code around them. No line moves. */
function compileAtOnce(folder) {
  const { name: taken } = takenIn[basename(folder)] ?? {};
  const names = [
    ...(compiledAtOnce[basename(folder)] ?? []),
    ...(compiledAtOnce[taken] ?? []).map((name) => `@certgate/${taken}/${name}`),
  ];
  const paths = names.map((name) => locateModule(folder, name));
  const missing = paths.filter((path) => !existsSync(path));
  if (missing.length > 0) throw new Error(`compiledAtOnce names files that are not there: ${missing.join(', ')}.`);
  const declaration = /^(export )?((?:async )?function\*?) (\w+)(\([^]*?^\})$/gm;
  return {
    name: 'compile-at-once',
    setup({ onLoad }) {
      onLoad({ filter: /\.js$/ }, ({ path }) => {
        if (!paths.includes(path)) return undefined;
        return { contents: readFileSync(path, 'utf8').replace(declaration, '$1var $3 = ($2 $4);') };
      });
    },
  };
}

/**
 * Checks that no module is in two files, because its state would exist twice. The module of an entry has only exports.
 */
function expectOnce({ outputs }, entries) {
  const own = new Set(entries.map(({ source }) => source.slice('./'.length)));
  const inputs = Object.values(outputs).flatMap(({ inputs }) => Object.keys(inputs).filter((input) => !own.has(input)));
  const twice = inputs.filter((input, index) => inputs.indexOf(input) !== index);
  if (twice.length > 0) throw new Error(`Several files would hold ${twice.join(', ')}.`);
}

/**
 * Checks that each file exports what others import from it. If a part has a name twice, it doesn't export the name, and
 * the importers would get `undefined`. esbuild's metafile lists such a name all the same.
 */
function expectExports({ outputFiles }) {
  const texts = new Map(outputFiles.map(({ text, path }) => [basename(path), text]));
  for (const { text, path } of outputFiles) {
    for (const [, list, file] of text.matchAll(/\bimport\{([^{}]*)\}from"\.\/([^"]+)"/g)) {
      const [, exported = ''] = exportClause.exec(texts.get(file)) ?? [];
      const exports = exported.split(',').map((each) => each.split(' as ').at(-1));
      const missing = list
        .split(',')
        .map((each) => each.split(' as ')[0])
        .filter((each) => !exports.includes(each));
      if (missing.length > 0) throw new Error(`${basename(path)} imports ${missing.join(', ')}, which ${file} lacks.`);
    }
  }
}

/**
 * Removes `createRequire`, because a CommonJS file has its own `require`, and bundlers of apps don't follow a created
 * one.
 */
function keepRequire(folder) {
  const { name } = takenIn[basename(folder)] ?? {};
  const ofTaken = new RegExp(`(?<=require\\(')@certgate/${name}/([\\w-]+)(?='\\))`);
  return replaceCreatedRequire('keep-require', (text) =>
    text.replace(createdRequire, '').replace(ofTaken, './part-$1.cjs'),
  );
}

const exportClause = /\bexport\{([^{}]*)\};/;

function exportValues(text, name) {
  const [clause, list] = exportClause.exec(text) ?? [];
  if (clause !== undefined) return text.replace(clause, () => `module.exports=${freezeExports(list.split(','))};`);
  if (!text.includes('export default ')) throw new Error(`${name} exports nothing.`);
  return text.replace('export default ', 'module.exports=');
}

/**
 * Exports the values as properties of one frozen object. esbuild would make a getter for each value, and another one in
 * each file that passes it on, and all of them would be called whenever one package calls another. Our modules export
 * only constants, so nothing else changes.
 */
function freezeExports(list) {
  const members = list.map((each) => each.split(' as ').toReversed().join(':'));
  return `Object.freeze(Object.defineProperty({${members.join(',')}},'__esModule',{value:true}))`;
}

/** Translates to CommonJS. The first step is not minified, so that each `require` is on a line of its own. */
export async function toCommonJs(text, name) {
  const options = { minifyWhitespace: false, minifySyntax: false, sourcemap: 'inline' };
  const { code } = await translate(exportValues(text, name), name, 'cjs', options);
  return translate(requireAtFirstUse(code), name, 'cjs', { charset: 'ascii', treeShaking: true, lineLimit });
}

/**
 * Delays each `require` at the head of a file until a value of it is used. Node then compiles only the parts that an
 * app needs, and loads its own modules only when they are needed.
 */
function requireAtFirstUse(text) {
  const atHead = /^var (\w+) = (?:__toESM\()?require\(("[^"]+")\)?\);\n/gm;
  const requires = [...text.matchAll(atHead)].map(([, name, specifier]) => ({ name, specifier }));
  if (requires.length === 0) return text;
  // esbuild makes a `require` for each source file, so the same module may occur several times.
  const loaders = new Map(requires.toReversed().map(({ name, specifier }) => [specifier, name]));
  const loaderOf = new Map(requires.map(({ name, specifier }) => [name, loaders.get(specifier)]));
  const bare = new RegExp(`\\b(${[...loaderOf.keys()].join('|')})(?:\\.default)?\\b(?![.\\w])`).exec(
    text.replace(atHead, ''),
  );
  if (bare !== null) throw new Error(`${bare[0]} is used as a whole, or by its default: name what is needed of it.`);
  const uses = new RegExp(`(\\bnew )?\\b(${[...loaderOf.keys()].join('|')})\\.(\\w+)`, 'g');
  const used = text.replace(uses, (_, creation, name, member) => {
    const value = `${loaderOf.get(name)}().${member}`;
    return creation === undefined ? value : `new (${value})`;
  });
  const heads = [...loaders].map(
    ([specifier, name]) => `let ${name}_; function ${name}() { return ${name}_ ??= require(${specifier}); }`,
  );
  // No line moves, because the source map counts lines.
  return used.replace(atHead, () => `${heads.splice(0).join(' ')}\n`);
}
