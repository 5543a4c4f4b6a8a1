import {
  contextConstructed,
  contextPrimitive,
  decodeObjectIdentifier,
  type DerElement,
  type DerReader,
  derTags,
  isWithin,
  readSingle,
  refuseDer,
  toText,
  decodeAll,
  enterSequence,
} from '../encoding/der.js';
import { type CanonicalName, decodeCanonicalName, formatDistinguishedName } from './distinguished-name.js';
import type { ArgumentRule } from '../encoding/own-members.js';
import { decodeDistinguishedName } from './certificate.js';

/**
 * A GeneralName (RFC 5280 §4.2.1.6), as certification paths and CRLs compare it. Its forms have the standard's names.
 */
export type GeneralName =
  | { readonly form: 'rfc822Name' | 'dNSName' | 'uniformResourceIdentifier'; readonly text: string }
  | { readonly form: 'directoryName'; readonly name: CanonicalName }
  /**
   * In alternative names 4 or 16 octets; in name constraints 8 or 32, an address and its mask. Elsewhere, the
   * length is not checked.
   */
  | { readonly form: 'iPAddress'; readonly octets: Uint8Array }
  | { readonly form: 'registeredID'; readonly objectIdentifier: string }
  /** Forms whose content this package doesn't decode, as encoded. */
  | { readonly form: 'otherName' | 'x400Address' | 'ediPartyName'; readonly encoded: Uint8Array };

export type GeneralNameForm = GeneralName['form'];

const valueOfForm: Readonly<Record<GeneralNameForm, string>> = {
  rfc822Name: 'text',
  dNSName: 'text',
  uniformResourceIdentifier: 'text',
  directoryName: 'name',
  iPAddress: 'octets',
  registeredID: 'objectIdentifier',
  otherName: 'encoded',
  x400Address: 'encoded',
  ediPartyName: 'encoded',
};

export const aGeneralName: ArgumentRule = {
  words: 'a general name, as certificates have it',
  holds: (value) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, 'form')) return false;
    const { form } = value as GeneralName;
    return Object.hasOwn(valueOfForm, form) && Object.hasOwn(value, valueOfForm[form]);
  },
};

/** Decodes the content of `GeneralNames ::= SEQUENCE SIZE (1..MAX)`. */
export function decodeGeneralNames(reader: DerReader): readonly GeneralName[] {
  return decodeAll(reader, () => decodeGeneralName(reader.read()));
}

export function decodeGeneralName(element: DerElement): GeneralName {
  switch (element.tag) {
    case contextConstructed(0):
      return { form: 'otherName', encoded: element.encoded };
    case contextPrimitive(1):
      return { form: 'rfc822Name', text: decodeIa5(element) };
    case contextPrimitive(2):
      return { form: 'dNSName', text: decodeIa5(element) };
    case contextConstructed(3):
      return { form: 'x400Address', encoded: element.encoded };
    case contextConstructed(4):
      return { form: 'directoryName', name: decodeCanonicalName(readSingle(element, derTags.sequence)) };
    case contextConstructed(5):
      return { form: 'ediPartyName', encoded: element.encoded };
    case contextPrimitive(6):
      return { form: 'uniformResourceIdentifier', text: decodeIa5(element) };
    case contextPrimitive(7):
      return { form: 'iPAddress', octets: element.content };
    case contextPrimitive(8):
      return {
        form: 'registeredID',
        objectIdentifier: decodeObjectIdentifier(element),
      };
    default:
      return refuseDer('a general name of no known form');
  }
}

/**
 * Returns equal texts exactly for equal names. URIs, DNS names and mailboxes are compared letter by letter, which is
 * stricter than their standards.
 */
export function toGeneralNameKey(name: GeneralName): string {
  if ('text' in name) return `${name.form}:${name.text}`;
  if ('name' in name) return `${name.form}:${name.name.key}`;
  if ('objectIdentifier' in name) return `${name.form}:${name.objectIdentifier}`;
  const { form } = name;
  const octets = 'octets' in name ? name.octets : name.encoded;
  return `${form}:${Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('latin1')}`;
}

/**
 * Decodes an IA5String. NUL and other control characters are refused: "good.example\0.evil.example" has misled many
 * readers.
 */
function decodeIa5(element: DerElement): string {
  return isWithin(element, 0x20, 0x7e) ? toText(element, 'latin1') : refuseDer('a name with control characters');
}

/** A GeneralName (RFC 5280 §4.2.1.6) with its type, so that a URI can never be mistaken for a DNS name. */
export interface SubjectAlternativeName {
  readonly type: 'dns' | 'uri' | 'email' | 'ip' | 'directoryName' | 'registeredId' | 'other';
  /** Text for dns, uri, email and ip; RFC 4514 for directoryName; dotted for registeredId; hexadecimal DER for other. */
  readonly value: string;
}

export function decodeSubjectAlternativeNames(extensionValue: Uint8Array): readonly SubjectAlternativeName[] {
  return decodeAll(enterSequence(extensionValue), (names) => decodeSubjectAlternativeName(names.read()));
}

function decodeSubjectAlternativeName(name: DerElement): SubjectAlternativeName {
  switch (name.tag) {
    case contextPrimitive(1):
      return { type: 'email', value: decodeIa5(name) };
    case contextPrimitive(2):
      return { type: 'dns', value: decodeIa5(name) };
    case contextConstructed(4):
      return {
        type: 'directoryName',
        value: formatDistinguishedName(decodeDistinguishedName(readSingle(name, derTags.sequence))),
      };
    case contextPrimitive(6):
      return { type: 'uri', value: decodeIa5(name) };
    case contextPrimitive(7):
      return { type: 'ip', value: formatAddress(name) };
    case contextPrimitive(8):
      return {
        type: 'registeredId',
        value: decodeObjectIdentifier(name),
      };
    case contextConstructed(0):
    case contextConstructed(3):
    case contextConstructed(5):
      return { type: 'other', value: Buffer.from(name.encoded).toString('hex') };
    default:
      return refuseDer('a subject alternative name of no known form');
  }
}

function formatAddress(element: DerElement): string {
  if (element.length === 4) return element.content.join('.');
  if (element.length !== 16) return refuseDer('an IP address of neither 4 nor 16 octets');
  const groups = toText(element, 'hex').match(/..../g) ?? [];
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
}
