import { type CertificateRequest, makeCertificate } from '@certgate/x509/test-support/certificates.js';
import { toVersion1 } from '@certgate/x509/test-support/der-editing.js';
import { toPem } from '@certgate/x509/test-support/openssl.js';

export { toPem };

export const authorityExtensions: readonly string[] = [
  'basicConstraints = critical, CA:TRUE',
  'keyUsage = critical, keyCertSign, cRLSign',
];

function makePem(request: CertificateRequest): string {
  return toPem(makeCertificate(request).der);
}

/** Certificates in PEM that a trust document may have as an authority's, and some that it must not. */
export interface AuthorityPems {
  readonly corp: string;
  /** A certificate with the name and key of `corp`, and with a later end. */
  readonly corpRenewed: string;
  /** A certificate with the name of `corp`, and with another key. */
  readonly corpImpostor: string;
  readonly partner: string;
  readonly issuing: string;
  readonly leaf: string;
  readonly withoutConstraints: string;
  readonly withoutSigning: string;
  readonly version1: string;
}

let made: AuthorityPems | undefined;

/** The certificates are made once per process. */
export function getAuthorityPems(): AuthorityPems {
  const extensions = authorityExtensions;
  const corp = ['CN = Corp CA'];
  made ??= {
    corp: makePem({ name: corp, extensions }),
    corpRenewed: makePem({ name: corp, extensions, notAfter: '20400101000000Z' }),
    corpImpostor: makePem({ name: corp, extensions, key: 'p-256-again' }),
    partner: makePem({ name: ['CN = Partner CA'], extensions }),
    issuing: makePem({ name: ['CN = Corp Issuing CA'], extensions }),
    leaf: makePem({ name: ['CN = billing'] }),
    withoutConstraints: makePem({ name: corp, extensions: ['keyUsage = keyCertSign'] }),
    withoutSigning: makePem({ name: corp, extensions: ['basicConstraints = CA:TRUE', 'keyUsage = cRLSign'] }),
    version1: toPem(toVersion1(makeCertificate({ name: corp, extensions }).der)),
  };
  return made;
}
