import type { PathCertificate } from '@certgate/x509/path';
import { loadPathValidation } from '../load-path-validation.js';
import type { PemFault } from '@certgate/x509';
import { decodePem, isTrustDomain, shortenText } from '@certgate/x509/internal';
import type { TrustedAuthority, TrustWarning } from '../trust-snapshot/trust-snapshot.js';
import type { AuthorityDirectory } from './authority-directory.js';
import { getDocumentKeys } from './document-keys.js';
import type { DocumentReader } from './document-reader.js';
import { readRevocationSettings } from './read-revocation.js';

/** Reads the list of authorities into the directory, one certificate per step. The reader collects the problems. */
export function* readAuthorities(
  reader: DocumentReader,
  value: unknown,
  directory: AuthorityDirectory,
  warnings: TrustWarning[],
): Generator<undefined, void, undefined> {
  const seen: SeenInDocument = { names: new Map(), anchors: new Map(), trustDomains: new Map(), crls: new Map() };
  for (const [index, item] of reader.readArray(value, 'authorities').entries()) {
    yield* readAuthority(reader, item, `authorities[${index}]`, { directory, seen, warnings });
  }
}

/** What may belong to only one authority of a document, with the path where it occurred first. */
interface SeenInDocument {
  readonly names: Map<string, string>;
  readonly anchors: Map<string, string>;
  readonly trustDomains: Map<string, string>;
  readonly crls: Map<string, string>;
}

interface AuthorityReadingContext {
  readonly directory: AuthorityDirectory;
  readonly seen: SeenInDocument;
  readonly warnings: TrustWarning[];
}

function* readAuthority(
  reader: DocumentReader,
  value: unknown,
  path: string,
  { directory, seen, warnings }: AuthorityReadingContext,
): Generator<undefined, void, undefined> {
  const fields = reader.readObject(value, path, 'authority');
  if (fields === undefined) return;
  const problemsBefore = reader.problems.length;
  const name = reader.readName(fields.name, `${path}.name`);
  const what = `the authority "${name}" (letter case is ignored)`;
  reader.expectUnique(seen.names, name.toLowerCase(), `${path}.name`, what);
  const places = new Map<string, string>();
  const trustAnchors = yield* readCertificates(reader, fields.trustAnchors, path, 'trustAnchors', places);
  if (trustAnchors.length === 0 && Array.isArray(fields.trustAnchors) && fields.trustAnchors.length === 0) {
    reader.report(`${path}.trustAnchors`, 'it is empty; an authority needs one trust anchor at least');
  }
  expectOwnAnchors(reader, trustAnchors, path, seen.anchors);
  const intermediates =
    fields.intermediates === undefined
      ? []
      : yield* readCertificates(reader, fields.intermediates, path, 'intermediates', places);
  const spiffeTrustDomains = readTrustDomains(reader, fields.spiffeTrustDomains, path, seen.trustDomains);
  const dotPath = `${path}.dnsConstraintsWithLeadingDot`;
  const leadingDot = reader.readChoice(
    fields.dnsConstraintsWithLeadingDot,
    dotPath,
    getDocumentKeys().authority.dnsConstraintsWithLeadingDot.choices,
  );
  const revocation = readRevocationSettings(reader, fields.revocation, `${path}.revocation`, {
    seen: seen.crls,
    issuers: [...trustAnchors, ...intermediates].map(({ certificate }) => certificate),
  });
  const isWhole = reader.problems.length === problemsBefore;
  const authority = Object.freeze({
    name,
    trustAnchors: Object.freeze(trustAnchors.map(({ certificate }) => certificate)),
    intermediates: Object.freeze(intermediates.map(({ certificate }) => certificate)),
    spiffeTrustDomains: Object.freeze(spiffeTrustDomains),
    dnsConstraintsWithLeadingDot: leadingDot ?? 'refuse',
    revocation,
  });
  directory.add(name, isWhole ? authority : undefined, path);
  warnings.push(...listRevocationWarnings(authority, path));
}

function listRevocationWarnings(
  { revocation, intermediates }: TrustedAuthority,
  path: string,
): readonly TrustWarning[] {
  const { mode, scope, crls, ocsp, noRevAvailMaximumLifetimeMilliseconds } = revocation;
  if (mode === 'off') {
    const message =
      'nothing says which of its certificates are revoked; give it crls or ocsp, or keep their validity short';
    return [{ code: 'authority_without_revocation', path, message }];
  }
  if (crls.length > 0 || ocsp !== undefined) return [];
  // Certificates that need no revocation information are admitted without a source, and the author of this entry only
  // expects such certificates.
  const needsNone = noRevAvailMaximumLifetimeMilliseconds !== undefined && mode === 'required';
  if (needsNone && (scope === 'end-entity' || intermediates.length === 0)) return [];
  const message = `revocation is ${mode}, and this document names no source of it; unless the code gives one, ${mode === 'required' ? 'nobody gets in by this authority' : 'nothing is checked'}`;
  return [{ code: 'revocation_without_source', path: `${path}.revocation`, message }];
}

interface PlacedCertificate {
  readonly certificate: PathCertificate;
  readonly path: string;
}

function* readCertificates(
  reader: DocumentReader,
  value: unknown,
  authorityPath: string,
  key: 'trustAnchors' | 'intermediates',
  places: Map<string, string>,
): Generator<undefined, readonly PlacedCertificate[], undefined> {
  const items = reader.readArray(value, `${authorityPath}.${key}`);
  const { maximumCount } = getDocumentKeys().authority[key];
  if (items.length > maximumCount) {
    reader.report(`${authorityPath}.${key}`, `it has ${items.length} certificates; ${maximumCount} are read at most`);
    return [];
  }
  const certificates: PlacedCertificate[] = [];
  for (const [index, item] of items.entries()) {
    yield;
    const path = `${authorityPath}.${key}[${index}]`;
    const certificate = readAuthorityCertificate(reader, item, path, key);
    if (certificate === undefined) continue;
    reader.expectUnique(
      places,
      certificate.thumbprintSha256,
      path,
      `the certificate "${shortenText(certificate.subjectText)}"`,
    );
    certificates.push({ certificate, path });
  }
  return certificates;
}

function readAuthorityCertificate(
  reader: DocumentReader,
  value: unknown,
  path: string,
  key: 'trustAnchors' | 'intermediates',
): PathCertificate | undefined {
  const { maximumLength } = getDocumentKeys().authority.trustAnchors.items;
  const text = reader.readText(value, path, maximumLength);
  if (text.trim() === '' || text.length > maximumLength) return undefined;
  const pem = decodePem(text, 'CERTIFICATE');
  if (!pem.ok) {
    reader.report(path, pemFaults[pem.fault]);
    return undefined;
  }
  const { decodeTrustAnchor, decodePathCertificate } = loadPathValidation();
  const decoding = key === 'trustAnchors' ? decodeTrustAnchor(pem.bytes) : decodePathCertificate(pem.bytes);
  if (!decoding.ok) {
    reader.report(path, `it holds no certificate that can be read: ${decoding.fault}`);
    return undefined;
  }
  const unfit = findUnfitness(decoding.value);
  if (unfit === undefined) return decoding.value;
  reader.report(path, unfit);
  return undefined;
}

const pemFaults: Readonly<Record<PemFault, string>> = {
  not_pem: 'it must be the text of a certificate in PEM (-----BEGIN CERTIFICATE-----), not its path or its bytes',
  several_blocks: 'it holds several certificates; give each its own string',
  private_key: 'it holds a private key, which has no place in a trust document; remove it, and replace the key',
  other_label: 'it must be a certificate in PEM (-----BEGIN CERTIFICATE-----), and is something else in PEM',
  text_around: 'there is more in it than one certificate in PEM',
  not_base64: 'the content between BEGIN and END is not base64',
};

/**
 * Why a certificate can't be in an authority; undefined if it can. It must be a CA certificate of version 3, and its
 * key usage, if it has one, must allow it to sign certificates.
 */
function findUnfitness(certificate: PathCertificate): string | undefined {
  const { version, basicConstraints, keyUsage, isSelfIssued } = certificate;
  const name = `"${shortenText(certificate.subjectText)}"`;
  if (version !== 3) return `${name} is a certificate of version ${version}, which can't say that it is an authority's`;
  if (basicConstraints?.isCertificateAuthority !== true) {
    const remedy = isSelfIssued
      ? 'a caller that signs its own certificate is pinned under identities[].pins'
      : 'give the certificate of the authority that issued it, or pin it under identities[].pins';
    return `${name} is not a CA certificate (no basicConstraints with CA:TRUE); ${remedy}`;
  }
  if (keyUsage !== undefined && !keyUsage.includes('keyCertSign')) {
    return `${name} must not sign certificates (its keyUsage has no keyCertSign)`;
  }
  return undefined;
}

/**
 * Reports a trust anchor that another authority has too. Otherwise a certificate that is denied or revoked under one
 * authority could be admitted under the other.
 */
function expectOwnAnchors(
  reader: DocumentReader,
  anchors: readonly PlacedCertificate[],
  authorityPath: string,
  seen: Map<string, string>,
): void {
  for (const { certificate, path } of anchors) {
    const { subject, verificationKey } = certificate;
    const key = `${subject.key}\n${Buffer.from(verificationKey.subjectPublicKeyInfo).toString('base64')}`;
    const earlier = seen.get(key);
    // A renewed trust anchor next to the old one may have the same name and key.
    if (earlier?.startsWith(`${authorityPath}.`) === true) continue;
    reader.expectUnique(seen, key, path, `an anchor of this name and key (one authority, one name)`);
  }
}

function readTrustDomains(
  reader: DocumentReader,
  value: unknown,
  authorityPath: string,
  seen: Map<string, string>,
): readonly string[] {
  const path = `${authorityPath}.spiffeTrustDomains`;
  const domains = reader.readOptionalTexts(value, path) ?? [];
  for (const [index, domain] of domains.entries()) {
    const place = `${path}[${index}]`;
    if (!isTrustDomain(domain)) {
      reader.report(
        place,
        'it must be a trust domain like example.org: lower-case letters, digits, dots, - and _, no spiffe://',
      );
      continue;
    }
    const earlier = seen.get(domain);
    if (earlier?.startsWith(`${path}[`) === true) continue;
    reader.expectUnique(seen, domain, place, `the trust domain ${domain} (it belongs to one authority)`);
  }
  return domains;
}
