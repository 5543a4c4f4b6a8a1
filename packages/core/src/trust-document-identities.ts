import { findThumbprint } from './encoding/thumbprint.js';
import { findInstant } from './encoding/timestamp.js';
import type { DocumentReader } from './trust-document-reader.js';
import {
  type PinIndex,
  type PinKind,
  type TrustPin,
  type TrustWarning,
  type TrustedIdentity,
  addToPinIndex,
  createPinIndex,
  pinKinds,
} from './trust-snapshot.js';

/** How many identities, or pins of one identity, are read in one step: some tenths of a millisecond. */
const itemsPerStep = 64;

export interface IdentitiesReading {
  readonly identities: readonly TrustedIdentity[];
  readonly pins: PinIndex;
  readonly warnings: readonly TrustWarning[];
}

/** The list of identities, in steps of bounded work; what is wrong in it, the reader has collected. */
export function* readIdentities(
  reader: DocumentReader,
  value: unknown,
): Generator<undefined, IdentitiesReading, undefined> {
  const names = new Map<string, string>();
  const pinPlaces: Readonly<Record<PinKind, Map<string, string>>> = {
    thumbprintSha256: new Map(),
    thumbprintSha1: new Map(),
    publicKeySha256: new Map(),
  };
  const pins = createPinIndex();
  const warnings: TrustWarning[] = [];
  const texts = new TextPool();
  const identities: TrustedIdentity[] = [];
  for (const [index, item] of reader.readArray(value, 'identities').entries()) {
    if (index % itemsPerStep === 0) yield;
    const path = `identities[${index}]`;
    const identity = yield* readIdentity(reader, item, path, warnings, texts);
    if (identity === undefined) continue;
    reader.expectUnique(
      names,
      identity.name.toLowerCase(),
      `${path}.name`,
      `the name "${identity.name}" (letter case does not tell names apart)`,
    );
    for (const [pinIndex, { kind, value: hash }] of identity.pins.entries()) {
      reader.expectUnique(pinPlaces[kind], hash, `${path}.certificates[${pinIndex}]`, `the pin ${kind} ${hash}`);
      if (pinIndex % itemsPerStep === itemsPerStep - 1) yield;
    }
    addToPinIndex(pins, identity);
    identities.push(identity);
  }
  return { identities, pins, warnings };
}

const identityKeys = {
  required: ['name', 'roles'],
  optional: ['functions', 'enabled', 'owner', 'reason', 'expiresAt', 'certificates'],
  later: { subjects: 'names under an authority are not supported by this version; pin certificates instead' },
};

function* readIdentity(
  reader: DocumentReader,
  value: unknown,
  path: string,
  warnings: TrustWarning[],
  texts: TextPool,
): Generator<undefined, TrustedIdentity | undefined, undefined> {
  const fields = reader.readObject(value, path, identityKeys);
  if (fields === undefined) return undefined;
  const certificates =
    fields['certificates'] === undefined ? [] : reader.readArray(fields['certificates'], `${path}.certificates`);
  const pins: TrustPin[] = [];
  for (const [index, item] of certificates.entries()) {
    const pin = readPin(reader, item, `${path}.certificates[${index}]`, warnings);
    if (pin !== undefined) pins.push(pin);
    if (index % itemsPerStep === itemsPerStep - 1) yield;
  }
  if (certificates.length === 0) {
    warnings.push({
      code: 'identity_without_pins',
      path,
      message: 'no certificate is pinned, so nobody can be this identity',
    });
  }
  const functions = reader.readOptionalTexts(fields['functions'], `${path}.functions`);
  return Object.freeze({
    name: reader.readName(fields['name'], `${path}.name`),
    roles: texts.shareList(reader.readOptionalTexts(fields['roles'], `${path}.roles`) ?? []),
    // Azure's function names don't differ by letter case.
    functions: functions && texts.shareList(functions.map((name) => name.toLowerCase())),
    enabled: reader.readFlag(fields['enabled'], `${path}.enabled`),
    owner: texts.share(reader.readOptionalText(fields['owner'], `${path}.owner`)),
    reason: texts.share(reader.readOptionalText(fields['reason'], `${path}.reason`)),
    expiresAt: readInstant(reader, fields['expiresAt'], `${path}.expiresAt`),
    // A copy has the room it needs; a list that grew has room for seventeen.
    pins: pins.length === 0 ? noPins : Object.freeze([...pins]),
  });
}

const pinKeys = {
  required: [],
  optional: [...pinKinds, 'enabled', 'notBefore', 'notAfter'],
  later: { issuedBy: 'certificates from a CA are not supported by this version' },
};

function readPin(reader: DocumentReader, value: unknown, path: string, warnings: TrustWarning[]): TrustPin | undefined {
  const fields = reader.readObject(value, path, pinKeys);
  if (fields === undefined) return undefined;
  const kinds = pinKinds.filter((kind) => fields[kind] !== undefined);
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
    reader.report(path, `give exactly one of ${pinKinds.join(', ')}`);
    return undefined;
  }
  const notBefore = readInstant(reader, fields['notBefore'], `${path}.notBefore`);
  const notAfter = readInstant(reader, fields['notAfter'], `${path}.notAfter`);
  if (notBefore !== undefined && notAfter !== undefined && notBefore >= notAfter) {
    reader.report(path, 'notBefore is not earlier than notAfter, so the pin never matches');
  }
  if (kind === 'publicKeySha256' && fields['notAfter'] === undefined) {
    // Whoever holds the key can issue himself a certificate with any dates.
    reader.report(
      path,
      "a publicKeySha256 pin needs a notAfter of its own: the certificate's dates are in the key holder's hand",
    );
  }
  if (kind === 'thumbprintSha1') {
    warnings.push({
      code: 'pin_sha1',
      path,
      message: 'SHA-1 thumbprints are accepted for migration; replace it by thumbprintSha256',
    });
  }
  const pinValue = readPinValue(reader, kind, fields[kind], path);
  const enabled = reader.readFlag(fields['enabled'], `${path}.enabled`);
  return pinValue === undefined ? undefined : Object.freeze({ kind, value: pinValue, enabled, notBefore, notAfter });
}

function readPinValue(reader: DocumentReader, kind: PinKind, value: unknown, path: string): string | undefined {
  const text = reader.readText(value, `${path}.${kind}`);
  const algorithm = kind === 'thumbprintSha1' ? 'sha1' : 'sha256';
  const thumbprint = findThumbprint(text, algorithm);
  if (thumbprint !== undefined) return thumbprint;
  const other = findThumbprint(text, algorithm === 'sha1' ? 'sha256' : 'sha1');
  const hint =
    other === undefined
      ? ''
      : `; this one has ${other.length}, so it is a ${algorithm === 'sha1' ? 'SHA-256' : 'SHA-1'} thumbprint`;
  reader.report(
    `${path}.${kind}`,
    `it must be ${algorithm === 'sha1' ? 40 : 64} hexadecimal digits (colons and spaces are fine)${hint}`,
  );
  return undefined;
}

function readInstant(reader: DocumentReader, value: unknown, path: string): number | undefined {
  const text = reader.readOptionalText(value, path);
  if (text === undefined) return undefined;
  const instant = findInstant(text);
  if (instant === undefined) reader.report(path, 'it must be a time that exists, in UTC, like 2027-03-01T00:00:00Z');
  return instant;
}

const noPins: readonly TrustPin[] = Object.freeze([]);

/** Many callers have the same roles, functions and owner: each is kept once, which halves a large document. */
class TextPool {
  readonly #texts = new Map<string, string>();
  readonly #lists = new Map<string, readonly string[]>();

  share(text: string | undefined): string | undefined {
    if (text === undefined) return undefined;
    const known = this.#texts.get(text);
    if (known === undefined) this.#texts.set(text, text);
    return known ?? text;
  }

  shareList(texts: readonly string[]): readonly string[] {
    // No name has a line end in it, or the document is refused.
    const key = texts.join('\n');
    const known = this.#lists.get(key);
    if (known !== undefined) return known;
    const list = Object.freeze(texts.map((text) => this.share(text) ?? text));
    this.#lists.set(key, list);
    return list;
  }
}
