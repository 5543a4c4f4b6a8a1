// setup/: what `certgate init` adds to an app.

import { ToolFailure } from '#local/tool-failure.js';
import { AppFiles, type FileEdit } from './app-files.js';
import { planEditorFiles } from './editor-files.js';
import { type AppToSetUp, nameDevScript, readFunctionApp } from './function-app.js';
import { planGate } from './gate-file.js';
import { isJsonObject, type JsonObject } from '#local/json-file.js';
import { JsonFileText } from './json-text.js';
import type { MainPattern } from './main-pattern.js';
import { findSourceFiles, type SourceFiles } from './source-files.js';
import { formatJson, readLayout, type TextLayout } from './text-layout.js';

export interface SetupPlan {
  /** The app's folder as an absolute path. */
  readonly folder: string;
  readonly app: AppToSetUp;
  readonly sources: SourceFiles;
  /** The source that contains the gate's statement, or will contain it. */
  readonly gateFile: string;
  /** At most one edit for each file. Empty if the app has everything it needs. */
  readonly edits: readonly FileEdit[];
}

/**
 * Plans the edits that an existing app needs so that Certgate closes it. Only reads files.
 *
 * @throws {ToolFailure} if a file can't be understood. Then nothing may be changed at all.
 */
export async function planSetup(folder: string): Promise<SetupPlan> {
  const files = new AppFiles(folder);
  const app = await readFunctionApp(files);
  const sources = await findSourceFiles(app);
  const layout = readLayout(app.manifest.text);
  const gate = await planGate(app, sources);
  const edits = [
    ...gate.edits,
    ...planManifest(app, gate.main, sources.language === 'typescript'),
    ...(await planIgnoreFiles(files)),
    ...(await planLocalSettings(files, layout)),
    ...(await planEditorFiles(app, sources, layout)),
  ];
  return { folder, app, sources, gateFile: gate.gateFile, edits };
}

/** Plans package.json: a `main` that loads the gate, and a script that runs the app behind the gateway. */
function planManifest(app: AppToSetUp, main: MainPattern, isTypeScript: boolean): readonly FileEdit[] {
  const { manifest, scripts } = app;
  const withMain = main.main === app.main.main ? manifest : manifest.replaceString(['main'], main.main);
  // The app's own scripts are kept.
  const name = nameDevScript(scripts);
  if (scripts[name] !== undefined) return app.files.edit(manifest.path, manifest.text, withMain.text);
  const withScripts = manifest.value['scripts'] === undefined ? withMain.addProperty([], 'scripts', {}) : withMain;
  const script = [...buildCommands(app, isTypeScript), 'certgate dev'].join(' && ');
  return app.files.edit(manifest.path, manifest.text, withScripts.addProperty(['scripts'], name, script).text);
}

function buildCommands({ scripts, packageManager }: AppToSetUp, isTypeScript: boolean): readonly string[] {
  if (scripts['build'] !== undefined) return [`${packageManager} run build`];
  return isTypeScript ? ['tsc'] : [];
}

/**
 * Patterns of files that must leave the developer's machine neither with a commit nor with a deployment: private keys,
 * their passwords, and the log of who changed trust. Files that a deployed app reads are not among them: trust
 * documents, their `.sig`, certificates as `.crt.pem`, public keys, revocation lists.
 */
const secretFiles: readonly string[] = [
  '*.pfx',
  '*.p12',
  '*.key',
  '*.key.pem',
  '*.password',
  'password.txt',
  '*.log.jsonl',
];

const ignoreComment = '# Private keys, passwords and logs of changes (certgate init)';

/** Ignores the secret files and `.certgate/`, which contains the keys, certificates and trust made for development. */
async function planIgnoreFiles(files: AppFiles): Promise<readonly FileEdit[]> {
  return [
    ...(await planEntries(files, '.gitignore', ['.certgate/', ...secretFiles])),
    // Core Tools reads this file differently from git. It matches a line from the app's root, so `*.pfx` would miss
    // files in folders. A folder's line that ends with a slash would not match the folder itself.
    ...(await planEntries(
      files,
      '.funcignore',
      ['.certgate', ...secretFiles].flatMap((entry) => [entry, `**/${entry}`]),
    )),
  ];
}

async function planEntries(files: AppFiles, path: string, entries: readonly string[]): Promise<readonly FileEdit[]> {
  const text = await files.find(path);
  const before = text ?? '';
  const normalize = path === '.gitignore' ? normalizeGitEntry : normalizeEntry;
  const present = new Set(before.split(/\r?\n/).map(normalize));
  const missing = entries.filter((entry) => !present.has(normalize(entry)));
  if (missing.length === 0) return [];
  const { endOfLine } = readLayout(before);
  const block = [ignoreComment, ...missing].map((line) => line + endOfLine).join('');
  const place = findException(before) ?? before.length;
  const head = before.slice(0, place);
  const separator = head === '' || head.endsWith('\n') ? '' : endOfLine;
  return files.edit(path, text, head + separator + block + before.slice(place));
}

/** Writes all forms of `.certgate` that cover the whole folder alike. Other lines are only trimmed. */
function normalizeEntry(line: string): string {
  const entry = line.trim();
  const folder = /^(\*\*\/)?\/?\.certgate\/?\*{0,2}$/.exec(entry);
  return folder === null ? entry : `${folder[1] ?? ''}.certgate`;
}

/** In git, a pattern without a slash matches in every folder, so the prefix `**` makes no difference. */
function normalizeGitEntry(line: string): string {
  return normalizeEntry(line).replace(/^\*\*\//, '');
}

/** The offset of the first line that excepts a secret file. Later lines win, so our lines must come before it. */
function findException(text: string): number | undefined {
  return /^[ \t]*!.*(?:\.pfx|\.p12|\.key|\.pem|password|\.jsonl|\.certgate)/m.exec(text)?.index;
}

const path = 'local.settings.json';
const setting = 'CERTGATE_TRUST';
const value = '.certgate/trust.json';

/** Plans the app setting that the gate's statement reads. A value that exists is never replaced. */
async function planLocalSettings(files: AppFiles, layout: TextLayout): Promise<readonly FileEdit[]> {
  const text = await files.find(path);
  // A new file looks as Core Tools writes it. HTTP functions need no storage.
  if (text === undefined) {
    const values = { AzureWebJobsStorage: '', FUNCTIONS_WORKER_RUNTIME: 'node', [setting]: value };
    const created = `${formatJson({ IsEncrypted: false, Values: values }, layout)}${layout.endOfLine}`;
    return files.edit(path, undefined, created);
  }
  const document = new JsonFileText(path, text, 'json-with-comments');
  const valuesKey = findKey(document.value, 'Values');
  const values = valuesKey === undefined ? {} : document.value[valuesKey];
  if (isJsonObject(values) && findKey(values, setting) !== undefined) return [];
  refuseEncrypted(document.value);
  const withValues = valuesKey === undefined ? document.addProperty([], 'Values', {}) : document;
  return files.edit(path, text, withValues.addProperty([valuesKey ?? 'Values'], setting, value).text);
}

/**
 * Core Tools takes the file for encrypted unless it says otherwise. A plain value in an encrypted file would prevent
 * the app's start.
 */
function refuseEncrypted(document: JsonObject): void {
  const key = findKey(document, 'IsEncrypted');
  if (key !== undefined && document[key] === false) return;
  throw new ToolFailure(`${path} is encrypted, or doesn't say "IsEncrypted": false. Nothing was changed.`, {
    remedy: `By hand: func settings add ${setting} ${value}, then run certgate init again.`,
  });
}

/** .NET ignores the letter case of these keys. */
function findKey(object: JsonObject, name: string): string | undefined {
  return Object.keys(object).find((key) => key.toLowerCase() === name.toLowerCase());
}
