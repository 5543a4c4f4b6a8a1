import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { makeOpensslCertificate } from './openssl.js';

const host = 'certgate-tests.vault.azure.net';

interface VaultAnswer {
  readonly status: number;
  readonly body: object;
}

export interface VaultKeyOptions {
  readonly type: 'P-256' | 'P-384' | 'P-521' | 'P-256K' | 'RSA';
  readonly operations?: readonly string[];
  /** When the key expires, in seconds since 1970-01-01T00:00:00Z. */
  readonly expires?: number;
}

interface StoredKey extends VaultKeyOptions {
  readonly version: string;
  readonly publicKey: KeyObject;
  readonly privateKeyFile: string;
}

/**
 * A stand-in for Azure Key Vault. Over TLS and under a vault's name, it answers the SDK's requests to sign and to read
 * secrets; openssl makes the signatures. It also has the endpoint that App Service gives to managed identities, so that
 * the SDK's default credential finds a token.
 */
export class KeyVaultStandIn {
  /** Method and path of each request that had a token. */
  readonly requests: string[] = [];
  /** Replaces the answer to `GET` (the key) or `POST` (a signature), unless it returns undefined. */
  answer: ((method: string) => VaultAnswer | undefined) | undefined;
  /** Changes each signature before it is returned. */
  alter: ((signature: Buffer) => Buffer) | undefined;
  readonly #folder: string;
  readonly #vault: Server;
  readonly #identity: Server = createHttpServer(answerWithToken);
  readonly #certificateFile: string;
  readonly #keys = new Map<string, readonly StoredKey[]>();
  readonly #secrets = new Map<string, { readonly value: string; readonly contentType: string }>();

  /** Makes a stand-in that keeps its keys and its certificate in the folder. */
  constructor(folder: string) {
    this.#folder = folder;
    const { keyFile, certificateFile } = makeOpensslCertificate(folder, 'vault', 'ec', [`subjectAltName=DNS:${host}`]);
    this.#certificateFile = certificateFile;
    const tls = { key: readFileSync(keyFile), cert: readFileSync(certificateFile) };
    this.#vault = createHttpsServer(tls, (request, response) => {
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  async start(): Promise<void> {
    for (const server of [this.#vault, this.#identity]) {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    }
  }

  stop(): void {
    for (const server of [this.#vault, this.#identity]) {
      server.close();
      server.closeAllConnections();
    }
  }

  /**
   * Replaces the secret's current version. A certificate's private key is in the secret of the same name, as a PFX in
   * base64.
   */
  setSecret(name: string, value: string, contentType: string): void {
    this.#secrets.set(name, { value, contentType });
  }

  /**
   * Environment variables by which another process finds the vault on this machine and trusts its certificate. That
   * process finds no other vault.
   */
  get environment(): Record<string, string> {
    const resolver = join(this.#folder, 'resolve.cjs');
    writeFileSync(
      resolver,
      `const dns = require('node:dns');
       const { lookup } = dns;
       dns.lookup = (name, ...rest) => {
         if (!name.endsWith('.vault.azure.net')) return lookup(name, ...rest);
         if (name === '${host}') return lookup('127.0.0.1', ...rest);
         const fault = Object.assign(new Error('ENOTFOUND ' + name), { code: 'ENOTFOUND' });
         process.nextTick(rest.at(-1), fault);
       };`,
    );
    return {
      NODE_EXTRA_CA_CERTS: this.#certificateFile,
      NODE_OPTIONS: `--require ${JSON.stringify(resolver)}`,
      IDENTITY_ENDPOINT: `http://127.0.0.1:${portOf(this.#identity)}/msi/token`,
      IDENTITY_HEADER: 'made-up',
    };
  }

  get url(): string {
    return `https://${host}:${portOf(this.#vault)}`;
  }

  /** The URL of a key's current version, or of the version with this number. */
  urlOf(name: string, version?: number): string {
    const path = version === undefined ? name : `${name}/${nameVersion(version)}`;
    return `${this.url}/keys/${path}`;
  }

  /** Makes a key, or a new version of it. Returns the public key in PEM. */
  addKey(name: string, options: VaultKeyOptions): string {
    const versions = this.#keys.get(name) ?? [];
    const { type } = options;
    const { privateKey, publicKey } =
      type === 'RSA'
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : generateKeyPairSync('ec', { namedCurve: type === 'P-256K' ? 'secp256k1' : type });
    const version = nameVersion(versions.length + 1);
    const privateKeyFile = join(this.#folder, `${name}-${version}.pem`);
    writeFileSync(privateKeyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }));
    this.#keys.set(name, [...versions, { ...options, version, publicKey, privateKeyFile }]);
    return publicKey.export({ type: 'spki', format: 'pem' }).toString();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { status, body } = this.#decide(request, Buffer.concat(chunks).toString());
    // The SDK first asks without a token, and learns from this challenge for which resource it needs one.
    const challenge =
      'Bearer authorization="https://login.microsoftonline.com/tests", resource="https://vault.azure.net"';
    const headers = request.headers.authorization === undefined ? { 'WWW-Authenticate': challenge } : {};
    response.writeHead(status, { ...headers, 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  }

  #decide({ method = '', url = '', headers }: IncomingMessage, content: string): VaultAnswer {
    if (headers.authorization === undefined) return refuse(401, 'Unauthorized');
    const { pathname } = new URL(url, `https://${host}`);
    this.requests.push(`${method} ${pathname}`);
    const given = this.answer?.(method);
    if (given !== undefined) return given;
    const [, collection, name = '', version = '', operation] = pathname.split('/');
    if (collection === 'secrets') return this.#describeSecret(name);
    const versions = this.#keys.get(name) ?? [];
    const key = version === '' ? versions.at(-1) : versions.find((each) => each.version === version);
    if (key === undefined) return refuse(404, 'KeyNotFound');
    const kid = `${this.url}/keys/${name}/${key.version}`;
    if (method === 'GET') return { status: 200, body: describeKey(key, kid) };
    if (operation !== 'sign' || version === '') return refuse(400, 'BadParameter');
    const { alg, value } = JSON.parse(content) as { readonly alg: string; readonly value: string };
    if (alg !== (key.type === 'P-256' ? 'ES256' : 'ES384')) return refuse(400, 'BadParameter');
    const signature = signDigest(Buffer.from(value, 'base64url'), key);
    return { status: 200, body: { kid, value: (this.alter?.(signature) ?? signature).toString('base64url') } };
  }

  #describeSecret(name: string): VaultAnswer {
    const secret = this.#secrets.get(name);
    if (secret === undefined) return refuse(404, 'SecretNotFound');
    const id = `${this.url}/secrets/${name}/${nameVersion(1)}`;
    return { status: 200, body: { ...secret, id, attributes: { enabled: true } } };
  }
}

/** A refusal in the form that Key Vault gives it. Some of Key Vault's codes contain an inner code. */
export function refuse(status: number, code: string, innerCode?: string): VaultAnswer {
  const inner = innerCode === undefined ? {} : { innererror: { code: innerCode } };
  return { status, body: { error: { code, message: 'The stand-in was told to refuse.', ...inner } } };
}

function nameVersion(number: number): string {
  return String(number).padStart(32, '0');
}

function describeKey({ type, publicKey, operations = ['sign', 'verify'], expires }: StoredKey, kid: string): object {
  const curve = type === 'P-256K' ? { crv: 'P-256K' } : {};
  return {
    key: { ...publicKey.export({ format: 'jwk' }), ...curve, kid, key_ops: operations },
    attributes: { enabled: true, ...(expires === undefined ? {} : { exp: expires }) },
  };
}

/**
 * Signs the digest. Returns r and s, one after the other. Uses openssl, because Node signs only documents, and a vault
 * gets only the digest.
 */
function signDigest(digest: Buffer, { type, privateKeyFile }: StoredKey): Buffer {
  const der = execFileSync('openssl', ['pkeyutl', '-sign', '-inkey', privateKeyFile], { input: digest });
  const integers: Buffer[] = [];
  for (let at = 2; at < der.length; at += 2 + (der[at + 1] ?? 0)) {
    integers.push(der.subarray(at + 2, at + 2 + (der[at + 1] ?? 0)));
  }
  const length = type === 'P-256' ? 32 : 48;
  return Buffer.concat(integers.map((integer) => Buffer.concat([Buffer.alloc(length), integer]).subarray(-length)));
}

/** Answers like the endpoint that App Service gives to managed identities. */
function answerWithToken(_request: IncomingMessage, response: ServerResponse): void {
  const now = Math.floor(Date.now() / 1000);
  const token = {
    access_token: 'made-up',
    expires_on: now + 3600,
    resource: 'https://vault.azure.net',
    token_type: 'Bearer',
  };
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify(token));
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}
