import { findProperty, isJsonObject, type JsonObject } from '../../json-file.js';
import type { RpcTypedData } from '../worker/core-types.js';
import {
  expectContentObject,
  parseResult,
  readContentBlock,
  readContentBlocks,
  readObjectMember,
  readResourceContents,
  readText,
  UnreadableResult,
} from './content-block.js';
import { readOwn } from './json-rpc.js';

type ReturnValue = RpcTypedData | null | undefined;

/** Like `SimpleToolReturnValueBinder`: makes one text of any return value. */
export function bindPlainToolResult(value: ReturnValue): object {
  const text = toText(value);
  return { content: text === undefined ? [] : [{ type: 'text', text }] };
}

/** Like `ToolReturnValueBinder`: reads an envelope in JSON, which `@azure/functions` writes. */
export function bindToolResult(value: ReturnValue): object {
  const found = findEnvelope(value);
  if (found === undefined) return { content: [] };
  const { envelope, type, content } = found;
  if (type === 'call_tool_result') return readCallToolResult(content);
  const blocks = type === 'multi_content_result' ? readContentBlocks(content) : [readContentBlock(content)];
  if (blocks.length === 0) throw new UnreadableResult('The result has no content.');
  const structured = findProperty(envelope, 'structuredContent') ?? '';
  return { content: blocks, ...(structured === '' ? {} : { structuredContent: parseResult(structured) }) };
}

/**
 * Reads the result with which a function can set `isError` without throwing. Names are read without regard to case
 * (`JsonSerializerDefaults.Web`).
 */
function readCallToolResult(value: unknown): object {
  const result = expectContentObject(value, 'call_tool_result');
  const [content, structured, isError] = ['content', 'structuredContent', 'isError'].map((name) =>
    findProperty(result, name),
  );
  if ((isError ?? undefined) !== undefined && typeof isError !== 'boolean') {
    throw new UnreadableResult('"isError" in the result is not a boolean.');
  }
  return {
    content: content === undefined ? [] : readContentBlocks(content),
    ...(structured === undefined || structured === null ? {} : { structuredContent: structured }),
    ...(typeof isError === 'boolean' ? { isError } : {}),
    ...readObjectMember(result, '_meta'),
  };
}

/** Like `ResourceReturnValueBinder`: reads an envelope, or else takes the text or the bytes themselves. */
export function bindResourceResult(value: ReturnValue, uri: string, mimeType: string | undefined): object {
  const own = { uri, mimeType: mimeType ?? null };
  if (value?.bytes !== undefined) return { contents: [{ ...own, blob: Buffer.from(value.bytes).toString('base64') }] };
  if (value?.string === undefined) {
    if (toText(value) === undefined) return { contents: [] };
    throw new UnreadableResult('A resource is answered with a string or a Buffer, and the function returned neither.');
  }
  const contents = findWrittenContents(value.string);
  if (contents === undefined) return { contents: [{ ...own, text: value.string }] };
  const [ownUri, ownType] = [contents['uri'], contents['mimeType']].map((text) => (text === '' ? null : text));
  return { contents: [{ ...contents, uri: ownUri ?? uri, mimeType: ownType ?? own.mimeType }] };
}

/** The contents in an envelope. Undefined if the text is not an envelope, so that it is the resource itself. */
function findWrittenContents(text: string): Readonly<Record<string, unknown>> | undefined {
  let content: unknown;
  try {
    const envelope = parseResult(text);
    content = isJsonObject(envelope) ? findProperty(envelope, 'content') : undefined;
    if (typeof content !== 'string') return undefined;
    content = parseResult(content);
    if (isJsonObject(content) && readText(content, 'text') === undefined && readText(content, 'blob') === undefined) {
      content = null;
    }
    if (content !== null) return readResourceContents(content);
  } catch (error) {
    if (error instanceof UnreadableResult) return undefined;
    throw error;
  }
  throw new UnreadableResult('The contents of the resource have neither "text" nor "blob".');
}

/** Like `SimplePromptReturnValueBinder`: makes one message of the user. */
export function bindPlainPromptResult(value: ReturnValue): object {
  const text = toText(value);
  return { messages: text === undefined ? [] : [{ content: { type: 'text', text }, role: 'user' }] };
}

/** Does what `PromptReturnValueBinder` of Azure's MCP extension does. */
export function bindPromptResult(value: ReturnValue): object {
  const found = findEnvelope(value);
  if (found === undefined) return { messages: [] };
  const { type, content } = found;
  if (type === 'prompt_messages') return { messages: readMessages(content) };
  if (type !== 'get_prompt_result') throw new UnreadableResult(`The result is of the unknown type "${type}".`);
  const result = expectContentObject(content, 'get_prompt_result');
  const description = readText(result, 'description');
  const messages = readOwn(result, 'messages');
  return {
    ...(description === undefined ? {} : { description }),
    messages: messages === undefined ? [] : readMessages(messages),
    ...readObjectMember(result, '_meta'),
  };
}

function readMessages(value: unknown): readonly object[] {
  if (!Array.isArray(value)) throw new UnreadableResult('The result has no list of messages.');
  return value.map((entry: unknown) => {
    const message = expectContentObject(entry, 'a message');
    const [content, role] = [readOwn(message, 'content'), readText(message, 'role') ?? 'user'];
    if (role !== 'user' && role !== 'assistant')
      throw new UnreadableResult(`A message has the unknown role "${role}".`);
    return { content: content === undefined ? { type: 'text', text: '' } : readContentBlock(content), role };
  });
}

interface ResultEnvelope {
  readonly envelope: JsonObject;
  /** The content's type in lower case. */
  readonly type: string;
  readonly content: unknown;
}

function findEnvelope(value: ReturnValue): ResultEnvelope | undefined {
  if (value?.string === undefined) {
    if (toText(value) === undefined) return undefined;
    throw new UnreadableResult('The function must return a string, because its trigger has useResultSchema.');
  }
  const envelope = expectContentObject(parseResult(value.string), 'the envelope');
  const type = findProperty(envelope, 'type');
  if (typeof type !== 'string') throw new UnreadableResult('The result has no "type".');
  return { envelope, type: type.toLowerCase(), content: parseResult(findProperty(envelope, 'content')) };
}

/** The text of a return value, like `ToString` of the value that the host makes of it. Undefined if there is none. */
function toText(value: ReturnValue): string | undefined {
  if (value === null || value === undefined) return undefined;
  if (value.string !== undefined) return value.string;
  if (value.json !== undefined) return toJsonText(JSON.parse(value.json));
  if (value.bytes !== undefined || value.stream !== undefined) return 'System.Byte[]';
  const number = value.int ?? value.double;
  return number === undefined ? undefined : String(number);
}

/** Formats JSON like Newtonsoft's `JToken.ToString`, which indents. */
function toJsonText(value: unknown): string | undefined {
  if (value === null) return undefined;
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return JSON.stringify(value, null, 2);
}
