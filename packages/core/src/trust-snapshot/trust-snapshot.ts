// trust-snapshot/: one immutable, indexed version of a trust document: from a certificate to an identity, or a denial.
import { formatInstant } from '@certgate/x509/internal';
import type { ClientAuthGrace } from './client-auth-grace.js';
import { hashTail } from '../certificate-header/certificate-header.js';
import type { LeadingDotReading, PathCertificate, RevocationMode, RevocationScope } from '@certgate/x509/path';

/** One named caller of the trust document. */
export interface TrustedIdentity {
  readonly name: string;
  readonly roles: readonly string[];
  /** Lower-case function names; undefined: every function; empty: none. It only tightens. */
  readonly functions: readonly string[] | undefined;
  /** The same functions in the same order, as the document spells them: for people. */
  readonly functionsAsWritten: readonly string[] | undefined;
  readonly enabled: boolean;
  readonly owner: string | undefined;
  readonly reason: string | undefined;
  /** Milliseconds since 1970-01-01T00:00:00Z; from then on the identity is refused. */
  readonly expiresAt: number | undefined;
  readonly names: readonly TrustName[];
  readonly pins: readonly TrustPin[];
}

/** While a document holds it, nobody is admitted, whatever else the document says. */
export interface TrustLock {
  /** When it began, in milliseconds since 1970-01-01T00:00:00Z. For people: the lock counts whatever the time is. */
  readonly since: number;
  readonly by: string;
  readonly reason: string;
}

/** `since 2027-01-01T00:00:00Z by ada: key lost`. The texts are as the document has them. */
export function describeLock({ since, by, reason }: TrustLock): string {
  return `since ${formatInstant(since)} by ${by}: ${reason}`;
}

/** What a pin compares: the SHA-256 or SHA-1 thumbprint of the certificate, or the SHA-256 of its public key. */
export type PinKind = 'thumbprintSha256' | 'thumbprintSha1' | 'publicKeySha256';

/** Every kind of pin, by its key in a trust document. */
export const pinKinds: readonly PinKind[] = ['thumbprintSha256', 'thumbprintSha1', 'publicKeySha256'];

/** What a certificate is recognised by. The window is [notBefore, notAfter), in milliseconds. */
export interface TrustPin {
  readonly kind: PinKind;
  /** Upper-case hexadecimal. */
  readonly value: string;
  /** The authority that must have issued the certificate, in the authority's own spelling; undefined: it may be anybody. */
  readonly issuedBy: string | undefined;
  readonly enabled: boolean;
  readonly notBefore: number | undefined;
  readonly notAfter: number | undefined;
  /** Only of a pin without `issuedBy`: a certification path needs clientAuth in any case. */
  readonly acceptWithoutClientAuth: ClientAuthGrace | undefined;
}

/** Something an operator should know of a document that is valid. */
export interface TrustWarning {
  readonly code:
    | 'document_locked'
    | 'pin_sha1'
    | 'pin_accepts_without_client_auth'
    | 'identity_without_pins'
    | 'authority_unused'
    | 'authority_without_revocation'
    | 'revocation_without_source';
  /** Where in the document, e.g. `identities[3].pins[0]`. */
  readonly path: string;
  readonly message: string;
}

/** An identity and the pin that a certificate matched. */
export interface PinnedIdentity {
  readonly identity: TrustedIdentity;
  readonly pin: TrustPin;
}

/** An identity and the name by which an authority's certificates belong to it. */
export interface NamedIdentity {
  readonly identity: TrustedIdentity;
  readonly trustName: TrustName;
}

/** By `nameKey`: at most one each, since a duplicate name is an error of the document. */
export type NameIndex = ReadonlyMap<string, NamedIdentity>;

/** One immutable, indexed version of a trust document in memory. */
export interface TrustSnapshot {
  readonly revision: number;
  readonly audience: readonly string[] | undefined;
  /** Undefined: the document is not locked. */
  readonly locked: TrustLock | undefined;
  readonly authorities: readonly TrustedAuthority[];
  readonly denied: DenyList;
  readonly identities: readonly TrustedIdentity[];
  readonly warnings: readonly TrustWarning[];
  /** By kind, then by value: at most one pin each, since a duplicate pin is an error of the document. */
  readonly pins: Readonly<Record<PinKind, ReadonlyMap<string, PinnedIdentity>>>;
  /** The `hashTail` of each pin's value, by kind: a lookup by number, which rules out nearly every stranger. */
  readonly pinTails: Readonly<Record<PinKind, ReadonlySet<number>>>;
  readonly names: NameIndex;
  /** The place of each identity in `identities`, by its name in lower case. */
  readonly positions: ReadonlyMap<string, number>;
}

/** What snapshots are looked up in, while it is filled. */
export interface IdentityIndex {
  readonly pins: Readonly<Record<PinKind, Map<string, PinnedIdentity>>>;
  readonly pinTails: Readonly<Record<PinKind, Set<number>>>;
  readonly names: Map<string, NamedIdentity>;
  readonly positions: Map<string, number>;
}

export function createIdentityIndex(): IdentityIndex {
  const pins = Object.freeze({ thumbprintSha256: new Map(), thumbprintSha1: new Map(), publicKeySha256: new Map() });
  const pinTails = Object.freeze({
    thumbprintSha256: new Set<number>(),
    thumbprintSha1: new Set<number>(),
    publicKeySha256: new Set<number>(),
  });
  return { pins, pinTails, names: new Map(), positions: new Map() };
}

/** Answers with whose pin it is already, in which case nothing is added. */
export function addPin(
  { pins, pinTails }: IdentityIndex,
  identity: TrustedIdentity,
  pin: TrustPin,
): PinnedIdentity | undefined {
  const earlier = pins[pin.kind].get(pin.value);
  if (earlier !== undefined) return earlier;
  pins[pin.kind].set(pin.value, { identity, pin });
  pinTails[pin.kind].add(hashTail(pin.value));
  return undefined;
}

/** As `addPin`. */
export function addName(
  { names }: IdentityIndex,
  identity: TrustedIdentity,
  trustName: TrustName,
): NamedIdentity | undefined {
  const key = nameKey(trustName.issuedBy, trustName.type, trustName.value);
  const earlier = names.get(key);
  if (earlier === undefined) names.set(key, { identity, trustName });
  return earlier;
}

export const nothingDenied: DenyList = Object.freeze({ thumbprintsSha256: new Map(), serialNumbers: new Map() });

const documentsBeside = new WeakMap<object, () => readonly TrustSnapshot[]>();

/** Not for a gate that asks one store of `firstOf` by itself: that store's version says nothing of the other documents. */
export function noteDocumentsBeside(presented: object, list: () => readonly TrustSnapshot[]): void {
  if (!documentsBeside.has(presented)) documentsBeside.set(presented, list);
}

/** The documents whose deny lists apply to a certificate: what one of `firstOf` denies, all of them deny. */
export function listDenying(own: TrustSnapshot, presented: object): readonly TrustSnapshot[] {
  return [...new Set([own, ...(documentsBeside.get(presented)?.() ?? [])])];
}

/** A certification authority under a name of the operator's choice: what it issued may stand for names bound to it. */
export interface TrustedAuthority {
  /** In its author's spelling; letter case doesn't tell authorities apart. */
  readonly name: string;
  /** At least one. A name and key that is an anchor here is an anchor of no other authority. */
  readonly trustAnchors: readonly PathCertificate[];
  readonly intermediates: readonly PathCertificate[];
  /** Lower case; each belongs to one authority. */
  readonly spiffeTrustDomains: readonly string[];
  /** How a DNS name constraint like `.corp.example` of its CA certificates is read. */
  readonly dnsConstraintsWithLeadingDot: LeadingDotReading;
  readonly revocation: AuthorityRevocation;
}

/** How the certificates of an authority are checked for revocation. */
export interface AuthorityRevocation {
  readonly mode: RevocationMode;
  /** Whether the document states the mode; otherwise it follows from whether the document names a source. */
  readonly isModeStated: boolean;
  readonly scope: RevocationScope;
  /** `file:PATH` or a URL, as written. */
  readonly crls: readonly string[];
  readonly ocsp: string | undefined;
  /**
   * Must an answer hold the nonce of its question (RFC 9654)? Responders that sign their answers ahead of time, as most
   * public ones do, can't give it back; an answer then counts as long as it says, also one that somebody kept.
   */
  readonly ocspNonce: 'required' | 'optional';
  /** How long after its nextUpdate a list still counts. */
  readonly graceMilliseconds: number;
  /** By the issuer's name as it reads (`subjectText` of its certificates): what its lists must have at least. */
  readonly minimumCrlNumbers: ReadonlyMap<string, bigint>;
  /**
   * The longest lifetime of a caller's certificate that says `noRevAvail` (RFC 9608) and needs no revocation information
   * for it; undefined: the extension excuses nothing.
   */
  readonly noRevAvailMaximumLifetimeMilliseconds: number | undefined;
}

/** One entry of the deny list: a certificate by its thumbprint, or by its serial number under an authority. */
export interface DeniedCertificate {
  /** Where in the document, e.g. `denied[0]`. */
  readonly path: string;
  /** Upper-case hexadecimal. */
  readonly thumbprintSha256: string | undefined;
  /** With `serialNumber`: the authority's name, in its own spelling. */
  readonly issuedBy: string | undefined;
  /** The INTEGER's content in upper-case hexadecimal, as `PathCertificate.serialNumber`. */
  readonly serialNumber: string | undefined;
  readonly reason: string | undefined;
}

/** Certificates that are refused whatever else says of them. */
export interface DenyList {
  readonly thumbprintsSha256: ReadonlyMap<string, DeniedCertificate>;
  /** By `deniedSerialKey`. */
  readonly serialNumbers: ReadonlyMap<string, DeniedCertificate>;
}

/** The serial number is that of a `PathCertificate`, which the authority's path holds. */
export function deniedSerialKey(authorityName: string, serialNumber: string): string {
  return `${authorityName.toLowerCase()}\n${serialNumber}`;
}

/** A name under an authority: whoever presents a certificate of the authority with this name is the identity. */
export interface TrustName {
  /** The authority's name, in its own spelling. */
  readonly issuedBy: string;
  readonly type: NameType;
  /** As compared: DNS names and the domains of mailboxes in lower case, the rest to the letter. */
  readonly value: string;
}

/** Where in a certificate the name stands: the first three in the subject alternative name, the others in the subject. */
export const nameTypes = ['dns', 'uri', 'email', 'commonName', 'organizationalUnit'] as const;

/** The kind of a name under an authority. */
export type NameType = (typeof nameTypes)[number];

/** What a name is indexed by. No type and no authority has a line end in its name, so the parts can't run together. */
export function nameKey(authorityName: string, type: NameType, value: string): string {
  return `${type}\n${authorityName.toLowerCase()}\n${normalizeName(type, value)}`;
}

/**
 * The keys of the names under an authority that a name from a certificate matches: its own and, of a DNS name, that of
 * the wildcard for its first label. A wildcard in the certificate itself matches nothing: nobody is `*.corp.example`.
 */
export function listNameKeys(authorityName: string, type: NameType, presented: string): readonly string[] {
  if (type !== 'dns') return [nameKey(authorityName, type, presented)];
  if (presented.includes('*')) return [];
  const exact = nameKey(authorityName, type, presented);
  // What a wildcard stands for is a label of a host name, whatever else a CA may put before the first dot.
  if (!/^\w(?:[\w-]{0,61}\w)?\./.test(presented)) return [exact];
  return [exact, nameKey(authorityName, type, `*${presented.slice(presented.indexOf('.'))}`)];
}

export function normalizeName(type: NameType, value: string): string {
  if (type === 'dns') return value.toLowerCase();
  if (type !== 'email') return value;
  const at = value.lastIndexOf('@') + 1;
  return `${value.slice(0, at)}${value.slice(at).toLowerCase()}`;
}

/** For people: `dns billing.corp.example of the authority corp`. */
export function describeName({ issuedBy, type, value }: TrustName): string {
  return `${type} ${value} of the authority ${issuedBy}`;
}
