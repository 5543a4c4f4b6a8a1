import forge from 'node-forge';
import { PfxError } from './pfx-error.js';

/**
 * A node of BER, in which PFX files are written: some writers use indefinite lengths and octet strings in pieces, which
 * a DER reader refuses. node-forge keeps bytes in "binary" strings; `toBinary` and `toBytes` convert them.
 */
export type Asn1 = forge.asn1.Asn1;

const { Class, Type } = forge.asn1;
/**
 * The tag number 0. In the context-specific class, it is a tag that the structure defines itself; the typings of
 * node-forge only know the universal tags.
 */
const tagZero = Type.NONE;

export function parseAsn1(bytes: Uint8Array): Asn1 {
  try {
    return forge.asn1.fromDer(toBinary(bytes));
  } catch (cause) {
    throw new PfxError('malformed', 'It is damaged: its ASN.1 structure is broken.', { cause });
  }
}

export function encodeAsn1(node: Asn1): Buffer {
  return toBytes(forge.asn1.toDer(node).getBytes());
}

export function sequence(...items: readonly Asn1[]): Asn1 {
  return forge.asn1.create(Class.UNIVERSAL, Type.SEQUENCE, true, [...items]);
}

export function set(...items: readonly Asn1[]): Asn1 {
  return forge.asn1.create(Class.UNIVERSAL, Type.SET, true, [...items]);
}

export function objectIdentifier(oid: string): Asn1 {
  return forge.asn1.create(Class.UNIVERSAL, Type.OID, false, forge.asn1.oidToDer(oid).getBytes());
}

export function integer(value: number): Asn1 {
  return forge.asn1.create(Class.UNIVERSAL, Type.INTEGER, false, forge.asn1.integerToDer(value).getBytes());
}

export function octetString(bytes: Uint8Array): Asn1 {
  return forge.asn1.create(Class.UNIVERSAL, Type.OCTETSTRING, false, toBinary(bytes));
}

export function bmpString(text: string): Asn1 {
  return forge.asn1.create(Class.UNIVERSAL, Type.BMPSTRING, false, text);
}

export function nullValue(): Asn1 {
  return forge.asn1.create(Class.UNIVERSAL, Type.NULL, false, '');
}

/** Makes `[0] EXPLICIT`. */
export function explicitZero(content: Asn1): Asn1 {
  return forge.asn1.create(Class.CONTEXT_SPECIFIC, tagZero, true, [content]);
}

/** Makes `[0] IMPLICIT OCTET STRING`. */
export function implicitZeroOctets(bytes: Uint8Array): Asn1 {
  return forge.asn1.create(Class.CONTEXT_SPECIFIC, tagZero, false, toBinary(bytes));
}

export function isSequence(node: Asn1 | undefined): node is Asn1 {
  return node?.tagClass === Class.UNIVERSAL && node.type === Type.SEQUENCE && Array.isArray(node.value);
}

export function isInteger(node: Asn1 | undefined): node is Asn1 {
  return node?.tagClass === Class.UNIVERSAL && node.type === Type.INTEGER && typeof node.value === 'string';
}

export function readSequence(node: Asn1 | undefined): readonly Asn1[] {
  if (!isSequence(node)) throw unexpected('SEQUENCE');
  return childrenOf(node);
}

export function readSet(node: Asn1): readonly Asn1[] {
  if (node.tagClass !== Class.UNIVERSAL || node.type !== Type.SET) throw unexpected('SET');
  return childrenOf(node);
}

export function readObjectIdentifier(node: Asn1 | undefined): string {
  if (node?.tagClass !== Class.UNIVERSAL || node.type !== Type.OID || typeof node.value !== 'string') {
    throw unexpected('OBJECT IDENTIFIER');
  }
  return forge.asn1.derToOid(node.value);
}

/** Reads an INTEGER from 0 to 2^31 - 1, such as a version or a number of rounds. */
export function readSmallInteger(node: Asn1 | undefined): number {
  if (!isInteger(node)) throw unexpected('INTEGER');
  const bytes = toBytes(node.value as string);
  if (bytes.length === 0 || bytes.readInt8(0) < 0) throw unexpected('a positive INTEGER');
  const digits = bytes.readUInt8(0) === 0 && bytes.length > 1 ? bytes.subarray(1) : bytes;
  const value = digits.length > 4 ? Number.POSITIVE_INFINITY : digits.readUIntBE(0, digits.length);
  if (value > 0x7fff_ffff) throw new PfxError('unsupported', 'It holds a count that is too large.');
  return value;
}

/** Reads an OCTET STRING, which may be in pieces. */
export function readOctetString(node: Asn1 | undefined): Buffer {
  if (node?.tagClass !== Class.UNIVERSAL || node.type !== Type.OCTETSTRING) throw unexpected('OCTET STRING');
  return octetsOf(node);
}

/** Reads the content of `[0] EXPLICIT`. */
export function readExplicitZero(node: Asn1 | undefined): Asn1 {
  if (node?.tagClass !== Class.CONTEXT_SPECIFIC || node.type !== tagZero) throw unexpected('[0]');
  const [content, ...rest] = childrenOf(node);
  if (content === undefined || rest.length > 0) throw unexpected('[0] with one value');
  return content;
}

/** Reads the octets of `[0] IMPLICIT OCTET STRING`, which may be in pieces. */
export function readImplicitZeroOctets(node: Asn1 | undefined): Buffer {
  if (node?.tagClass !== Class.CONTEXT_SPECIFIC || node.type !== tagZero) throw unexpected('[0]');
  return octetsOf(node);
}

function childrenOf(node: Asn1): readonly Asn1[] {
  if (!Array.isArray(node.value)) throw unexpected('a constructed value');
  return node.value;
}

function octetsOf(node: Asn1): Buffer {
  return typeof node.value === 'string' ? toBytes(node.value) : Buffer.concat(node.value.map(readOctetString));
}

function unexpected(wanted: string): PfxError {
  return new PfxError(
    'malformed',
    `It is damaged, or is not a PFX: ${wanted} was expected, and something else was found.`,
  );
}

export function toBinary(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

export function toBytes(binary: string): Buffer {
  return Buffer.from(binary, 'latin1');
}
