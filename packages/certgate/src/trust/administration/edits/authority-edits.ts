import { createHash } from 'node:crypto';
import {
  loadPathValidation,
  type TrustDocument,
  type TrustDocumentAuthority,
  type TrustDocumentMinimumCrlNumber,
  type TrustDocumentRevocation,
} from '@certgate/core/internal';
import { formatTrustCall, formatTrustChange } from '../../../texts/tool-call.js';
import { ToolFailure } from '#local/tool-failure.js';

// These edits are pure, like the edits of identities. They leave some checks (for example, of a leaf as an anchor) to
// the reader of documents, because its messages are better.

export function addAuthority(document: TrustDocument, authority: TrustDocumentAuthority): TrustDocument {
  const there = findAuthority(document, authority.name);
  if (there !== undefined) {
    throw new ToolFailure(`There is already an authority ${JSON.stringify(there.name)}.`, {
      remedy: 'To add a certificate to it or change a setting: --to-existing',
    });
  }
  return { ...document, authorities: [...(document.authorities ?? []), authority] };
}

export interface AuthorityAddition {
  readonly trustAnchors: readonly string[];
  readonly intermediates: readonly string[];
  readonly spiffeTrustDomains: readonly string[];
  /** Undefined to leave the setting unchanged. */
  readonly dnsConstraintsWithLeadingDot: TrustDocumentAuthority['dnsConstraintsWithLeadingDot'];
  /**
   * The revocation settings to write. `crls` are added to the present ones, and a `minimumCrlNumbers` entry replaces
   * the one of the same issuer. Any other setting replaces the present one.
   */
  readonly revocation: TrustDocumentRevocation;
  /** Whether to remove `noRevAvailMaximumLifetimeSeconds`, so that `noRevAvail` excuses no certificate any more. */
  readonly isNoRevAvailEnded: boolean;
  /** The issuers whose minimum is removed, so that their lists may have any number again. */
  readonly issuersWithoutMinimum: readonly string[];
}

/** The anchors that a trust domain publishes. They become the only anchors of its authority. */
export interface PublishedAnchors {
  readonly trustDomain: string;
  /** The anchors in PEM, at least one. */
  readonly trustAnchors: readonly string[];
}

/**
 * Makes the published anchors the only ones of the authority, which is created if there is none.
 *
 * @throws {ToolFailure} if another authority has the key of one of the anchors, or if the existing authority signs for
 * another trust domain or for none.
 */
export function syncTrustAnchors(
  document: TrustDocument,
  name: string,
  { trustDomain, trustAnchors }: PublishedAnchors,
): TrustDocument {
  refuseForeignKeys(document, name, trustAnchors);
  const authority = findAuthority(document, name);
  if (authority === undefined) {
    return addAuthority(document, { name, trustAnchors, spiffeTrustDomains: [trustDomain] });
  }
  expectOnlyDomain(authority, trustDomain);
  const published = new Set(trustAnchors.map(hashPem));
  const isPublished = (pem: string): boolean => published.has(hashPem(pem));
  const { intermediates = [], ...rest } = authority;
  const kept = withoutPems(intermediates, trustAnchors);
  return replaceAuthority(document, authority, {
    ...rest,
    trustAnchors: unionOfPems(authority.trustAnchors.filter(isPublished), trustAnchors),
    ...(kept.length === 0 ? {} : { intermediates: kept }),
  });
}

/**
 * Refuses anchors whose keys belong to another authority. Otherwise a certificate that is denied or revoked under one
 * authority could be admitted under the other.
 */
function refuseForeignKeys({ authorities = [] }: TrustDocument, name: string, trustAnchors: readonly string[]): void {
  const keys = new Set(trustAnchors.map(readKey));
  const other = authorities.find(
    (each) =>
      !isSameName(each.name, name) &&
      [...each.trustAnchors, ...(each.intermediates ?? [])].some((pem) => keys.has(readKey(pem))),
  );
  if (other === undefined) return;
  throw new ToolFailure(
    `A CA in the bundle has the key of a certificate of the authority ${JSON.stringify(other.name)}. Nothing was written.`,
    {
      remedy: `Each CA belongs to one authority. If the bundle is that of ${JSON.stringify(other.name)}, pass that name.`,
    },
  );
}

function expectOnlyDomain({ name, spiffeTrustDomains = [] }: TrustDocumentAuthority, trustDomain: string): void {
  const others = spiffeTrustDomains.filter((each) => each !== trustDomain);
  if (others.length > 0) {
    throw new ToolFailure(
      `The authority ${JSON.stringify(name)} signs for ${others.join(', ')} too, so a bundle of ${trustDomain} would vouch for names there. Nothing was written.`,
      { remedy: 'Give each trust domain a separate authority.' },
    );
  }
  if (spiffeTrustDomains.length > 0) return;
  throw new ToolFailure(`The authority ${JSON.stringify(name)} signs for no trust domain. Nothing was written.`, {
    remedy: `If the bundle is to replace its trust anchors: ${formatTrustChange('authority add', [name], ['--to-existing', '--spiffe-trust-domain', trustDomain])}`,
  });
}

/**
 * Adds certificates and settings to an authority. A certificate that is already in the same list is not added again. An
 * intermediate that becomes a trust anchor is removed from the intermediates.
 */
export function addToAuthority(document: TrustDocument, name: string, addition: AuthorityAddition): TrustDocument {
  const authority = getAuthority(document, name);
  const { spiffeTrustDomains, dnsConstraintsWithLeadingDot } = addition;
  const { intermediates: old, ...rest } = authority;
  const intermediates = withoutPems(unionOfPems(old, addition.intermediates), addition.trustAnchors);
  const {
    minimumCrlNumbers: oldMinimums,
    noRevAvailMaximumLifetimeSeconds,
    ...oldRevocation
  } = authority.revocation ?? {};
  const { crls = [], minimumCrlNumbers: newMinimums, ...settings } = addition.revocation;
  const minimumCrlNumbers = joinMinimums(authority.name, oldMinimums, newMinimums, addition.issuersWithoutMinimum);
  const revocation = {
    ...oldRevocation,
    ...(noRevAvailMaximumLifetimeSeconds === undefined || addition.isNoRevAvailEnded
      ? {}
      : { noRevAvailMaximumLifetimeSeconds }),
    ...settings,
    ...(crls.length === 0 ? {} : { crls: union(oldRevocation.crls, crls) }),
    ...(minimumCrlNumbers.length === 0 ? {} : { minimumCrlNumbers }),
  };
  return replaceAuthority(document, authority, {
    ...rest,
    trustAnchors: unionOfPems(authority.trustAnchors, addition.trustAnchors),
    ...(intermediates.length === 0 ? {} : { intermediates }),
    ...(spiffeTrustDomains.length === 0
      ? {}
      : { spiffeTrustDomains: union(authority.spiffeTrustDomains, spiffeTrustDomains) }),
    ...(dnsConstraintsWithLeadingDot === undefined ? {} : { dnsConstraintsWithLeadingDot }),
    ...(Object.keys(revocation).length === 0 ? {} : { revocation }),
  });
}

/** @throws {ToolFailure} if an issuer in `removed` has no minimum: its name is probably misspelt. */
function joinMinimums(
  name: string,
  old: readonly TrustDocumentMinimumCrlNumber[] = [],
  added: readonly TrustDocumentMinimumCrlNumber[] = [],
  removed: readonly string[],
): readonly TrustDocumentMinimumCrlNumber[] {
  const unknown = removed.find((issuer) => !old.some((each) => each.issuer === issuer));
  if (unknown !== undefined) {
    const issuers = old.map(({ issuer }) => JSON.stringify(issuer)).join(', ');
    throw new ToolFailure(
      `The authority ${JSON.stringify(name)} has no minimum CRL number for ${JSON.stringify(unknown)}. Nothing was written.`,
      { remedy: issuers === '' ? 'It has none at all.' : `It has one for ${issuers}.` },
    );
  }
  const changed = new Set([...removed, ...added.map(({ issuer }) => issuer)]);
  return [...old.filter(({ issuer }) => !changed.has(issuer)), ...added];
}

/** @throws {ToolFailure} if names, pins or denied serial numbers still refer to the authority. */
export function removeAuthority(document: TrustDocument, name: string): TrustDocument {
  const authority = getAuthority(document, name);
  const users = listUsers(document, authority.name);
  if (users.length > 0) {
    const named = users.slice(0, 5).join(', ');
    const more = users.length > 5 ? ` and ${users.length - 5} more` : '';
    throw new ToolFailure(`The authority ${JSON.stringify(authority.name)} is still used by ${named}${more}.`, {
      remedy: `Remove their names, pins or denied serial numbers first.\nFor names: ${formatTrustChange('remove', ['NAME'], ['--issued-by', authority.name, '--dns', 'DNS'])}\nFor pins: ${formatTrustChange('remove', ['NAME'], ['--pin', 'PIN'])}\nFor serial numbers: ${formatTrustChange('undeny', [], ['--issued-by', authority.name, '--serial', 'HEX'])}`,
    });
  }
  const { authorities = [], ...rest } = document;
  const kept = authorities.filter((each) => each !== authority);
  return kept.length === 0 ? rest : { ...rest, authorities: kept };
}

/**
 * Removes certificates, each named by its SHA-256 thumbprint or by at least the first eight hexadecimal digits of it.
 */
export function removeAuthorityCertificates(
  document: TrustDocument,
  name: string,
  thumbprints: readonly string[],
): TrustDocument {
  const authority = getAuthority(document, name);
  const { trustAnchors, intermediates = [] } = authority;
  const chosen = new Set(
    thumbprints.map((text) => getCertificate([...trustAnchors, ...intermediates], authority.name, text)),
  );
  const isKept = (pem: string): boolean => !chosen.has(pem);
  const { intermediates: old = [], ...rest } = authority;
  const kept = old.filter(isKept);
  return replaceAuthority(document, authority, {
    ...rest,
    trustAnchors: trustAnchors.filter(isKept),
    ...(kept.length === 0 ? {} : { intermediates: kept }),
  });
}

export function getAuthority(document: TrustDocument, name: string): TrustDocumentAuthority {
  const authority = findAuthority(document, name);
  if (authority !== undefined) return authority;
  throw new ToolFailure(`There is no authority ${JSON.stringify(name)} in the trust document.`, {
    remedy: `To list the authorities: ${formatTrustCall('authority list')}`,
  });
}

export function findAuthority({ authorities = [] }: TrustDocument, name: string): TrustDocumentAuthority | undefined {
  return authorities.find((each) => isSameName(each.name, name));
}

function getCertificate(pems: readonly string[], name: string, text: string): string {
  const digits = text.replaceAll(/[\s:]/g, '').toUpperCase();
  if (!/^[0-9A-F]{8,64}$/.test(digits)) {
    throw new ToolFailure(`${JSON.stringify(text)} is not a thumbprint.`, {
      remedy: 'Pass the hexadecimal digits of its SHA-256 thumbprint, or at least the first eight.',
    });
  }
  const found = pems.filter((pem) => hashPem(pem).startsWith(digits));
  const [pem] = found;
  if (pem !== undefined && found.length === 1) return pem;
  throw new ToolFailure(
    found.length === 0
      ? `The authority ${JSON.stringify(name)} has no certificate whose thumbprint begins with ${digits}.`
      : `The authority ${JSON.stringify(name)} has ${found.length} such certificates; pass more digits.`,
    { remedy: `To see its certificates: ${formatTrustCall('authority list')}` },
  );
}

function listUsers({ identities, denied = [] }: TrustDocument, name: string): readonly string[] {
  const isUser = ({ issuedBy }: { readonly issuedBy?: string }): boolean =>
    issuedBy !== undefined && isSameName(issuedBy, name);
  return [
    ...identities
      .filter(({ names = [], pins = [] }) => names.some(isUser) || pins.some(isUser))
      .map((identity) => JSON.stringify(identity.name)),
    ...denied.filter(isUser).map(({ serialNumber = '' }) => `the denied serial number ${serialNumber}`),
  ];
}

function replaceAuthority(
  document: TrustDocument,
  old: TrustDocumentAuthority,
  changed: TrustDocumentAuthority,
): TrustDocument {
  return { ...document, authorities: (document.authorities ?? []).map((each) => (each === old ? changed : each)) };
}

function unionOfPems(old: readonly string[] = [], added: readonly string[]): readonly string[] {
  const known = new Set(old.map(hashPem));
  return [...old, ...added.filter((pem) => !known.has(hashPem(pem)))];
}

function withoutPems(pems: readonly string[], removed: readonly string[]): readonly string[] {
  const hashes = new Set(removed.map(hashPem));
  return pems.filter((pem) => !hashes.has(hashPem(pem)));
}

function union(old: readonly string[] = [], added: readonly string[]): readonly string[] {
  return [...new Set([...old, ...added])];
}

/**
 * The certificate's SHA-256 thumbprint in upper-case hexadecimal. `pem` must have been read strictly before, because
 * this decoding is lenient.
 */
function hashPem(pem: string): string {
  return createHash('sha256').update(decodePem(pem)).digest('hex').toUpperCase();
}

function decodePem(pem: string): Buffer {
  return Buffer.from(pem.replaceAll(/-----[^-]*-----|\s/g, ''), 'base64');
}

/** The SubjectPublicKeyInfo of a CA certificate, in base64. Node.js's own reader knows fewer kinds of keys. */
function readKey(pem: string): string {
  const decoding = loadPathValidation().decodeTrustAnchor(decodePem(pem));
  if (!decoding.ok) throw new ToolFailure(`A CA certificate can't be read: ${decoding.fault}.`);
  return Buffer.from(decoding.value.verificationKey.subjectPublicKeyInfo).toString('base64');
}

function isSameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
