import {
  listNames,
  listNameKeys,
  nameKey,
  pinKinds,
  type PinKind,
  type PresentedCertificate,
  type TrustPin,
  type TrustSnapshot,
  type TrustName,
  type TrustedIdentity,
} from '@certgate/core/internal';
import { countSlips } from '../../faults/slips.js';

/** Of a certificate that no identity has: an identity that it may have been meant for. */
export interface NearMatch {
  readonly identity: TrustedIdentity;
  /** One clause for people, that goes on after "the certificate". */
  readonly likeness: string;
  /** Where a pin resembles a hash of the certificate. */
  readonly pin?: TrustPin;
  /** An authority of the document issued it, so that neither a pin nor a CA certificate is missing. */
  readonly isIssued?: true;
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
  const byPin = findNearPins(trust, certificate);
  const known = new Set(byPin.map(({ identity }) => identity));
  const byName = findByName(trust, certificate, issuers).filter(({ identity }) => !known.has(identity));
  return [...byPin, ...byName].slice(0, maximumMatches);
}

/** What is known of a certificate by its hashes. */
export type KnownHashes = Readonly<Partial<Record<PinKind, string | undefined>>>;

/** Pins that resemble one of the hashes, and are none of them. */
export function findNearPins({ identities }: TrustSnapshot, hashes: KnownHashes): readonly NearMatch[] {
  return identities.flatMap((identity) =>
    identity.pins.flatMap((pin): readonly NearMatch[] => {
      const likeness = describeLikeness(pin, hashes);
      return likeness === undefined ? [] : [{ identity, pin, likeness }];
    }),
  );
}

function describeLikeness({ kind, value }: TrustPin, certificate: KnownHashes): string | undefined {
  const own = certificate[kind];
  // Whole, so that any digit that differs can be seen.
  const shown = `the pin ${kind} ${value}`;
  const otherKind = pinKinds.find((each) => each !== kind && certificate[each] === value);
  if (otherKind !== undefined) return `has ${shown} as its ${otherKind}: the pin has the wrong kind of hash`;
  if (own === undefined || own === value) return undefined;
  const slips = countDigitSlips(own, value);
  if (slips !== undefined) return `differs from ${shown} in ${slips === 1 ? 'one digit' : `${slips} digits`}`;
  const isOfStart = own.startsWith(value.slice(0, sharedDigits));
  if (!isOfStart && !own.endsWith(value.slice(-sharedDigits))) return undefined;
  return `has the ${isOfStart ? 'first' : 'last'} ${sharedDigits} digits of ${shown}, and other digits elsewhere`;
}

/** Undefined: more than a few. */
export function countDigitSlips(one: string, other: string): number | undefined {
  return sharesSegment(one, other) ? countSlips(one, other, maximumSlips) : undefined;
}

/** A slip spoils two neighbouring segments at most, so one of these is whole. It spares a hundred thousand alignments. */
function sharesSegment(one: string, other: string): boolean {
  const count = 2 * maximumSlips + 1;
  const length = Math.floor(one.length / count);
  return Array.from({ length: count }).some((_, index) =>
    other.includes(one.slice(index * length, (index + 1) * length)),
  );
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
