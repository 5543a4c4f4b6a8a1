import type { CallMessage, CallerCertificate } from '../local-app-protocol.js';
import { expectKnownKeys, expectObject, expectText, expectTexts, invalidInput } from './local-app-error.js';

/** @throws {LocalAppError} if the name is not a known caller's, or if the value is not a certificate with its key. */
export function readCaller(value: unknown, known: readonly string[]): string | CallerCertificate {
  if (typeof value === 'string') {
    if (known.includes(value)) return value;
    throw invalidInput(`there is no caller "${value}"; there are ${known.join(', ')}.`);
  }
  const what = 'the caller';
  const certificate = expectObject(value, what);
  expectKnownKeys(certificate, ['certificatePem', 'privateKeyPem'], what);
  return {
    certificatePem: expectText(certificate['certificatePem'], `${what}'s certificatePem`),
    privateKeyPem: expectText(certificate['privateKeyPem'], `${what}'s privateKeyPem`),
  };
}

/** @throws {LocalAppError} if the request can't be sent; the message names the member that is wrong. */
export function readRequest(value: unknown): CallMessage['request'] {
  if (typeof value === 'string') return { path: expectPath(value), method: 'GET', headers: {} };
  const what = 'the request';
  const request = expectObject(value, what);
  expectKnownKeys(request, ['path', 'method', 'headers', 'body'], what);
  const { body } = request;
  if (body !== undefined && request['method'] === undefined) {
    throw invalidInput("a request with a body must name its method, e.g. method: 'POST'.");
  }
  return {
    path: expectPath(request['path']),
    method: request['method'] === undefined ? 'GET' : expectText(request['method'], "the request's method"),
    headers: readHeaders(request['headers']),
    ...(body === undefined ? {} : { bodyBase64: encodeBody(body) }),
  };
}

function expectPath(value: unknown): string {
  if (typeof value === 'string' && value.startsWith('/')) return value;
  throw invalidInput("the request's path must be a string that starts with \"/\", e.g. '/api/orders'.");
}

function readHeaders(given: unknown): CallMessage['request']['headers'] {
  if (given === undefined) return {};
  const headers = Object.entries(expectObject(given, "the request's headers"));
  return Object.fromEntries(
    headers.map(([name, value]): [string, string | readonly string[]] => [
      name,
      typeof value === 'string' ? value : expectTexts(value, `the request's header "${name}"`),
    ]),
  );
}

function encodeBody(body: unknown): string {
  if (typeof body === 'string') return Buffer.from(body, 'utf8').toString('base64');
  // `instanceof` would fail, because a test runner may have its own globals.
  if (ArrayBuffer.isView(body)) return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('base64');
  throw invalidInput("the request's body must be a string or bytes; write JSON with JSON.stringify.");
}
