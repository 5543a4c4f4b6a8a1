import { createHash } from 'node:crypto';
import { clientExtensions } from '@certgate/x509/test-support/certificates.js';
import { makeDatedCertificate } from '@certgate/x509/test-support/dated-certificates.js';
import { newTemporaryPath } from '@certgate/x509/test-support/openssl.js';

/** Written out here, so that a change of the name in the code makes a test fail. */
export const certificateHeaderName = 'x-arr-clientcert';

export interface MadeCertificate {
  readonly der: Buffer;
  /** The header as App Service's front end sends it. */
  readonly header: string;
  readonly thumbprintSha256: string;
}

/** A self-signed client certificate, made by openssl. */
export function makeCertificate(commonName: string): MadeCertificate {
  const der = makeDatedCertificate({
    keyPath: newTemporaryPath('.key.pem'),
    name: [`CN = ${commonName}`],
    extensions: clientExtensions,
    notBefore: '20200101000000Z',
    notAfter: '20990101000000Z',
  });
  return {
    der,
    header: der.toString('base64'),
    thumbprintSha256: createHash('sha256').update(der).digest('hex').toUpperCase(),
  };
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
