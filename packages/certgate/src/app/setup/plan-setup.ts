// setup/: what `certgate init` adds to an app.

import { ToolFailure } from '#local/tool-failure.js';
import { AppFiles, type FileEdit } from './app-files.js';
import { planEditorFiles } from './editor-files.js';
import { type FunctionApp, readFunctionApp } from './function-app.js';
import { planGate } from './gate-file.js';
import { isJsonObject, type JsonObject } from '#local/json-file.js';
import { JsonText } from './json-text.js';
import type { MainPattern } from './main-pattern.js';
import { findSourceFiles, type SourceFiles } from './source-files.js';
import { formatJson, readLayout, type TextLayout } from './text-layout.js';

export interface SetupPlan {
  /** Absolute. */
  readonly folder: string;
  readonly app: FunctionApp;
  readonly sources: SourceFiles;
  /** The source that holds the gate's line, or will. */
  readonly gateFile: string;
  /** Empty when the app has all it needs. No two are of the same file. */
  readonly edits: readonly FileEdit[];
}

/**
 * What an existing app needs to be closed by Certgate, as edits of its files. Reads only.
 *
 * @throws {ToolFailure} when a file can't be understood: then nothing may be changed at all.
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

/** package.json: `main` that loads the gate, and a script that runs the app behind the gateway. */
function planManifest(app: FunctionApp, main: MainPattern, isTypeScript: boolean): readonly FileEdit[] {
  const { manifest, scripts } = app;
  const withMain = main.main === app.main.main ? manifest : manifest.replaceString(['main'], main.main);
  if (Object.values(scripts).some((script) => /\bcertgate dev\b/.test(script))) {
    return app.files.edit(manifest.path, manifest.text, withMain.text);
  }
  // A `dev` script of the app's own stays what it is.
  const name = scripts['dev'] === undefined ? 'dev' : 'dev:certgate';
  const withScripts = manifest.value['scripts'] === undefined ? withMain.addProperty([], 'scripts', {}) : withMain;
  const script = [...buildCommands(app, isTypeScript), 'certgate dev'].join(' && ');
  return app.files.edit(manifest.path, manifest.text, withScripts.addProperty(['scripts'], name, script).text);
}

function buildCommands({ scripts, packageManager }: FunctionApp, isTypeScript: boolean): readonly string[] {
  if (scripts['build'] !== undefined) return [`${packageManager} run build`];
  return isTypeScript ? ['tsc'] : [];
}

/**
 * What must leave the developer's machine neither with a commit nor with a deployment: private keys, their passwords, and
 * the log of who changed trust. What a deployed app reads stays: trust documents, their `.sig`, certificates as
 * `.crt.pem`, public keys, revocation lists.
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

/** Keys, certificates and trust made for development, in `.certgate/`, go nowhere either. */
async function planIgnoreFiles(files: AppFiles): Promise<readonly FileEdit[]> {
  return [
    ...(await planEntries(files, '.gitignore', ['.certgate/', ...secretFiles])),
    // Core Tools doesn't read this file as git would: a line is matched from the app's root on, so that *.pfx alone
    // spares other folders; and with a slash at the end, a folder's line would not match the folder itself.
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

/** `.certgate` may stand there in several ways that all cover it; the pattern of a file is taken as it stands. */
function normalizeEntry(line: string): string {
  const entry = line.trim();
  const folder = /^(\*\*\/)?\/?\.certgate\/?\*{0,2}$/.exec(entry);
  return folder === null ? entry : `${folder[1] ?? ''}.certgate`;
}

/** For git, a pattern without a slash already counts in every folder. */
function normalizeGitEntry(line: string): string {
  return normalizeEntry(line).replace(/^\*\*\//, '');
}

/** Later lines win: where the user excepts such a file, what it is excepted from must come before. */
function findException(text: string): number | undefined {
  return /^[ \t]*!.*(?:\.pfx|\.p12|\.key|\.pem|password|\.jsonl|\.certgate)/m.exec(text)?.index;
}

const path = 'local.settings.json';
const setting = 'CERTGATE_TRUST';
const value = '.certgate/trust.json';

/** The app setting that the gate's line reads. A value that is there already is never replaced. */
async function planLocalSettings(files: AppFiles, layout: TextLayout): Promise<readonly FileEdit[]> {
  const text = await files.find(path);
  // As Core Tools makes it; HTTP functions need no storage.
  if (text === undefined) {
    const values = { AzureWebJobsStorage: '', FUNCTIONS_WORKER_RUNTIME: 'node', [setting]: value };
    const created = `${formatJson({ IsEncrypted: false, Values: values }, layout)}${layout.endOfLine}`;
    return files.edit(path, undefined, created);
  }
  const document = new JsonText(path, text, 'json-with-comments');
  const valuesKey = findKey(document.value, 'Values');
  const values = valuesKey === undefined ? {} : document.value[valuesKey];
  if (isJsonObject(values) && findKey(values, setting) !== undefined) return [];
  refuseEncrypted(document.value);
  const withValues = valuesKey === undefined ? document.addProperty([], 'Values', {}) : document;
  return files.edit(path, text, withValues.addProperty([valuesKey ?? 'Values'], setting, value).text);
}

/** Core Tools takes a file that doesn't say so for encrypted; a plain value in it would break the app's start. */
function refuseEncrypted(document: JsonObject): void {
  const key = findKey(document, 'IsEncrypted');
  if (key !== undefined && document[key] === false) return;
  throw new ToolFailure(`${path} is encrypted, or doesn't say "IsEncrypted": false. Nothing was changed.`, {
    remedy: `By hand: func settings add ${setting} ${value}, then run certgate init again.`,
  });
}

/** .NET reads these keys without letter case. */
function findKey(object: JsonObject, name: string): string | undefined {
  return Object.keys(object).find((key) => key.toLowerCase() === name.toLowerCase());
}
