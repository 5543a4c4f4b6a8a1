import { readFileSync } from 'node:fs';
import { clientExtensions } from '@certgate/x509/test-support/certificates.js';
import { writeDatedCertificate } from '@certgate/x509/test-support/dated-certificates.js';
import { type TemporaryFolder, runOpenssl } from '../../../certificates/test-support/openssl.js';

/** The files of a certificate that openssl made. */
export interface Made {
  readonly name: string;
  readonly certificate: string;
  readonly key: string;
}

export interface MakeRequest {
  readonly issuer?: Made;
  /** The common name of the subject. Default: `name`. */
  readonly commonName?: string;
  /** The file of another certificate's key, for cross-signing. Default: a new key. */
  readonly key?: string;
  readonly extensions?: readonly string[];
  /** In the form that openssl takes. By default, the certificate is valid from 2026 to 2036. */
  readonly from?: string;
  readonly until?: string;
}

export interface IssuedMaterial {
  readonly root: Made;
  readonly issuing: Made;
  readonly good: Made;
  readonly revoked: Made;
  readonly server: Made;
  /** A bundle with two certificates: `issuing` below a root that nobody trusts, and `issuing` itself. */
  readonly untrusted: string;
  /** The revocation lists of the root and of `issuing`. */
  readonly lists: readonly [string, string];
}

/** The time at which the tests check the certificates. */
export const checkedAt = '2027-01-15T00:00:00Z';

const authorityExtensions: readonly string[] = [
  'basicConstraints=critical,CA:TRUE',
  'keyUsage=critical,keyCertSign,cRLSign',
];

/** Makes a root, a CA below it that another root has cross-certified, and certificates that the CA issued. */
export function makeIssuedMaterial(folder: TemporaryFolder): IssuedMaterial {
  const make = (name: string, request: MakeRequest = {}): Made => makeCertificate(folder, name, request);
  const root = make('root');
  const issuing = make('issuing', { issuer: root });
  const crossed = make('issuing-crossed', { issuer: make('other-root'), key: issuing.key, commonName: 'issuing' });
  const issue = (name: string, extensions = clientExtensions): Made => make(name, { issuer: issuing, extensions });
  const revoked = issue('revoked');
  const serverOnly = clientExtensions.map((line) => line.replace('clientAuth', 'serverAuth'));
  return {
    root,
    issuing,
    revoked,
    good: issue('good'),
    server: issue('server', serverOnly),
    untrusted: makeBundle(folder, 'untrusted.pem', [crossed.certificate, issuing.certificate]),
    lists: [makeList(folder, root), makeList(folder, issuing, revoked)],
  };
}

/** Makes a certificate of an issuer, or a self-signed one. */
export function makeCertificate(folder: TemporaryFolder, name: string, request: MakeRequest): Made {
  const { issuer, commonName = name, key = folder.file(`${name}.key`), extensions = authorityExtensions } = request;
  const { from: notBefore = '20260101000000Z', until: notAfter = '20360101000000Z' } = request;
  const certificate = folder.file(`${name}.pem`);
  writeDatedCertificate(certificate, {
    keyPath: key,
    name: [`CN = ${commonName}`],
    extensions,
    digest: 'sha256',
    notBefore,
    notAfter,
    ...(issuer === undefined ? {} : { issuer: { pemPath: issuer.certificate, keyPath: issuer.key } }),
  });
  return { name, certificate, key };
}

/** Makes a revocation list of an authority, which is valid in January 2027. */
function makeList(folder: TemporaryFolder, authority: Made, revoked?: Made): string {
  const serial = revoked && runOpenssl(['x509', '-in', revoked.certificate, '-noout', '-serial']).trim().split('=')[1];
  const line = serial && `R\t350101000000Z\t270105000000Z,keyCompromise\t${serial}\tunknown\t/CN=revoked\n`;
  const settings = [
    ...['[ca]', 'default_ca = here', '[here]', `database = ${folder.file('index.txt', line ?? '')}`],
    ...[`crlnumber = ${folder.file('number', '07\n')}`, 'crl_extensions = ext', 'unique_subject = no'],
    ...['[ext]', 'authorityKeyIdentifier = keyid:always', ''],
  ];
  const file = folder.file(`${authority.name}.crl.pem`);
  runOpenssl([
    'ca', '-gencrl', '-config', folder.file('ca.cnf', settings.join('\n')), '-md', 'sha256', '-out', file,
    '-cert', authority.certificate, '-keyfile', authority.key,
    '-crl_lastupdate', '20270101000000Z', '-crl_nextupdate', '20270201000000Z',
  ]); // prettier-ignore
  return file;
}

/** Joins several PEM files into one. */
export function makeBundle(folder: TemporaryFolder, name: string, files: readonly string[]): string {
  return folder.file(name, files.map((each) => readFileSync(each, 'utf8')).join(''));
}
