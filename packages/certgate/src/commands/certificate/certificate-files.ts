import { join } from 'node:path';
import { type ClientCertificate, formatInstant, formatSerialNumber } from '@certgate/core/internal';
import { encodePfx } from '../../certificates/pfx/encode-pfx.js';
import type { IssuedCertificate, SignedCertificate } from '../../certificates/structure/write-certificate.js';
import { printLine } from '../command-line/output.js';
import type { CertificateFlags } from './certificate-options.js';
import type { FileToWrite } from './write-file-set.js';

/** A type and not an interface, because only then does `Object.values` know the types of the values. */
export type CertificatePaths = {
  readonly pfx?: string;
  readonly certificate: string;
  readonly header: string;
  readonly key?: string;
  /** The intermediates between the certificate and the root. */
  readonly chain?: string;
};

export function createPaths(
  name: string,
  { out, pfx, pem }: Pick<CertificateFlags, 'out' | 'pfx' | 'pem'>,
  hasChain = false,
): CertificatePaths {
  return {
    ...(pfx ? { pfx: join(out, `${name}.pfx`) } : {}),
    certificate: join(out, `${name}.crt.pem`),
    header: join(out, `${name}.crt.base64`),
    ...(pem === true ? { key: join(out, `${name}.key.pem`) } : {}),
    ...(hasChain ? { chain: join(out, `${name}.chain.pem`) } : {}),
  };
}

/** The files that contain the private key. */
export function listKeyFiles({ pfx, key }: CertificatePaths): readonly string[] {
  return [pfx, key].filter((path) => path !== undefined);
}

export interface CertificateFileContent {
  readonly name: string;
  /** Without the private key if only the caller has it. */
  readonly issued: SignedCertificate & Partial<IssuedCertificate>;
  /** The password of the PFX. */
  readonly password: string | undefined;
  readonly compatible: boolean;
  readonly chainPem?: string;
}

export function createFiles(paths: CertificatePaths, content: CertificateFileContent): readonly FileToWrite[] {
  const { name, password, compatible, chainPem } = content;
  const { certificateDer, certificatePem, privateKeyPem } = content.issued;
  const files: FileToWrite[] = [
    { path: paths.certificate, content: certificatePem, isSecret: false },
    { path: paths.header, content: `${certificateDer.toString('base64')}\n`, isSecret: false },
  ];
  if (paths.pfx !== undefined && password !== undefined && privateKeyPem !== undefined) {
    const pfx = encodePfx({ certificateDer, privateKeyPem, password, friendlyName: name, compatible });
    files.push({ path: paths.pfx, content: pfx, isSecret: true });
  }
  if (paths.key !== undefined && privateKeyPem !== undefined)
    files.push({ path: paths.key, content: privateKeyPem, isSecret: true });
  if (paths.chain !== undefined && chainPem !== undefined) {
    files.push({ path: paths.chain, content: chainPem, isSecret: false });
  }
  return files;
}

export function printPaths(paths: CertificatePaths): void {
  printFiles([
    [paths.pfx, 'certificate and private key, protected by the password: only for the caller'],
    [paths.key, 'the private key, NOT encrypted: only for the caller'],
    [paths.certificate, 'the certificate: not secret'],
    [paths.header, 'the certificate as in X-ARR-ClientCert: not secret'],
    [paths.chain, 'the intermediates up to the root: not secret'],
  ]);
}

/** Prints each file that was written, with its purpose, between two empty lines. */
export function printFiles(files: readonly (readonly [path: string | undefined, purpose: string])[]): void {
  const width = Math.max(...files.map(([path]) => path?.length ?? 0));
  printLine();
  for (const [path, purpose] of files) if (path !== undefined) printLine(`  ${path.padEnd(width)}  ${purpose}`);
  printLine();
}

/** The fields of a new certificate for `--json`. */
export function describeNewCertificate(certificate: ClientCertificate): object {
  const { subject, thumbprintSha256, thumbprintSha1, publicKeySha256 } = certificate;
  return {
    subject,
    serialNumber: formatSerialNumber(certificate.serialNumber),
    thumbprintSha256,
    thumbprintSha1,
    publicKeySha256,
    notBefore: formatInstant(certificate.notBefore),
    notAfter: formatInstant(certificate.notAfter),
  };
}
