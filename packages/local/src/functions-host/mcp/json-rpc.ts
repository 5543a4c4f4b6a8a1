import { isJsonObject, type JsonObject } from '../../json-file.js';

/** Error codes of JSON-RPC 2.0 (section 5.1). */
export const errorCodes = {
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  /** A code from the range for servers. The extension uses it before it has read a message. */
  serverError: -32000,
} as const;

/** The answer of a method. An error is returned and not thrown, so that no failure is forgotten. */
export type MethodAnswer =
  | { readonly result: object }
  | { readonly error: { readonly code: number; readonly message: string } };

export interface RpcRequest {
  readonly kind: 'request';
  readonly id: string | number;
  readonly method: string;
  readonly params: unknown;
}

/** A message that is not answered: a notification, or an answer to a request. This server itself sends no requests. */
export interface RpcNotification {
  readonly kind: 'notification';
  readonly method: string | undefined;
}

export type RpcMessage = RpcRequest | RpcNotification;

/** The deepest nesting that .NET's JSON reader accepts (`JsonSerializerOptions.MaxDepth`). */
const maximumDepth = 64;

/**
 * Reads one message like `JsonRpcMessage.Converter` of the C# SDK, which does not accept batches. A string explains why
 * it is not a message. Null stands for the JSON value `null`, which the extension answers itself.
 */
export function parseMessage(text: string): RpcMessage | string | null {
  let message: unknown;
  try {
    message = JSON.parse(text);
  } catch {
    return 'the body is not JSON';
  }
  if (message === null) return null;
  if (!isJsonObject(message)) return 'the body is not a JSON object; batches are not supported';
  if (isDeeperThan(message, maximumDepth)) return `the body is nested deeper than ${maximumDepth} levels`;
  if (readOwn(message, 'jsonrpc') !== '2.0') return '"jsonrpc" is not "2.0"';
  return readMessage(message);
}

function readMessage(message: JsonObject): RpcMessage | string {
  const [id, method] = [readOwn(message, 'id'), readOwn(message, 'method')];
  const hasId = Object.hasOwn(message, 'id');
  if (!Object.hasOwn(message, 'method')) {
    const isAnswer = hasId && (Object.hasOwn(message, 'error') || Object.hasOwn(message, 'result'));
    return isAnswer ? { kind: 'notification', method: undefined } : 'there is no "method"';
  }
  if (typeof method !== 'string') return '"method" is not a string';
  if (!hasId) return { kind: 'notification', method };
  const isId = typeof id === 'string' || (typeof id === 'number' && Number.isSafeInteger(id));
  return isId
    ? { kind: 'request', id, method, params: readParameter(message, 'params') }
    : '"id" is neither a string nor an integer';
}

function isDeeperThan(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return depth === 0 || Object.values(value).some((member) => isDeeperThan(member, depth - 1));
}

/**
 * A parameter's value. .NET ignores the letter case of these names, and the last of several is used
 * (`JsonSerializerDefaults.Web`).
 */
export function readParameter(params: JsonObject, name: string): unknown {
  const key = Object.keys(params).filter((each) => each.toLowerCase() === name.toLowerCase());
  return readOwn(params, key.at(-1) ?? name);
}

/**
 * The own member of an object. The app runs in this process, and what it adds to `Object.prototype` must not be read as
 * part of a message.
 */
export function readOwn(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

export function formatAnswer(id: string | number, answer: MethodAnswer): string {
  return JSON.stringify({ ...answer, id, jsonrpc: '2.0' });
}

export function failWith(code: number, message: string): MethodAnswer {
  return { error: { code, message } };
}

/** The C# SDK's answer to every exception that isn't its own. It reveals nothing of the app's error to the client. */
export const internalError: MethodAnswer = failWith(errorCodes.internalError, 'An error occurred.');
