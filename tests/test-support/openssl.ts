import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A certificate that openssl made, so that the code under test is not its own judge. */
export interface OpensslCertificate {
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly thumbprintSha256: string;
}

export function openssl(args: readonly string[], cwd: string): string {
  return execFileSync('openssl', args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

const keyArguments = {
  ec: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  rsa: ['-newkey', 'rsa:2048'],
} as const;

/**
 * Makes a self-signed end-entity certificate with suitable extensions, using `openssl req -x509`. With `issuer`, that
 * certificate's key signs it.
 */
export function makeOpensslCertificate(
  folder: string,
  name: string,
  key: keyof typeof keyArguments,
  extensions: readonly string[] = [
    'basicConstraints=critical,CA:FALSE',
    'keyUsage=critical,digitalSignature',
    'extendedKeyUsage=clientAuth',
  ],
  issuer?: OpensslCertificate,
): OpensslCertificate {
  const certificateFile = join(folder, `${name}.crt.pem`);
  const keyFile = join(folder, `${name}.key.pem`);
  const added = extensions.flatMap((extension) => ['-addext', extension]);
  const signed = issuer === undefined ? [] : ['-CA', issuer.certificateFile, '-CAkey', issuer.keyFile];
  const files = [...signed, '-keyout', keyFile, '-out', certificateFile];
  openssl(
    ['req', '-x509', '-nodes', '-days', '30', '-subj', `/CN=${name}`, ...keyArguments[key], ...added, ...files],
    folder,
  );
  const { fingerprint256 } = new X509Certificate(readFileSync(certificateFile));
  return { certificateFile, keyFile, thumbprintSha256: fingerprint256 };
}

/**
 * Makes a certificate that looks like one of a public CA by its name and its certificate timestamps (SCTs). The list of
 * timestamps is empty.
 */
export function makePublicCertificate(folder: string, name: string, usages: string): OpensslCertificate {
  const authority = makeOpensslCertificate(folder, `${name}-ca`, 'ec', ['basicConstraints=critical,CA:TRUE']);
  const extensions = [
    'basicConstraints=critical,CA:FALSE',
    `extendedKeyUsage=${usages}`,
    'subjectAltName=DNS:api.contoso.com',
    '1.3.6.1.4.1.11129.2.4.2=DER:04020000',
  ];
  return makeOpensslCertificate(folder, name, 'ec', extensions, authority);
}

/** Writes a trust document that pins each certificate for an identity with the given name. */
export function writeTrust(
  folder: string,
  identities: Readonly<
    Record<string, { readonly certificate: OpensslCertificate; readonly roles?: readonly string[] }>
  >,
): string {
  const file = join(folder, 'trust.json');
  const list = Object.entries(identities).map(([name, { certificate, roles = [] }]) => ({
    name,
    roles,
    // With colons, as Node.js and openssl print it.
    pins: [{ thumbprintSha256: certificate.thumbprintSha256 }],
  }));
  writeFileSync(file, JSON.stringify({ schemaVersion: 1, revision: 1, identities: list }));
  return file;
}
