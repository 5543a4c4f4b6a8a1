import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { ToolFailure, hasCode, messageOf } from '../faults/tool-failure.js';

export type JsonObject = Readonly<Record<string, unknown>>;

/** The bytes of a file, or undefined when there is no such file. */
export async function findFile(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (cause) {
    if (hasCode(cause, 'ENOENT')) return undefined;
    throw new ToolFailure(`${path} can't be read: ${messageOf(cause)}.`, { cause });
  }
}

/** A JSON object from a file, or undefined when there is no such file. Anything else in the file is a `ToolFailure`. */
export async function findJsonObject(path: string): Promise<JsonObject | undefined> {
  const text = (await findFile(path))?.toString('utf8');
  if (text === undefined) return undefined;
  const json = withoutComments(text.replace(/^\uFEFF/, ''));
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    // Loaded here, since every start of the host's process reads a file, and needs nothing else of it.
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

/** @throws {ToolFailure} for what is no object; `name` is that of the property in the file. */
export function expectJsonObject(value: unknown, name: string, path: string): JsonObject {
  if (isJsonObject(value)) return value;
  throw new ToolFailure(`"${name}" in ${path} must be an object.`, { remedy: `Correct ${basename(path)}.` });
}

/** .NET's configuration reads keys without case; so do the files that it reads. */
export function findProperty(object: JsonObject, name: string): unknown {
  const key = Object.keys(object).find((candidate) => candidate.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : object[key];
}

/** host.json and local.settings.json may hold comments: the real host's JSON reader skips them. Places stay what they are. */
function withoutComments(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|\/\/[^\n\r]*|\/\*[^]*?\*\//g, (token) =>
    token.startsWith('"') ? token : token.replaceAll(/[^\n]/g, ' '),
  );
}
