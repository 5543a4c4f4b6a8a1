import { posix } from 'node:path';
import fastGlob from 'fast-glob';
import { byHand } from './by-hand.js';
import type { AppToSetUp } from './function-app.js';
import { isJsonObject, type JsonObject } from '#local/json-file.js';

/** How the app's built files relate to its sources. */
export interface SourceFiles {
  readonly language: 'typescript' | 'javascript';
  /** The folder of the built files. Undefined if the sources themselves are loaded. */
  readonly outputFolder: string | undefined;
  /** The path of the source from which this file is built, whether the source exists or not. */
  readonly sourceOf: (builtFile: string) => string;
}

/**
 * Folders into which builds usually write. If `main` leads there, its files are not taken for plain JavaScript sources.
 */
const buildFolder = /^(?:dist|build|out|output|lib|bin|bundle|\.build)(?:\/|$)/;

/**
 * @throws {ToolFailure} if the sources of what `main` loads can't be found, for example because of a bundle or an
 * unusual layout.
 */
export async function findSourceFiles(app: AppToSetUp): Promise<SourceFiles> {
  const candidates = app.tsconfig === undefined ? [] : listTypeScriptLayouts(app, app.tsconfig);
  for (const candidate of candidates) if (await hasSources(app, candidate)) return candidate;
  const plain: SourceFiles = { language: 'javascript', outputFolder: undefined, sourceOf: (file) => file };
  const isBuilt = [...app.main.staticFiles, ...app.main.patterns].some((path) => buildFolder.test(path));
  const isPlain = !isBuilt && !(await hasTypeScriptSources(app)) && (await hasSources(app, plain));
  if (isPlain) return plain;
  throw byHand(
    `"main" in package.json is ${JSON.stringify(app.main.main)}, whose source files were not found: it may be a bundle.`,
    'in one of the sources that are loaded at start',
  );
}

/**
 * The layouts that tsc's rule allows: a file has the same path under `outDir` as under `rootDir`. Without a `rootDir`,
 * the app's folder and `src` are tried.
 */
function listTypeScriptLayouts(app: AppToSetUp, tsconfig: JsonObject): readonly SourceFiles[] {
  const options = isJsonObject(tsconfig['compilerOptions']) ? tsconfig['compilerOptions'] : {};
  // A tsconfig that is extended may set outDir. Then the first folder of `main` is taken, as is usual.
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

/** Whether the sources of this layout exist: a source for a name in `main`, or the folder of one of its wildcards. */
async function hasSources(app: AppToSetUp, { sourceOf, outputFolder }: SourceFiles): Promise<boolean> {
  const built = [...app.main.patterns, ...app.main.staticFiles];
  if (outputFolder !== undefined && !built.every((path) => path.startsWith(`${outputFolder}/`))) return false;
  const patterns = built.map(sourceOf).filter((path) => !path.startsWith('..'));
  if ((await list(app, patterns)).length > 0) return true;
  // A new app has the folder for its functions, but no function yet.
  const folders = patterns.map((pattern) => /^([^*?{[]+)\/[^/]*[*?{[]/.exec(pattern)?.[1]);
  for (const folder of folders) if (folder !== undefined && (await app.files.isFolder(folder))) return true;
  return false;
}

/** Whether TypeScript is compiled in place, so that `main` matches built files although they are among the sources. */
async function hasTypeScriptSources(app: AppToSetUp): Promise<boolean> {
  const patterns = app.main.patterns.map((pattern) => pattern.replace(/\.([cm]?)js(?=$|\})/, '.$1ts'));
  return patterns.length > 0 && (await list(app, patterns)).some((file) => !/\.d\.[cm]?ts$/.test(file));
}

function list({ files }: AppToSetUp, patterns: readonly string[]): Promise<readonly string[]> {
  return patterns.length === 0 ? Promise.resolve([]) : fastGlob([...patterns], { cwd: files.folder });
}
