import {
  contextConstructed,
  type DerElement,
  DerReader,
  derTags,
  readSingle,
  refuseDer,
  tryDer,
} from '../encoding/der.js';
import { replaceInvisible } from '../encoding/shown-text.js';
import { type DistinguishedName, decodeRelativeDistinguishedName, type NameAttribute } from './certificate.js';

/** The types that something is decided by, beside the name as a whole. */
export const nameAttributeTypes = {
  commonName: '2.5.4.3',
  organizationalUnit: '2.5.4.11',
  emailAddress: '1.2.840.113549.1.9.1',
} as const;

/** Of a caller's subject: what an identity may be bound to. */
export const decidingAttributeTypes: readonly string[] = [
  nameAttributeTypes.commonName,
  nameAttributeTypes.organizationalUnit,
];

/** RFC 4514 §3, and the two types that are common in practice. */
const shortNames: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'STREET',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '0.9.2342.19200300.100.1.25': 'DC',
  '0.9.2342.19200300.100.1.1': 'UID',
  '1.2.840.113549.1.9.1': 'emailAddress',
};

/** The name as RFC 4514 writes it: the last relative name first. Control characters are escaped, so that it can be logged. */
export function formatDistinguishedName(name: DistinguishedName): string {
  return [...name]
    .reverse()
    .map((attributes) =>
      attributes
        .map(({ type, value, isEncoded }) => `${describeAttributeType(type)}=${isEncoded ? value : escapeValue(value)}`)
        .join('+'),
    )
    .join(',');
}

function escapeValue(value: string): string {
  const escaped = value.replace(/[\\",+;<>=]/g, '\\$&').replace(/^[ #]| $/g, '\\$&');
  return replaceInvisible(escaped, (character) => Buffer.from(character).toString('hex').replace(/../g, '\\$&'));
}

/** The most specific common name, where that is a text. As encoded: for a log, take the formatted name. */
export function findCommonName(name: DistinguishedName): string | undefined {
  const last = name.flat().findLast(({ type }) => type === nameAttributeTypes.commonName);
  return last?.isEncoded === true ? undefined : last?.value;
}

/**
 * The first of these attributes whose value is no text (RFC 5280 §4.1.2.4), such as an INTEGER, a VisibleString: for
 * people, with the value as it is encoded.
 */
export function findValueWithoutText(name: DistinguishedName, types: readonly string[]): string | undefined {
  const found = name.flat().find(({ type, isEncoded }) => isEncoded === true && types.includes(type));
  return found && `${describeAttributeType(found.type)}=${found.value}`;
}

export function describeAttributeType(type: string): string {
  return shortNames[type] ?? type;
}

/**
 * A distinguished name in the form RFC 5280 §7.1 compares: one text per relative distinguished name, equal exactly where
 * the names are. Not for people: `formatDistinguishedName` is.
 */
export interface CanonicalName {
  readonly relativeNames: readonly string[];
  /** The whole name as one text, for indexes. */
  readonly key: string;
  /** The type of the first attribute that can't be compared, as an object identifier: see `isComparable`. */
  readonly incomparableType?: string | undefined;
}

/** Attributes that are defined as something else than a text: x500UniqueIdentifier (X.520 §6.2.7), dateOfBirth (RFC 3739). */
const typesWithoutText: ReadonlySet<string> = new Set(['2.5.4.45', '1.3.6.1.5.5.7.9.1']);

/**
 * Texts are compared as texts. What is no text (RFC 5280 §4.1.2.4) equals nothing but its own octets here, and might be the
 * same name elsewhere: a VisibleString "Corp" is no PrintableString "Corp". So nothing is to be decided by that they differ.
 */
function isComparable({ type, isEncoded }: NameAttribute): boolean {
  return isEncoded !== true || typesWithoutText.has(type);
}

/** RFC 5280's upper bounds allow a few hundred characters; folding what a stranger sends must cost little. */
const maximumNameLength = 4096;
/** Beyond ASCII, runs of combining marks are put in order, at the square of their length. */
const maximumTextLength = 512;

/** Runs under `readDer`: refuses a name that is longer than names are. `decoded`: the same name, where that is known. */
export function decodeCanonicalName(name: DerElement, decoded?: DistinguishedName): CanonicalName {
  if (name.length > maximumNameLength) return refuseDer(`a name of more than ${maximumNameLength} octets`);
  const relativeNames: string[] = [];
  let incomparableType: string | undefined;
  // Each is prepared before the next is decoded, so that the first fault is the one that is told.
  for (const attributes of decoded ?? readRelativeNames(name)) {
    relativeNames.push(canonicalizeRelativeName(attributes));
    incomparableType ??= attributes.find((attribute) => !isComparable(attribute))?.type;
  }
  const key = relativeNames.join('/');
  return Object.freeze({ relativeNames: Object.freeze(relativeNames), key, incomparableType });
}

function* readRelativeNames(name: DerElement): Generator<readonly NameAttribute[], void, undefined> {
  const reader = new DerReader(name);
  while (!reader.isAtEnd) yield decodeRelativeDistinguishedName(reader.enter(derTags.set));
}

/** A SET has no order of its own; lengths in front keep two attributes from reading as one. */
export function canonicalizeRelativeName(attributes: readonly NameAttribute[]): string {
  return attributes
    .map(({ type, value, isEncoded }) => {
      const text = isEncoded === true ? value : prepareText(expectShort(value));
      return `${type}${isEncoded === true ? '#' : '='}${text.length}:${text}`;
    })
    .sort()
    .join('+');
}

function expectShort(text: string): string {
  if (text.length <= maximumTextLength || /^[\x20-\x7e]*$/.test(text)) return text;
  return refuseDer(`a name of more than ${maximumTextLength} characters beyond ASCII`);
}

export function areNamesEqual(left: CanonicalName, right: CanonicalName): boolean {
  return left.key === right.key;
}

/**
 * String preparation (RFC 4518 §2) as far as it decides whether two texts are the same: characters mapped to nothing or
 * to a space, compatibility forms, letter case, outer and repeated spaces.
 */
export function prepareText(text: string): string {
  // Most names are ASCII without controls; the rest of the steps leaves those as they are.
  const mapped = /^[\x20-\x7e]*$/.test(text)
    ? text
    : foldCharacters(mapCharacters(text).normalize('NFKC')).normalize('NFKC');
  return mapped.toLowerCase().replace(/ +/g, ' ').replace(/^ | $/g, '');
}

let mappings: { readonly space: RegExp; readonly nothing: RegExp } | undefined;

/** RFC 4518 §2.2: white space becomes a space, what can't be seen disappears. */
function mapCharacters(text: string): string {
  // No literals: for those, V8 makes the Unicode tables when it reads this file, at each cold start.
  mappings ??= {
    space: new RegExp(String.raw`[\t\n\v\f\r\u0085\p{Zs}\p{Zl}\p{Zp}]`, 'gu'),
    nothing: new RegExp(String.raw`[\p{Cc}\p{Cf}\u034f\u1806\u180b-\u180d\ufe00-\ufe0f\ufffc]`, 'gu'),
  };
  return text.replace(mappings.space, ' ').replace(mappings.nothing, '');
}

/** RFC 3454 table B.2, where it says more than lower case. */
function foldCharacters(text: string): string {
  return text.toLowerCase().replaceAll('ß', 'ss').replaceAll('ς', 'σ');
}

/** A certificate's issuer as it compares; undefined where the bytes have none. */
export function findIssuerName(der: Uint8Array): CanonicalName | undefined {
  return tryDer(() => decodeCanonicalName(readFieldAfterSignature(der, 0)));
}

/** As `findIssuerName`, the certificate's subject. */
export function findSubjectName(der: Uint8Array): CanonicalName | undefined {
  return tryDer(() => decodeCanonicalName(readFieldAfterSignature(der, 2)));
}

/**
 * One of issuer, validity, subject and subjectPublicKeyInfo (RFC 5280 §4.1), by its position. The fields before it are passed
 * over, not looked into.
 */
export function readFieldAfterSignature(der: Uint8Array, position: number): DerElement {
  const tbs = new DerReader(readSingle(der, derTags.sequence)).enter(derTags.sequence);
  tbs.readOptional(contextConstructed(0)); // version
  tbs.read(derTags.integer); // serialNumber
  // signature, and those before the position
  for (let count = 0; count <= position; count += 1) tbs.read(derTags.sequence);
  return tbs.read(derTags.sequence);
}
