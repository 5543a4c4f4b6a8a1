import { posix } from 'node:path';
import fastGlob from 'fast-glob';
import type { FileEdit } from './app-files.js';
import { byHand, formatGateCall } from './by-hand.js';
import type { AppToSetUp } from './function-app.js';
import { addIndexFile, type MainPattern } from './main-pattern.js';
import { type ModuleSource, readModuleSource } from './module-source.js';
import { requireBuilt } from './built-sources.js';
import { isJsonObject } from '#local/json-file.js';
import type { SourceFiles } from './source-files.js';
import { joinTextLines, readLayout, type TextLayout } from './text-layout.js';

export interface GatePlan {
  /** The value of `main` that makes the worker load the gate's file. */
  readonly main: MainPattern;
  readonly edits: readonly FileEdit[];
  /** The source that contains the gate's statement. */
  readonly gateFile: string;
}

const gatePackage = '@certgate/azure-functions';
const reason = '// Closes every HTTP and MCP function of the app, in any file and in any order.';

/**
 * Plans where the gate goes: after the imports of the first file that `main` names without a wildcard. If `main` names
 * no such file, an index file is added.
 */
export async function planGate(app: AppToSetUp, sources: SourceFiles): Promise<GatePlan> {
  const main = app.main.staticFiles.length === 0 ? addIndexFile(app.main) : app.main;
  const path = sources.sourceOf(main.staticFiles[0] ?? '');
  const text = await app.files.find(path);
  const source = text === undefined ? undefined : readModuleSource(path, text);
  if (source?.callsSecureApp === true) return { main, edits: [], gateFile: path };
  const settled = await findGate(app, sources, path);
  if (settled !== undefined) return { main: app.main, edits: [], gateFile: settled };
  const edits = source === undefined ? createGate(app, sources, path) : addGate(app, source);
  return { main, edits, gateFile: path };
}

/**
 * Finds a source in the folder of `path`, or below it, that already has the gate. A second gate would throw when the
 * app starts.
 */
async function findGate(app: AppToSetUp, sources: SourceFiles, path: string): Promise<string | undefined> {
  const ignore = ['**/node_modules/**', '**/*.d.*', '**/*.test.*', '**/*.spec.*'];
  if (sources.outputFolder !== undefined) ignore.push(`${sources.outputFolder}/**`);
  const root = posix.dirname(path);
  const found = await fastGlob(`${root === '.' ? '' : `${root}/`}**/*.{ts,mts,cts,js,mjs,cjs}`, {
    cwd: app.files.folder,
    ignore,
  });
  for (const each of found.sort()) {
    const text = (await app.files.find(each)) ?? '';
    if (!/\bsecureApp\s*\(/.test(text)) continue;
    if (readModuleSource(each, text).callsSecureApp) return each;
    throw byHand(`${each} already seems to call secureApp, but not in a separate statement.`, `only in ${path}`);
  }
  return undefined;
}

function createGate(app: AppToSetUp, sources: SourceFiles, path: string): readonly FileEdit[] {
  if (sources.language === 'typescript') requireBuilt(app, path);
  const usesImport = sources.language === 'typescript' || isEsModule(app, path);
  const lines = [
    formatImport('app', '@azure/functions', usesImport),
    formatImport('secureApp, trustStoreFrom', gatePackage, usesImport),
    '',
    reason,
    `${formatGateCall('app', environmentVariable(app, path))};`,
  ];
  return app.files.edit(path, undefined, joinTextLines(lines, readLayout(app.manifest.text)));
}

function addGate(app: AppToSetUp, source: ModuleSource): readonly FileEdit[] {
  const { text, code, path, usesImport, imports, endOfImports } = source;
  if (/\b(?:secureApp|trustStoreFrom(?:[A-Z]\w*)?)\b/.test(code)) {
    throw byHand(`${path} mentions secureApp, but does not call it in a separate statement.`, 'in it');
  }
  const found = imports.find(
    (each) => each.specifier === '@azure/functions' && each.app !== undefined && each.end <= endOfImports,
  )?.app;
  if (found === undefined && /\bapp\b/.test(code)) {
    throw byHand(`${path} does not import the app of @azure/functions, and uses the name for something else.`, 'in it');
  }
  const isModule = usesImport || app.isModulePackage;
  const added = [
    ...(found === undefined ? [formatImport('app', '@azure/functions', isModule)] : []),
    formatImport('secureApp, trustStoreFrom', gatePackage, isModule),
    '',
    reason,
    `${formatGateCall(found ?? 'app', environmentVariable(app, path))};`,
  ].map((line) => adaptStyle(line, source));
  return app.files.edit(path, text, insertLines(source, added, readLayout(text)));
}

/**
 * Inserts the lines after the leading imports, or before the first statement, and an empty line before what follows.
 */
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
    return `${head}${joinTextLines(lines, layout)}${rest.trim() === '' ? '' : endOfLine}${rest.trimStart()}`;
  }
  const comment = /^[ \t]*(?:\/\/[^\r\n]*)?/.exec(text.slice(endOfImports))?.[0] ?? '';
  const end = endOfImports + comment.length;
  const rest = text.slice(end);
  const gap = /^(?:\r?\n[ \t]*){2}/.test(rest) || rest.trim() === '' ? '' : endOfLine;
  const ending = rest === '' ? endOfLine : '';
  return text.slice(0, end) + endOfLine + lines.join(endOfLine) + gap + ending + rest;
}

function formatImport(names: string, specifier: string, usesImport: boolean): string {
  return usesImport ? `import { ${names} } from '${specifier}';` : `const { ${names} } = require('${specifier}');`;
}

/** Uses the quotes of the file's first import, and no semicolon if that import has none. */
function adaptStyle(line: string, { text, imports }: ModuleSource): string {
  const sample = imports[0] === undefined ? undefined : text.slice(imports[0].start, imports[0].end);
  if (sample === undefined || line.startsWith('//')) return line;
  const quoted = sample.includes('"') ? line.replaceAll("'", '"') : line;
  return sample.endsWith(';') ? quoted : quoted.replace(/;$/, '');
}

/** Whether the file is an ES module by its extension, or else by the `type` of package.json. */
function isEsModule(app: AppToSetUp, path: string): boolean {
  return /\.m[jt]s$/.test(path) || (app.isModulePackage && !/\.c[jt]s$/.test(path));
}

function environmentVariable({ tsconfig }: AppToSetUp, path: string): string {
  const options = tsconfig?.['compilerOptions'];
  const isStrict = isJsonObject(options) && options['noPropertyAccessFromIndexSignature'] === true;
  return isStrict && /ts$/.test(path) ? "process.env['CERTGATE_TRUST']" : 'process.env.CERTGATE_TRUST';
}
