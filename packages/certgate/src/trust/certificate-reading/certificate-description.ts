import {
  type CertificateRevocationList,
  type ClientCertificate,
  describeCertificateFault,
  describePublicKey,
  formatInstant,
  formatSerialNumber,
  type KeyUsage,
  listCertificateFaults,
  loadPathValidation,
  type PathCertificate,
  readCertificateHeader,
} from '@certgate/core/internal';
import { describeKeyPurpose } from '../../certificates/structure/extended-key-usage.js';
import { describeDays } from '../../texts/time-words.js';
import type { ReadCrlView } from '../views/page-views.js';

/** One line of a description: a label and its value. */
export type LabelledValue = readonly [label: string, value: string];

/** What is shown of a certificate. */
export type ShownCertificate = Omit<
  ClientCertificate,
  'subjectName' | 'issuerName' | 'commonName' | 'hasExtensions' | 'unknownCriticalExtensions'
>;

/** Why the gate would refuse a certificate, regardless of the trust document. */
export interface CertificateProblem {
  /** The code that the gate would log. */
  readonly code: string;
  readonly detail: string;
}

/**
 * Lists the problems in the order in which the gate finds them. `now` is in milliseconds since 1970-01-01T00:00:00Z.
 */
export function listProblems(certificate: ClientCertificate, now: number): readonly CertificateProblem[] {
  const reading = readCertificateHeader(Buffer.from(certificate.der).toString('base64'));
  const denials = reading.outcome === 'denied' ? [{ code: reading.code, detail: reading.detail }] : [];
  const faults = listCertificateFaults(certificate, now);
  return [...denials, ...faults.map((fault) => ({ code: fault.code, detail: describeCertificateFault(fault) }))];
}

/** Describes a certificate in words, for `certificate inspect` and for the inspector. */
export function describeCertificate(certificate: ShownCertificate, now: number): readonly LabelledValue[] {
  const { subject, issuer, serialNumber, notBefore, notAfter, publicKey, isCertificateAuthority } = certificate;
  const { decodeTrustAnchor, describeSignatureAlgorithm } = loadPathValidation();
  const path = decodeTrustAnchor(certificate.der);
  return [
    ['Subject', subject === '' ? 'none' : subject],
    ['Issuer', issuer === subject ? `${issuer} (its own name)` : issuer],
    ['Valid from', `${formatInstant(notBefore)} (${describeDays(notBefore - now)})`],
    ['Valid until', `${formatInstant(notAfter)} (${describeDays(notAfter - now)})`],
    ['Key', describePublicKey(publicKey)],
    ['Usages', describeUsages(certificate)],
    ['Names', describeNames(certificate)],
    ['Authority (CA)', isCertificateAuthority ? 'yes: it signs certificates, and no caller may present it' : 'no'],
    ...(isCertificateAuthority ? [['On a path', describePlace(certificate.der)] as const] : []),
    ['Serial number', formatSerialNumber(serialNumber)],
    ...(path.ok && path.value.hasNoRevAvail ? [describeNoRevAvail(path.value)] : []),
    ['Signature', path.ok ? describeSignatureAlgorithm(path.value.signatureAlgorithm) : 'not read'],
  ];
}

/**
 * The places on a path in which the gate accepts a CA certificate, leaving out its dates and its extended key usages.
 * The dates are shown apart.
 */
function describePlace(der: Uint8Array): string {
  const { decodePathCertificate, decodeTrustAnchor, describePathFault, findAuthorityFault } = loadPathValidation();
  const find = (
    decoding: ReturnType<typeof decodeTrustAnchor>,
    role: 'trust-anchor' | 'intermediate',
  ): string | undefined => {
    if (!decoding.ok) return `${decoding.fault}.`;
    const fault = findAuthorityFault(decoding.value, role, []);
    return fault && describePathFault(fault);
  };
  const unfit = find(decodeTrustAnchor(der), 'trust-anchor');
  if (unfit !== undefined) return `nowhere: ${unfit}`;
  const fault = find(decodePathCertificate(der), 'intermediate');
  return fault === undefined ? 'as a trust anchor or an intermediate' : `only as a trust anchor: ${fault}`;
}

function describeNoRevAvail(certificate: PathCertificate): LabelledValue {
  const { describeNoRevAvailObstacle, findNoRevAvailFault, measureLifetime } = loadPathValidation();
  const fault = findNoRevAvailFault(certificate);
  const lifetime = `its lifetime is ${measureLifetime(certificate) / 1000} seconds`;
  return [
    'Revocation',
    fault === undefined
      ? `its CA publishes none (noRevAvail); ${lifetime}`
      : `invalid: it ${describeNoRevAvailObstacle(fault)}`,
  ];
}

/** The key usages of RFC 5280 §4.2.1.3 in words. */
const keyUsageWords: Readonly<Record<KeyUsage, string>> = {
  digitalSignature: 'sign data, as a TLS handshake does',
  nonRepudiation: 'sign documents for good',
  keyEncipherment: 'encrypt keys',
  dataEncipherment: 'encrypt data',
  keyAgreement: 'agree on keys',
  keyCertSign: 'sign certificates',
  cRLSign: 'sign revocation lists',
  encipherOnly: 'encrypt only, in a key agreement',
  decipherOnly: 'decrypt only, in a key agreement',
};

function describeUsages({ keyUsage, extendedKeyUsage }: ShownCertificate): string {
  const purposes = extendedKeyUsage?.map(describeKeyPurpose);
  const usages = keyUsage?.map((usage) => `${keyUsageWords[usage]} (${usage})`);
  const limits = [...(purposes ?? []), ...(usages ?? [])];
  if (purposes === undefined && usages === undefined) return 'not limited';
  return limits.length === 0 ? 'none' : limits.join('; ');
}

/** The maximum number of names that are shown, because a certificate may have thousands. */
const maximumNames = 100;

function describeNames({ subjectAlternativeNames }: ShownCertificate): string {
  if (subjectAlternativeNames.length === 0) return 'none';
  const shown = subjectAlternativeNames.slice(0, maximumNames).map(({ type, value }) => `${type}:${value}`);
  const more = subjectAlternativeNames.length - shown.length;
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join(', ');
}

/** The same hashes in the notations of other tools, so that a person can search for the text that such a tool shows. */
export function listThumbprints(certificate: ShownCertificate): readonly LabelledValue[] {
  const { thumbprintSha256, thumbprintSha1, publicKeySha256 } = certificate;
  return [
    ['SHA-256', thumbprintSha256],
    ['SHA-256, OpenSSL', insertColons(thumbprintSha256)],
    ['SHA-256, JWT x5t#S256', encode(thumbprintSha256, 'base64url')],
    ['SHA-1, Azure and PowerShell', thumbprintSha1],
    ['SHA-1, certutil', thumbprintSha1.toLowerCase()],
    ['SHA-1, OpenSSL', insertColons(thumbprintSha1)],
    ['SHA-1, JWT x5t', encode(thumbprintSha1, 'base64url')],
    ['Public key, SHA-256', publicKeySha256],
    ['Public key, curl --pinnedpubkey', `sha256//${encode(publicKeySha256, 'base64')}`],
  ];
}

function insertColons(hexadecimal: string): string {
  return hexadecimal.match(/../g)?.join(':') ?? '';
}

function encode(hexadecimal: string, encoding: 'base64' | 'base64url'): string {
  return Buffer.from(hexadecimal, 'hex').toString(encoding);
}

/** The maximum number of entries that are listed. Further entries are only counted. */
export const maximumListedEntries = 1000;

/**
 * Describes a revocation list in words. It doesn't verify who signed the list, or whether apps would use it:
 * `certificate verify` does that.
 */
export function describeCrl(crl: CertificateRevocationList, now: number): ReadCrlView {
  const { issuerText, thisUpdate, nextUpdate, crlNumber, deltaBaseNumber, entries, unknownCriticalExtensions } = crl;
  return {
    fields: [
      ['Issuer', issuerText],
      ['Kind', deltaBaseNumber === undefined ? 'complete list' : `changes since list ${deltaBaseNumber}`],
      ['Written at', `${formatInstant(thisUpdate)} (${describeDays(thisUpdate - now)})`],
      ['Next list by', nextUpdate === undefined ? 'not said' : describeNextUpdate(nextUpdate, now)],
      ['Number', crlNumber === undefined ? 'none' : `${crlNumber}`],
      ['Revoked certificates', `${entries.count}`],
      ...(unknownCriticalExtensions.length === 0
        ? []
        : [['Unknown critical extensions', unknownCriticalExtensions.slice(0, 20).join(', ')] as const]),
    ],
    revoked: entries.list(maximumListedEntries).map(({ serialNumber, revokedAt, reason }) => ({
      serial: formatSerialNumber(serialNumber),
      at: formatInstant(revokedAt),
      reason: reason === 'unspecified' ? null : reason,
    })),
  };
}

function describeNextUpdate(nextUpdate: number, now: number): string {
  const over = nextUpdate < now ? ': the list is over' : '';
  return `${formatInstant(nextUpdate)} (${describeDays(nextUpdate - now)}${over})`;
}
