import { connect as connectTcp, type Socket } from 'node:net';
import {
  connect as connectTls,
  createSecureContext,
  type ConnectionOptions,
  type SecureContext,
  type TLSSocket,
} from 'node:tls';
import { findFaultCode } from './explain-connection-fault.js';
import { maximumBodyBytes, readNextResponse, readWireResponse, type WireResponse } from './wire-response.js';

export type TlsVersion = 'TLSv1.2' | 'TLSv1.3';

/** A client certificate with its key. The certificates of its issuers may follow it in the PEM. */
export interface ClientKeyPair {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

export interface WireRequest {
  /** An `https:` URL, or an `http:` URL if no certificate is sent. */
  readonly url: URL;
  readonly method: string;
  /**
   * Header fields, written exactly as given: also names that an HTTP client would refuse, repeated fields and white
   * space. `Content-Length` is added for a body, and `Host` and `Connection: close` unless a field has that name.
   */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body?: Uint8Array;
  /** The request target, written exactly as given in place of the path and query of the URL. */
  readonly target?: string;
  /** The version in the request line. Default: 1.1. */
  readonly httpVersion?: '1.0';
  readonly certificate?: ClientKeyPair;
  /** The only authorities to trust, in place of Node.js's own. */
  readonly caPem?: string;
  /** The only TLS version to offer. */
  readonly tlsVersion?: TlsVersion;
  /** Whether the handshake omits the server name (SNI). The server's certificate is verified as usual. */
  readonly hasNoServerName?: true;
  /** From the start of the connection to the end of the answer. */
  readonly timeoutMilliseconds: number;
}

/** What the handshake showed. */
export interface TlsFacts {
  readonly version: string;
  /** Whether the server requested a client certificate, in the handshake or after the request's head. */
  readonly requestsCertificate: boolean;
}

export type WireAnswer = ({ readonly kind: 'answered'; readonly tls: TlsFacts | undefined } & WireResponse) | WireFault;

/**
 * Why there is no answer. `code` consists of words of Node.js, OpenSSL or this tool, and contains none of the server's.
 */
export type WireFault =
  /** The server sent a TLS alert, or the two sides have no TLS version in common. */
  | { readonly kind: 'tls-refused'; readonly code: string }
  /** The server's certificate is not trusted, so no request was sent. */
  | { readonly kind: 'server-not-trusted'; readonly code: string }
  | { readonly kind: 'closed' | 'timed-out' | 'not-http'; readonly code: string }
  /** The host could not be reached. */
  | { readonly kind: 'unreachable'; readonly code: string };

/**
 * Sends one request as exact bytes over a new connection. No redirect is followed, no session is resumed, and the
 * answer is read up to a limit. Nothing is written before the server's certificate is verified. Never rejects because
 * of what the server or the network does.
 *
 * @throws {TypeError} if a certificate would go over plain HTTP, or if the method, the target or a header field
 * contains a line break or NUL.
 */
export async function sendWireRequest(request: WireRequest): Promise<WireAnswer> {
  const head = formatRequestHead(request);
  if (request.url.protocol !== 'https:' && request.certificate !== undefined) {
    throw new TypeError('A client certificate is never sent over plain HTTP.');
  }
  const socket = request.url.protocol === 'https:' ? openTls(request) : openTcp(request.url);
  return settle<WireAnswer>(socket, request.timeoutMilliseconds, () => exchangeHttp(socket, head, request));
}

/**
 * Sends two requests on one TLS connection, the second after the answer to the first, and resolves to the second
 * answer. Undefined if the connection ended before it, or if the first answer is too long or closes the connection.
 */
export async function sendSecondRequest(first: WireRequest, second: WireRequest): Promise<WireAnswer | undefined> {
  const keepAlive: WireRequest = { ...first, fields: [['Connection', 'keep-alive'], ...first.fields] };
  const [firstHead, secondHead] = [formatRequestHead(keepAlive), formatRequestHead(second)];
  const socket = openTls(first);
  const answer = await settle<WireAnswer>(socket, first.timeoutMilliseconds, async () => {
    const chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
    socket.write(firstHead);
    const { fields, body } = await readNextResponse(chunks, first.method);
    const isOver =
      body.length >= maximumBodyBytes ||
      fields.some(([name, value]) => name === 'connection' && /\bclose\b/i.test(value));
    if (isOver || socket.destroyed || socket.readableEnded)
      throw Object.assign(new Error('closed'), { code: 'closed' });
    const tls = readTlsFacts(socket);
    socket.write(secondHead);
    return { kind: 'answered', tls, ...(await readNextResponse(chunks, second.method)) };
  });
  return answer.kind === 'closed' ? undefined : answer;
}

/** Writes the request, and reads its answer. */
export async function exchangeHttp(socket: Socket, head: Buffer, request: WireRequest): Promise<WireAnswer> {
  socket.write(head);
  if (request.body !== undefined) socket.write(request.body);
  // Read when the head arrives, because a closed socket no longer has these facts.
  let tls: TlsFacts | undefined;
  const response = await readWireResponse(socket, request.method, () => (tls = readTlsFacts(socket)));
  return { kind: 'answered', tls, ...response };
}

/**
 * Runs an exchange on a socket once it is connected, and the TLS handshake, if there is one, is complete. Turns any
 * fault into a `WireFault`.
 */
export async function settle<T>(
  socket: Socket,
  timeoutMilliseconds: number,
  exchange: () => Promise<T>,
): Promise<T | WireFault> {
  let isConnected = false;
  const ready = 'encrypted' in socket ? 'secureConnect' : 'connect';
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<T | WireFault>((resolve, reject) => {
      timer = setTimeout(() => {
        resolve({
          kind: 'timed-out',
          code: `no complete answer within ${Math.round(timeoutMilliseconds / 100) / 10} s`,
        });
      }, timeoutMilliseconds);
      socket.once('connect', () => (isConnected = true));
      socket.on('error', reject);
      const onClose = (): void => {
        reject(new Error('closed'));
      };
      socket.once('close', onClose);
      socket.once(ready, () => {
        // From here on, the reader notices how the connection ends, and whether the answer is complete.
        socket.off('close', onClose).off('error', reject);
        socket.on('error', () => undefined);
        Promise.resolve().then(exchange).then(resolve, reject);
      });
    });
  } catch (fault) {
    return describeFault(fault, isConnected);
  } finally {
    clearTimeout(timer);
    socket.on('error', () => undefined);
    socket.destroy();
  }
}

/**
 * Options for a TLS connection that trusts only the given authorities, or Node.js's own if none are given. It shows the
 * certificate if there is one.
 */
export function tlsOptions(
  request: Pick<WireRequest, 'url' | 'certificate' | 'caPem' | 'tlsVersion' | 'hasNoServerName'>,
  protocols: readonly string[],
): ConnectionOptions {
  const { url, certificate, caPem, tlsVersion, hasNoServerName = isAddress(url) } = request;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  return {
    host,
    port: url.port === '' ? 443 : Number(url.port),
    ...(hasNoServerName ? {} : { servername: host }),
    rejectUnauthorized: true,
    ALPNProtocols: [...protocols],
    secureContext: findSecureContext(certificate ?? nobody, caPem, tlsVersion),
  };
}

const nobody = {};
/** Contexts by caller, because `certgate doctor` sends many requests, and each reading of a key takes time. */
const secureContexts = new WeakMap<object, Map<string, SecureContext>>();

function findSecureContext(caller: ClientKeyPair | object, caPem?: string, tlsVersion?: TlsVersion): SecureContext {
  const ofCaller = secureContexts.get(caller) ?? new Map<string, SecureContext>();
  secureContexts.set(caller, ofCaller);
  const key = `${tlsVersion ?? ''} ${caPem ?? ''}`;
  const known = ofCaller.get(key);
  if (known !== undefined) return known;
  const context = createSecureContext({
    minVersion: tlsVersion ?? 'TLSv1.2',
    maxVersion: tlsVersion ?? 'TLSv1.3',
    ...('certificatePem' in caller ? { cert: caller.certificatePem, key: caller.privateKeyPem } : {}),
    ...(caPem === undefined ? {} : { ca: caPem }),
  });
  ofCaller.set(key, context);
  return context;
}

/** Whether the host is an IP address, which must not be sent as a server name (RFC 6066 §3). */
export function isAddress({ hostname }: URL): boolean {
  return /^[\d.]+$|:/.test(hostname);
}

/**
 * Reads facts about the TLS connection. A client learns the signature algorithms that both sides share only from a
 * CertificateRequest (RFC 8446 §4.3.2, RFC 5246 §7.4.4), so there are none unless the server asked for a certificate.
 * Undefined for plain HTTP.
 */
export function readTlsFacts(socket: Socket): TlsFacts | undefined {
  if (!('encrypted' in socket)) return undefined;
  const tlsSocket = socket as TLSSocket;
  return {
    version: (tlsSocket.getProtocol() ?? '').replace(/^TLSv/, ''),
    requestsCertificate: ((tlsSocket.getSharedSigalgs() as unknown[] | null) ?? []).length > 0,
  };
}

export function openTls(request: WireRequest): TLSSocket {
  return connectTls(tlsOptions(request, ['http/1.1']));
}

function openTcp(url: URL): Socket {
  return connectTcp({ host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port === '' ? 80 : Number(url.port) });
}

export function formatRequestHead(request: WireRequest): Buffer {
  const { url, method, fields, body, target = `${url.pathname}${url.search}`, httpVersion = '1.1' } = request;
  const usual = [
    ['Host', url.host],
    ['Connection', 'close'],
  ] as const;
  const all: readonly (readonly [string, string])[] = [
    ...usual.filter(([name]) => !fields.some(([each]) => each.toLowerCase() === name.toLowerCase())),
    ...(body === undefined ? [] : [['Content-Length', String(body.length)] as const]),
    ...fields,
  ];
  if ([method, target, ...all.flat()].some((text) => /[\r\n\0]/.test(text))) {
    throw new TypeError('A header field cannot contain a line break.');
  }
  const lines = [`${method} ${target} HTTP/${httpVersion}`, ...all.map(([name, value]) => `${name}: ${value}`)];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

const untrusted = /CERT|ALTNAME|ISSUER|LEAF_SIGNATURE|INVALID_PURPOSE|INVALID_CA|PATH_LENGTH/;

function describeFault(fault: unknown, isConnected: boolean): WireFault {
  const message = fault instanceof Error ? fault.message : '';
  // OpenSSL 3.2 and later write "ssl/tls alert", and earlier ones "sslv3 alert".
  const found = (findFaultCode(fault) ?? (message === 'closed' ? message : 'unknown')).replace('SSL/TLS_', 'SSLV3_');
  if (found === 'ERR_WIRE_RESPONSE') return { kind: 'not-http', code: message };
  // A code is a single word. Anything else might contain the server's words.
  const code = /^\w+$/.test(found) ? found : 'unknown';
  if (code.startsWith('ERR_SSL_')) {
    // OpenSSL names some alerts without the word, such as TLSV1_UNRECOGNIZED_NAME.
    return /ALERT|_TLSV1_|UNSUPPORTED_PROTOCOL|VERSION_TOO_LOW/.test(code)
      ? { kind: 'tls-refused', code }
      : { kind: 'not-http', code };
  }
  if (untrusted.test(code)) return { kind: 'server-not-trusted', code };
  return isConnected || ['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'closed'].includes(code)
    ? { kind: 'closed', code }
    : { kind: 'unreachable', code };
}
