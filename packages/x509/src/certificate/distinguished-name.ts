import {
  contextConstructed,
  type DerElement,
  DerReader,
  derTags,
  refuseDer,
  tryDer,
  enterSequence,
} from '../encoding/der.js';
import { replaceInvisible } from '../encoding/shown-text.js';
import { type DistinguishedName, decodeRelativeDistinguishedName, type NameAttribute } from './certificate.js';

/** The attribute types that decide something on their own, not only as part of the whole name. */
export const nameAttributeTypes = {
  commonName: '2.5.4.3',
  organizationalUnit: '2.5.4.11',
  emailAddress: '1.2.840.113549.1.9.1',
} as const;

/** The attribute types of a caller's subject that an identity can be bound to. */
export const decidingAttributeTypes: readonly string[] = [
  nameAttributeTypes.commonName,
  nameAttributeTypes.organizationalUnit,
];

/** RFC 4514 §3, and two more types that are common in practice. */
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

/**
 * Formats the name as RFC 4514 does: the last relative name first. Control characters are escaped, so it can be logged.
 */
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

/**
 * The most specific common name, if its value is a text. It is not escaped: for a log, use `formatDistinguishedName`.
 */
export function findCommonName(name: DistinguishedName): string | undefined {
  const last = name.flat().findLast(({ type }) => type === nameAttributeTypes.commonName);
  return last?.isEncoded === true ? undefined : last?.value;
}

/**
 * Finds the first of these attributes whose value is not a text (RFC 5280 §4.1.2.4), such as an INTEGER or a
 * VisibleString.
 */
export function findAttributeWithoutText(name: DistinguishedName, types: readonly string[]): NameAttribute | undefined {
  return name.flat().find(({ type, isEncoded }) => isEncoded === true && types.includes(type));
}

/** Describes `findAttributeWithoutText` for people, with the value as it is encoded. */
export function findValueWithoutText(name: DistinguishedName, types: readonly string[]): string | undefined {
  const found = findAttributeWithoutText(name, types);
  return found && `${describeAttributeType(found.type)}=${found.value}`;
}

export function describeAttributeType(type: string): string {
  return shortNames[type] ?? type;
}

/**
 * A distinguished name in the form that RFC 5280 §7.1 compares: one text per relative distinguished name. Two texts are
 * equal exactly if the relative names are. For people, use `formatDistinguishedName`.
 */
export interface CanonicalName {
  readonly relativeNames: readonly string[];
  /** The whole name as one text, for use as a key in maps. */
  readonly key: string;
  /**
   * The object identifier of the first attribute that can't be compared (see `isComparable`). Undefined if all can be.
   */
  readonly incomparableType?: string | undefined;
}

/** Attributes that are not defined as texts: x500UniqueIdentifier (X.520 §6.2.7) and dateOfBirth (RFC 3739). */
const typesWithoutText: ReadonlySet<string> = new Set(['2.5.4.45', '1.3.6.1.5.5.7.9.1']);

/**
 * Whether the attribute's value can be compared. Here, a value that is not a text (RFC 5280 §4.1.2.4) equals only the
 * same octets, but another program may see the same name: a VisibleString "Corp" and a PrintableString "Corp". Never
 * rely on a difference between them.
 */
function isComparable({ type, isEncoded }: NameAttribute): boolean {
  return isEncoded !== true || typesWithoutText.has(type);
}

/**
 * The limit, in octets, bounds the cost of folding a name that an unknown caller sent. RFC 5280's upper bounds give the
 * usual attributes a few hundred characters together.
 */
const maximumNameLength = 4096;
/** Limit for a text that is not only printable ASCII: normalization sorts runs of combining marks in quadratic time. */
const maximumTextLength = 512;

/**
 * Must run under `readDer`: refuses names that are longer than the limits. `decoded` is the same name if it has already
 * been decoded.
 */
export function decodeCanonicalName(name: DerElement, decoded?: DistinguishedName): CanonicalName {
  if (name.length > maximumNameLength) return refuseDer(`a name of more than ${maximumNameLength} octets`);
  const relativeNames: string[] = [];
  let incomparableType: string | undefined;
  // Each relative name is prepared before the next is decoded, so that the first fault is reported.
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

/**
 * Returns the same text for any order of the attributes, because a SET has no order. The lengths in front prevent two
 * attributes from reading as one.
 */
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
 * Prepares a text for comparison (RFC 4518 §2), as far as that decides whether two texts are equal: characters mapped
 * to nothing or to a space, compatibility forms, letter case, outer and repeated spaces.
 */
export function prepareText(text: string): string {
  // Most names are ASCII without controls, which the other steps would not change.
  const mapped = /^[\x20-\x7e]*$/.test(text)
    ? text
    : foldCharacters(mapCharacters(text).normalize('NFKC')).normalize('NFKC');
  return mapped.toLowerCase().replace(/ +/g, ' ').replace(/^ | $/g, '');
}

let mappings: { readonly space: RegExp; readonly nothing: RegExp } | undefined;

/** RFC 4518 §2.2: white space becomes a space, and invisible characters are removed. */
function mapCharacters(text: string): string {
  // Not literals: V8 would make the Unicode tables when it reads this file, at each cold start.
  mappings ??= {
    space: new RegExp(String.raw`[\t\n\v\f\r\u0085\p{Zs}\p{Zl}\p{Zp}]`, 'gu'),
    nothing: new RegExp(String.raw`[\p{Cc}\p{Cf}\u034f\u1806\u180b-\u180d\ufe00-\ufe0f\ufffc]`, 'gu'),
  };
  return text.replace(mappings.space, ' ').replace(mappings.nothing, '');
}

/** Lower case, with two more foldings of RFC 3454 table B.2. */
function foldCharacters(text: string): string {
  return text.toLowerCase().replaceAll('ß', 'ss').replaceAll('ς', 'σ');
}

/** The issuer's name of a certificate, in the form that is compared. Undefined if it can't be decoded. */
export function findIssuerName(der: Uint8Array): CanonicalName | undefined {
  return tryDer(() => decodeCanonicalName(readFieldAfterSignature(der, 0)));
}

/** The subject's name of a certificate, in the form that is compared. Undefined if it can't be decoded. */
export function findSubjectName(der: Uint8Array): CanonicalName | undefined {
  return tryDer(() => decodeCanonicalName(readFieldAfterSignature(der, 2)));
}

/**
 * Reads issuer (0), validity (1), subject (2) or subjectPublicKeyInfo (3) (RFC 5280 §4.1). The fields before it are
 * skipped and not decoded.
 */
export function readFieldAfterSignature(der: Uint8Array, position: number): DerElement {
  const tbs = enterSequence(der).enter(derTags.sequence);
  tbs.readOptional(contextConstructed(0)); // version
  tbs.read(derTags.integer); // serialNumber
  // The signature algorithm, and the fields before the position.
  for (let count = 0; count <= position; count += 1) tbs.read(derTags.sequence);
  return tbs.read(derTags.sequence);
}
