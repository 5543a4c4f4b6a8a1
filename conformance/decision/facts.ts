// What @certgate/x509 verifies of certificates and lists, as the reference takes it: facts, and no rule of a trust document.
import { createHash } from 'node:crypto';
import { type ClientCertificate, clientAuthentication, decodeClientCertificate, findSpiffeId } from '@certgate/x509';
import {
  type CertificateRevocationList,
  decodePathCertificate,
  findCertificationPath,
  findNoRevAvailFault,
  isSignedBy,
  measureLifetime,
  type PathCertificate,
} from '@certgate/x509/path';

export interface Thumbprints {
  readonly thumbprintSha256: string;
  readonly thumbprintSha1: string;
}

export type NameType = 'dns' | 'uri' | 'email' | 'commonName' | 'organizationalUnit';

export interface Certificate extends Thumbprints {
  readonly publicKeySha256: string | undefined;
  /** The same certificate with the other signature that is as good: (r, n − s) for (r, s). */
  readonly twins: readonly Thumbprints[];
  readonly names: readonly (readonly [NameType, string])[];
  /** As a client's certificate, and as one of a path. Undefined: the bytes are none. */
  readonly client: ClientCertificate | undefined;
  readonly path: PathCertificate | undefined;
}

export function describeCertificate(der: Uint8Array, twins: readonly Uint8Array[] = []): Certificate {
  const client = decodeClientCertificate(der);
  const path = decodePathCertificate(der);
  return {
    ...hash(der),
    publicKeySha256: client.ok ? client.certificate.publicKeySha256 : undefined,
    twins: twins.map(hash),
    names: path.ok ? listNames(path.value) : [],
    client: client.ok ? client.certificate : undefined,
    path: path.ok ? path.value : undefined,
  };
}

function hash(der: Uint8Array): Thumbprints {
  const digest = (algorithm: string): string => createHash(algorithm).update(der).digest('hex').toUpperCase();
  return { thumbprintSha256: digest('sha256'), thumbprintSha1: digest('sha1') };
}

function listNames({ subjectAlternativeNames = [], subjectName }: PathCertificate): Certificate['names'] {
  const forms = { dNSName: 'dns', uniformResourceIdentifier: 'uri', rfc822Name: 'email' } as const;
  const names = subjectAlternativeNames.flatMap((each) =>
    'text' in each ? [[forms[each.form], each.text] as const] : [],
  );
  const uris = names.filter(([type]) => type === 'uri').map(([, uri]) => uri);
  // X509-SVID §2: a certificate with a SPIFFE ID has exactly one URI, or none that counts.
  const areUrisFit =
    !uris.some((uri) => /^spiffe:/i.test(uri)) || (uris.length === 1 && findSpiffeId(uris[0] ?? '') !== undefined);
  const attributes = (type: string): readonly string[] =>
    subjectName.flat().flatMap((each) => (each.type === type && each.isEncoded !== true ? [each.value] : []));
  const commonNames = attributes('2.5.4.3');
  return [
    ...names.filter(([type]) => type !== 'uri' || areUrisFit),
    ...(commonNames.length === 1 ? commonNames : []).map((text) => ['commonName', text] as const),
    ...attributes('2.5.4.11').map((text) => ['organizationalUnit', text] as const),
  ];
}

/** By serverAuth, without clientAuth or any usage. */
export function isForServersAlone({ extendedKeyUsage: usages = [] }: ClientCertificate): boolean {
  const excluded = [clientAuthentication, '2.5.29.37.0'];
  return usages.includes('1.3.6.1.5.5.7.3.1') && !usages.some((usage) => excluded.includes(usage));
}

/** In milliseconds, of a certificate that says with right that no revocation information exists; Infinity: of any other. */
export function measureExemptLifetime(certificate: PathCertificate): number {
  const isExempt = certificate.hasNoRevAvail && findNoRevAvailFault(certificate) === undefined;
  return isExempt ? measureLifetime(certificate) : Infinity;
}

export interface CertificationAuthority {
  readonly trustAnchors: readonly Certificate[];
  readonly intermediates?: readonly Certificate[];
  readonly dnsConstraintsWithLeadingDot?: 'refuse' | 'subdomains-only';
}

/** From the trust anchor to the target. */
export type Path = readonly PathCertificate[];

/** The paths from the authority to a certificate that are valid at this time, whatever is revoked on them. None: why. */
export function listPaths(
  { trustAnchors, intermediates = [], dnsConstraintsWithLeadingDot = 'refuse' }: CertificationAuthority,
  target: PathCertificate,
  now: number,
): { readonly paths: readonly Path[]; readonly code: string } {
  const paths: Path[] = [];
  const codes: string[] = [];
  // The first, and each that is left without one of its CA certificates, the nearest first.
  const listWithout = (left: readonly PathCertificate[]): void => {
    const among = (list: readonly Certificate[]) => decodedOf(list).filter((ca) => !left.includes(ca));
    const verdict = findCertificationPath({
      target,
      trustAnchors: among(trustAnchors),
      intermediates: among(intermediates),
      dnsConstraintsWithLeadingDot,
      now,
      revocation: 'off',
    });
    if (verdict.outcome === 'invalid') {
      codes.push(verdict.code);
      return;
    }
    const path = [verdict.trustAnchor, ...verdict.certificates];
    const isSame = (other: Path): boolean => other.length === path.length && other.every((ca, at) => ca === path[at]);
    if (!paths.some(isSame)) paths.push(path);
    for (const ca of path.slice(0, -1).toReversed()) listWithout([...left, ca]);
  };
  listWithout([]);
  return { paths, code: codes[0] ?? 'path_not_found' };
}

export function decodedOf(certificates: readonly Certificate[]): readonly PathCertificate[] {
  return certificates.flatMap(({ path }) => path ?? []);
}

export function isInForce({ notBefore, notAfter }: PathCertificate, at: number): boolean {
  return at >= notBefore && at <= notAfter;
}

/** The key as it stands in the certificate. */
export function keyOf({ verificationKey }: PathCertificate): string {
  return Buffer.from(verificationKey.subjectPublicKeyInfo).toString('base64');
}

/** The CA certificates of the list's issuer whose key signed it. */
export function listSigners(
  list: CertificateRevocationList,
  { trustAnchors, intermediates = [] }: CertificationAuthority,
): readonly PathCertificate[] {
  return decodedOf([...trustAnchors, ...intermediates]).filter(
    (ca) => ca.subject.key === list.issuer.key && isSignedBy(list, ca.verificationKey),
  );
}

/** The CA certificates of the authority that signed this one. */
export function listIssuers(
  certificate: PathCertificate,
  authority: CertificationAuthority,
): readonly PathCertificate[] {
  return decodedOf([...authority.trustAnchors, ...(authority.intermediates ?? [])]).filter(
    (ca) => ca.subject.key === certificate.issuer.key && isSignedBy(certificate, ca.verificationKey),
  );
}

/** Which certificates the list is about, as it is encoded; empty: all of its issuer. */
export function describeScope(list: CertificateRevocationList): string {
  return Buffer.from(list.extensions.get('2.5.29.28')?.value ?? []).toString('hex');
}

/** What the list has of the certificate, by the reasons. Undefined: it is not about that certificate. */
export function findReasons(
  list: CertificateRevocationList,
  { serialNumber, issuer, basicConstraints, crlDistributionPoints = [] }: PathCertificate,
): readonly string[] | undefined {
  const { onlyContainsUserCertificates, onlyContainsAuthorityCertificates } = list.issuingDistributionPoint ?? {};
  const isAuthority = basicConstraints?.isCertificateAuthority === true;
  const crlIssuers = crlDistributionPoints.flatMap(({ crlIssuer = [] }) =>
    crlIssuer.flatMap((each) => ('name' in each ? each.name.key : [])),
  );
  const isIndirect = list.issuingDistributionPoint?.isIndirect === true && crlIssuers.includes(list.issuer.key);
  if (list.issuer.key !== issuer.key && !isIndirect) return undefined;
  if (isAuthority ? onlyContainsUserCertificates : onlyContainsAuthorityCertificates) return undefined;
  return list.entries.find(serialNumber, issuer).map(({ reason }) => reason);
}
