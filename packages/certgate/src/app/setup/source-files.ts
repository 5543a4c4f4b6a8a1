import { posix } from 'node:path';
import fastGlob from 'fast-glob';
import { byHand } from './by-hand.js';
import type { FunctionApp } from './function-app.js';
import { isJsonObject, type JsonObject } from '#local/json-file.js';

/** How the app's built files come from its sources. */
export interface SourceFiles {
  readonly language: 'typescript' | 'javascript';
  /** Where the built files are; undefined where the sources themselves are loaded. */
  readonly outputFolder: string | undefined;
  /** The source that is built into this file, whether it is there or not. */
  readonly sourceOf: (builtFile: string) => string;
}

/** Folders whose content a build makes; nothing is ever added there. */
const buildFolder = /^(?:dist|build|out|output|lib|bin|bundle|\.build)(?:\/|$)/;

/** @throws {ToolFailure} when the sources of what `main` loads can't be told: a bundle, an unusual layout. */
export async function findSourceFiles(app: FunctionApp): Promise<SourceFiles> {
  const candidates = app.tsconfig === undefined ? [] : listTypeScriptLayouts(app, app.tsconfig);
  for (const candidate of candidates) if (await hasSources(app, candidate)) return candidate;
  const plain: SourceFiles = { language: 'javascript', outputFolder: undefined, sourceOf: (file) => file };
  const isBuilt = [...app.main.staticFiles, ...app.main.patterns].some((path) => buildFolder.test(path));
  const isPlain = !isBuilt && !(await hasTypeScriptBeside(app)) && (await hasSources(app, plain));
  if (isPlain) return plain;
  throw byHand(
    `"main" in package.json is ${JSON.stringify(app.main.main)}, whose source files were not found: it may be a bundle.`,
    'in one of the sources that are loaded at start',
  );
}

/** tsc's rule: a file goes to the same place under `outDir` that it has under `rootDir`, here or in `src`. */
function listTypeScriptLayouts(app: FunctionApp, tsconfig: JsonObject): readonly SourceFiles[] {
  const options = isJsonObject(tsconfig['compilerOptions']) ? tsconfig['compilerOptions'] : {};
  // What it extends may set outDir; the first folder of `main` is the usual one then.
  const fallback = /^[^*?{[\]/]+/.exec([...app.main.staticFiles, ...app.main.patterns][0] ?? '')?.[0] ?? 'dist';
  const outDir = folderOf(options['outDir'] ?? (tsconfig['extends'] === undefined ? undefined : fallback));
  if (outDir === undefined || outDir === '') return [];
  const rootDir = folderOf(options['rootDir']);
  const roots = rootDir === undefined ? ['', 'src'] : [rootDir];
  return roots.map((root) => ({
    language: 'typescript',
    outputFolder: outDir,
    sourceOf: (builtFile) =>
      posix.join(root, posix.relative(outDir, builtFile)).replace(/\.([cm]?)js(?=$|\})/, '.$1ts'),
  }));
}

function folderOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  const path = posix.normalize(value.replaceAll('\\', '/')).replace(/\/$/, '');
  return path === '.' ? '' : path;
}

/** What a layout says must be there: a source for a name of `main`, or the folder of one of its wildcards. */
async function hasSources(app: FunctionApp, { sourceOf, outputFolder }: SourceFiles): Promise<boolean> {
  const built = [...app.main.patterns, ...app.main.staticFiles];
  if (outputFolder !== undefined && !built.every((path) => path.startsWith(`${outputFolder}/`))) return false;
  const patterns = built.map(sourceOf).filter((path) => !path.startsWith('..'));
  if ((await list(app, patterns)).length > 0) return true;
  // A new app has the folder for its functions, and no function yet.
  const folders = patterns.map((pattern) => /^([^*?{[]+)\/[^/]*[*?{[]/.exec(pattern)?.[1]);
  for (const folder of folders) if (folder !== undefined && (await app.files.isFolder(folder))) return true;
  return false;
}

/** Sources that are compiled in place: what `main` matches is built then, though it lies among the sources. */
async function hasTypeScriptBeside(app: FunctionApp): Promise<boolean> {
  const patterns = app.main.patterns.map((pattern) => pattern.replace(/\.([cm]?)js(?=$|\})/, '.$1ts'));
  return patterns.length > 0 && (await list(app, patterns)).some((file) => !/\.d\.[cm]?ts$/.test(file));
}

function list({ files }: FunctionApp, patterns: readonly string[]): Promise<readonly string[]> {
  return patterns.length === 0 ? Promise.resolve([]) : fastGlob([...patterns], { cwd: files.folder });
}
