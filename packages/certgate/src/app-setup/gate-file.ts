import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import fastGlob from 'fast-glob';
import type { FileEdit } from './app-files.js';
import { byHand, formatGateCall } from './by-hand.js';
import type { FunctionApp } from './function-app.js';
import { addIndexFile, type MainPattern } from './main-pattern.js';
import { type ModuleImport, type ModuleSource, readModuleSource } from './module-source.js';
import { requireBuilt } from './built-sources.js';
import { isObject } from './json-text.js';
import type { SourceFiles } from './source-files.js';
import { joinLines, readLayout, type TextLayout } from './text-layout.js';

export interface GatePlan {
  /** `main`, so that the gate's file is loaded first. */
  readonly main: MainPattern;
  readonly edits: readonly FileEdit[];
  /** The source that holds the gate's line. */
  readonly gateFile: string;
}

const gatePackage = '@certgate/azure-functions';
const reasons = {
  entry: '// Loaded first (see "main" in package.json), so that every function is closed as it is registered.',
  imported: '// Imported before everything else, so that every function is closed as it is registered.',
} as const;

/**
 * The gate goes into the file that is loaded first: its line after the imports, or, where one of these imports is the
 * app's own and may register functions, a file of its own that is imported before them.
 */
export async function planGate(app: FunctionApp, sources: SourceFiles): Promise<GatePlan> {
  const main = app.main.staticFiles.length === 0 ? addIndexFile(app.main) : app.main;
  const first = main.staticFiles[0] ?? '';
  const path = sources.sourceOf(first);
  const text = await app.files.find(path);
  const source = text === undefined ? undefined : readModuleSource(path, text);
  const settled = source === undefined ? undefined : await findGate(app, source);
  if (settled !== undefined) return { main, edits: [], gateFile: settled };
  await refuseSecondGate(app, sources, path);
  if (source === undefined) return { main, edits: await createGate(app, sources, path, reasons.entry), gateFile: path };
  if (!source.imports.some((each) => isOwn(app, each))) return { main, edits: addGate(app, source), gateFile: path };
  const gateFile = posix.join(posix.dirname(path), `certgate${posix.extname(path)}`);
  const specifier = `./certgate${isEsModule(app, path) ? posix.extname(first) : ''}`;
  const edits = [
    ...(await createGate(app, sources, gateFile, reasons.imported)),
    ...importGate(app, source, specifier),
  ];
  return { main, edits, gateFile };
}

/** The file that holds the gate already: this one, or the one that it loads before all others. */
async function findGate(app: FunctionApp, source: ModuleSource): Promise<string | undefined> {
  if (source.callsSecureApp) return source.path;
  const specifier = source.imports[0]?.specifier;
  if (specifier?.startsWith('.') !== true) return undefined;
  const base = posix.join(posix.dirname(source.path), specifier);
  const extension = posix.extname(source.path);
  for (const path of [base, base.replace(/\.[cm]?js$/, extension), `${base}${extension}`]) {
    if (path === base && posix.extname(base) === '') continue;
    const text = await app.files.find(path);
    if (text !== undefined && readModuleSource(path, text).callsSecureApp) return path;
  }
  return undefined;
}

/** A second call throws when the app starts; and only the user knows why the first one stands where it is. */
async function refuseSecondGate(app: FunctionApp, sources: SourceFiles, path: string): Promise<void> {
  const ignore = ['**/node_modules/**', '**/*.d.*', '**/*.test.*', '**/*.spec.*'];
  if (sources.outputFolder !== undefined) ignore.push(`${sources.outputFolder}/**`);
  const root = posix.dirname(path);
  const found = await fastGlob(`${root === '.' ? '' : `${root}/`}**/*.{ts,mts,cts,js,mjs,cjs}`, {
    cwd: app.files.folder,
    ignore,
  });
  for (const each of found.sort()) {
    if (!/\bsecureApp\s*\(/.test((await app.files.find(each)) ?? '')) continue;
    throw byHand(`${each} seems to call secureApp already, but it is not what is loaded first.`, `in ${path} alone`);
  }
}

/** Whether the import may load code of the app itself; what it can't tell counts as the app's own. */
function isOwn({ packages }: FunctionApp, { specifier }: ModuleImport): boolean {
  if (specifier.startsWith('node:') || builtinModules.includes(specifier)) return false;
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
  return !packages.has(name) && !name.startsWith('@certgate/');
}

async function createGate(
  app: FunctionApp,
  sources: SourceFiles,
  path: string,
  reason: string,
): Promise<readonly FileEdit[]> {
  const present = await app.files.find(path);
  if (present !== undefined) throw byHand(`${path} is there already, and holds no gate.`, 'in it');
  // What is imported by a source is built with it, by every tool.
  if (sources.language === 'typescript' && reason === reasons.entry) requireBuilt(app, path);
  const usesImport = sources.language === 'typescript' || isEsModule(app, path);
  const lines = [
    formatImport('app', '@azure/functions', usesImport),
    formatImport('secureApp, trustStoreFrom', gatePackage, usesImport),
    '',
    reason,
    `${formatGateCall('app', environmentVariable(app, path))};`,
  ];
  return app.files.edit(path, undefined, joinLines(lines, readLayout(app.manifest.text)));
}

function addGate(app: FunctionApp, source: ModuleSource): readonly FileEdit[] {
  const { text, path, usesImport, imports, endOfImports } = source;
  if (/\b(?:secureApp|trustStoreFrom(?:[A-Z]\w*)?)\b/.test(text)) {
    throw byHand(`${path} mentions secureApp, but does not call it in a statement of its own.`, 'in it');
  }
  const found = imports.find(
    (each) => each.specifier === '@azure/functions' && each.app !== undefined && each.end <= endOfImports,
  )?.app;
  if (found === undefined && /\bapp\b/.test(text)) {
    throw byHand(`${path} does not import the app of @azure/functions, and uses the name for something else.`, 'in it');
  }
  const isModule = usesImport || app.isModulePackage;
  const added = [
    ...(found === undefined ? [formatImport('app', '@azure/functions', isModule)] : []),
    formatImport('secureApp, trustStoreFrom', gatePackage, isModule),
    '',
    reasons.entry,
    `${formatGateCall(found ?? 'app', environmentVariable(app, path))};`,
  ].map((line) => adaptStyle(line, source));
  return app.files.edit(path, text, insertLines(source, added, readLayout(text)));
}

/** After the leading imports, or before the first statement, with an empty line before what follows. */
function insertLines(
  { text, endOfImports, start }: ModuleSource,
  lines: readonly string[],
  layout: TextLayout,
): string {
  const { endOfLine } = layout;
  if (endOfImports === 0) {
    const rest = text.slice(start);
    const isOnNewLine = start === 0 || text[start - 1] === '\n';
    const head = text.slice(0, start) + (isOnNewLine ? '' : endOfLine);
    return `${head}${joinLines(lines, layout)}${rest.trim() === '' ? '' : endOfLine}${rest.trimStart()}`;
  }
  const comment = /^[ \t]*(?:\/\/[^\r\n]*)?/.exec(text.slice(endOfImports))?.[0] ?? '';
  const end = endOfImports + comment.length;
  const rest = text.slice(end);
  const gap = /^(?:\r?\n[ \t]*){2}/.test(rest) || rest.trim() === '' ? '' : endOfLine;
  const ending = rest === '' ? endOfLine : '';
  return text.slice(0, end) + endOfLine + lines.join(endOfLine) + gap + ending + rest;
}

function importGate(app: FunctionApp, source: ModuleSource, specifier: string): readonly FileEdit[] {
  const { text, path, start, usesImport } = source;
  const isModule = usesImport || app.isModulePackage;
  const line = adaptStyle(isModule ? `import '${specifier}';` : `require('${specifier}');`, source);
  const { endOfLine } = readLayout(text);
  return app.files.edit(path, text, text.slice(0, start) + line + endOfLine + text.slice(start));
}

function formatImport(names: string, specifier: string, usesImport: boolean): string {
  return usesImport ? `import { ${names} } from '${specifier}';` : `const { ${names} } = require('${specifier}');`;
}

/** The file's own quotes, and no semicolons where it has none. */
function adaptStyle(line: string, { text, imports }: ModuleSource): string {
  const sample = imports[0] === undefined ? undefined : text.slice(imports[0].start, imports[0].end);
  if (sample === undefined || line.startsWith('//')) return line;
  const quoted = sample.includes('"') ? line.replaceAll("'", '"') : line;
  return sample.endsWith(';') ? quoted : quoted.replace(/;$/, '');
}

/** As Node decides it. An ES module names the built file with its extension; `require`, and TypeScript that becomes it, need none. */
function isEsModule(app: FunctionApp, path: string): boolean {
  return /\.m[jt]s$/.test(path) || (app.isModulePackage && !/\.c[jt]s$/.test(path));
}

function environmentVariable({ tsconfig }: FunctionApp, path: string): string {
  const options = tsconfig?.['compilerOptions'];
  const isStrict = isObject(options) && options['noPropertyAccessFromIndexSignature'] === true;
  return isStrict && /ts$/.test(path) ? "process.env['CERTGATE_TRUST']" : 'process.env.CERTGATE_TRUST';
}
