import { execFileSync, spawnSync } from 'node:child_process';
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { type PathCertificate, decodePathCertificate } from '../certificate/path-certificate.js';
import { type CertificateRequest, makeCertificate } from './certificates.js';
import { newTemporaryPath, toPem } from './openssl.js';

export interface IssuedCertificate {
  readonly certificate: PathCertificate;
  readonly pemPath: string;
  readonly keyPath: string;
}

export const authorityExtensions: readonly string[] = [
  'basicConstraints = critical, CA:TRUE',
  'keyUsage = critical, keyCertSign, cRLSign',
];

/** Makes a certificate with openssl. Without an issuer, it is self-signed. */
export function issueCertificate(request: CertificateRequest, issuer?: IssuedCertificate): IssuedCertificate {
  const made = makeCertificate({ ...request, ...(issuer === undefined ? {} : { issuer }) });
  const decoding = decodePathCertificate(made.der);
  assert.ok(decoding.ok, decoding.ok ? '' : decoding.fault);
  const pemPath = newTemporaryPath('.pem');
  writeFileSync(pemPath, toPem(made.der));
  return { certificate: decoding.value, pemPath, keyPath: made.keyPath };
}

const verification = ['verify', '-attime', String(Date.UTC(2027, 0, 1) / 1000)];

/** For each certificate that the anchor issued: whether `openssl verify` accepts it. One process checks all of them. */
export function verifyEachByOpenssl(
  anchor: IssuedCertificate,
  targets: readonly IssuedCertificate[],
): readonly boolean[] {
  const paths = targets.map(({ pemPath }) => pemPath);
  const { stdout } = spawnSync('openssl', [...verification, '-trusted', anchor.pemPath, ...paths], {
    encoding: 'utf8',
  });
  return paths.map((path) => stdout.includes(`${path}: OK\n`));
}

/** Whether `openssl verify` accepts a path, which begins with the trust anchor. */
export function isVerifiedByOpenssl(path: readonly IssuedCertificate[], options: readonly string[] = []): boolean {
  const [anchor, ...rest] = path.map(({ pemPath }) => pemPath);
  const target = rest.at(-1);
  assert.ok(anchor !== undefined && target !== undefined);
  const untrusted = rest.slice(0, -1).flatMap((path) => ['-untrusted', path]);
  const args = [...verification, ...options, '-trusted', anchor];
  try {
    execFileSync('openssl', [...args, ...untrusted, target], { stdio: ['ignore', 'ignore', 'ignore'] });
    return true;
  } catch {
    return false;
  }
}
