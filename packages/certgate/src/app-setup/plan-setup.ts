import { CommandFailure } from '../command-line/command-failure.js';
import { AppFiles, type FileEdit } from './app-files.js';
import { planEditorFiles } from './editor-files.js';
import { type FunctionApp, readFunctionApp } from './function-app.js';
import { planGate } from './gate-file.js';
import { isObject, type JsonObject, JsonText } from './json-text.js';
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
 * @throws {CommandFailure} when a file can't be understood: then nothing may be changed at all.
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

/** package.json: `main` that loads the gate first, and a script that runs the app behind the gateway. */
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

/** Keys and certificates made for development are neither committed nor deployed. */
async function planIgnoreFiles(files: AppFiles): Promise<readonly FileEdit[]> {
  return [
    ...(await planEntry(files, '.gitignore', '.certgate/')),
    // func's own ignore file: with a slash at the end, it would not match the folder itself.
    ...(await planEntry(files, '.funcignore', '.certgate')),
  ];
}

async function planEntry(files: AppFiles, path: string, entry: string): Promise<readonly FileEdit[]> {
  const text = await files.find(path);
  if (text?.split(/\r?\n/).some((line) => /^(?:\*\*)?\/?\.certgate\/?(?:\*{1,2})?$/.test(line.trim())) === true)
    return [];
  const { endOfLine } = readLayout(text ?? '');
  const before = text ?? '';
  const separator = before === '' || before.endsWith('\n') ? '' : endOfLine;
  return files.edit(path, text, `${before}${separator}${entry}${endOfLine}`);
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
  if (isObject(values) && findKey(values, setting) !== undefined) return [];
  refuseEncrypted(document.value);
  const withValues = valuesKey === undefined ? document.addProperty([], 'Values', {}) : document;
  return files.edit(path, text, withValues.addProperty([valuesKey ?? 'Values'], setting, value).text);
}

/** Core Tools takes a file that doesn't say so for encrypted; a plain value in it would break the app's start. */
function refuseEncrypted(document: JsonObject): void {
  const key = findKey(document, 'IsEncrypted');
  if (key !== undefined && document[key] === false) return;
  throw new CommandFailure(`${path} is encrypted, or doesn't say "IsEncrypted": false. Nothing was changed.`, {
    remedy: `By hand: func settings add ${setting} ${value}, then run certgate init again.`,
  });
}

/** .NET reads these keys without letter case. */
function findKey(object: JsonObject, name: string): string | undefined {
  return Object.keys(object).find((key) => key.toLowerCase() === name.toLowerCase());
}
