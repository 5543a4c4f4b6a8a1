import { readFileSync, writeFileSync } from 'node:fs';
import { writeDatedCertificate } from '@certgate/x509/test-support/dated-certificates.js';
import { type TemporaryFolder, runOpenssl, tryOpenssl } from '../../../certificates/test-support/openssl.js';

/** Files of a certificate that openssl made. */
export interface Made {
  readonly name: string;
  readonly certificate: string;
  readonly key: string;
}

export interface MakeRequest {
  readonly issuer?: Made;
  /** The file's name by default. */
  readonly commonName?: string;
  /** That of another certificate, for cross-signing; else a new one. */
  readonly key?: string;
  readonly extensions?: readonly string[];
  readonly digest?: string;
  /** As openssl takes them; else valid from 2026 to 2036. */
  readonly from?: string;
  readonly until?: string;
}

export const authorityExtensions: readonly string[] = [
  'basicConstraints=critical,CA:TRUE',
  'keyUsage=critical,keyCertSign,cRLSign',
];

export const clientExtensions: readonly string[] = [
  'basicConstraints=critical,CA:FALSE',
  'keyUsage=critical,digitalSignature',
  'extendedKeyUsage=clientAuth',
];

/** The time that the material is checked at. */
export const checkedAt = '2027-01-15T00:00:00Z';

/** A certificate of an issuer, or a self-signed one. */
export function makeCertificate(folder: TemporaryFolder, name: string, request: MakeRequest): Made {
  const { issuer, commonName = name, key = folder.file(`${name}.key`), extensions = authorityExtensions } = request;
  const { from = '20260101000000Z', until = '20360101000000Z', digest = 'sha256' } = request;
  const certificate = folder.file(`${name}.pem`);
  writeDatedCertificate(certificate, {
    ...{ keyPath: key, name: [`CN = ${commonName}`], extensions, digest, notBefore: from, notAfter: until },
    ...(issuer === undefined ? {} : { issuer: { pemPath: issuer.certificate, keyPath: issuer.key } }),
  });
  return { name, certificate, key };
}

/** The list of an authority, of January 2027, that names these certificates. */
export function makeList(
  folder: TemporaryFolder,
  authority: Made,
  revoked: readonly Made[],
  digest = 'sha256',
): string {
  const lines = revoked.map(({ certificate, name }) => {
    const serial = runOpenssl(['x509', '-in', certificate, '-noout', '-serial']).trim().split('=')[1] ?? '';
    return `R\t350101000000Z\t270105000000Z,keyCompromise\t${serial}\tunknown\t/CN=${name}\n`;
  });
  const settings = [
    ...['[ca]', 'default_ca = here', '[here]', `database = ${folder.file('index.txt', lines.join(''))}`],
    ...[`crlnumber = ${folder.file('number', '07\n')}`, 'crl_extensions = ext', 'unique_subject = no'],
    ...['[ext]', 'authorityKeyIdentifier = keyid:always', ''],
  ];
  const configuration = folder.file('ca.cnf', settings.join('\n'));
  const file = folder.file(`${authority.name}.crl.pem`);
  runOpenssl([
    'ca', '-gencrl', '-config', configuration, '-cert', authority.certificate, '-keyfile', authority.key, '-md', digest,
    '-crl_lastupdate', '20270101000000Z', '-crl_nextupdate', '20270201000000Z', '-out', file,
  ]); // prettier-ignore
  return file;
}

/** Several PEM files in one. */
export function makeBundle(folder: TemporaryFolder, name: string, files: readonly string[]): string {
  const file = folder.file(name);
  writeFileSync(file, files.map((each) => readFileSync(each, 'utf8')).join(''));
  return file;
}

export interface OpensslQuestion {
  readonly leaf: Made;
  readonly anchors: string;
  readonly untrusted: string;
  /** A bundle of lists; else revocation isn't asked. */
  readonly lists?: string;
  readonly at?: string;
  readonly options?: readonly string[];
}

/** What `openssl verify -x509_strict` says, as a TLS server asks it about a client. */
export function askOpenssl({ leaf, anchors, untrusted, lists, at = checkedAt, options = [] }: OpensslQuestion): {
  readonly isValid: boolean;
  readonly text: string;
} {
  const { status, text } = tryOpenssl([
    'verify', '-x509_strict', '-purpose', 'sslclient', '-attime', String(Date.parse(at) / 1000),
    ...(lists === undefined ? [] : ['-crl_check_all', '-CRLfile', lists]),
    '-CAfile', anchors, '-untrusted', untrusted, ...options, leaf.certificate,
  ]); // prettier-ignore
  return { isValid: status === 0, text };
}
