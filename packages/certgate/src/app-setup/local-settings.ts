import { CommandFailure } from '../command-line/command-failure.js';
import type { AppFiles, FileEdit } from './app-files.js';
import { isObject, type JsonObject, JsonText } from './json-text.js';
import { formatJson, type TextLayout } from './text-layout.js';

const path = 'local.settings.json';
const setting = 'CERTGATE_TRUST';
const value = '.certgate/trust.json';

/** The app setting that the gate's line reads. A value that is there already is never replaced. */
export async function planLocalSettings(files: AppFiles, layout: TextLayout): Promise<readonly FileEdit[]> {
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
