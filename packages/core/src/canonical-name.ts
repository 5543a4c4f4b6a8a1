import { type NameAttribute, decodeRelativeDistinguishedName } from './distinguished-name.js';
import { type DerElement, DerReader, derTags, refuseDer } from './encoding/der.js';

/**
 * A distinguished name in the form RFC 5280 §7.1 compares: one text per relative distinguished name, equal exactly where
 * the names are. Not for people: `formatDistinguishedName` is.
 */
export interface CanonicalName {
  readonly relativeNames: readonly string[];
  /** The whole name as one text, for indexes. */
  readonly key: string;
}

/** RFC 5280's upper bounds allow a few hundred characters; folding what a stranger sends must cost him little. */
const maximumNameLength = 4096;
/** Beyond ASCII, runs of combining marks are put in order, at the square of their length. */
const maximumTextLength = 512;

/** Runs under `readDer`: refuses a name that is longer than names are. */
export function decodeCanonicalName(name: DerElement): CanonicalName {
  if (name.content.length > maximumNameLength) return refuseDer(`a name of more than ${maximumNameLength} octets`);
  const relativeNames: string[] = [];
  const reader = new DerReader(name.content);
  while (!reader.isAtEnd)
    relativeNames.push(canonicalizeRelativeName(decodeRelativeDistinguishedName(reader.enter(derTags.set))));
  return Object.freeze({ relativeNames: Object.freeze(relativeNames), key: relativeNames.join('/') });
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

/** Does `name` lie in the subtree of `base` (RFC 5280 §4.2.1.10)? A name lies in its own. */
export function isNameWithin(name: CanonicalName, base: CanonicalName): boolean {
  return (
    base.relativeNames.length <= name.relativeNames.length &&
    base.relativeNames.every((relativeName, index) => relativeName === name.relativeNames[index])
  );
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

/** RFC 4518 §2.2: white space becomes a space, what can't be seen disappears. */
function mapCharacters(text: string): string {
  return text
    .replace(/[\t\n\v\f\r\u0085\p{Zs}\p{Zl}\p{Zp}]/gu, ' ')
    .replace(/[\p{Cc}\p{Cf}\u034f\u1806\u180b-\u180d\ufe00-\ufe0f\ufffc]/gu, '');
}

/** RFC 3454 table B.2, where it says more than lower case. */
function foldCharacters(text: string): string {
  return text.toLowerCase().replace(/ß/g, 'ss').replace(/ς/g, 'σ');
}
