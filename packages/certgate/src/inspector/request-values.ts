import { isFieldValue, isToken } from '#local/client/request-fields.js';
import { RefusedRequest } from './answers.js';
import type { DroppedFile, TryRequest } from '../trust/views/page-views.js';

// Reads what the page sends. A member that is missing, unknown or of another type is refused.

/** @throws {RefusedRequest} 400 if the value is not such a request. */
export function readTryRequest(value: unknown): TryRequest {
  const members = readMembers(value, ['functionName', 'method', 'target', 'headers', 'body', 'caller'], 'The request');
  return {
    functionName: readText(members['functionName'], 'functionName'),
    method: readMethod(members['method']),
    target: readTarget(members['target']),
    headers: readHeaders(members['headers']),
    body: readTextOrNull(members['body'], 'body'),
    caller: readCaller(members['caller']),
  };
}

/** @throws {RefusedRequest} 400 if the value is not such a file. */
export function readDroppedFile(value: unknown): DroppedFile {
  const members = readMembers(value, ['name', 'base64', 'password'], 'The file');
  const base64 = readText(members['base64'], 'base64');
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(base64)) refuse('base64 is not base64.');
  const name = readText(members['name'], 'name').slice(0, 255);
  return { name, base64, password: readTextOrNull(members['password'], 'password') };
}

/** @throws {RefusedRequest} 400 if the value is not one or two files. */
export function readDroppedFiles(value: unknown): readonly DroppedFile[] {
  const { files } = readMembers(value, ['files'], 'The request');
  if (!Array.isArray(files) || files.length < 1 || files.length > 2) return refuse('files must be one or two files.');
  return files.map(readDroppedFile);
}

/** @throws {RefusedRequest} 400 unless the value is an empty object. */
export function readEmpty(value: unknown): void {
  readMembers(value, [], 'The request');
}

/** @throws {RefusedRequest} 400 if the value does not name a caller. */
export function readCaller(value: unknown): TryRequest['caller'] {
  return { id: readText(readMembers(value, ['id'], 'The caller')['id'], 'caller.id') };
}

function readMethod(value: unknown): string {
  const method = readText(value, 'method');
  if (!isToken(method) || method.length > 32) refuse('The method is not one of HTTP.');
  return method.toUpperCase();
}

/**
 * Reads a target below the gateway's own address: it can't name another host or end the request line. Dot segments are
 * resolved as the client would resolve them, so that the page explains and copies what is really sent.
 */
function readTarget(value: unknown): string {
  const target = readText(value, 'target');
  if (!/^\/[\x21-\x22\x24-\x7e]*$/.test(target)) {
    refuse('The target must begin with "/", and have no spaces and no "#". Write other characters percent-encoded.');
  }
  if (target.length > 8192) refuse('The target has more than 8192 characters.');
  const { pathname, search } = new URL(`https://localhost${target}`);
  return `${pathname}${search}`;
}

/** Fields that the client sets for the connection. */
const ownFields: ReadonlySet<string> = new Set([
  ...['connection', 'content-length', 'expect', 'host', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
]);

function readHeaders(value: unknown): TryRequest['headers'] {
  if (!Array.isArray(value) || value.length > 100) return refuse('headers must be a list of at most 100 pairs.');
  return value.map((pair: unknown) => {
    const [name, text, ...others] = Array.isArray(pair) ? (pair as readonly unknown[]) : [];
    if (typeof name !== 'string' || typeof text !== 'string' || others.length > 0) {
      return refuse('Each header must be a pair of a name and a value.');
    }
    if (!isToken(name)) refuse(`${JSON.stringify(name)} is not the name of a header.`);
    if (!isFieldValue(text)) refuse(`The value of the header ${name} has a character that headers can't have.`);
    if (ownFields.has(name.toLowerCase())) refuse(`The header ${name} is set by the connection itself: leave it out.`);
    return [name, text] as const;
  });
}

function readMembers(value: unknown, names: readonly string[], what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(`${what} must be an object.`);
  const unknown = Object.keys(value).find((name) => !names.includes(name));
  if (unknown !== undefined) refuse(`${what} has an unknown member ${JSON.stringify(unknown)}.`);
  return value as Readonly<Record<string, unknown>>;
}

function readText(value: unknown, name: string): string {
  return typeof value === 'string' ? value : refuse(`${name} must be a string.`);
}

function readTextOrNull(value: unknown, name: string): string | null {
  return value === null ? null : readText(value, name);
}

function refuse(message: string): never {
  throw new RefusedRequest(400, message);
}
