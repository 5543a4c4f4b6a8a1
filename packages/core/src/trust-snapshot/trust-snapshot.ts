// trust-snapshot/: what trust-document, trust-store and access build on: one immutable, indexed trust document
//
// It turns a certificate into an identity or a denial.
import { formatInstant } from '@certgate/x509/internal';
import type { ClientAuthGrace } from './client-auth-grace.js';
import { hashTail } from '../certificate-header/certificate-header.js';
import type { LeadingDotReading, PathCertificate, RevocationMode, RevocationScope } from '@certgate/x509/path';

/** One named caller of the trust document. */
export interface TrustedIdentity {
  readonly name: string;
  readonly roles: readonly string[];
  /**
   * The functions that the identity may call, in lower case. If undefined, it may call every function; if empty, none.
   * The list only restricts: it never replaces a required role.
   */
  readonly functions: readonly string[] | undefined;
  /** The same functions in the same order, as the document spells them, for display. */
  readonly functionsAsWritten: readonly string[] | undefined;
  readonly enabled: boolean;
  readonly owner: string | undefined;
  readonly reason: string | undefined;
  /**
   * Milliseconds since 1970-01-01T00:00:00Z; from then on the identity is refused. Undefined if the identity has no
   * end.
   */
  readonly expiresAt: number | undefined;
  readonly names: readonly TrustName[];
  readonly pins: readonly TrustPin[];
}

/** A document with a lock admits nobody, whatever else the document says. */
export interface TrustLock {
  /**
   * When the lock began, in milliseconds since 1970-01-01T00:00:00Z. For display only: the lock applies at any time.
   */
  readonly since: number;
  readonly by: string;
  readonly reason: string;
}

/** Describes a lock, for example `since 2027-01-01T00:00:00Z by ada: key lost`. `by` and `reason` appear unchanged. */
export function describeLock({ since, by, reason }: TrustLock): string {
  return `since ${formatInstant(since)} by ${by}: ${reason}`;
}

/** What a pin compares: the SHA-256 or SHA-1 thumbprint of the certificate, or the SHA-256 of its public key. */
export type PinKind = 'thumbprintSha256' | 'thumbprintSha1' | 'publicKeySha256';

/** Every kind of pin. A pin in a trust document has one of these keys. */
export const pinKinds: readonly PinKind[] = ['thumbprintSha256', 'thumbprintSha1', 'publicKeySha256'];

/**
 * A hash by which a certificate is recognised. The pin applies in [notBefore, notAfter), in milliseconds since
 * 1970-01-01T00:00:00Z; a bound that is undefined does not limit it.
 */
export interface TrustPin {
  readonly kind: PinKind;
  /** The hash, in upper-case hexadecimal. */
  readonly value: string;
  /**
   * The authority that must have issued the certificate, as the authority's own entry spells it. Undefined if any
   * issuer is accepted.
   */
  readonly issuedBy: string | undefined;
  readonly enabled: boolean;
  readonly notBefore: number | undefined;
  readonly notAfter: number | undefined;
  /**
   * The period in which the pin accepts a certificate without clientAuth. Never set together with `issuedBy`, because a
   * certification path always needs clientAuth.
   */
  readonly acceptWithoutClientAuth: ClientAuthGrace | undefined;
}

/** Something that an operator should know about a valid document. */
export interface TrustWarning {
  readonly code:
    | 'document_locked'
    | 'pin_sha1'
    | 'pin_accepts_without_client_auth'
    | 'identity_without_pins'
    | 'authority_unused'
    | 'authority_without_revocation'
    | 'revocation_without_source';
  /** The place in the document, e.g. `identities[3].pins[0]`. */
  readonly path: string;
  readonly message: string;
}

/** An identity and one of its pins. */
export interface PinnedIdentity {
  readonly identity: TrustedIdentity;
  readonly pin: TrustPin;
}

/** An identity and one of its names under an authority. */
export interface NamedIdentity {
  readonly identity: TrustedIdentity;
  readonly trustName: TrustName;
}

/**
 * The names of all identities, by `nameKey`. Each key has one entry, because a duplicate name is an error of the
 * document.
 */
export type NameIndex = ReadonlyMap<string, NamedIdentity>;

/** One immutable, indexed version of a trust document in memory. */
export interface TrustSnapshot {
  readonly revision: number;
  readonly audience: readonly string[] | undefined;
  /** Undefined if the document is not locked. */
  readonly locked: TrustLock | undefined;
  readonly authorities: readonly TrustedAuthority[];
  readonly denied: DenyList;
  readonly identities: readonly TrustedIdentity[];
  readonly warnings: readonly TrustWarning[];
  /** The pins by kind, then by value. Each value has one pin, because a duplicate pin is an error of the document. */
  readonly pins: Readonly<Record<PinKind, ReadonlyMap<string, PinnedIdentity>>>;
  /** The `hashTail` of each pin's value, by kind. Looking up this number rules out nearly every unknown certificate. */
  readonly pinTails: Readonly<Record<PinKind, ReadonlySet<number>>>;
  readonly names: NameIndex;
  /** The index of each identity in `identities`, by the identity's name in lower case. */
  readonly positions: ReadonlyMap<string, number>;
}

/** The indexes of a snapshot while they are filled. */
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

/** Adds a pin to the index. If the index already has this pin, adds nothing, and returns the earlier entry. */
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

/** Adds a name to the index. If the index already has this name, adds nothing, and returns the earlier entry. */
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

interface OtherDocuments {
  readonly of: object;
  readonly list: () => readonly TrustSnapshot[];
}

const otherDocuments = new WeakMap<object, OtherDocuments>();

/**
 * Notes, for one presented certificate, the documents of the stores of a `firstOf`. If one of them is a store of the
 * user's own that asks another `firstOf`, only the outer one, which is asked first, can note documents. Never call this
 * for a gate that asks one of these stores directly: that store's version does not change when another store's document
 * does.
 */
export function noteOtherDocuments(presented: object, other: OtherDocuments): void {
  if ((otherDocuments.get(presented) ?? other).of === other.of) otherDocuments.set(presented, other);
}

/**
 * The documents whose deny lists apply to a presented certificate. A deny list in one store of `firstOf` applies to all
 * its stores.
 */
export function listDenying(own: TrustSnapshot, presented: object): readonly TrustSnapshot[] {
  return [...new Set([own, ...(otherDocuments.get(presented)?.list() ?? [])])];
}

/**
 * A certification authority, under a name that the operator chose. A certificate that it issued can identify a caller
 * by a name that the document binds to the authority.
 */
export interface TrustedAuthority {
  /** The authority's name as the document spells it. Letter case does not distinguish authorities. */
  readonly name: string;
  /** At least one. A trust anchor's combination of name and key belongs to one authority of the document only. */
  readonly trustAnchors: readonly PathCertificate[];
  readonly intermediates: readonly PathCertificate[];
  /** In lower case. Each trust domain belongs to one authority. */
  readonly spiffeTrustDomains: readonly string[];
  /**
   * How to read a DNS name constraint that begins with a dot, such as `.corp.example`, in the authority's CA
   * certificates.
   */
  readonly dnsConstraintsWithLeadingDot: LeadingDotReading;
  readonly revocation: AuthorityRevocation;
}

/** How the certificates of an authority are checked for revocation. */
export interface AuthorityRevocation {
  readonly mode: RevocationMode;
  /**
   * Whether the document states the mode. If it does not, the mode depends on whether the document names a source of
   * revocation information.
   */
  readonly isModeStated: boolean;
  readonly scope: RevocationScope;
  /** The addresses of the revocation lists, as the document has them: `file:PATH` or a URL each. */
  readonly crls: readonly string[];
  readonly ocsp: string | undefined;
  /**
   * Whether an OCSP answer must contain the nonce of its question (RFC 9654). Responders that sign their answers ahead
   * of time, as most public ones do, can't return the nonce. An answer without the nonce is used for as long as it
   * says, even if somebody recorded it and sends it again.
   */
  readonly ocspNonce: 'required' | 'optional';
  /** How long a list or an OCSP answer is still used after its end (`nextUpdate`), in milliseconds. */
  readonly graceMilliseconds: number;
  /**
   * The lowest CRL number that the lists of an issuer must have, by the issuer's name as text (`subjectText` of the
   * issuer's certificates).
   */
  readonly minimumCrlNumbers: ReadonlyMap<string, bigint>;
  /**
   * The longest lifetime, in milliseconds, of a caller's certificate that needs no revocation information because it
   * has the extension `noRevAvail` (RFC 9608). Undefined if the extension excuses no certificate.
   */
  readonly noRevAvailMaximumLifetimeMilliseconds: number | undefined;
}

/** One entry of the deny list: a certificate by its thumbprint, or by its serial number under an authority. */
export interface DeniedCertificate {
  /** The place in the document, e.g. `denied[0]`. */
  readonly path: string;
  /** In upper-case hexadecimal. Undefined if the entry names a serial number. */
  readonly thumbprintSha256: string | undefined;
  /** The authority's name, as the authority's own entry spells it. Set together with `serialNumber`. */
  readonly issuedBy: string | undefined;
  /**
   * The INTEGER's content in upper-case hexadecimal, like `PathCertificate.serialNumber`. Set together with `issuedBy`.
   */
  readonly serialNumber: string | undefined;
  readonly reason: string | undefined;
}

/** The certificates that are refused, whatever else the document says about them. */
export interface DenyList {
  readonly thumbprintsSha256: ReadonlyMap<string, DeniedCertificate>;
  /** The entries by serial number. `deniedSerialKey` makes the keys. */
  readonly serialNumbers: ReadonlyMap<string, DeniedCertificate>;
}

/** The key of a serial number under an authority. `serialNumber` has the form of `PathCertificate.serialNumber`. */
export function deniedSerialKey(authorityName: string, serialNumber: string): string {
  return `${authorityName.toLowerCase()}\n${serialNumber}`;
}

/**
 * A name under an authority. A caller has the identity if its certificate contains the name and the authority issued
 * it.
 */
export interface TrustName {
  /** The authority's name, as the authority's own entry spells it. */
  readonly issuedBy: string;
  readonly type: NameType;
  /**
   * The value as it is compared: DNS names and the domains of email addresses in lower case, everything else unchanged.
   */
  readonly value: string;
}

/** The types of names. The first three are in the certificate's subject alternative name, the others in its subject. */
export const nameTypes = ['dns', 'uri', 'email', 'commonName', 'organizationalUnit'] as const;

/** The kind of a name under an authority. */
export type NameType = (typeof nameTypes)[number];

/**
 * The key of a name in the index. Neither a type nor an authority's name contains a line end, so two different names
 * never have the same key.
 */
export function nameKey(authorityName: string, type: NameType, value: string): string {
  return `${type}\n${authorityName.toLowerCase()}\n${normalizeName(type, value)}`;
}

/**
 * The keys in the index that a name from a certificate matches under an authority: its own key and, for a DNS name, the
 * key of the wildcard for its first label. A wildcard in the certificate itself matches nothing, because no caller is
 * `*.corp.example`.
 */
export function listNameKeys(authorityName: string, type: NameType, presented: string): readonly string[] {
  if (type !== 'dns') return [nameKey(authorityName, type, presented)];
  if (presented.includes('*')) return [];
  const exact = nameKey(authorityName, type, presented);
  // A wildcard matches only a label of a host name, whatever else a CA may write before the first dot.
  if (!/^\w(?:[\w-]{0,61}\w)?\./.test(presented)) return [exact];
  return [exact, nameKey(authorityName, type, `*${presented.slice(presented.indexOf('.'))}`)];
}

export function normalizeName(type: NameType, value: string): string {
  if (type === 'dns') return value.toLowerCase();
  if (type !== 'email') return value;
  const at = value.lastIndexOf('@') + 1;
  return `${value.slice(0, at)}${value.slice(at).toLowerCase()}`;
}

/** Describes a name for people, for example `dns billing.corp.example of the authority corp`. */
export function describeName({ issuedBy, type, value }: TrustName): string {
  return `${type} ${value} of the authority ${issuedBy}`;
}
