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
import { countSlips } from '../../texts/slips.js';

/** An identity that a certificate may have been meant for, if no identity has the certificate. */
export interface NearMatch {
  readonly identity: TrustedIdentity;
  /** One clause for people that continues a sentence after "the certificate". */
  readonly likeness: string;
  /** The pin that resembles a hash of the certificate; absent if none does. */
  readonly pin?: TrustPin;
  /**
   * Set if an authority of the document issued the certificate, so that neither a pin nor a CA certificate is missing.
   */
  readonly isIssued?: true;
  /**
   * The name of the identity that makes the certificate look like this identity's, if it is a name under an authority;
   * otherwise absent.
   */
  readonly trustName?: TrustName;
}

const maximumMatches = 5;

/**
 * The maximum number of typing errors in a hash of 64 digits. The thumbprints of two certificates differ in about
 * sixty.
 */
const maximumSlips = 4;

/** So many equal digits at one end are not a coincidence: somebody copied one half and lost the other. */
const sharedDigits = 16;

/**
 * Finds the identities that the certificate may have been meant for. Pins that resemble a hash come first, because they
 * show more than a name, which anybody can write into a certificate. `issuers` are the authorities that know the
 * certificate's issuer.
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

/** The known hashes of a certificate, by kind of pin. */
export type KnownHashes = Readonly<Partial<Record<PinKind, string | undefined>>>;

/** The pins that resemble one of the hashes, but don't match the certificate. */
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
  // The whole hash, so that a person can see each digit that differs.
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

/** The number of typing errors that make one text of the other; undefined if there are more than `maximumSlips`. */
export function countDigitSlips(one: string, other: string): number | undefined {
  return sharesSegment(one, other) ? countSlips(one, other, maximumSlips) : undefined;
}

/**
 * Whether a segment of one text is in the other. A typing error spoils at most two neighbouring segments, so that at
 * least one remains whole. This quick check makes most alignments unnecessary.
 */
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
