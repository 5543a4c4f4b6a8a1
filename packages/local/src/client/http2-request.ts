import { connect as connectHttp2, constants, type ClientHttp2Session } from 'node:http2';
import { connect as connectTls } from 'node:tls';
import { maximumBodyBytes, type WireResponse } from './wire-response.js';
import { readTlsFacts, settle, tlsOptions, type WireAnswer, type WireRequest } from './wire-request.js';

/** A request over HTTP/2, which has no fields of the connection and no upper case in field names (RFC 9113 §8.2). */
export type Http2Request = Omit<WireRequest, 'body'>;

/**
 * Sends one request over HTTP/2 on a new connection. If a field is repeated, only its last value is sent. Undefined if
 * the server does not offer HTTP/2 (ALPN).
 */
export async function sendHttp2Request(request: Http2Request): Promise<WireAnswer | undefined> {
  const socket = connectTls(tlsOptions(request, ['h2', 'http/1.1']));
  let session: ClientHttp2Session | undefined;
  try {
    return await settle<WireAnswer | undefined>(socket, request.timeoutMilliseconds, async () => {
      if (socket.alpnProtocol !== 'h2') return undefined;
      const tls = readTlsFacts(socket);
      session = connectHttp2(request.url.origin, { createConnection: () => socket });
      return { kind: 'answered', tls, ...(await exchange(session, request)) };
    });
  } finally {
    session?.destroy();
  }
}

async function exchange(session: ClientHttp2Session, { url, method, fields }: Http2Request): Promise<WireResponse> {
  return new Promise((resolve, reject) => {
    session.on('error', reject);
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: method,
      [constants.HTTP2_HEADER_PATH]: `${url.pathname}${url.search}`,
      ...Object.fromEntries(fields.map(([name, value]) => [name.toLowerCase(), value])),
    });
    stream.on('error', reject);
    stream.once('close', () => {
      reject(Object.assign(new Error('closed'), { code: 'closed' }));
    });
    stream.once('response', (head) => {
      const chunks: Buffer[] = [];
      let length = 0;
      const finish = (): void => {
        const received = Object.entries(head).flatMap(([name, value]) =>
          name.startsWith(':') || value === undefined ? [] : [[name, [value].flat().join(', ')] as const],
        );
        const body = Buffer.concat(chunks).subarray(0, maximumBodyBytes);
        resolve({ status: Number(head[constants.HTTP2_HEADER_STATUS] ?? 0), fields: received, body });
      };
      stream.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        if ((length += chunk.length) > maximumBodyBytes) finish();
      });
      stream.once('end', finish);
    });
    stream.end();
  });
}
