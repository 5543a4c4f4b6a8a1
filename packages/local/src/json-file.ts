import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { ToolFailure, hasCode, messageOf } from './tool-failure.js';

export type JsonObject = Readonly<Record<string, unknown>>;

/** The bytes of a file, or undefined if the file does not exist. */
export async function findFile(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return undefined;
    throw new ToolFailure(`${path} can't be read: ${messageOf(cause)}.`, { cause });
  }
}

/**
 * The JSON object in a file, or undefined if the file does not exist.
 * @throws {ToolFailure} if the file can't be read, or contains anything else.
 */
export async function findJsonObject(path: string): Promise<JsonObject | undefined> {
  const text = (await findFile(path))?.toString('utf8');
  if (text === undefined) return undefined;
  const json = withoutComments(text.replace(/^\uFEFF/, ''));
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    // Imported only here: the host's process imports this file at every start, and should not load core's internals for
    // that.
    const { describeJsonFault } = await import('@certgate/core/internal');
    const fault = describeJsonFault(json) ?? messageOf(error);
    throw new ToolFailure(`${path} is not valid JSON: ${fault}.`, {
      remedy: `Correct ${basename(path)}.`,
      cause: error,
    });
  }
  if (!isJsonObject(value)) {
    throw new ToolFailure(`${path} must hold a JSON object.`, { remedy: `Correct ${basename(path)}.` });
  }
  return value;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @throws {ToolFailure} if the value is not an object; `name` is the name of its property in the file. */
export function expectJsonObject(value: unknown, name: string, path: string): JsonObject {
  if (isJsonObject(value)) return value;
  throw new ToolFailure(`"${name}" in ${path} must be an object.`, { remedy: `Correct ${basename(path)}.` });
}

/**
 * The property whose name equals `name` without regard to case, because .NET's configuration reads its files that way.
 */
export function findProperty(object: JsonObject, name: string): unknown {
  const key = Object.keys(object).find((candidate) => candidate.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : object[key];
}

/**
 * Replaces comments by spaces, so that line and column numbers stay the same. host.json and local.settings.json may
 * contain comments, because the real host's JSON reader skips them.
 */
function withoutComments(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|\/\/[^\n\r]*|\/\*[^]*?\*\//g, (token) =>
    token.startsWith('"') ? token : token.replaceAll(/[^\n]/g, ' '),
  );
}
