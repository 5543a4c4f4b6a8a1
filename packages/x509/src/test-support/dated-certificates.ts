import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fromPem, newTemporaryPath, runOpenssl, toPem } from './openssl.js';

export interface CertificateSigner {
  readonly pemPath: string;
  readonly keyPath: string;
}

export interface DatedCertificateRequest {
  /** The file of the subject's private key. If the file is missing, a P-256 key is made and written there. */
  readonly keyPath: string;
  /** Lines of the configuration's distinguished name section. Without lines, the subject's name is empty. */
  readonly name: readonly string[];
  /** Lines of the configuration's extension section. Without lines, the only extension is a subject key identifier. */
  readonly extensions: readonly string[];
  /** Further lines of the configuration: sections that the extensions refer to. */
  readonly sections?: readonly string[];
  /** Lines of the `[req]` section. */
  readonly settings?: readonly string[];
  /** The issuer's files. If absent, the certificate is self-signed. */
  readonly issuer?: CertificateSigner;
  /** The serial number in hexadecimal. Random if absent. */
  readonly serialNumber?: string;
  readonly digest?: string;
  /** Values of `-sigopt`. */
  readonly signing?: readonly string[];
  /** A time as `YYYYMMDDHHMMSSZ`. */
  readonly notBefore: string;
  readonly notAfter: string;
}

/**
 * Makes a certificate and returns its DER. Uses `openssl ca`, the only command of OpenSSL 3.0 that accepts both dates.
 */
export function makeDatedCertificate(request: DatedCertificateRequest): Buffer {
  const { keyPath, extensions, sections = [], issuer, serialNumber, digest, signing = [] } = request;
  const [configuration, database] = [newTemporaryPath('.cnf'), newTemporaryPath('.txt')];
  const serial = serialNumber === undefined ? 'rand_serial = yes' : `serial = ${writeSerialNumber(serialNumber)}`;
  const authority = [`database = ${database}`, `new_certs_dir = ${dirname(database)}`, serial];
  writeFileSync(database, '');
  writeLines(configuration, [
    ...['[ca]', 'default_ca = here', '[here]', ...authority, 'policy = any', 'default_md = default'],
    // Without any extension, some versions of OpenSSL make a certificate of version 1, others of version 3.
    ...['[any]', 'CN = optional', '[ext]', ...(extensions.length > 0 ? extensions : ['subjectKeyIdentifier = hash'])],
    ...sections,
  ]);
  const signingRequest = findSigningRequest(request);
  const signer =
    issuer === undefined ? ['-selfsign', '-keyfile', keyPath] : ['-cert', issuer.pemPath, '-keyfile', issuer.keyPath];
  const printed = runOpenssl([
    ...['ca', '-config', configuration, '-batch', '-notext', '-preserveDN', '-in', signingRequest, ...signer],
    ...['-extensions', 'ext', '-startdate', request.notBefore, '-enddate', request.notAfter],
    ...(digest === undefined ? [] : ['-md', digest]),
    ...signing.flatMap((option) => ['-sigopt', option]),
  ]);
  return fromPem(printed.toString());
}

export function writeDatedCertificate(pemPath: string, request: DatedCertificateRequest): void {
  writeFileSync(pemPath, toPem(makeDatedCertificate(request)));
}

/**
 * The paths of signing requests, by key, name and settings. A further certificate with the same ones needs one process
 * of openssl less.
 */
const signingRequests = new Map<string, string>();

function findSigningRequest({ keyPath, name, settings = [] }: DatedCertificateRequest): string {
  const identify = (): string => JSON.stringify([readFileSync(keyPath, 'utf8'), name, settings]);
  const isMade = existsSync(keyPath);
  const known = isMade ? signingRequests.get(identify()) : undefined;
  if (known !== undefined) return known;
  const [configuration, path] = [newTemporaryPath('.cnf'), newTemporaryPath('.csr')];
  const request = ['[req]', 'prompt = no', 'utf8 = yes', 'distinguished_name = dn'];
  writeLines(configuration, [...request, ...settings, '[dn]', ...name]);
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', keyPath];
  const key = isMade ? ['-key', keyPath] : newKey;
  const subject = name.length > 0 ? [] : ['-subj', '/'];
  runOpenssl(['req', '-new', '-config', configuration, ...key, ...subject, '-out', path]);
  signingRequests.set(identify(), path);
  return path;
}

/** Writes a file with the next serial number in hexadecimal, with an even number of digits. */
function writeSerialNumber(hex: string): string {
  const path = newTemporaryPath('.serial');
  writeLines(path, [hex.length % 2 === 0 ? hex : `0${hex}`]);
  return path;
}

function writeLines(path: string, lines: readonly string[]): void {
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
}
