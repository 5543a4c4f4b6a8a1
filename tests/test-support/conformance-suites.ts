import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openssl } from './openssl.js';

/**
 * The files of a suite, all made by openssl, in PEM and DER: a root, a leaf that it issued, its CRLs, and OCSP
 * responses about the leaf.
 */
export interface SuiteMaterial {
  readonly folder: string;
  /** An ISO 8601 time at which all files are valid. */
  readonly time: string;
}

const configuration = `
[ca]
default_ca = own
[own]
database = index.txt
crlnumber = crlnumber
default_md = sha256
default_crl_days = 30
crl_extensions = crl
[crl]
authorityKeyIdentifier = keyid
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth, serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = DNS:peer.example, IP:192.0.2.1, email:a@peer.example
`;

export function makeSuiteMaterial(folder: string): SuiteMaterial {
  mkdirSync(join(folder, 'certs'), { recursive: true });
  mkdirSync(join(folder, 'crls'), { recursive: true });
  const run = (...args: readonly string[]): string => openssl(args, folder);
  writeFileSync(join(folder, 'openssl.cnf'), configuration);
  writeFileSync(join(folder, 'index.txt'), '');
  writeFileSync(join(folder, 'crlnumber'), '01\n');
  const key = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-config',
    'openssl.cnf',
    '-days',
    '30',
  ];
  const dn = ['-subj', '/CN=Conformance Root', '-extensions', 'root', '-keyout', 'root.key', '-out', 'certs/root.pem'];
  run('req', '-x509', ...key, ...dn);
  const issuer = ['-CA', 'certs/root.pem', '-CAkey', 'root.key'];
  const leaf = [
    '-subj',
    '/CN=peer',
    '-extensions',
    'leaf',
    '-set_serial',
    '7',
    '-keyout',
    'leaf.key',
    '-out',
    'certs/leaf.pem',
  ];
  run('req', '-x509', ...key, ...issuer, ...leaf);
  const ca = ['-config', 'openssl.cnf', '-keyfile', 'root.key', '-cert', 'certs/root.pem'];
  run('ca', ...ca, '-gencrl', '-out', 'crls/good.pem');
  run('crl', '-in', 'crls/good.pem', '-outform', 'der', '-out', 'crls/good.crl');
  respond(folder, 'V', 'good.ors');
  respond(folder, 'R', 'revoked.ors');
  run('ca', ...ca, '-gencrl', '-out', 'crls/revoked.pem');
  return { folder, time: new Date(Date.now() + 1000).toISOString() };
}

/** Writes the authority's index with the leaf's status, and the authority's own OCSP response. */
function respond(folder: string, status: 'V' | 'R', output: string): void {
  const revokedAt = status === 'R' ? '250101000000Z' : '';
  writeFileSync(join(folder, 'index.txt'), `${status}\t490101000000Z\t${revokedAt}\t07\tunknown\t/CN=peer\n`);
  const question = ['-issuer', 'certs/root.pem', '-cert', 'certs/leaf.pem', '-no_nonce', '-reqout', 'request.der'];
  openssl(['ocsp', ...question], folder);
  const answer = ['-index', 'index.txt', '-CA', 'certs/root.pem', '-rsigner', 'certs/root.pem', '-rkey', 'root.key'];
  openssl(['ocsp', ...answer, '-ndays', '1', '-reqin', 'request.der', '-respout', output], folder);
}

export interface LimboCase {
  readonly id: string;
  readonly expected: 'SUCCESS' | 'FAILURE';
  readonly peerName?: { readonly kind: string; readonly value: string };
  readonly crl?: string;
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** Writes a file in x509-limbo's schema that uses these files. */
export function writeLimboSuite({ folder, time }: SuiteMaterial, cases: readonly LimboCase[]): string {
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  const testcases = cases.map(({ id, expected, peerName, crl, extra }) => ({
    id,
    conflicts_with: [],
    features: [],
    importance: 'undetermined',
    description: id,
    validation_kind: 'CLIENT',
    trusted_certs: [read('certs/root.pem')],
    untrusted_intermediates: [],
    peer_certificate: read('certs/leaf.pem'),
    peer_certificate_key: null,
    validation_time: time,
    signature_algorithms: [],
    key_usage: [],
    extended_key_usage: ['clientAuth'],
    expected_result: expected,
    expected_peer_name: peerName ?? null,
    expected_peer_names: [],
    max_chain_depth: null,
    crls: crl === undefined ? [] : [read(crl)],
    ...extra,
  }));
  const path = join(folder, 'limbo.json');
  writeFileSync(path, JSON.stringify({ version: 1, testcases }));
  return path;
}
