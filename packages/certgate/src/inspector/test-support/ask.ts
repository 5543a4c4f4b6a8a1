import { request as httpRequest, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http';
import type { Inspector } from '../inspector.js';

export interface Asked {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Question {
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders | readonly string[];
  readonly body?: string | Buffer;
}

export function tokenOf({ url }: Inspector): string {
  return new URL(url).hash.slice('#token='.length);
}

/** Sends a request exactly as written. An HTTP client would correct paths and host names. */
export function askRaw(port: number, path: string, { method = 'GET', headers = {}, body }: Question): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, method, setHost: false, agent: false, headers });
    request.once('error', reject);
    request.once('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString(),
        });
      });
    });
    request.end(body);
  });
}

/** Sends a request as the page does. */
export function ask(
  inspector: Inspector,
  path: string,
  { method = 'GET', headers = {}, body }: Question = {},
): Promise<Asked> {
  const { port } = inspector;
  const own = { host: `localhost:${port}`, 'x-certgate-inspector': tokenOf(inspector) };
  return askRaw(port, path, {
    method,
    headers: { ...own, ...(headers as OutgoingHttpHeaders) },
    ...(body !== undefined && { body }),
  });
}

export async function post(inspector: Inspector, path: string, value: unknown): Promise<Asked> {
  return ask(inspector, path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(value),
  });
}
