import { isDeepStrictEqual } from 'node:util';
import {
  nameKey,
  type TrustedAuthority,
  type TrustedIdentity,
  type TrustPin,
  type TrustSnapshot,
} from '@certgate/core/internal';
import type { TrustEntry } from './stand-in.js';

/** Of the certificate of a caller that only status lines tell of, by something else than its thumbprint. */
export const unknownThumbprint = 'unknown';

/** The document that decided the calls, and the one that is to replace it, as far as replaying needs to know. */
export interface ComparedDocuments {
  readonly before: TrustSnapshot;
  readonly after: TrustSnapshot;
  /** Some app that the earlier document is for refuses the later one. */
  readonly narrowsAudience: boolean;
  /** Names in lower case: authorities of the later document that are new there, or have changed in any way. */
  readonly changedAuthorities: ReadonlySet<string>;
  /** The later deny list refuses certificates by serial numbers that it didn't before. */
  readonly deniesSerials: boolean;
  /** It refuses further thumbprints, which may be of certificates on a path. */
  readonly deniesThumbprints: boolean;
  /** Entries of the later document that no SHA-256 thumbprint tells: other pins, and names. */
  readonly doubtful: readonly TrustEntry[];
  /** Those of them that the earlier document doesn't have, or has under an authority that has changed. */
  readonly added: readonly TrustEntry[];
  /** Pins of a SHA-256 thumbprint that the earlier document doesn't have. */
  readonly addedThumbprints: readonly (TrustEntry & { readonly pin: TrustPin })[];
  /** Of the doubtful, those that the earlier document has too, by the name of the identity that has them there. */
  readonly kept: ReadonlyMap<string, readonly TrustEntry[]>;
  /** Nothing differs that bears on a certificate without a pin of its SHA-256 thumbprint, nor the lock. */
  readonly isSameForOthers: boolean;
  /** Milliseconds, ascending: between two of them, no doubtful entry is decided otherwise. */
  readonly instants: readonly number[];
  /** The same of the identities of both documents, by their names. */
  readonly instantsByName: ReadonlyMap<string, readonly number[]>;
}

export function compareForReplay(before: TrustSnapshot, after: TrustSnapshot): ComparedDocuments {
  const changedAuthorities = listChangedAuthorities(before, after);
  const doubtful = listDoubtful(after);
  const holders = doubtful.map((entry) =>
    isUnder(entry, changedAuthorities) ? undefined : findEntry(before, entry)?.identity.name,
  );
  const kept = new Map<string, TrustEntry[]>();
  for (const [index, entry] of doubtful.entries()) {
    const holder = holders[index];
    if (holder !== undefined) kept.set(holder, [...(kept.get(holder) ?? []), entry]);
  }
  const deniesSerials = [...after.denied.serialNumbers].some(
    ([key, { issuedBy = '' }]) =>
      !before.denied.serialNumbers.has(key) || changedAuthorities.has(issuedBy.toLowerCase()),
  );
  return {
    ...{ before, after, changedAuthorities, deniesSerials, doubtful, kept },
    narrowsAudience:
      after.audience !== undefined && before.audience?.every((name) => after.audience?.includes(name)) !== true,
    deniesThumbprints: [...after.denied.thumbprintsSha256.keys()].some(
      (thumbprint) => !before.denied.thumbprintsSha256.has(thumbprint),
    ),
    added: doubtful.filter((_, index) => holders[index] === undefined),
    addedThumbprints: [...after.pins.thumbprintSha256.values()].filter(
      ({ pin }) => !before.pins.thumbprintSha256.has(pin.value),
    ),
    isSameForOthers: isSameForOthers(before, after) && changedAuthorities.size === 0,
    instants: sortInstants(
      doubtful.flatMap(({ identity, pin }) => listInstants({ ...identity, pins: pin === undefined ? [] : [pin] })),
    ),
    instantsByName: indexInstants([...before.identities, ...after.identities]),
  };
}

/** The entry with the same value, whatever else is said of it; of a name, under the same authority. */
export function findEntry(snapshot: TrustSnapshot, { pin, trustName }: TrustEntry): TrustEntry | undefined {
  if (pin !== undefined) return snapshot.pins[pin.kind].get(pin.value);
  if (trustName === undefined) return undefined;
  return snapshot.names.get(nameKey(trustName.issuedBy, trustName.type, trustName.value));
}

/** The authority that has to vouch for the certificate, in lower case. */
export function findIssuer({ pin, trustName }: TrustEntry): string | undefined {
  return (pin?.issuedBy ?? trustName?.issuedBy)?.toLowerCase();
}

/** A pin matches whatever its authority says; a name doesn't. */
function isUnder({ trustName }: TrustEntry, authorities: ReadonlySet<string>): boolean {
  return trustName !== undefined && authorities.has(trustName.issuedBy.toLowerCase());
}

function listDoubtful({ identities }: TrustSnapshot): readonly TrustEntry[] {
  return identities.flatMap((identity) => [
    ...identity.pins.filter(({ kind }) => kind !== 'thumbprintSha256').map((pin) => ({ identity, pin })),
    ...identity.names.map((trustName) => ({ identity, trustName })),
  ]);
}

function listChangedAuthorities(before: TrustSnapshot, after: TrustSnapshot): ReadonlySet<string> {
  const earlier = new Map(before.authorities.map((authority) => [authority.name.toLowerCase(), authority]));
  const changed = after.authorities.filter((authority) => {
    const former = earlier.get(authority.name.toLowerCase());
    return former === undefined || !isDeepStrictEqual(describeAuthority(former), describeAuthority(authority));
  });
  return new Set(changed.map(({ name }) => name.toLowerCase()));
}

function describeAuthority({ name, trustAnchors, intermediates, ...rest }: TrustedAuthority): unknown {
  const [anchors, others] = [trustAnchors, intermediates].map((list) =>
    list.map(({ thumbprintSha256 }) => thumbprintSha256).sort(),
  );
  return { ...rest, name: name.toLowerCase(), anchors, others };
}

function isSameForOthers(before: TrustSnapshot, after: TrustSnapshot): boolean {
  const [earlier, later] = [before, after].map((snapshot) => ({
    isLocked: snapshot.locked !== undefined,
    authorities: snapshot.authorities.length,
    thumbprints: [...snapshot.denied.thumbprintsSha256.keys()].sort(),
    serials: [...snapshot.denied.serialNumbers.keys()].sort(),
    entries: listDoubtful(snapshot)
      .map((entry) => ({ ...entry, identity: describeState(entry.identity) }))
      .sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1)),
  }));
  return isDeepStrictEqual(earlier, later);
}

/** What of an identity bears on a decision. */
function describeState({ name, roles, functions, enabled, expiresAt }: TrustedIdentity): object {
  return { name, roles, functions, enabled, expiresAt };
}

function indexInstants(identities: readonly TrustedIdentity[]): ReadonlyMap<string, readonly number[]> {
  const byName = new Map<string, readonly number[]>();
  for (const identity of identities) {
    const instants = [...(byName.get(identity.name) ?? []), ...listInstants(identity)];
    if (instants.length > 0) byName.set(identity.name, sortInstants(instants));
  }
  return byName;
}

function sortInstants(instants: readonly number[]): readonly number[] {
  return [...new Set(instants)].sort((one, other) => one - other);
}

function listInstants({ expiresAt, pins }: Pick<TrustedIdentity, 'expiresAt' | 'pins'>): readonly number[] {
  return [
    ...(expiresAt === undefined ? [] : [expiresAt]),
    ...pins.flatMap(({ notBefore, notAfter, acceptWithoutClientAuth: grace }) =>
      [notBefore, notAfter, grace?.since, grace?.until].flatMap((instant) => instant ?? []),
    ),
  ];
}

/** When the decision about a caller may change: an identity as a line names it, and the certificate's thumbprint. */
export function findInstants(
  { after, addedThumbprints, instants, instantsByName }: ComparedDocuments,
  { identity, thumbprintSha256 }: { readonly identity?: string; readonly thumbprintSha256?: string },
): readonly (readonly number[])[] {
  const holder = after.pins.thumbprintSha256.get(thumbprintSha256 ?? '')?.identity.name;
  const pinned = thumbprintSha256 === unknownThumbprint ? addedThumbprints : [];
  return [
    instants,
    instantsByName.get(identity ?? '') ?? [],
    instantsByName.get(holder ?? '') ?? [],
    ...pinned.map((entry) => listInstants({ ...entry.identity, pins: [entry.pin] })),
  ];
}
