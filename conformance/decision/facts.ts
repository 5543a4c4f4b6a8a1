// The facts that @certgate/x509 verifies of certificates and lists, in the form that the reference uses. They contain
// no rule of a trust document.
import { createHash, createPublicKey, verify } from 'node:crypto';
import { type ClientCertificate, decodeClientCertificate } from '@certgate/x509';
import {
  type CertificateRevocationList,
  decodePathCertificate,
  findCertificationPath,
  isSignedBy,
  type PathCertificate,
} from '@certgate/x509/path';
import { findIssuerName } from '@certgate/x509/internal';
import { getChildren, getNode, parseTree } from '@certgate/x509/test-support/der-editing.js';
import { listNames, type NameType } from './reference/names.js';
import { listTwins } from './reference/twins.js';

export interface Thumbprints {
  readonly thumbprintSha256: string;
  readonly thumbprintSha1: string;
}

export interface Certificate extends Thumbprints {
  /** The length of the certificate, in octets. */
  readonly length: number;
  readonly publicKeySha256: string | undefined;
  /** The serial number, in hexadecimal. Undefined if the certificate can't be decoded. */
  readonly serialNumber: string | undefined;
  /** The issuer's name, in a form in which equal names are equal texts. Undefined if it can't be read. */
  readonly issuer: string | undefined;
  /** The thumbprints of the twin: the same certificate with the signature (r, n − s), which is valid if (r, s) is. */
  readonly twins: readonly Thumbprints[];
  readonly names: readonly (readonly [NameType, string])[];
  /** The object identifiers of the critical extensions: their contents, in hexadecimal. */
  readonly criticalExtensions: readonly string[];
  /**
   * The certificate decoded as a client's, and below as one of a path. Undefined if the bytes can't be decoded as such.
   */
  readonly client: ClientCertificate | undefined;
  readonly path: PathCertificate | undefined;
}

export function describeCertificate(der: Uint8Array): Certificate {
  const client = decodeClientCertificate(der);
  const path = decodePathCertificate(der);
  return {
    ...hash(der),
    length: der.length,
    publicKeySha256: client.ok ? client.certificate.publicKeySha256 : undefined,
    serialNumber: path.ok ? path.value.serialNumber : client.ok ? client.certificate.serialNumber : undefined,
    issuer: findIssuerName(der)?.key,
    twins: listTwins(der).map(hash),
    names: path.ok ? listNames(path.value) : [],
    criticalExtensions: client.ok ? listCriticalExtensions(der) : [],
    client: client.ok ? client.certificate : undefined,
    path: path.ok ? path.value : undefined,
  };
}

function hash(der: Uint8Array): Thumbprints {
  const digest = (algorithm: string): string => createHash(algorithm).update(der).digest('hex').toUpperCase();
  return { thumbprintSha256: digest('sha256'), thumbprintSha1: digest('sha1') };
}

function listCriticalExtensions(der: Uint8Array): readonly string[] {
  const extensions = getChildren(parseTree(der), 0).find(({ tag }) => tag === 0xa3);
  if (extensions === undefined) return [];
  // Only a critical extension has a third element, a BOOLEAN between its type and its value.
  const critical = getChildren(extensions, 0).filter(({ children = [] }) => children.length === 3);
  return critical.map((each) => getNode(each, 0).content.toString('hex'));
}

const digests: Readonly<Record<string, string>> = { prime256v1: 'sha256', secp384r1: 'sha384' };

/**
 * Whether one of the keys signed the document. The signature is in base64: one line, or two with one signature each.
 */
export function isDocumentSigned(document: string, signature: string, keys: readonly string[]): boolean {
  return keys
    .map((pem) => createPublicKey(pem))
    .some((key) => {
      const { namedCurve } = key.asymmetricKeyDetails ?? {};
      const algorithm = digests[namedCurve ?? ''];
      const isBy = (line: string): boolean =>
        verify(algorithm, Buffer.from(document), key, Buffer.from(line, 'base64'));
      return signature.trim().split(/\r?\n/).some(isBy);
    });
}

export interface CertificationAuthority {
  readonly trustAnchors: readonly Certificate[];
  readonly intermediates?: readonly Certificate[];
  readonly dnsConstraintsWithLeadingDot?: 'refuse' | 'subdomains-only';
}

/** The certificates of a path, from the trust anchor to the target. */
export type Path = readonly PathCertificate[];

/**
 * The paths from the authority to a certificate that are valid at this time. Revocation is not looked at. `code` says
 * why there is none. `forwarded` are CA certificates that came with the certificate, for paths that the authority's own
 * don't complete.
 */
export function listPaths(
  { trustAnchors, intermediates = [], dnsConstraintsWithLeadingDot = 'refuse' }: CertificationAuthority,
  target: PathCertificate,
  now: number,
  forwarded: readonly Certificate[] = [],
): { readonly paths: readonly Path[]; readonly code: string } {
  const paths: Path[] = [];
  const codes: string[] = [];
  // Finds the first path, and then, for each of its CA certificates from the nearest on, a path without it.
  const listWithout = (left: readonly PathCertificate[]): void => {
    const among = (list: readonly Certificate[]) => decodedOf(list).filter((ca) => !left.includes(ca));
    const verdict = findCertificationPath({
      target,
      trustAnchors: among(trustAnchors),
      intermediates: among(intermediates),
      candidates: among(forwarded),
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

/** The public key in base64, encoded as in the certificate. */
export function keyOf({ verificationKey }: PathCertificate): string {
  return Buffer.from(verificationKey.subjectPublicKeyInfo).toString('base64');
}

/** The CA certificates of the authority whose subject is the issuer's name. */
export function listNamesakes(
  { issuer }: CertificateRevocationList | PathCertificate,
  { trustAnchors, intermediates = [] }: CertificationAuthority,
): readonly PathCertificate[] {
  return decodedOf([...trustAnchors, ...intermediates]).filter(({ subject }) => subject.key === issuer.key);
}

/** The CA certificates of the authority whose name is the issuer's and whose key signed the certificate or list. */
export function listIssuers(
  signed: CertificateRevocationList | PathCertificate,
  authority: CertificationAuthority,
): readonly PathCertificate[] {
  return listNamesakes(signed, authority).filter((ca) => isSignedBy(signed, ca.verificationKey));
}

/**
 * The list's scope: its issuing distribution point, as encoded, in hexadecimal. Empty if the list is about all
 * certificates of its issuer.
 */
export function describeScope(list: CertificateRevocationList): string {
  return Buffer.from(list.extensions.get('2.5.29.28')?.value ?? []).toString('hex');
}

/** The reasons of the list's entries for the certificate. Undefined if the list is not about that certificate. */
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
