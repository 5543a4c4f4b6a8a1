// encoding/: strict base64, PEM, DER, times and thumbprints; text that is safe to show; own members of objects; long work
// in steps.

/**
 * An element of DER (ITU-T X.690 §10). The functions and the reader of this file are strict: definite minimal lengths,
 * minimal integers, canonical booleans, no element that reaches past its parent, no trailing bytes.
 *
 * Decoders refuse bytes with a thrown `DerError`. They run inside `readDer` or `tryDer`, which turn it into a value.
 */
export class DerElement {
  /** The identifier octet. The high-tag-number form (X.690 §8.1.2.4) is refused: no structure that we read uses it. */
  declare readonly tag: number;
  /** The element is [start, end) of these octets, and its content is [contentStart, end). */
  declare readonly bytes: Uint8Array;
  declare readonly start: number;
  declare readonly contentStart: number;
  declare readonly end: number;

  constructor(bytes: Uint8Array, tag: number, start: number, contentStart: number, end: number) {
    this.bytes = bytes;
    this.tag = tag;
    this.start = start;
    this.contentStart = contentStart;
    this.end = end;
  }

  /** A new view at each call. Reading the octets in place avoids that cost. */
  get content(): Uint8Array {
    return this.bytes.subarray(this.contentStart, this.end);
  }

  /** Header and content, as they are in the input. */
  get encoded(): Uint8Array {
    return this.bytes.subarray(this.start, this.end);
  }

  get length(): number {
    return this.end - this.contentStart;
  }
}

export const derTags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  utf8String: 0x0c,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/**
 * Context-specific tags: `[0]` EXPLICIT, or `[0]` of a constructed type, is 0xa0; `[0]` IMPLICIT of a primitive type is
 * 0x80.
 */
export const contextConstructed = (number: number): number => 0xa0 | number;
export const contextPrimitive = (number: number): number => 0x80 | number;

class DerError extends Error {
  override readonly name = 'DerError';
}

/** Refuses the input. Only decoders that run under `readDer` may call it. */
export function refuseDer(message: string): never {
  throw new DerError(message);
}

/** The decoded value, or a sentence fragment for the operator that says what is wrong with the bytes. */
export type DerDecoding<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: string };

/** Runs a decoder and returns whatever it refuses as a value. */
export function readDer<T>(decode: () => T): DerDecoding<T> {
  try {
    return { ok: true, value: decode() };
  } catch (error) {
    if (error instanceof DerError) return { ok: false, fault: error.message };
    // A RangeError or the like is a bug of ours. A decoder of hostile bytes refuses the input even then.
    return { ok: false, fault: `undecodable (${error instanceof Error ? error.name : 'unknown fault'})` };
  }
}

/** Runs a decoder like `readDer`, and returns undefined for input that it refuses. */
export function tryDer<T>(decode: () => T): T | undefined {
  const decoding = readDer(decode);
  return decoding.ok ? decoding.value : undefined;
}

export type DerFrameFault = 'not_der' | 'truncated' | 'trailing_bytes';

/** Checks that the input is exactly one SEQUENCE. It reads only the header, however long the input is. */
export function findOuterFrameFault(bytes: Uint8Array): DerFrameFault | undefined {
  const header = readDerHeader(bytes, 0);
  if (header === undefined || header.tag !== derTags.sequence) return 'not_der';
  const end = header.contentStart + header.length;
  if (end > bytes.length) return 'truncated';
  return end < bytes.length ? 'trailing_bytes' : undefined;
}

/** The header of an element: where its content begins, and how long it says the content is. */
export interface DerHeader {
  readonly tag: number;
  readonly contentStart: number;
  readonly length: number;
}

/**
 * The header at an offset. Undefined if it is not valid in DER, has a high tag number, or gives its length in more than
 * four octets. Whether the content is there is not checked.
 */
export function readDerHeader(bytes: Uint8Array, offset: number): DerHeader | undefined {
  const tag = bytes[offset];
  const first = bytes[offset + 1];
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) return undefined;
  if (first < 0x80) return { tag, contentStart: offset + 2, length: first };
  const octets = first & 0x7f;
  // 0x80 is BER's indefinite form. Four octets suffice for every size that the limits allow.
  if (octets === 0 || octets > 4) return undefined;
  let length = 0;
  for (let index = 0; index < octets; index += 1) {
    const octet = bytes[offset + 2 + index];
    if (octet === undefined) return undefined;
    length = length * 256 + octet;
  }
  const isMinimal = length >= 0x80 && bytes[offset + 2] !== 0;
  return isMinimal ? { tag, contentStart: offset + 2 + octets, length } : undefined;
}

/** The octets to read, or an element whose content is read. */
export type DerSource = Uint8Array | DerElement;

/**
 * Reads the elements of one constructed value in order. `read`, `enter` and `expectEnd` refuse what they don't expect.
 */
export class DerReader {
  readonly #parent: DerElement;
  #offset: number;

  constructor(source: DerSource) {
    this.#parent = source instanceof DerElement ? source : new DerElement(source, 0, 0, 0, source.length);
    this.#offset = this.#parent.contentStart;
  }

  get isAtEnd(): boolean {
    return this.#offset >= this.#parent.end;
  }

  /** Returns the next element's tag without reading the element. */
  peekTag(): number | undefined {
    return this.isAtEnd ? undefined : this.#parent.bytes[this.#offset];
  }

  read(expectedTag?: number): DerElement {
    const parent = this.#parent;
    const start = this.#offset;
    const header = readDerHeader(parent.bytes, start);
    // The octets of the header may be beyond the end of the parent.
    if (header === undefined || header.contentStart > parent.end)
      return refuseDer(`bad element header at offset ${start - parent.contentStart}`);
    const { tag, contentStart } = header;
    if (expectedTag !== undefined && tag !== expectedTag) {
      return refuseDer(`tag 0x${tag.toString(16)} where 0x${expectedTag.toString(16)} belongs`);
    }
    const end = contentStart + header.length;
    if (end > parent.end) return refuseDer('an element reaches past its parent');
    this.#offset = end;
    return new DerElement(parent.bytes, tag, start, contentStart, end);
  }

  readOptional(tag: number): DerElement | undefined {
    return this.peekTag() === tag ? this.read(tag) : undefined;
  }

  /** Returns a reader for the content of the next element. */
  enter(tag: number): DerReader {
    return new DerReader(this.read(tag));
  }

  expectEnd(): void {
    if (!this.isAtEnd) refuseDer('trailing bytes inside an element');
  }
}

/** Reads the only element of the source. */
export function readSingle(source: DerSource, tag: number): DerElement {
  const reader = new DerReader(source);
  const element = reader.read(tag);
  reader.expectEnd();
  return element;
}

export function areOctetsEqual(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}

/** Decodes the members of a SEQUENCE or SET of size (1..MAX): at least one. */
export function decodeAll<T>(reader: DerReader, decode: (reader: DerReader) => T): readonly T[] {
  const values: T[] = [];
  do values.push(decode(reader));
  while (!reader.isAtEnd);
  return values;
}

/** Returns a reader for the content of the SEQUENCE that the source consists of. */
export function enterSequence(source: DerSource): DerReader {
  return new DerReader(readSingle(source, derTags.sequence));
}

/** The content as text: `latin1` makes one character of each octet, `hex` two digits in lower case. */
export function toText({ bytes, contentStart, end }: DerElement, encoding: 'latin1' | 'hex'): string {
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return buffer.toString(encoding, contentStart, end);
}

/** The content in upper-case hexadecimal. */
export function toHex(element: DerElement): string {
  return toText(element, 'hex').toUpperCase();
}

/** Whether each octet of the content is in the range, both ends included. */
export function isWithin({ bytes, contentStart, end }: DerElement, least: number, most: number): boolean {
  for (let offset = contentStart; offset < end; offset += 1) {
    const octet = bytes[offset] ?? 0;
    if (octet < least || octet > most) return false;
  }
  return true;
}

/** Returns the same INTEGER after checking that it is minimal (X.690 §8.3.2). */
export function decodeInteger(element: DerElement): DerElement {
  const { bytes, contentStart, length } = element;
  if (length === 0) return refuseDer('an INTEGER without content');
  const isNegative = (bytes[contentStart + 1] ?? 0) >= 0x80;
  const isMinimal = length === 1 || bytes[contentStart] !== (isNegative ? 0xff : 0);
  return isMinimal ? element : refuseDer('an INTEGER that is not minimal');
}

/**
 * Decodes a non-negative INTEGER of at most six octets, such as a path length or a version. It may have an implicit
 * tag.
 */
export function decodeSmallInteger(element: DerElement): number {
  const { bytes, contentStart, end, length } = decodeInteger(element);
  if (length > 6 || (bytes[contentStart] ?? 0x80) >= 0x80) return refuseDer('an INTEGER out of range');
  let value = 0;
  for (let offset = contentStart; offset < end; offset += 1) value = value * 256 + (bytes[offset] ?? 0);
  return value;
}

export function decodeBoolean(element: DerElement): boolean {
  const octets = toText(element, 'hex');
  return octets === 'ff' || (octets !== '00' && refuseDer('a BOOLEAN that is not DER'));
}

/**
 * Decodes a BIT STRING of whole octets (keys, signatures). The content of the returned element is only these octets.
 */
export function decodeOctetAlignedBitString({ bytes, tag, start, contentStart, end, length }: DerElement): DerElement {
  if (length === 0 || bytes[contentStart] !== 0) return refuseDer('a BIT STRING that is not octet-aligned');
  return new DerElement(bytes, tag, start, contentStart + 1, end);
}

/**
 * Decodes a BIT STRING of named bits into the numbers of the bits that are set. X.690 §11.2.2 forbids trailing zero
 * bits; `isLenient` accepts them.
 */
export function decodeNamedBits(
  { bytes, contentStart, end, length }: DerElement,
  isLenient = false,
): readonly number[] {
  // The longest in use has nine bits. Without a limit, a long one would take long to decode.
  if (length > 9) return refuseDer('a BIT STRING of more than 64 named bits');
  const unused = length === 0 ? 8 : (bytes[contentStart] ?? 8);
  if (unused > 7) return refuseDer('a BIT STRING with a bad count of unused bits');
  if (length === 1) return unused === 0 ? [] : refuseDer('an empty BIT STRING with unused bits');
  // The last used bit, which must be set, and the unused bits behind it.
  const tail = (bytes[end - 1] ?? 0) & ((1 << (unused + 1)) - 1);
  if (tail !== 1 << unused && !(isLenient && tail === 0))
    return refuseDer('a BIT STRING of named bits that is not DER');
  const bits: number[] = [];
  for (let bit = 0; bit < (length - 1) * 8; bit += 1)
    if (((bytes[contentStart + 1 + (bit >> 3)] ?? 0) & (0x80 >> (bit & 7))) !== 0) bits.push(bit);
  return bits;
}

/**
 * Decodes an OBJECT IDENTIFIER to dotted form. Subidentifiers must be minimal (X.690 §8.19.2). It may have an implicit
 * tag.
 */
export function decodeObjectIdentifier({ bytes, contentStart, end, length }: DerElement): string {
  if (length === 0 || (bytes[end - 1] ?? 0x80) >= 0x80) return refuseDer('a truncated OBJECT IDENTIFIER');
  // The longest in use have about 20 octets. Without a limit, a long one would cost milliseconds, because of big
  // integers.
  if (length > 64) return refuseDer('an OBJECT IDENTIFIER of more than 64 octets');
  let text = '';
  let arc: number | bigint = 0;
  for (let offset = contentStart; offset < end; offset += 1) {
    const octet = bytes[offset] ?? 0;
    if (arc === 0 && octet === 0x80) return refuseDer('an OBJECT IDENTIFIER that is not minimal');
    arc = appendBits(arc, octet & 0x7f);
    if (octet >= 0x80) continue;
    text += text === '' ? describeRoot(arc) : `.${arc}`;
    arc = 0;
  }
  return text;
}

/** Appends seven bits, as a number while that is exact, then as a bigint. */
function appendBits(arc: number | bigint, bits: number): number | bigint {
  return typeof arc === 'number' && arc < 2 ** 45 ? arc * 128 + bits : (BigInt(arc) << 7n) | BigInt(bits);
}

/** The first two arcs, which are encoded as one number (X.690 §8.19.4). */
function describeRoot(arcs: number | bigint): string {
  const root = arcs < 80 ? Math.floor(Number(arcs) / 40) : 2;
  return `${root}.${typeof arcs === 'number' ? arcs - root * 40 : arcs - 80n}`;
}

/**
 * Decodes a UTCTime or a GeneralizedTime to milliseconds since 1970-01-01T00:00:00Z. Each must be in the form that RFC
 * 5280 §4.1.2.5 requires: in UTC, with seconds and without fractions.
 */
export function decodeTime({ tag, bytes, contentStart, end, length }: DerElement): number {
  const isUtcTime = tag === derTags.utcTime;
  let isRight = isUtcTime ? length === 13 : tag === derTags.generalizedTime && length === 15;
  let digits = 0;
  for (let offset = contentStart; isRight && offset < end - 1; offset += 1) {
    const digit = (bytes[offset] ?? 0) ^ 0x30;
    isRight = digit <= 9;
    digits = digits * 10 + digit;
  }
  if (!isRight || bytes[end - 1] !== 0x5a) return refuseDer('a time that is not in the form RFC 5280 requires');
  const head = Math.floor(digits / 1e10);
  // §4.1.2.5.1: a two-digit year of 50 or more means 19xx.
  const year = isUtcTime ? head + (head < 50 ? 2000 : 1900) : head;
  const pair = (unit: number): number => Math.floor(digits / unit) % 100;
  const [month, day, hour, minute, second] = [pair(1e8), pair(1e6), pair(1e4), pair(100), pair(1)];
  // Adds 400 years, after which the calendar repeats: Date.UTC reads years below 100 as 19xx.
  const instant = Date.UTC(year + 400, month - 1, day, hour, minute, second);
  // Date.UTC turns 30 February into a day of March.
  if (month < 1 || month > 12 || new Date(instant).getUTCDate() !== day || hour > 23 || minute > 59 || second > 59) {
    return refuseDer('a time that does not exist');
  }
  return instant - 12_622_780_800_000;
}

/** Encodes one element of DER with its header. The length takes as few octets as possible (X.690 §10.1). */
export function encodeDerElement(tag: number, ...contents: readonly ArrayLike<number>[]): Buffer {
  let length = 0;
  for (const content of contents) length += content.length;
  const header = encodeDerHeader(tag, length);
  const element = Buffer.allocUnsafe(header.length + length);
  element.set(header);
  let offset = header.length;
  for (const content of contents) {
    element.set(content, offset);
    offset += content.length;
  }
  return element;
}

/** Encodes a tag and a length, which must be below 64 KiB. */
export function encodeDerHeader(tag: number, length: number): readonly number[] {
  if (length < 0x80) return [tag, length];
  return length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
}
