import type { CertificationPath } from '@certgate/x509/path';
import { type DenialCode, rankDenial } from '../denial.js';
import { findDeniedIssued } from './deny-list.js';
import { entryCodes, type EntryCode, findEntrySpan, isInForce, isPinDenied, readBound } from './find-in-snapshot.js';
import type { TrustedAuthority, TrustedIdentity, TrustName, TrustPin, TrustSnapshot } from './trust-snapshot.js';

// For tools: what the gate would answer about an entry, by the gate's own rules. No app loads this file.

/** A pin or a name of an identity. */
export type ListedEntry =
  | { readonly identity: TrustedIdentity; readonly pin: TrustPin; readonly trustName?: undefined }
  | { readonly identity: TrustedIdentity; readonly trustName: TrustName; readonly pin?: undefined };

/** Why the gate refuses by an entry, as far as a document shows. */
export type StandingCode =
  | EntryCode
  | Extract<
      DenialCode,
      | 'trust_locked'
      | 'certificate_on_deny_list'
      | 'certificate_not_trusted'
      | 'path_certificate_not_yet_valid'
      | 'path_certificate_expired'
    >;

/** [validFrom, validUntil) in milliseconds since 1970-01-01T00:00:00Z; infinite if nothing limits it. */
export type EntryWindow = Pick<CertificationPath, 'validFrom' | 'validUntil'>;

/**
 * What a document says about a pin or a name at one moment. The document does not show which certificates callers have,
 * so this leaves out their revocation, denials of them by serial number or by another hash than the pin's, and
 * certificates that match two identities. If you have the certificate, ask `findInSnapshot`.
 */
export interface EntryStanding {
  readonly entry: ListedEntry;
  /**
   * All reasons to refuse now; the first is the one that the gate gives. Empty if the entry is in force, as far as the
   * document shows.
   */
  readonly reasons: readonly StandingCode[];
  /** The intervals in which the entry was, is or will be in force, leaving a lock aside. They may overlap. */
  readonly windows: readonly EntryWindow[];
}

/** What a document says about an identity at one moment. */
export interface Standing {
  readonly identity: TrustedIdentity;
  /** The identity's pins, then its names. */
  readonly entries: readonly EntryStanding[];
  /** Empty if an entry is in force; otherwise all reasons to refuse, each once. */
  readonly reasons: readonly StandingCode[];
}

/**
 * What the document says about each identity, in the document's order. `now` is in milliseconds since
 * 1970-01-01T00:00:00Z.
 */
export function listStandings(snapshot: TrustSnapshot, now: number): readonly Standing[] {
  return snapshot.identities.map((identity) => findStanding(snapshot, identity, now));
}

/** What the document says about one identity. `now` is in milliseconds since 1970-01-01T00:00:00Z. */
export function findStanding(snapshot: TrustSnapshot, identity: TrustedIdentity, now: number): Standing {
  const entries = listEntries(identity).map((entry) => findEntryStanding(snapshot, entry, now));
  const isInUse = entries.some(({ reasons }) => reasons.length === 0);
  return { identity, entries, reasons: isInUse ? [] : listReasons(snapshot, identity, entries, now) };
}

/**
 * The reasons of all entries. Without entries, no certificate matches the identity: the reasons are a lock, the
 * identity's own, and then `certificate_not_trusted`.
 */
function listReasons(
  snapshot: TrustSnapshot,
  identity: TrustedIdentity,
  entries: readonly EntryStanding[],
  now: number,
): readonly StandingCode[] {
  if (entries.length > 0) return sortReasons(entries.flatMap(({ reasons }) => reasons));
  const own = entryCodes.filter((code) => !isInForce(code, { identity, pin: undefined }, now));
  return [...listLock(snapshot), ...own, 'certificate_not_trusted'];
}

function sortReasons(reasons: readonly StandingCode[]): readonly StandingCode[] {
  return [...new Set(reasons)].sort((one, other) => rankDenial(one) - rankDenial(other));
}

/** What the document says about one pin or name. `now` is in milliseconds since 1970-01-01T00:00:00Z. */
export function findEntryStanding(snapshot: TrustSnapshot, entry: ListedEntry, now: number): EntryStanding {
  const own = entryCodes.filter((code) => !isInForce(code, { pin: undefined, ...entry }, now));
  const issuers = listIssuerReasons(snapshot, entry, now);
  // The gate checks a pin's own rules before it asks the pin's authority. By a name, it first needs the authority's
  // valid path.
  const reasons: readonly StandingCode[] =
    entry.pin === undefined
      ? [...issuers, ...own]
      : [...(isPinDenied(snapshot, entry.pin) ? (['certificate_on_deny_list'] as const) : []), ...own, ...issuers];
  return {
    entry,
    reasons: [...new Set([...listLock(snapshot), ...reasons])],
    windows: findEntryWindows(snapshot, entry),
  };
}

function listLock({ locked }: TrustSnapshot): readonly StandingCode[] {
  return locked === undefined ? [] : ['trust_locked'];
}

/** The intervals in which the document lets the entry admit, leaving a lock aside. They may overlap. */
export function findEntryWindows(snapshot: TrustSnapshot, entry: ListedEntry): readonly EntryWindow[] {
  if (entry.pin !== undefined && isPinDenied(snapshot, entry.pin)) return [];
  const own = findEntrySpan({ pin: undefined, ...entry });
  const authority = findAuthority(snapshot, entry);
  return (authority === undefined ? [own] : findAuthorityWindows(snapshot, authority))
    .map(({ validFrom, validUntil }) => ({
      validFrom: Math.max(own.validFrom, validFrom),
      validUntil: Math.min(own.validUntil, validUntil),
    }))
    .filter(({ validFrom, validUntil }) => validFrom < validUntil);
}

/**
 * The intervals in which an anchor of the authority is valid, leaving out anchors on the deny list. They may overlap.
 */
export function findAuthorityWindows(snapshot: TrustSnapshot, authority: TrustedAuthority): readonly EntryWindow[] {
  return getAnchors(snapshot, authority).filter(({ isDenied }) => !isDenied);
}

/**
 * The interval between the pin's own times, whether or not the pin is enabled, and regardless of its identity and its
 * authority.
 */
export function findPinSpan(pin: TrustPin): EntryWindow {
  return findEntrySpan({ identity: undefined, pin: { ...pin, enabled: true } });
}

/**
 * The moments at which a rule of the entry starts or stops refusing, in milliseconds since 1970-01-01T00:00:00Z, in the
 * order of the rules.
 */
export function listInstants(entry: ListedEntry): readonly number[] {
  return entryCodes
    .map((code) => readBound(code, { pin: undefined, ...entry }))
    .filter((value) => typeof value === 'number');
}

/** The identity's pins, then its names. */
export function listEntries(identity: TrustedIdentity): readonly ListedEntry[] {
  const { pins, names } = identity;
  return [...pins.map((pin) => ({ identity, pin })), ...names.map((trustName) => ({ identity, trustName }))];
}

interface AnchorStanding extends EntryWindow {
  readonly isDenied: boolean;
}

/**
 * Why the entry's authority refuses. If one anchor admits, the authority admits, because the document does not show
 * which anchor issued a certificate.
 */
function listIssuerReasons(snapshot: TrustSnapshot, entry: ListedEntry, now: number): readonly StandingCode[] {
  const authority = findAuthority(snapshot, entry);
  if (authority === undefined) return [];
  const reasons = getAnchors(snapshot, authority).map((anchor) => listAnchorReasons(anchor, now));
  if (reasons.some((each) => each.length === 0)) return [];
  // A path that is valid but for a denial decides before a path whose anchor is not valid.
  const denied = reasons.filter(([first]) => first === 'certificate_on_deny_list');
  return [...new Set([...denied, ...reasons].flat())];
}

function listAnchorReasons({ validFrom, validUntil, isDenied }: AnchorStanding, now: number): readonly StandingCode[] {
  return [
    ...(now >= validFrom ? [] : (['path_certificate_not_yet_valid'] as const)),
    ...(now < validUntil ? [] : (['path_certificate_expired'] as const)),
    ...(isDenied ? (['certificate_on_deny_list'] as const) : []),
  ];
}

/** Undefined if the entry needs no authority. */
function findAuthority({ authorities }: TrustSnapshot, { pin, trustName }: ListedEntry): TrustedAuthority | undefined {
  const issuedBy = pin === undefined ? trustName.issuedBy : pin.issuedBy;
  return authorities.find(({ name }) => name === issuedBy);
}

/**
 * The anchors of each authority. They are computed once, because a document may bind a hundred thousand names to one
 * authority.
 */
const anchorsOf = new WeakMap<TrustSnapshot, Map<TrustedAuthority, readonly AnchorStanding[]>>();

function getAnchors(snapshot: TrustSnapshot, authority: TrustedAuthority): readonly AnchorStanding[] {
  const all = anchorsOf.get(snapshot) ?? new Map<TrustedAuthority, readonly AnchorStanding[]>();
  anchorsOf.set(snapshot, all);
  const anchors =
    all.get(authority) ??
    authority.trustAnchors.map((anchor) => ({
      validFrom: anchor.notBefore,
      // RFC 5280 §4.1.2.5: notAfter is still within the validity.
      validUntil: anchor.notAfter + 1,
      isDenied: findDeniedIssued([snapshot], anchor) !== undefined,
    }));
  all.set(authority, anchors);
  return anchors;
}
