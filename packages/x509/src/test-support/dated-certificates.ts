import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fromPem, newTemporaryPath, runOpenssl, toPem } from './openssl.js';

export interface CertificateSigner {
  readonly pemPath: string;
  readonly keyPath: string;
}

export interface DatedCertificateRequest {
  /** The file of the subject's private key. If it is missing, it is made, for P-256. */
  readonly keyPath: string;
  /** Lines of the configuration's distinguished name section; none of them: an empty name. */
  readonly name: readonly string[];
  /** Lines of the configuration's extension section. Without one, there is a subject key identifier. */
  readonly extensions: readonly string[];
  /** Further lines of the configuration: sections that the extensions refer to. */
  readonly sections?: readonly string[];
  /** Lines of the `[req]` section. */
  readonly settings?: readonly string[];
  /** Without one, the certificate is self-signed. */
  readonly issuer?: CertificateSigner;
  /** Hexadecimal; random by default. */
  readonly serialNumber?: string;
  readonly digest?: string;
  /** Values of `-sigopt`. */
  readonly signing?: readonly string[];
  /** `YYYYMMDDHHMMSSZ`. */
  readonly notBefore: string;
  readonly notAfter: string;
}

/** A certificate in DER, by `openssl ca`: the only command of OpenSSL 3.0 that takes both dates. */
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

/** By the key, the name and the settings. Each further certificate with them needs one process of openssl less. */
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

/** A file that holds the next serial number, in an even number of digits. */
function writeSerialNumber(hex: string): string {
  const path = newTemporaryPath('.serial');
  writeLines(path, [hex.length % 2 === 0 ? hex : `0${hex}`]);
  return path;
}

function writeLines(path: string, lines: readonly string[]): void {
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''));
}
