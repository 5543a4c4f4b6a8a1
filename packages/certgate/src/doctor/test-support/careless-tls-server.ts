import {
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  randomBytes,
  sign,
  verify,
  X509Certificate,
} from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { TlsVersion } from '#local/client/wire-request.js';
import type { DoctorStage } from './doctor-stage.js';

// A hand-written TLS server, because OpenSSL cannot be made to skip the check of the client's signature. For each
// version of TLS it supports one cipher suite, one group and one signature algorithm: those that Node's client offers
// for certificates with P-256 keys.

/** What the server does if the client's signature is wrong, or if the client sends more than one certificate. */
export type Carelessness =
  | 'takes any certificate of the chain'
  | 'answers'
  | 'forgets the certificate'
  | 'closes'
  | 'says decrypt_error'
  | 'says internal_error';

export interface CarelessServer {
  readonly port: number;
  close(): Promise<void>;
}

export async function startCarelessTlsServer(
  stage: DoctorStage,
  version: TlsVersion,
  carelessness: Carelessness,
): Promise<CarelessServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.setNoDelay(true));
    socket.on('error', () => undefined);
    serve(socket, stage, version, carelessness).catch(() => socket.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

const handshakeType = 22;
const [serverHello, newSessionTicket, encryptedExtensions, certificate] = [2, 4, 8, 11];
const [serverKeyExchange, certificateRequest, serverHelloDone, certificateVerify] = [12, 13, 14, 15];
const finished = 20;

/** The number as this many bytes, most significant first. */
const number = (value: number, length: number): Buffer => {
  const bytes = Buffer.alloc(length);
  bytes.writeUIntBE(value, 0, length);
  return bytes;
};
/** The bytes, preceded by their length in this many bytes. */
const vector = (length: number, ...parts: readonly Buffer[]): Buffer => {
  const bytes = Buffer.concat(parts);
  return Buffer.concat([number(bytes.length, length), bytes]);
};
const message = (type: number, ...parts: readonly Buffer[]): Buffer =>
  Buffer.concat([number(type, 1), vector(3, ...parts)]);
const extension = (type: number, ...parts: readonly Buffer[]): Buffer =>
  Buffer.concat([number(type, 2), vector(2, ...parts)]);
const hash = (...parts: readonly Buffer[]): Buffer => createHash('sha256').update(Buffer.concat(parts)).digest();
const hmac = (key: Buffer, ...parts: readonly Buffer[]): Buffer =>
  createHmac('sha256', key).update(Buffer.concat(parts)).digest();

/** `ecdsa_secp256r1_sha256`, the only algorithm of this server. */
const signatureAlgorithm = number(0x0403, 2);
const x25519 = number(0x001d, 2);

interface Keys {
  readonly key: Buffer;
  readonly iv: Buffer;
}

/** Reads and writes records (RFC 8446 §5, RFC 5246 §6.2), and collects handshake messages from them. */
class Wire {
  readonly #socket: Socket;
  readonly #chunks: AsyncIterator<Buffer, undefined>;
  readonly #is13: boolean;
  #bytes: Buffer = Buffer.alloc(0);
  #messages: Buffer = Buffer.alloc(0);
  #read: { keys: Keys; sequence: number } | undefined;
  #write: { keys: Keys; sequence: number } | undefined;
  /** All handshake messages until now, read and written. */
  transcript: Buffer = Buffer.alloc(0);

  constructor(socket: Socket, is13: boolean) {
    this.#socket = socket;
    this.#chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
    this.#is13 = is13;
  }

  readWith(keys: Keys): void {
    this.#read = { keys, sequence: 0 };
  }

  writeWith(keys: Keys): void {
    this.#write = { keys, sequence: 0 };
  }

  writeMessages(...messages: readonly Buffer[]): void {
    const bytes = Buffer.concat(messages);
    this.transcript = Buffer.concat([this.transcript, bytes]);
    this.write(handshakeType, bytes);
  }

  write(type: number, content: Buffer): void {
    const sealed = this.#write === undefined ? { type, content } : this.#seal(this.#write, type, content);
    this.#socket.write(Buffer.concat([number(sealed.type, 1), number(0x0303, 2), vector(2, sealed.content)]));
  }

  alert(description: number): void {
    this.write(21, Buffer.from([2, description]));
    this.#socket.end();
  }

  async readMessage(): Promise<{ readonly type: number; readonly body: Buffer }> {
    while (this.#messages.length < 4 || this.#messages.length < 4 + this.#messages.readUIntBE(1, 3)) {
      const { type, content } = await this.readRecord();
      if (type === handshakeType) this.#messages = Buffer.concat([this.#messages, content]);
    }
    const end = 4 + this.#messages.readUIntBE(1, 3);
    const whole = this.#messages.subarray(0, end);
    this.#messages = this.#messages.subarray(end);
    this.transcript = Buffer.concat([this.transcript, whole]);
    return { type: whole[0] ?? 0, body: whole.subarray(4) };
  }

  async readRecord(): Promise<{ readonly type: number; readonly content: Buffer }> {
    while (this.#bytes.length < 5 || this.#bytes.length < 5 + this.#bytes.readUInt16BE(3)) {
      const next = await this.#chunks.next();
      if (next.done === true) throw new Error('the client has left');
      this.#bytes = Buffer.concat([this.#bytes, next.value]);
      if ((this.#bytes[0] ?? 0) > 23) throw new Error('this is not TLS');
    }
    const end = 5 + this.#bytes.readUInt16BE(3);
    const [type = 0, content] = [this.#bytes[0], this.#bytes.subarray(5, end)];
    this.#bytes = this.#bytes.subarray(end);
    if (this.#read === undefined || type === 20) return { type, content };
    return this.#open(this.#read, type, content);
  }

  #seal(
    state: { readonly keys: Keys; sequence: number },
    type: number,
    content: Buffer,
  ): { type: number; content: Buffer } {
    const { keys } = state;
    const sequence = number(state.sequence++, 6);
    const plain = this.#is13 ? Buffer.concat([content, number(type, 1)]) : content;
    const explicit = Buffer.concat([Buffer.alloc(2), sequence]);
    const cipher = createCipheriv('aes-128-gcm', keys.key, this.#nonce(keys, explicit));
    const outer = this.#is13 ? 23 : type;
    cipher.setAAD(
      this.#is13
        ? Buffer.concat([number(outer, 1), number(0x0303, 2), number(plain.length + 16, 2)])
        : Buffer.concat([explicit, number(type, 1), number(0x0303, 2), number(plain.length, 2)]),
    );
    const sealed = [cipher.update(plain), cipher.final(), cipher.getAuthTag()];
    return { type: outer, content: Buffer.concat(this.#is13 ? sealed : [explicit, ...sealed]) };
  }

  #open(
    state: { readonly keys: Keys; sequence: number },
    type: number,
    content: Buffer,
  ): { type: number; content: Buffer } {
    const { keys } = state;
    const counted = Buffer.concat([Buffer.alloc(2), number(state.sequence++, 6)]);
    const explicit = this.#is13 ? counted : content.subarray(0, 8);
    const sealed = content.subarray(this.#is13 ? 0 : 8, -16);
    const decipher = createDecipheriv('aes-128-gcm', keys.key, this.#nonce(keys, explicit));
    decipher.setAuthTag(content.subarray(-16));
    decipher.setAAD(
      this.#is13
        ? Buffer.concat([number(type, 1), number(0x0303, 2), number(content.length, 2)])
        : Buffer.concat([counted, number(type, 1), number(0x0303, 2), number(sealed.length, 2)]),
    );
    const plain = Buffer.concat([decipher.update(sealed), decipher.final()]);
    if (!this.#is13) return { type, content: plain };
    return { type: plain.at(-1) ?? 0, content: plain.subarray(0, -1) };
  }

  /** Makes the nonce of a record (RFC 8446 §5.3 for TLS 1.3, RFC 5288 §3 for TLS 1.2). */
  #nonce({ iv }: Keys, sequence: Buffer): Buffer {
    if (!this.#is13) return Buffer.concat([iv, sequence]);
    const padded = Buffer.concat([Buffer.alloc(4), sequence]);
    return Buffer.from(iv.map((octet, index) => octet ^ (padded[index] ?? 0)));
  }
}

/** What the client showed in the handshake, and how to finish the handshake afterwards. */
interface Shaken {
  readonly der: Buffer | undefined;
  /** All certificates that the client sent, its own first. */
  readonly chain: readonly Buffer[];
  readonly isProven: boolean;
  readonly finish: () => Promise<void>;
}

async function serve(
  socket: Socket,
  stage: DoctorStage,
  version: TlsVersion,
  carelessness: Carelessness,
): Promise<void> {
  const wire = new Wire(socket, version === 'TLSv1.3');
  const hello = readClientHello((await wire.readMessage()).body);
  if (!hello.versions.includes(version)) {
    wire.alert(alerts.protocolVersion);
    return;
  }
  const shake = version === 'TLSv1.3' ? shake13 : shake12;
  const { der, chain, isProven, finish } = await shake(wire, stage, hello);
  if (der !== undefined && !isProven) {
    if (carelessness === 'says decrypt_error') wire.alert(alerts.decryptError);
    else if (carelessness === 'says internal_error') wire.alert(alerts.internalError);
    else if (carelessness === 'closes') socket.destroy();
    if (carelessness !== 'answers' && carelessness !== 'forgets the certificate') return;
  }
  await finish();
  let text = '';
  while (!text.includes('\r\n\r\n')) text += (await wire.readRecord()).content.toString('latin1');
  const decisive = carelessness === 'takes any certificate of the chain' ? chain : chain.slice(0, 1);
  const isAllowed = decisive.some((each) => each.equals(stage.allowed.der)) && (isProven || carelessness === 'answers');
  const head = `HTTP/1.1 ${isAllowed ? '200 OK' : '401 No'}\r\nContent-Length: 0\r\nDate: ${new Date().toUTCString()}\r\n\r\n`;
  wire.write(23, Buffer.from(head));
  socket.end();
}

const alerts = { decryptError: 51, protocolVersion: 70, internalError: 80 };

interface ClientHello {
  readonly random: Buffer;
  readonly sessionId: Buffer;
  readonly versions: readonly string[];
  /** The client's share for the group X25519, used in TLS 1.3. Undefined if it sent none. */
  readonly keyShare: Buffer | undefined;
}

function readClientHello(body: Buffer): ClientHello {
  const reader = new Reader(body.subarray(2));
  const random = reader.take(32);
  const sessionId = reader.vector(1);
  reader.vector(2);
  reader.vector(1);
  const extensions = new Reader(reader.vector(2));
  let versions: readonly string[] = ['TLSv1.2'];
  let keyShare: Buffer | undefined;
  while (!extensions.isAtEnd()) {
    const type = extensions.take(2).readUInt16BE();
    const content = new Reader(extensions.vector(2));
    if (type === 43) {
      const list = content.vector(1);
      const names: Readonly<Record<number, string>> = { 0x0303: 'TLSv1.2', 0x0304: 'TLSv1.3' };
      versions = Array.from({ length: list.length / 2 }, (_, index) => names[list.readUInt16BE(2 * index)] ?? '');
    } else if (type === 51) {
      const shares = new Reader(content.vector(2));
      while (!shares.isAtEnd()) {
        const group = shares.take(2);
        const share = shares.vector(2);
        if (group.equals(x25519)) keyShare = share;
      }
    }
  }
  return { random, sessionId, versions, keyShare };
}

class Reader {
  readonly #bytes: Buffer;
  #index = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  isAtEnd(): boolean {
    return this.#index >= this.#bytes.length;
  }

  take(length: number): Buffer {
    return this.#bytes.subarray(this.#index, (this.#index += length));
  }

  vector(lengthOctets: number): Buffer {
    return this.take(this.take(lengthOctets).readUIntBE(0, lengthOctets));
  }
}

/** The DER that precedes the 32 bytes of an X25519 public key in a SubjectPublicKeyInfo (RFC 8410). */
const x25519Prefix = Buffer.from('302a300506032b656e032100', 'hex');

function agreeOnSecret(): { readonly share: Buffer; readonly agree: (peer: Buffer) => Buffer } {
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  return {
    share: publicKey.export({ format: 'der', type: 'spki' }).subarray(-32),
    agree: (peer) => {
      const key = Buffer.concat([x25519Prefix, peer]);
      return diffieHellman({ privateKey, publicKey: createPublicKey({ key, format: 'der', type: 'spki' }) });
    },
  };
}

const derOf = (pem: string): Buffer => new X509Certificate(pem).raw;
const signWith = ({ server }: DoctorStage, data: Buffer): Buffer => sign('sha256', data, createPrivateKey(server.key));
const isSignedBy = (der: Buffer, data: Buffer, signature: Buffer): boolean =>
  verify('sha256', data, new X509Certificate(der).publicKey, signature);

/** A handshake of TLS 1.2 (RFC 5246) with ECDHE_ECDSA_WITH_AES_128_GCM_SHA256. */
async function shake12(wire: Wire, stage: DoctorStage, { random }: ClientHello): Promise<Shaken> {
  const { share, agree } = agreeOnSecret();
  const serverRandom = randomBytes(32);
  const parameters = Buffer.concat([number(3, 1), x25519, vector(1, share)]);
  const signature = signWith(stage, Buffer.concat([random, serverRandom, parameters]));
  const renegotiationInfo = extension(0xff01, vector(1));
  wire.writeMessages(
    message(
      serverHello,
      Buffer.concat([number(0x0303, 2), serverRandom, vector(1), number(0xc02b, 2), number(0, 1)]),
      vector(2, renegotiationInfo),
    ),
    message(certificate, vector(3, vector(3, derOf(stage.server.cert)))),
    message(serverKeyExchange, parameters, signatureAlgorithm, vector(2, signature)),
    message(certificateRequest, vector(1, number(64, 1)), vector(2, signatureAlgorithm), vector(2)),
    message(serverHelloDone),
  );
  const list = new Reader(new Reader((await wire.readMessage()).body).vector(3));
  const chain: Buffer[] = [];
  while (!list.isAtEnd()) chain.push(list.vector(3));
  const [der] = chain;
  const secret = agree(new Reader((await wire.readMessage()).body).vector(1));
  let isProven = false;
  if (der !== undefined) {
    const signed = wire.transcript;
    const body = new Reader((await wire.readMessage()).body.subarray(2));
    isProven = isSignedBy(der, signed, body.vector(2));
  }
  const master = expand12(secret, 'master secret', Buffer.concat([random, serverRandom]), 48);
  const block = new Reader(expand12(master, 'key expansion', Buffer.concat([serverRandom, random]), 40));
  const [clientKey, serverKey, clientIv, serverIv] = [block.take(16), block.take(16), block.take(4), block.take(4)];
  const finish = async (): Promise<void> => {
    wire.readWith({ key: clientKey, iv: clientIv });
    await wire.readMessage();
    const verifyData = expand12(master, 'server finished', hash(wire.transcript), 12);
    wire.write(20, number(1, 1));
    wire.writeWith({ key: serverKey, iv: serverIv });
    wire.writeMessages(message(finished, verifyData));
  };
  return { der, chain, isProven, finish };
}

/** The pseudorandom function of RFC 5246 §5. */
function expand12(secret: Buffer, label: string, seed: Buffer, length: number): Buffer {
  const labelled = Buffer.concat([Buffer.from(label), seed]);
  let a: Buffer = labelled;
  let output: Buffer = Buffer.alloc(0);
  while (output.length < length) {
    a = hmac(secret, a);
    output = Buffer.concat([output, hmac(secret, a, labelled)]);
  }
  return output.subarray(0, length);
}

/** A handshake of TLS 1.3 (RFC 8446) with AES_128_GCM_SHA256. */
async function shake13(wire: Wire, stage: DoctorStage, { sessionId, keyShare }: ClientHello): Promise<Shaken> {
  if (keyShare === undefined) throw new Error('no share of X25519');
  const { share, agree } = agreeOnSecret();
  wire.writeMessages(
    message(
      serverHello,
      Buffer.concat([number(0x0303, 2), randomBytes(32), vector(1, sessionId), number(0x1301, 2), number(0, 1)]),
      vector(2, extension(43, number(0x0304, 2)), extension(51, x25519, vector(2, share))),
    ),
  );
  const zeros = Buffer.alloc(32);
  const early = hmac(zeros, zeros);
  const handshake = hmac(expand13(early, 'derived', hash()), agree(keyShare));
  const [clientSecret, serverSecret] = ['c hs traffic', 's hs traffic'].map((label) =>
    expand13(handshake, label, hash(wire.transcript)),
  );
  if (clientSecret === undefined || serverSecret === undefined) throw new Error('no secret');
  wire.writeWith(keysOf(serverSecret));
  wire.readWith(keysOf(clientSecret));
  wire.writeMessages(
    message(encryptedExtensions, vector(2)),
    message(certificateRequest, vector(1), vector(2, extension(13, vector(2, signatureAlgorithm)))),
    message(certificate, vector(1), vector(3, vector(3, derOf(stage.server.cert)), vector(2))),
  );
  const signature = signWith(stage, signedContent('server', wire.transcript));
  wire.writeMessages(message(certificateVerify, signatureAlgorithm, vector(2, signature)));
  const finishedKey = expand13(serverSecret, 'finished', Buffer.alloc(0));
  wire.writeMessages(message(finished, hmac(finishedKey, hash(wire.transcript))));
  const master = hmac(expand13(handshake, 'derived', hash()), zeros);
  const [clientTraffic, serverTraffic] = ['c ap traffic', 's ap traffic'].map((label) =>
    expand13(master, label, hash(wire.transcript)),
  );
  if (clientTraffic === undefined || serverTraffic === undefined) throw new Error('no secret');
  wire.writeWith(keysOf(serverTraffic));
  const list = new Reader(new Reader((await wire.readMessage()).body.subarray(1)).vector(3));
  const chain: Buffer[] = [];
  while (!list.isAtEnd()) {
    chain.push(list.vector(3));
    // Skips the extensions of the certificate.
    list.vector(2);
  }
  const [der] = chain;
  let isProven = false;
  if (der !== undefined) {
    const signed = signedContent('client', wire.transcript);
    isProven = isSignedBy(der, signed, new Reader((await wire.readMessage()).body.subarray(2)).vector(2));
  }
  await wire.readMessage();
  wire.readWith(keysOf(clientTraffic));
  const finish = (): Promise<void> => {
    const lifetimes = Buffer.concat([number(60, 4), number(0, 4)]);
    wire.writeMessages(message(newSessionTicket, lifetimes, vector(1), vector(2, randomBytes(16)), vector(2)));
    return Promise.resolve();
  };
  return { der, chain, isProven, finish };
}

/** The content that a CertificateVerify message signs (RFC 8446 §4.4.3). */
function signedContent(side: 'client' | 'server', transcript: Buffer): Buffer {
  return Buffer.concat([Buffer.alloc(64, ' '), Buffer.from(`TLS 1.3, ${side} CertificateVerify\0`), hash(transcript)]);
}

/** HKDF-Expand-Label (RFC 8446 §7.1), for at most 32 bytes, so that one hash is enough. */
function expand13(secret: Buffer, label: string, context: Buffer, length = 32): Buffer {
  const info = [number(length, 2), vector(1, Buffer.from(`tls13 ${label}`)), vector(1, context)];
  return hmac(secret, ...info, number(1, 1)).subarray(0, length);
}

function keysOf(secret: Buffer): Keys {
  return { key: expand13(secret, 'key', Buffer.alloc(0), 16), iv: expand13(secret, 'iv', Buffer.alloc(0), 12) };
}
