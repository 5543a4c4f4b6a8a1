import { connect } from 'node:net';
import type { Body, Row } from './row.js';

type RequestOfRow = Pick<Row, 'send' | 'headers' | 'body'>;
interface Field {
  readonly name: string;
  readonly value: string;
}

/** A response as it came over the wire. */
export interface Received {
  readonly status: number;
  /** The values of each field, in order, by the field's name in lower case. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly body: Buffer;
  /** Whether the connection ended before the message did. */
  readonly cut: boolean;
}

/**
 * Sends a row's request octet by octet, because an HTTP client would normalize methods, header names and targets. It
 * adds `Connection: close`, the field by which the embedded host recognizes its front end, and Host and the body's
 * framing if the row has none.
 */
export async function send(port: number, row: RequestOfRow, frontEndField: Field): Promise<Received> {
  const socket = connect(port, '127.0.0.1');
  // The host resets the connection if it refuses a request early and more of the request arrives.
  socket.on('error', () => undefined);
  socket.write(toOctets(row, `127.0.0.1:${port}`, frontEndField));
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await new Promise((resolve) => socket.once('close', resolve));
  return parseResponse(Buffer.concat(chunks), row.send.startsWith('HEAD '));
}

function toOctets(row: RequestOfRow, authority: string, frontEndField: Field): Buffer {
  const named = new Set(row.headers?.map(([name]) => name.toLowerCase()));
  const lines = [
    `${row.send} HTTP/1.1`,
    ...(named.has('host') ? [] : [`Host: ${authority}`]),
    ...(row.headers ?? []).map(([name, value]) => `${name}: ${value}`),
    `${frontEndField.name}: ${frontEndField.value}`,
    'Connection: close',
  ];
  const { framing, octets } = frameBody(row.body);
  return Buffer.concat([Buffer.from(`${[...lines, ...framing].join('\r\n')}\r\n\r\n`, 'latin1'), octets]);
}

function frameBody(body: Body | undefined): { readonly framing: readonly string[]; readonly octets: Buffer } {
  if (body === undefined) return { framing: [], octets: Buffer.alloc(0) };
  if (typeof body === 'object' && 'chunks' in body) {
    const chunks = [...body.chunks, ''].map((text) => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);
    return { framing: ['Transfer-Encoding: chunked'], octets: Buffer.from(chunks.join('')) };
  }
  const octets =
    typeof body === 'string'
      ? Buffer.from(body)
      : 'hex' in body
        ? Buffer.from(body.hex, 'hex')
        : Buffer.alloc(body.length, 'a');
  return { framing: [`Content-Length: ${octets.length}`], octets };
}

function parseResponse(octets: Buffer, answersHead: boolean): Received {
  const end = octets.indexOf('\r\n\r\n');
  if (end === -1) throw new Error(`There is no HTTP response in ${JSON.stringify(octets.toString('latin1'))}`);
  const [statusLine = '', ...lines] = octets.subarray(0, end).toString('latin1').split('\r\n');
  const headers = new Map<string, string[]>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    headers.set(name, [...(headers.get(name) ?? []), line.slice(colon + 1).trim()]);
  }
  const status = Number(statusLine.split(' ')[1]);
  const rest = octets.subarray(end + 4);
  const bodyless = answersHead || status === 204 || status === 304;
  return { status, headers, ...(bodyless ? { body: rest, cut: false } : parseBody(headers, rest)) };
}

function parseBody(
  headers: ReadonlyMap<string, readonly string[]>,
  rest: Buffer,
): { readonly body: Buffer; readonly cut: boolean } {
  if (headers.get('transfer-encoding')?.includes('chunked') === true) return parseChunks(rest);
  const length = headers.get('content-length')?.[0];
  return { body: rest, cut: length !== undefined && rest.length < Number(length) };
}

function parseChunks(rest: Buffer): { readonly body: Buffer; readonly cut: boolean } {
  const chunks: Buffer[] = [];
  for (let start = 0; ;) {
    const lineEnd = rest.indexOf('\r\n', start);
    const length = Number.parseInt(rest.subarray(start, lineEnd).toString('latin1'), 16);
    if (lineEnd === -1 || lineEnd + 2 + length > rest.length) return { body: Buffer.concat(chunks), cut: true };
    if (length === 0) return { body: Buffer.concat(chunks), cut: false };
    chunks.push(rest.subarray(lineEnd + 2, lineEnd + 2 + length));
    start = lineEnd + 2 + length + 2;
  }
}
