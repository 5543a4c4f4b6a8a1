import { isJsonObject, type JsonObject } from '../../json-file.js';
import { readOwn } from './json-rpc.js';

/**
 * Thrown for a function's JSON result that the C# SDK could not read. The call then fails. The functions below read
 * results as the SDK does, and keep only the members that it knows.
 */
export class UnreadableResult extends Error {}

export function parseResult(text: unknown): unknown {
  if (typeof text !== 'string') throw new UnreadableResult('The result has no JSON string where one is expected.');
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new UnreadableResult('The result has invalid JSON where JSON is expected.');
  }
}

/** The texts that each kind of content block must have, and whether it keeps `_meta`. */
const blockShapes: ReadonlyMap<string, readonly [required: readonly string[], hasMeta: boolean]> = new Map([
  ['text', [['text'], true]],
  ['image', [['data', 'mimeType'], true]],
  ['audio', [['data', 'mimeType'], true]],
  ['resource', [[], true]],
  ['resource_link', [['uri', 'name'], false]],
] as const);

/** Reads a content block like `ContentBlock.Converter`. */
export function readContentBlock(value: unknown): JsonObject {
  const block = expectContentObject(value, 'a content block');
  const type = readText(block, 'type') ?? '';
  const shape = blockShapes.get(type);
  if (shape === undefined) throw new UnreadableResult(`The result has a content block of the unknown type "${type}".`);
  const [required, hasMeta] = shape;
  return {
    type,
    ...Object.fromEntries(required.map((name) => [name, requireText(block, name)])),
    ...(type === 'resource' ? { resource: readResourceContents(readOwn(block, 'resource')) } : {}),
    ...(type === 'resource_link' ? readLinkMembers(block) : {}),
    ...(hasMeta ? readObjectMember(block, '_meta') : {}),
    ...readObjectMember(block, 'annotations'),
  };
}

export function readContentBlocks(value: unknown): readonly JsonObject[] {
  if (!Array.isArray(value)) throw new UnreadableResult('The result has no list of content blocks.');
  return value.map(readContentBlock);
}

/** Reads the contents of a resource like `ResourceContents.Converter`, which writes a missing type as null. */
export function readResourceContents(value: unknown): JsonObject {
  const contents = expectContentObject(value, 'the contents of a resource');
  const [blob, text] = [readText(contents, 'blob'), readText(contents, 'text')];
  if (blob === undefined && text === undefined) throw new UnreadableResult('A resource has neither "text" nor "blob".');
  return {
    uri: readText(contents, 'uri') ?? '',
    mimeType: readText(contents, 'mimeType') ?? null,
    ...(blob === undefined ? { text } : { blob }),
    ...readObjectMember(contents, '_meta'),
  };
}

function readLinkMembers(block: JsonObject): JsonObject {
  const size = readOwn(block, 'size');
  if (size !== undefined && !Number.isSafeInteger(size))
    throw new UnreadableResult('A resource link has an invalid "size".');
  const texts = ['description', 'mimeType'].map((name) => [name, readText(block, name)] as const);
  return {
    ...Object.fromEntries(texts.filter(([, text]) => text !== undefined)),
    ...(size === undefined ? {} : { size }),
  };
}

export function readObjectMember(object: JsonObject, name: string): JsonObject {
  const value = readOwn(object, name) ?? undefined;
  return value === undefined ? {} : { [name]: expectContentObject(value, `"${name}"`) };
}

export function expectContentObject(value: unknown, what: string): JsonObject {
  if (!isJsonObject(value)) throw new UnreadableResult(`The result has no JSON object for ${what}.`);
  return value;
}

function requireText(object: JsonObject, name: string): string {
  const text = readText(object, name);
  if (text === undefined) throw new UnreadableResult(`The result has a content block without "${name}".`);
  return text;
}

/** The text of a member. Undefined if it is null or missing. Throws for another type. */
export function readText(object: JsonObject, name: string): string | undefined {
  const value = readOwn(object, name) ?? undefined;
  if (value !== undefined && typeof value !== 'string')
    throw new UnreadableResult(`"${name}" in the result is not a string.`);
  return value;
}
