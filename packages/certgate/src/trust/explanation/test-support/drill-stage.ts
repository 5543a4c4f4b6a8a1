import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TrustDocument } from '@certgate/core/internal';
import { writeDatedCertificate } from '@certgate/x509/test-support/dated-certificates.js';
import { runInProcess } from '../../../commands/trust/test-support/run-in-process.js';

// The drill's working folder: its certificates, its document, and the operator's shell. File names are relative to the folder.

export const store = 'file:trust.json';
export const past = '2021-01-01T00:00:00Z';
export const future = '2099-01-01T00:00:00Z';

/** A time in the form that openssl accepts. */
export const inDays = (days: number): string =>
  new Date(Date.now() + days * 86_400_000).toISOString().replace(/[-:T]|\.\d+/g, '');

/** Makes a new folder the working folder. Returns a function that goes back and removes it. */
export function enterDrillFolder(): () => void {
  const home = process.cwd();
  const folder = mkdtempSync(join(tmpdir(), 'certgate drill '));
  process.chdir(folder);
  // The shell finds this script in place of npx. It records the words that it was called with.
  mkdirSync('bin');
  writeFileSync('bin/npx', '#!/bin/sh\nprintf "%s\\0" "$@" >>"$DRILL_WORDS"\n', { mode: 0o755 });
  return () => {
    process.chdir(home);
    rmSync(folder, { recursive: true, force: true });
  };
}

export function read(name: string): X509Certificate {
  return new X509Certificate(readFileSync(`${name}.crt.pem`));
}

export const hash = (name: string): string => read(name).fingerprint256.replaceAll(':', '');

export function hashKey(name: string): string {
  return createHash('sha256')
    .update(read(name).publicKey.export({ type: 'spki', format: 'der' }))
    .digest('hex');
}

export const openssl = (...args: readonly string[]): Buffer =>
  execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] });

export interface CertificateRequest {
  readonly commonName?: string;
  readonly issuer?: string;
  /** The name whose key the certificate is of; its own by default. */
  readonly key?: string;
  readonly begin?: string;
  readonly end?: string;
  /** The name whose key signs the certificate; the issuer's own by default. */
  readonly issuerKey?: string;
  readonly digest?: string;
}

export function makeCertificate(name: string, extensions: readonly string[], request: CertificateRequest = {}): void {
  const { commonName = name, issuer, key = name, begin = '20200101000000Z', end = '20600101000000Z' } = request;
  const { issuerKey = issuer ?? '', digest } = request;
  writeDatedCertificate(`${name}.crt.pem`, {
    keyPath: `${key}.key.pem`,
    name: [`CN = ${commonName}`],
    extensions,
    notBefore: begin,
    notAfter: end,
    ...(issuer === undefined ? {} : { issuer: { pemPath: `${issuer}.crt.pem`, keyPath: `${issuerKey}.key.pem` } }),
    ...(digest === undefined ? {} : { digest }),
  });
}

export function makeRevocationList(
  authority: string,
  file: string,
  times: readonly string[] = ['-crldays', '30'],
  revoked?: string,
): void {
  const entry =
    revoked && `R\t350101000000Z\t${inDays(-1).slice(2)}\t${read(revoked).serialNumber}\tunknown\t/CN=${revoked}\n`;
  writeFileSync('index.txt', entry ?? '');
  writeFileSync('crlnumber', '01\n');
  writeFileSync(
    'ca.cnf',
    '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncrlnumber=crlnumber\ndefault_md=sha256\n[e]\nauthorityKeyIdentifier=keyid\n',
  );
  openssl(
    ...['ca', '-gencrl', '-config', 'ca.cnf', '-crlexts', 'e', ...times, '-out', file],
    ...['-cert', `${authority}.crt.pem`, '-keyfile', `${authority}.key.pem`],
  );
}

/** Runs a verb that changes the document. */
export async function change(...words: readonly string[]): Promise<void> {
  const { exitCode } = await runInProcess(['trust', ...words, '--reason', 'drill', '--store', store]);
  assert.equal(exitCode, 0, words.join(' '));
}

/** Starts again with a document without entries. */
export async function begin(): Promise<void> {
  for (const file of ['trust.json', 'trust.json.sig', 'trust.json.log.jsonl']) rmSync(file, { force: true });
  await change('init');
}

/** Changes the document in a way that no verb would. */
export function rewrite(edit: (document: TrustDocument) => object): void {
  writeFileSync('trust.json', JSON.stringify(edit(JSON.parse(readFileSync('trust.json', 'utf8')) as TrustDocument)));
}

/** Changes the identities in a way that no verb would. */
export function edit(change: (identity: TrustDocument['identities'][number]) => object): void {
  rewrite((document) => ({ ...document, identities: document.identities.map(change) }));
}

/**
 * Runs a printed line in a shell. The tool itself then runs in this process, with the words that the shell passed.
 * Rejects if the tool fails.
 *
 * @throws if the line calls something else.
 */
export async function runPrinted(command: string): Promise<void> {
  rmSync('words', { force: true });
  const environment = { ...process.env, PATH: `${join(process.cwd(), 'bin')}:${process.env['PATH'] ?? ''}` };
  execFileSync('sh', ['-c', command], { env: { ...environment, DRILL_WORDS: join(process.cwd(), 'words') } });
  const [option, tool, ...words] = readFileSync('words', 'utf8').split('\0').slice(0, -1);
  assert.deepEqual([option, tool], ['--no-install', 'certgate']);
  const { exitCode } = await runInProcess(words);
  assert.equal(exitCode, 0, command);
}

/** Fills in what only the owner of the caller or the operator can know. */
export function askOwner(command: string, certificate: string): string {
  return command
    .replace('THUMBPRINT-FROM-THE-OWNER', hash(certificate))
    .replace('NAME-FROM-THE-OWNER', 'billing.corp.example')
    .replace('DOCUMENT', 'earlier.json')
    .replace('REASON', 'damaged');
}

export const corp = (...files: readonly string[]): readonly string[] => [
  ...['authority', 'add', 'corp', '--trust-anchor', 'root.crt.pem'],
  ...files.flatMap((file) => ['--intermediate', file]),
];

export const add = (name: string, ...words: readonly string[]): Promise<void> =>
  change('add', name, '--role', 'reader', ...words);

export const addCaller = (...words: readonly string[]): Promise<void> =>
  add('a1', '--certificate', 'caller.crt.pem', ...words);

/** Adds an authority, and the identity that has a name under it. */
export async function addNamed(...authority: readonly string[]): Promise<void> {
  await change(...authority);
  await add('billing', '--issued-by', 'corp', '--dns', 'billing.corp.example');
}

/** Swaps two neighbouring digits that differ. */
export const slip = (text: string): string => text.replace(/^(.{20,}?)(.)(?!\2)(.)/, '$1$3$2');

const ca = ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'];
const self = ['basicConstraints=critical,CA:FALSE'];
const client = [...self, 'extendedKeyUsage=clientAuth', 'subjectAltName=DNS:billing.corp.example'];

export function makeDrillCertificates(): void {
  makeCertificate('caller', self);
  makeCertificate('ended', self, { end: '20250101000000Z' });
  makeCertificate('other', self);
  for (const root of ['root', 'imitator']) makeCertificate(root, ca, { commonName: 'root' });
  makeCertificate('issuing', ca, { issuer: 'root' });
  // The same CA with the same key, in a certificate that is over.
  makeCertificate('issuing-old', ca, {
    issuer: 'root',
    commonName: 'issuing',
    key: 'issuing',
    end: '20250101000000Z',
  });
  makeCertificate('issued', client, { issuer: 'issuing' });
  makeCertificate('rooted', client, { issuer: 'root' });
  makeCertificate('unlisted', [...client, '2.5.29.56=DER:0500'], {
    issuer: 'root',
    begin: inDays(-1),
    end: inDays(10),
  });
  makeCertificate('successor', ca);
  // A CA without keyUsage, as `openssl req -x509` makes one, and the same CA made correctly.
  makeCertificate('careless', ['basicConstraints=critical,CA:TRUE']);
  makeCertificate('careful', ca, { commonName: 'careless', key: 'careless' });
  makeCertificate('of-careless', client, { issuer: 'careless' });
  makeCertificate('of-successor', client, { issuer: 'successor' });
  makeCertificate('narrow', [...ca, 'nameConstraints=critical,permitted;DNS:other.example']);
  makeCertificate('excluded', client, { issuer: 'narrow' });
  makeCertificate('dot', [...ca, 'nameConstraints=critical,permitted;DNS:.corp.example']);
  makeCertificate('dotted', client, { issuer: 'dot' });
  makeRevocationList('root', 'corp.crl');
  makeRevocationList('issuing', 'issuing.crl');
  makeRevocationList('root', 'ended.crl', ['-crl_lastupdate', inDays(-9), '-crl_nextupdate', inDays(-2)]);
}

/** Certificates for single scenes, most of them unfit in one way, and those of a rotated authority. */
export function makeOddCertificates(): void {
  openssl('genrsa', '-out', 'weak.key.pem', '1024');
  makeCertificate('reissuing', ca, { issuer: 'successor' });
  makeCertificate('reissued', client, { issuer: 'reissuing' });
  makeCertificate('early', ca, { issuer: 'root', begin: '20500101000000Z' });
  makeCertificate('of-early', client, { issuer: 'early' });
  makeCertificate('short', ['basicConstraints=critical,CA:TRUE,pathlen:0', 'keyUsage=critical,keyCertSign,cRLSign']);
  makeCertificate('below', ca, { issuer: 'short' });
  makeCertificate('of-below', client, { issuer: 'below' });
  makeCertificate('strange', [...ca, '1.2.3.4=critical,DER:0500'], { issuer: 'root' });
  makeCertificate('of-strange', client, { issuer: 'strange' });
  makeCertificate('serving', [...ca, 'extendedKeyUsage=serverAuth'], { issuer: 'root' });
  makeCertificate('of-serving', client, { issuer: 'serving' });
  makeCertificate('strict', [...ca, 'policyConstraints=critical,requireExplicitPolicy:0'], { issuer: 'root' });
  makeCertificate('of-strict', client, { issuer: 'strict' });
  makeCertificate('feeble', ca, { issuer: 'root', key: 'weak' });
  makeCertificate('of-feeble', client, { issuer: 'feeble', issuerKey: 'weak' });
  makeCertificate('hashed', client, { issuer: 'root', digest: 'sha1' });
  makeCertificate('future', self, { begin: '20500101000000Z' });
  makeCertificate('fading', self, { begin: inDays(-80), end: inDays(10) });
  makeCertificate('server', [...self, 'extendedKeyUsage=serverAuth']);
  makeCertificate('agreeing', [...self, 'keyUsage=critical,keyAgreement']);
  makeCertificate('odd', [...self, '1.2.3.4=critical,DER:0500']);
  makeCertificate('weak', self);
  openssl('ecparam', '-name', 'secp256k1', '-genkey', '-noout', '-out', 'koblitz.key.pem');
  makeCertificate('koblitz', self);
  makeCertificate('everlasting', [...client, '2.5.29.56=DER:0500'], { issuer: 'root' });
}
