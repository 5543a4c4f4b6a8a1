import type { IncomingMessage, ServerResponse } from 'node:http';
import { drainRequest } from '#local/wire/request-body.js';
import type { InspectorFault } from '../trust/views/page-views.js';

/** A refusal of a request. The inspector answers with this status and message. */
export class RefusedRequest extends Error {
  readonly status: 400 | 401 | 403 | 404 | 413;

  constructor(status: RefusedRequest['status'], message: string) {
    super(message);
    this.name = 'RefusedRequest';
    this.status = status;
  }
}

export const maximumRequestBytes = 1_048_576;

/**
 * Headers of every answer. The page runs only its own script, sends nothing to other servers, and can't be framed. Text
 * never becomes markup, because no Trusted Types policy may be created.
 */
export const securityHeaders: Readonly<Record<string, string>> = Object.freeze({
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "connect-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
});

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  send(response, status, 'application/json; charset=utf-8', Buffer.from(JSON.stringify(value)));
}

/**
 * Answers with a fault and closes the connection. Before that, reads the rest of the request for a while, because
 * otherwise the answer could get lost.
 */
export async function sendFault(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  message: string,
): Promise<void> {
  const fault: InspectorFault = { message };
  response.setHeader('connection', 'close');
  writeAnswer(response, status, 'application/json; charset=utf-8', Buffer.from(JSON.stringify(fault)));
  await drainRequest(request);
  response.end();
}

export function send(response: ServerResponse, status: number, contentType: string, body: Buffer): void {
  writeAnswer(response, status, contentType, body);
  response.end();
}

function writeAnswer(response: ServerResponse, status: number, contentType: string, body: Buffer): void {
  const fields = { 'content-type': contentType, 'content-length': body.length };
  response.writeHead(status, { ...securityHeaders, ...fields });
  response.write(body);
}

/**
 * Reads the JSON value of a request. Accepts only `application/json`, which a page of another origin can't send without
 * a preflight request.
 *
 * @throws {RefusedRequest} 400 if the body or its type is not JSON, 413 if it is too long.
 */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  const { 'content-type': type = '', 'content-length': length = '0' } = request.headers;
  if (!/^application\/json(?:; ?charset=utf-8)?$/i.test(type)) {
    throw new RefusedRequest(400, 'The body must be application/json.');
  }
  if (Number(length) > maximumRequestBytes) throw tooLarge();
  const chunks: Buffer[] = [];
  let size = 0;
  // Without this option, leaving the loop would close the connection before the answer is sent.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maximumRequestBytes) throw tooLarge();
    chunks.push(chunk);
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)));
  } catch {
    throw new RefusedRequest(400, 'The body is not JSON.');
  }
}

function tooLarge(): RefusedRequest {
  return new RefusedRequest(413, 'The request has more than 1 MiB. Dropped files and bodies must be smaller.');
}
