import { createHash, X509Certificate } from 'node:crypto';
import { decodeClientCertificate, loadPathValidation, type PathCertificate } from '@certgate/core/internal';
import { type CertificateProblem, listProblems, type ShownCertificate } from './certificate-description.js';

/** What can be shown of the bytes of a certificate, and why the gate would refuse it as a caller's. */
export interface CertificateReading {
  /** Undefined if the bytes can be read neither as a caller's certificate nor as a trust anchor. */
  readonly certificate: ShownCertificate | undefined;
  readonly problems: readonly CertificateProblem[];
}

/**
 * Reads a certificate, or a trust anchor in an older form that no caller may present. `now` is in milliseconds since
 * 1970-01-01T00:00:00Z.
 */
export function readShownCertificate(der: Uint8Array, now: number): CertificateReading {
  const decoding = decodeClientCertificate(der);
  if (decoding.ok) return { certificate: decoding.certificate, problems: listProblems(decoding.certificate, now) };
  const anchor = loadPathValidation().decodeTrustAnchor(der);
  const hint = anchor.ok ? ' Only a trust anchor may be encoded in this way.' : '';
  const detail = `The certificate is not encoded as RFC 5280 requires: ${decoding.fault}.${hint}`;
  return {
    certificate: anchor.ok ? describeAnchor(anchor.value) : undefined,
    problems: [{ code: 'certificate_malformed', detail }],
  };
}

function describeAnchor(anchor: PathCertificate): ShownCertificate {
  const { der, subjectText, isSelfIssued, subjectAlternativeNames = [], verificationKey } = anchor;
  const digest = (algorithm: string, bytes: Uint8Array): string =>
    createHash(algorithm).update(bytes).digest('hex').toUpperCase();
  return {
    ...anchor,
    subject: subjectText,
    issuer: isSelfIssued ? subjectText : new X509Certificate(der).issuer.replaceAll('\n', ', '),
    isCertificateAuthority: anchor.basicConstraints?.isCertificateAuthority ?? false,
    subjectAlternativeNames: subjectAlternativeNames.flatMap((name) =>
      'text' in name ? { type: typesOfText[name.form], value: name.text } : [],
    ),
    thumbprintSha256: digest('sha256', der),
    thumbprintSha1: digest('sha1', der),
    publicKeySha256: digest('sha256', verificationKey.subjectPublicKeyInfo),
  };
}

const typesOfText = { dNSName: 'dns', rfc822Name: 'email', uniformResourceIdentifier: 'uri' } as const;
