import { encodeElement } from './der-editing.js';

/** Writes DER values for certificates that no tool makes. Shares no code with the reader under test. */
export const sequence = (...items: readonly Uint8Array[]): Buffer => encodeElement(0x30, ...items);
export const set = (...items: readonly Uint8Array[]): Buffer => encodeElement(0x31, ...items);
export const octetString = (content: Uint8Array): Buffer => encodeElement(0x04, content);
export const bitString = (content: Uint8Array, unusedBits = 0): Buffer =>
  encodeElement(0x03, Buffer.from([unusedBits]), content);
export const boolean = (value: boolean): Buffer => encodeElement(0x01, Buffer.from([value ? 0xff : 0]));
/** A constructed value with the tag `[number]`: explicit, or an implicit SEQUENCE. */
export const tagged = (number: number, ...items: readonly Uint8Array[]): Buffer =>
  encodeElement(0xa0 + number, ...items);
/** A primitive value with the implicit tag `[number]`. */
export const taggedPrimitive = (number: number, content: Uint8Array): Buffer => encodeElement(0x80 + number, content);

export function integer(value: number | bigint): Buffer {
  return encodeElement(0x02, integerContent(value));
}

/** The content octets of an INTEGER that is not negative. */
export function integerContent(value: number | bigint): Buffer {
  const hex = value.toString(16);
  const octets = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return octets.readUInt8(0) >= 0x80 ? Buffer.concat([Buffer.from([0]), octets]) : octets;
}

export function objectIdentifier(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  return encodeElement(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(encodeArc)]));
}

function encodeArc(arc: number): readonly number[] {
  const octets = [arc % 128];
  for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) octets.unshift(128 + (left % 128));
  return octets;
}

export const utf8String = (text: string): Buffer => encodeElement(0x0c, Buffer.from(text));

/** A UTCTime until 2049, and a GeneralizedTime after it (RFC 5280 §4.1.2.5). */
export function time(milliseconds: number): Buffer {
  const digits = new Date(milliseconds).toISOString().replace(/[-:T]|\.\d+/g, '');
  return Number(digits.slice(0, 4)) < 2050
    ? encodeElement(0x17, Buffer.from(digits.slice(2)))
    : encodeElement(0x18, Buffer.from(digits));
}

/** A name with a common name, and with an organizational unit if `unit` is given. */
export function name(commonName: string, unit?: string): Buffer {
  const attribute = (type: string, text: string): Buffer => set(sequence(objectIdentifier(type), utf8String(text)));
  return sequence(attribute('2.5.4.3', commonName), ...(unit === undefined ? [] : [attribute('2.5.4.11', unit)]));
}

/** A BIT STRING of named bits, without trailing zero bits (X.690 §11.2.2). */
export function namedBits(bits: readonly number[]): Buffer {
  const highest = Math.max(...bits);
  const octets = Buffer.alloc(Math.floor(highest / 8) + 1);
  for (const bit of bits) octets[Math.floor(bit / 8)] = (octets[Math.floor(bit / 8)] ?? 0) | (0x80 >> (bit % 8));
  return bitString(octets, 7 - (highest % 8));
}
