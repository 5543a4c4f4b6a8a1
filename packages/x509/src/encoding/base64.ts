import { aText, expectArgument } from './own-members.js';

/** Why a text is not base64 as RFC 4648 §4 defines it. */
export type Base64Fault = 'not_base64' | 'base64url' | 'base64_padding';

/** The bytes, or why the text is not strict base64. */
export type Base64Decoding =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly fault: Base64Fault };

/**
 * Decodes canonical base64 (RFC 4648 §4) and nothing else: no white space, no base64url, full padding, the unused bits
 * of the last character zero (§3.5), not empty. One byte string has exactly one text. `Buffer.from` accepts much more.
 */
export function decodeBase64(text: string): Base64Decoding {
  expectArgument(text, aText, 'The text of decodeBase64');
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length > 0 && isCanonical(text, bytes.length)) return { ok: true, bytes };
  return { ok: false, fault: findTextFault(text) };
}

/**
 * Decodes like `decodeBase64`, but always into the same memory: a new buffer costs more than the decoding, and unknown
 * callers choose how often they call. The next text overwrites the bytes, so the caller must not keep them or pass them
 * on.
 */
export class Base64Decoder {
  readonly #buffer: Buffer;
  readonly #maximumLength: number;

  /** `maximumLength` is the length of the longest text, in characters. */
  constructor(maximumLength: number) {
    this.#buffer = Buffer.from(new ArrayBuffer(Math.ceil((maximumLength / 4) * 3)));
    this.#maximumLength = maximumLength;
  }

  /**
   * @throws {RangeError} if the text is longer than the maximum. Cut short, its bytes might look like those of another
   * text.
   */
  decode(text: string): Base64Decoding {
    const bytes = this.decodeBytes(text);
    return bytes === undefined ? { ok: false, fault: findTextFault(text) } : { ok: true, bytes };
  }

  /**
   * Like `decode`, but without the kind of fault: finding it costs as much again.
   *
   * @throws {RangeError} if the text is longer than the maximum.
   */
  decodeBytes(text: string): Uint8Array | undefined {
    if (text.length > this.#maximumLength) throw new RangeError(`More than ${this.#maximumLength} characters.`);
    const byteCount = this.#buffer.write(text, 'base64');
    if (byteCount === 0 || !isCanonical(text, byteCount)) return undefined;
    // `subarray` is slower.
    return new Uint8Array(this.#buffer.buffer, 0, byteCount);
  }
}

/**
 * Whether encoding the decoded bytes would give the text again, at a third of the cost of encoding them. `Buffer.from`
 * stops at an ASCII character that it doesn't know, or skips it, so a text with such a character decodes to fewer bytes
 * than its length requires. It also accepts two characters of base64url, and some characters beyond ASCII for their low
 * octet, so this function looks for both. The tests check this on the Node that runs them, for every UTF-16 code unit.
 */
function isCanonical(text: string, byteCount: number): boolean {
  const padding = countPadding(text);
  return (
    byteCount === (text.length / 4) * 3 - padding &&
    lastCharacters[padding].includes(text.charAt(text.length - 1 - padding)) &&
    !text.includes('-') &&
    !text.includes('_') &&
    // In UTF-8, only ASCII takes one octet for each code unit.
    Buffer.byteLength(text) === text.length
  );
}

/** Reads code units, because `endsWith` is slower. */
function countPadding(text: string): 0 | 1 | 2 {
  if (text.charCodeAt(text.length - 1) !== equalsSign) return 0;
  return text.charCodeAt(text.length - 2) === equalsSign ? 2 : 1;
}

const equalsSign = 0x3d;
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/**
 * The characters that may precede 0, 1 or 2 padding characters. Their last 0, 2 or 4 bits hold no data and must be
 * zero.
 */
const lastCharacters = [alphabet, 'AEIMQUYcgkosw048', 'AQgw'] as const;

/** Decides by the first character outside base64: one scan, since unknown callers choose the text. */
function findTextFault(text: string): Base64Fault {
  const [stranger] = /[^A-Za-z0-9+/=]/.exec(text) ?? [];
  if (stranger === undefined) return text === '' ? 'not_base64' : 'base64_padding';
  return stranger === '-' || stranger === '_' ? 'base64url' : 'not_base64';
}

/** Why a text is not exactly one PEM block of the wanted label. */
export type PemFault =
  /** There is no BEGIN line: the text is a path, base64 without its lines, or something else. */
  | 'not_pem'
  | 'several_blocks'
  | 'private_key'
  /** One block, with another label than the wanted one. */
  | 'other_label'
  /** There is one block of that label, but with text around it that is not white space, or without its END line. */
  | 'text_around'
  | 'not_base64';

/** The bytes of the PEM block, or why the text is not one block. */
export type PemDecoding =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly fault: PemFault };

/**
 * Decodes a text that is exactly one PEM block (RFC 7468) of one label, with only white space around it. If there are
 * several blocks, most readers take the first and overlook the others.
 *
 * @example
 * ```ts
 * import { readFileSync } from 'node:fs';
 * import { decodePem } from '@certgate/x509';
 *
 * const decoding = decodePem(readFileSync('client.pem', 'utf8'), 'CERTIFICATE');
 * console.log(decoding.ok ? decoding.bytes.length : decoding.fault);
 * ```
 */
export function decodePem(text: string, label: string): PemDecoding {
  expectArgument(text, aText, 'The text of decodePem');
  expectArgument(label, aText, 'The label of decodePem');
  const labels = Array.from(text.matchAll(/-----BEGIN ([^-\r\n]*)-----/g), ([, found]) => found ?? '');
  const [first] = labels;
  if (first === undefined) return { ok: false, fault: 'not_pem' };
  if (labels.some((each) => each.includes('PRIVATE KEY'))) return { ok: false, fault: 'private_key' };
  if (labels.length > 1) return { ok: false, fault: 'several_blocks' };
  if (first !== label) return { ok: false, fault: 'other_label' };
  const [head, tail] = [`-----BEGIN ${label}-----`, `-----END ${label}-----`];
  const block = text.trim();
  if (!block.startsWith(head) || !block.endsWith(tail)) return { ok: false, fault: 'text_around' };
  const decoding = decodeBase64(block.slice(head.length, -tail.length).replace(/\s/g, ''));
  return decoding.ok ? decoding : { ok: false, fault: 'not_base64' };
}

/** Why a text is not a bundle of PEM blocks of one label. */
export type PemBundleFault = Exclude<PemFault, 'several_blocks' | 'text_around'> | 'broken_block';

/** The bytes of the PEM blocks, in their order; at least one. */
export type PemBundleDecoding =
  | { readonly ok: true; readonly blocks: readonly Uint8Array[] }
  | { readonly ok: false; readonly fault: PemBundleFault };

/**
 * Decodes a text of PEM blocks (RFC 7468) of one label, such as a certificate with those of its CAs. Text outside
 * the blocks is ignored (section 2). If one block can't be read or has another label, all of them are refused.
 *
 * @example
 * ```ts
 * import { readFileSync } from 'node:fs';
 * import { decodePemBundle } from '@certgate/x509';
 *
 * const decoding = decodePemBundle(readFileSync('chain.pem', 'utf8'), 'CERTIFICATE');
 * console.log(decoding.ok ? decoding.blocks.length : decoding.fault);
 * ```
 */
export function decodePemBundle(text: string, label: string): PemBundleDecoding {
  expectArgument(text, aText, 'The text of decodePemBundle');
  expectArgument(label, aText, 'The label of decodePemBundle');
  const [head, tail] = [`-----BEGIN ${label}-----`, `-----END ${label}-----`];
  const [, ...parts] = text.split('-----BEGIN ').map((part) => `-----BEGIN ${part}`);
  if (parts.length === 0) return { ok: false, fault: 'not_pem' };
  if (parts.some((part) => /^-----BEGIN [^-\r\n]*PRIVATE KEY/.test(part))) return { ok: false, fault: 'private_key' };
  const blocks: Uint8Array[] = [];
  for (const part of parts) {
    if (!part.startsWith(head)) return { ok: false, fault: 'other_label' };
    const end = part.indexOf(tail);
    if (end === -1) return { ok: false, fault: 'broken_block' };
    const decoding = decodeBase64(part.slice(head.length, end).replace(/\s/g, ''));
    if (!decoding.ok) return { ok: false, fault: 'not_base64' };
    blocks.push(decoding.bytes);
  }
  return { ok: true, blocks };
}
