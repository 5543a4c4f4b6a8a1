import {
  listNames,
  listNameKeys,
  shortenThumbprint,
  nameKey,
  type PinKind,
  type PresentedCertificate,
  type TrustPin,
  type TrustSnapshot,
  type TrustName,
  type TrustedIdentity,
} from '@certgate/core/internal';

/** Of a certificate that no identity has: an identity that it may have been meant for. */
export interface NearMatch {
  readonly identity: TrustedIdentity;
  /** One clause for people, that goes on after "the certificate". */
  readonly likeness: string;
  /** Where a pin resembles a hash of the certificate. */
  readonly pin?: TrustPin;
  /** Where a name of the certificate is bound to the identity, under an authority that has no certificate of its issuer. */
  readonly trustName?: TrustName;
}

const maximumMatches = 5;

/** Slips of the hand in 64 digits; two certificates' thumbprints differ in some sixty. */
const maximumSlips = 4;

/** So many digits at one end are no chance: somebody copied the one half and lost the other. */
const sharedDigits = 16;

/**
 * Pins that resemble come first: they say more than a name, which anybody can write into a certificate. `issuers` are the
 * authorities that know the certificate's issuer.
 */
export function findNearMatches(
  trust: TrustSnapshot,
  certificate: PresentedCertificate,
  issuers: readonly string[] = [],
): readonly NearMatch[] {
  const byPin = trust.identities.flatMap((identity) =>
    identity.pins.flatMap((pin): readonly NearMatch[] => {
      const likeness = describeLikeness(pin, certificate);
      return likeness === undefined ? [] : [{ identity, pin, likeness }];
    }),
  );
  const known = new Set(byPin.map(({ identity }) => identity));
  const byName = findByName(trust, certificate, issuers).filter(({ identity }) => !known.has(identity));
  return [...byPin, ...byName].slice(0, maximumMatches);
}

function describeLikeness({ kind, value }: TrustPin, certificate: PresentedCertificate): string | undefined {
  const own = certificate[kind];
  if (own === undefined) return undefined;
  const shown = `the pin ${kind} ${shortenThumbprint(value)}`;
  const otherKind = findKind(certificate, value);
  if (otherKind !== undefined && otherKind !== kind)
    return `has ${shown} as its ${otherKind}: the pin has the wrong kind of hash`;
  if (own === value) return undefined;
  const slips = countSlips(own, value);
  if (slips !== undefined) return `differs from ${shown} in ${slips === 1 ? 'one digit' : `${slips} digits`}`;
  const end =
    own.slice(0, sharedDigits) === value.slice(0, sharedDigits)
      ? 'first'
      : own.slice(-sharedDigits) === value.slice(-sharedDigits)
        ? 'last'
        : undefined;
  return end === undefined
    ? undefined
    : `has the ${end} ${sharedDigits} digits of ${shown}, and other digits elsewhere`;
}

function findKind(certificate: PresentedCertificate, value: string): PinKind | undefined {
  const kinds: readonly PinKind[] = ['thumbprintSha256', 'thumbprintSha1', 'publicKeySha256'];
  return kinds.find((kind) => certificate[kind] === value);
}

/**
 * Digits that were changed, lost, added or swapped with their neighbour (optimal string alignment); undefined: more than a
 * few.
 */
export function countSlips(one: string, other: string): number | undefined {
  return sharesSegment(one, other) ? alignDigits(one, other) : undefined;
}

/** A slip spoils two neighbouring segments at most, so one of these is whole. It spares a hundred thousand alignments. */
function sharesSegment(one: string, other: string): boolean {
  const count = 2 * maximumSlips + 1;
  const length = Math.floor(one.length / count);
  for (let index = 0; index < count; index += 1) {
    if (other.includes(one.slice(index * length, (index + 1) * length))) return true;
  }
  return false;
}

/** Looks near the diagonal only. */
function alignDigits(one: string, other: string): number | undefined {
  const far = maximumSlips + 1;
  let before: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row += 1) {
    const current = Array.from<number>({ length: other.length + 1 }).fill(far);
    if (row <= maximumSlips) current[0] = row;
    let least = current[0] ?? far;
    for (
      let column = Math.max(1, row - maximumSlips);
      column <= Math.min(other.length, row + maximumSlips);
      column += 1
    ) {
      const isSame = one[row - 1] === other[column - 1];
      const isSwapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      const cost = Math.min(
        (last[column] ?? far) + 1,
        (current[column - 1] ?? far) + 1,
        (last[column - 1] ?? far) + (isSame ? 0 : 1),
        isSwapped ? (before[column - 2] ?? far) + 1 : far,
      );
      current[column] = cost;
      least = Math.min(least, cost);
    }
    if (least > maximumSlips) return undefined;
    before = last;
    last = current;
  }
  const slips = last[other.length] ?? far;
  return slips > maximumSlips ? undefined : slips;
}

function findByName(
  trust: TrustSnapshot,
  certificate: PresentedCertificate,
  issuers: readonly string[],
): readonly NearMatch[] {
  if (!certificate.pathDecoding.ok) return [];
  const names = listNames(certificate.pathDecoding.value);
  return trust.identities.flatMap((identity): readonly NearMatch[] => {
    const trustName = identity.names.find(
      ({ issuedBy, type, value }) =>
        !issuers.includes(issuedBy) &&
        names.some(
          ([nameType, name]) =>
            nameType === type && listNameKeys(issuedBy, type, name).includes(nameKey(issuedBy, type, value)),
        ),
    );
    if (trustName !== undefined) {
      const likeness = `has the name (${trustName.type}) that "${identity.name}" has under the authority "${trustName.issuedBy}", which has no certificate of its issuer`;
      return [{ identity, trustName, likeness }];
    }
    const own = names.find(([, name]) => name.toLowerCase() === identity.name.toLowerCase());
    return own === undefined ? [] : [{ identity, likeness: `has the name of the identity (${own[0]})` }];
  });
}
