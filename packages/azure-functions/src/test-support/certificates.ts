import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Written out here, so that a change of the name in the code is noticed. */
export const certificateHeaderName = 'x-arr-clientcert';

export interface MadeCertificate {
  readonly der: Buffer;
  /** As App Service's front end sends it. */
  readonly header: string;
  readonly thumbprintSha256: string;
}

const extensions = [
  'basicConstraints=critical,CA:FALSE',
  'keyUsage=critical,digitalSignature',
  'extendedKeyUsage=clientAuth',
];

/** A self-signed client certificate, made by openssl. */
export function makeCertificate(commonName: string): MadeCertificate {
  const folder = mkdtempSync(join(tmpdir(), 'certgate-adapter-'));
  try {
    const configuration = join(folder, 'openssl.cnf');
    const lines = ['[req]', 'prompt=no', 'utf8=yes', 'distinguished_name=dn', 'x509_extensions=ext', '[dn]'];
    writeFileSync(configuration, [...lines, `CN=${commonName}`, '[ext]', ...extensions, ''].join('\n'));
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', join(folder, 'key.pem')];
    const validity = ['-not_before', '20200101000000Z', '-not_after', '20990101000000Z'];
    const args = ['req', '-x509', '-config', configuration, ...key, ...validity, '-outform', 'der'];
    const der = execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'ignore'] });
    return {
      der,
      header: der.toString('base64'),
      thumbprintSha256: createHash('sha256').update(der).digest('hex').toUpperCase(),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A trust document that pins each certificate for an identity of its own. */
export function documentOf(
  identities: Readonly<
    Record<
      string,
      {
        readonly certificate: MadeCertificate;
        readonly roles?: readonly string[];
        readonly functions?: readonly string[];
      }
    >
  >,
): object {
  return {
    schemaVersion: 1,
    revision: 7,
    identities: Object.entries(identities).map(([name, { certificate, roles = [], functions }]) => ({
      name,
      roles,
      ...(functions === undefined ? {} : { functions }),
      pins: [{ thumbprintSha256: certificate.thumbprintSha256 }],
    })),
  };
}
