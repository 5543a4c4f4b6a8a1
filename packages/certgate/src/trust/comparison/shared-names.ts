import {
  describeName,
  listNameKeys,
  nameKey,
  type TrustedIdentity,
  type TrustName,
  type TrustSnapshot,
} from '@certgate/core/internal';
import { changeOf, type TrustChange } from './trust-change.js';
import { effectIf } from './compare-identities.js';
import { canCall } from './in-force.js';

/**
 * A name of one identity and the wildcard of another identity that matches it too. The gate refuses certificates with
 * such a name as ambiguous.
 */
export interface SharedName {
  readonly identity: TrustedIdentity;
  readonly trustName: TrustName;
  readonly other: TrustedIdentity;
  readonly wildcard: TrustName;
}

export function findSharedName(
  { names }: TrustSnapshot,
  identity: TrustedIdentity,
  trustName: TrustName,
): SharedName | undefined {
  const { issuedBy, type, value } = trustName;
  const own = nameKey(issuedBy, type, value);
  const wildcard = listNameKeys(issuedBy, type, value).find((key) => key !== own && names.has(key));
  const found = wildcard === undefined ? undefined : names.get(wildcard);
  if (found === undefined || found.identity === identity) return undefined;
  return { identity, trustName, other: found.identity, wildcard: found.trustName };
}

/**
 * An identity gains the certificates if a shared name becomes its own, and loses them if its own name becomes shared.
 */
export function* compareSharedNames(
  before: TrustSnapshot,
  after: TrustSnapshot,
): Generator<TrustChange, void, undefined> {
  for (const { heir, former, trustName } of listHeirs(before, after)) {
    const sentence = `A certificate with ${describeName(trustName)} is now recognized as "${heir.name}"; before, it was refused as ambiguous with "${former.name}".`;
    yield changeOf(heir, effectIf('gains', canCall({ snapshot: after, identity: heir })), 'trustName', sentence, {
      trustName,
    });
  }
  for (const { heir, former, trustName } of listHeirs(after, before)) {
    const sentence = `A certificate with ${describeName(trustName)} is now refused as ambiguous: it matches "${heir.name}" and "${former.name}".`;
    yield changeOf(heir, effectIf('loses', canCall({ snapshot: before, identity: heir })), 'trustName', sentence, {
      trustName,
    });
  }
}

interface Heir {
  /** The identity that has the name without another one, in the document in which the name is not shared. */
  readonly heir: TrustedIdentity;
  readonly former: TrustedIdentity;
  readonly trustName: TrustName;
}

function* listHeirs(shared: TrustSnapshot, alone: TrustSnapshot): Generator<Heir, void, undefined> {
  for (const each of shared.identities) {
    for (const name of each.names) {
      const found = findSharedName(shared, each, name);
      if (found === undefined) continue;
      const { identity, trustName, other, wildcard } = found;
      const [holder, holderOfWildcard] = [trustName, wildcard].map((one) => findNameHolder(alone, one));
      const heir = holder ?? holderOfWildcard;
      if (heir === undefined || (holder !== undefined && holderOfWildcard !== undefined)) continue;
      // A name that moved to another identity is reported elsewhere.
      if (!isSameIdentity(heir, holder === undefined ? other : identity)) continue;
      yield { heir, former: holder === undefined ? identity : other, trustName };
    }
  }
}

/** Compares identities by their names, without letter case. */
export function isSameIdentity({ name }: TrustedIdentity, other: TrustedIdentity): boolean {
  return name.toLowerCase() === other.name.toLowerCase();
}

export function findNameHolder(
  snapshot: TrustSnapshot,
  { issuedBy, type, value }: TrustName,
): TrustedIdentity | undefined {
  return snapshot.names.get(nameKey(issuedBy, type, value))?.identity;
}
