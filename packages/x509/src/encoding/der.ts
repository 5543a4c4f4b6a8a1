// encoding/: strict base64, PEM, DER, times and thumbprints, text that is safe to show, and own members of objects.

/**
 * A strict reader of DER (ITU-T X.690 §10): definite minimal lengths, minimal integers, canonical booleans, no element
 * that reaches past its parent, no trailing bytes. It knows nothing of certificates.
 *
 * Inside this room a fault is a `DerError`; it never leaves: decoders run inside `readDer`, which makes it a value.
 */
export interface DerElement {
  /** The identifier octet. High-tag-number form (X.690 §8.1.2.4) is refused: no structure we read uses it. */
  readonly tag: number;
  readonly content: Uint8Array;
  /** Header and content, as they stood in the input. */
  readonly encoded: Uint8Array;
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

/** Context-specific tags: `[0]` EXPLICIT or of a constructed type is 0xa0, `[0]` IMPLICIT of a primitive type 0x80. */
export const contextConstructed = (number: number): number => 0xa0 | number;
export const contextPrimitive = (number: number): number => 0x80 | number;

class DerError extends Error {
  override readonly name = 'DerError';
}

/** Refuses the input from inside a decoder that runs under `readDer`. */
export function refuseDer(message: string): never {
  throw new DerError(message);
}

/** The decoded value, or what is wrong with the bytes, in words for the operator. */
export type DerDecoding<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly fault: string };

/** Runs a decoder; whatever it refuses comes back as a value. */
export function readDer<T>(decode: () => T): DerDecoding<T> {
  try {
    return { ok: true, value: decode() };
  } catch (error) {
    if (error instanceof DerError) return { ok: false, fault: error.message };
    // A RangeError and its like would be a bug of ours; a decoder of hostile bytes answers with a refusal anyway.
    return { ok: false, fault: `undecodable (${error instanceof Error ? error.name : 'unknown fault'})` };
  }
}

export type DerFrameFault = 'not_der' | 'truncated' | 'trailing_bytes';

/**
 * O(1): does the input hold exactly one SEQUENCE, no byte more or less? The price of a look before anything is hashed
 * or parsed.
 */
export function findOuterFrameFault(bytes: Uint8Array): DerFrameFault | undefined {
  const header = readDerHeader(bytes, 0);
  if (header === undefined || header.tag !== derTags.sequence) return 'not_der';
  const end = header.contentStart + header.length;
  if (end > bytes.length) return 'truncated';
  return end < bytes.length ? 'trailing_bytes' : undefined;
}

/** Where an element's content begins, and how long it says it is. */
export interface DerHeader {
  readonly tag: number;
  readonly contentStart: number;
  readonly length: number;
}

/** The header at an offset, or undefined where it is none of DER; whether the content is there is not looked at. */
export function readDerHeader(bytes: Uint8Array, offset: number): DerHeader | undefined {
  const tag = bytes[offset];
  const first = bytes[offset + 1];
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) return undefined;
  if (first < 0x80) return { tag, contentStart: offset + 2, length: first };
  const octets = first & 0x7f;
  // 0x80 is BER's indefinite form; four octets hold every size that the caps let through.
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

/** An element by offsets into the bytes that have it: a list of a million entries is read without a view of each part. */
export interface DerSpan {
  readonly tag: number;
  readonly contentStart: number;
  readonly end: number;
}

/** The element at `offset` of a parent whose content is [start, end); refuses what is none, or has another tag. */
export function readSpan(bytes: Uint8Array, offset: number, start: number, end: number, expectedTag?: number): DerSpan {
  const header = readDerHeader(bytes, offset);
  if (header === undefined || header.contentStart > end)
    return refuseDer(`bad element header at offset ${offset - start}`);
  const { tag, contentStart } = header;
  if (expectedTag !== undefined && tag !== expectedTag) {
    return refuseDer(`tag 0x${tag.toString(16)} where 0x${expectedTag.toString(16)} belongs`);
  }
  const ownEnd = contentStart + header.length;
  if (ownEnd > end) return refuseDer('an element reaches past its parent');
  return { tag, contentStart, end: ownEnd };
}

/** Refuses what is left of a parent behind its last element. */
export function expectEndAt(offset: number, end: number): void {
  if (offset < end) refuseDer('trailing bytes inside an element');
}

/** Reads the elements of one constructed value in order. Every method refuses what it doesn't expect. */
export class DerReader {
  readonly #bytes: Uint8Array;
  #offset = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#offset >= this.#bytes.length;
  }

  /** The next element's tag, without reading it. */
  peekTag(): number | undefined {
    return this.#bytes[this.#offset];
  }

  read(expectedTag?: number): DerElement {
    const { tag, contentStart, end } = readSpan(this.#bytes, this.#offset, 0, this.#bytes.length, expectedTag);
    const element: DerElement = {
      tag,
      content: this.#bytes.subarray(contentStart, end),
      encoded: this.#bytes.subarray(this.#offset, end),
    };
    this.#offset = end;
    return element;
  }

  readOptional(tag: number): DerElement | undefined {
    return this.peekTag() === tag ? this.read(tag) : undefined;
  }

  /** A reader over the content of the next element. */
  enter(tag: number): DerReader {
    return new DerReader(this.read(tag).content);
  }

  expectEnd(): void {
    expectEndAt(this.#offset, this.#bytes.length);
  }
}

/** Reads the only element of the input. */
export function readSingle(bytes: Uint8Array, tag: number): DerElement {
  const reader = new DerReader(bytes);
  const element = reader.read(tag);
  reader.expectEnd();
  return element;
}

/** The content of an INTEGER, checked to be minimal (X.690 §8.3.2). */
export function decodeInteger({ content }: DerElement): Uint8Array {
  expectMinimalInteger(content, 0, content.length);
  return content;
}

/** The content of an INTEGER is [start, end). */
export function expectMinimalInteger(bytes: Uint8Array, start: number, end: number): void {
  if (start === end) refuseDer('an INTEGER without content');
  const first = bytes[start];
  const isNegative = (bytes[start + 1] ?? 0) >= 0x80;
  if (end > start + 1 && first === (isNegative ? 0xff : 0)) refuseDer('an INTEGER that is not minimal');
}

/** A non-negative INTEGER that fits a safe number (path lengths, versions). */
export function decodeSmallInteger(element: DerElement): number {
  const content = decodeInteger(element);
  if (content.length > 6 || (content[0] ?? 0x80) >= 0x80) return refuseDer('an INTEGER out of range');
  return content.reduce((value, octet) => value * 256 + octet, 0);
}

export function decodeBoolean(element: DerElement): boolean {
  const [octet] = element.content;
  if (element.content.length !== 1 || (octet !== 0x00 && octet !== 0xff)) return refuseDer('a BOOLEAN that is not DER');
  return octet === 0xff;
}

/** The octets of a BIT STRING that holds whole octets (keys, signatures). */
export function decodeOctetAlignedBitString(element: DerElement): Uint8Array {
  if (element.content[0] !== 0) return refuseDer('a BIT STRING that is not octet-aligned');
  return element.content.subarray(1);
}

/** A BIT STRING of named bits (X.690 §11.2: trailing zero bits are not encoded): the numbers of the bits that are set. */
export function decodeNamedBits(element: DerElement): readonly number[] {
  // The longest in use has nine; each bit of a long one costs a microsecond.
  if (element.content.length > 9) return refuseDer('a BIT STRING of more than 64 named bits');
  const [unused, ...octets] = element.content;
  const last = octets.at(-1);
  if (unused === undefined || unused > 7) return refuseDer('a BIT STRING with a bad count of unused bits');
  if (last === undefined) return unused === 0 ? [] : refuseDer('an empty BIT STRING with unused bits');
  if ((last & ((1 << (unused + 1)) - 1)) !== 1 << unused)
    return refuseDer('a BIT STRING of named bits that is not DER');
  return octets.flatMap((octet, index) =>
    [0, 1, 2, 3, 4, 5, 6, 7].filter((bit) => (octet & (0x80 >> bit)) !== 0).map((bit) => index * 8 + bit),
  );
}

/** An OBJECT IDENTIFIER in dotted form; subidentifiers must be minimal (X.690 §8.19.2). */
export function decodeObjectIdentifier(element: DerElement): string {
  const { content } = element;
  if (content.length === 0 || (content.at(-1) ?? 0x80) >= 0x80) return refuseDer('a truncated OBJECT IDENTIFIER');
  // The longest in use have about 20 octets; without a cap, big integers make a long one cost milliseconds.
  if (content.length > 64) return refuseDer('an OBJECT IDENTIFIER of more than 64 octets');
  const arcs: bigint[] = [];
  let arc = 0n;
  let isFirstOctet = true;
  for (const octet of content) {
    if (isFirstOctet && octet === 0x80) return refuseDer('an OBJECT IDENTIFIER that is not minimal');
    arc = (arc << 7n) | BigInt(octet & 0x7f);
    isFirstOctet = octet < 0x80;
    if (!isFirstOctet) continue;
    arcs.push(arc);
    arc = 0n;
  }
  const [head = 0n, ...tail] = arcs;
  const root = head < 80n ? head / 40n : 2n;
  return [root, head - root * 40n, ...tail].join('.');
}

/** UTCTime or GeneralizedTime in the one form RFC 5280 §4.1.2.5 allows, as milliseconds since 1970-01-01T00:00:00Z. */
export function decodeTime({ tag, content }: DerElement): number {
  return decodeTimeAt(tag, content, 0, content.length);
}

/** The content of the time is [start, end). Without a text, since lists have a million of them. */
export function decodeTimeAt(tag: number, bytes: Uint8Array, start: number, end: number): number {
  const isUtc = tag === derTags.utcTime;
  const pair = (index: number): number => readTwoDigits(bytes, end - 13 + index);
  const [inCentury, month, day, hour, minute, second] = [pair(0), pair(2), pair(4), pair(6), pair(8), pair(10)];
  // §4.1.2.5.1: a two-digit year of 50 or more is of the last century.
  const year = inCentury + 100 * (isUtc ? (inCentury < 50 ? 20 : 19) : readTwoDigits(bytes, start));
  const hasForm = bytes[end - 1] === 0x5a && end - start === (isUtc ? 13 : tag === derTags.generalizedTime ? 15 : 0);
  if (!hasForm || Number.isNaN(year + month + day + hour + minute + second)) {
    return refuseDer('a time that is not in the form RFC 5280 requires');
  }
  // 400 years later, when the calendar is the same: years below 100 would be of the last century.
  const instant = Date.UTC(year + 400, month - 1, day, hour, minute, second);
  // Date.UTC rolls 30 February over.
  if (month < 1 || month > 12 || new Date(instant).getUTCDate() !== day || hour > 23 || minute > 59 || second > 59) {
    return refuseDer('a time that does not exist');
  }
  return instant - 12_622_780_800_000;
}

/** Not a number if the two octets aren't digits. */
function readTwoDigits(bytes: Uint8Array, offset: number): number {
  const tens = (bytes[offset] ?? 0) - 0x30;
  const ones = (bytes[offset + 1] ?? 0) - 0x30;
  return tens < 0 || tens > 9 || ones < 0 || ones > 9 ? Number.NaN : tens * 10 + ones;
}

/** One element of DER with its header (X.690 §10.1: the length in as few octets as it takes). */
export function encodeDerElement(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag, ...encodeLength(content.length)]), content]);
}

/** Nothing that is written here comes near 64 KiB. */
function encodeLength(length: number): readonly number[] {
  if (length < 0x80) return [length];
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}
