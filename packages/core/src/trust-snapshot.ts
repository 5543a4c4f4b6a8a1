/** One named caller of the trust document. */
export interface TrustedIdentity {
  readonly name: string;
  readonly roles: readonly string[];
  /** Lower-case function names; undefined: every function; empty: none. It only tightens. */
  readonly functions: readonly string[] | undefined;
  readonly enabled: boolean;
  readonly owner: string | undefined;
  readonly reason: string | undefined;
  /** Milliseconds since 1970-01-01T00:00:00Z; from then on the identity is refused. */
  readonly expiresAt: number | undefined;
  readonly pins: readonly TrustPin[];
}

export type PinKind = 'thumbprintSha256' | 'thumbprintSha1' | 'publicKeySha256';

export const pinKinds: readonly PinKind[] = ['thumbprintSha256', 'thumbprintSha1', 'publicKeySha256'];

/** What a certificate is recognised by. The window is [notBefore, notAfter), in milliseconds. */
export interface TrustPin {
  readonly kind: PinKind;
  /** Upper-case hexadecimal. */
  readonly value: string;
  readonly enabled: boolean;
  readonly notBefore: number | undefined;
  readonly notAfter: number | undefined;
}

/** Something an operator should know of a document that is valid. */
export interface TrustWarning {
  readonly code: 'pin_sha1' | 'identity_without_pins';
  /** Where in the document, e.g. `identities[3].certificates[0]`. */
  readonly path: string;
  readonly message: string;
}

export interface PinnedIdentity {
  readonly identity: TrustedIdentity;
  readonly pin: TrustPin;
}

/** One immutable, indexed version of a trust document in memory. */
export interface TrustSnapshot {
  readonly schemaVersion: number;
  readonly revision: number;
  readonly audience: readonly string[] | undefined;
  readonly identities: readonly TrustedIdentity[];
  readonly warnings: readonly TrustWarning[];
  /** By kind, then by value: at most one pin each, since a duplicate pin is an error of the document. */
  readonly pins: Readonly<Record<PinKind, ReadonlyMap<string, PinnedIdentity>>>;
}

export type PinIndex = Readonly<Record<PinKind, Map<string, PinnedIdentity>>>;

export function createPinIndex(): PinIndex {
  return Object.freeze({ thumbprintSha256: new Map(), thumbprintSha1: new Map(), publicKeySha256: new Map() });
}

export function addToPinIndex(index: PinIndex, identity: TrustedIdentity): void {
  for (const pin of identity.pins) index[pin.kind].set(pin.value, { identity, pin });
}

/** Of identities whose pins are already known to be unique; indexes them, unless that has been done step by step. */
export function createTrustSnapshot(
  content: Pick<TrustSnapshot, 'schemaVersion' | 'revision' | 'audience' | 'identities' | 'warnings'>,
  index?: PinIndex,
): TrustSnapshot {
  const pins = index ?? createPinIndex();
  if (index === undefined) {
    for (const identity of content.identities) addToPinIndex(pins, identity);
  }
  Object.freeze(content.identities);
  Object.freeze(content.warnings);
  return Object.freeze({ ...content, pins });
}
