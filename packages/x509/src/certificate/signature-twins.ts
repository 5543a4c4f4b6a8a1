import {
  decodeInteger,
  decodeOctetAlignedBitString,
  type DerElement,
  type DerReader,
  derTags,
  encodeDerElement,
  encodeDerHeader,
  refuseDer,
  tryDer,
  enterSequence,
} from '../encoding/der.js';
import { decodeSignatureAlgorithm } from './signature-algorithm.js';

/**
 * The orders of the accepted curves, P-256, P-384 and P-521 (SP 800-186 §3.2.1), the smallest first, as INTEGERs with a
 * zero octet for the sign.
 */
const orders: readonly Uint8Array[] = [
  '00ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551',
  '00ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973',
  '0001fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409',
].map((order) => Buffer.from(order, 'hex'));

/**
 * Returns the certificate that differs from this one only in its signature and is equally valid, if there is one. For
 * an ECDSA signature (r, s), (r, n − s) is also valid (FIPS 186-5 §6.4.2), and anybody can compute it. So the holder of
 * a certificate that is denied by its thumbprint has a second one with another thumbprint. Other algorithms have only
 * one signature for each text, or only the signer can make another (ML-DSA: RFC 9881 §9).
 *
 * The signer's curve is not needed: it is the smallest whose order is above r and s, because they are spread evenly
 * below the order. One in 2^256 signatures of P-384 would be taken for one of P-256.
 */
export function listSignatureTwins(der: Uint8Array): readonly Uint8Array[] {
  const twins = tryDer(() => {
    const certificate = enterSequence(der);
    const tbs = certificate.read(derTags.sequence);
    const algorithm = certificate.read(derTags.sequence);
    const signature = decodeOctetAlignedBitString(certificate.read(derTags.bitString));
    if (decodeSignatureAlgorithm(algorithm).scheme !== 'ecdsa') return [];
    const pair = enterSequence(signature);
    const r = readPositive(pair);
    const s = readPositive(pair);
    // OpenSSL verifies no signature that isn't DER, so with trailing octets this one admits nobody.
    pair.expectEnd();
    const order = orders.find((each) => isBelow(r, each) && isBelow(s, each));
    return order === undefined ? [] : [encodeTwin(der.subarray(tbs.start, algorithm.end), r, subtract(order, s))];
  });
  return twins ?? [];
}

function readPositive(reader: DerReader): DerElement {
  const integer = decodeInteger(reader.read(derTags.integer));
  const first = integer.bytes[integer.contentStart] ?? 0x80;
  const isPositive = first < 0x80 && (first > 0 || integer.length > 1);
  return isPositive ? integer : refuseDer('an INTEGER that is not positive');
}

/** Expects that the value is positive, and that the order begins with a zero octet. */
function isBelow({ bytes, end, length }: DerElement, order: Uint8Array): boolean {
  if (length > order.length) return false;
  for (let place = order.length; place > 0; place -= 1) {
    const octet = place > length ? 0 : (bytes[end - place] ?? 0);
    const difference = (order[order.length - place] ?? 0) - octet;
    if (difference !== 0) return difference > 0;
  }
  return false;
}

/**
 * Returns order − value as the minimal content of an INTEGER (X.690 §8.3.2). BigInt with hexadecimal text takes twice
 * as long.
 */
function subtract(order: Uint8Array, { bytes, end, length }: DerElement): Uint8Array {
  const difference = new Uint8Array(order.length);
  let borrow = 0;
  for (let place = 1; place <= order.length; place += 1) {
    const octet = place > length ? 0 : (bytes[end - place] ?? 0);
    const rest = (order[order.length - place] ?? 0) - octet - borrow;
    borrow = rest < 0 ? 1 : 0;
    difference[order.length - place] = rest;
  }
  const first = difference.findIndex((octet) => octet !== 0);
  return difference.subarray((difference[first] ?? 0) < 0x80 ? first : first - 1);
}

/** Writes the whole certificate into one buffer. `signed` is the TBSCertificate and the signature algorithm. */
function encodeTwin(signed: Uint8Array, r: DerElement, s: Uint8Array): Uint8Array {
  const header = encodeDerHeader(derTags.integer, s.length);
  const pairLength = r.end - r.start + header.length + s.length;
  const pairHeader = encodeDerHeader(derTags.sequence, pairLength);
  const bitsHeader = encodeDerHeader(derTags.bitString, 1 + pairHeader.length + pairLength);
  return encodeDerElement(derTags.sequence, signed, [...bitsHeader, 0, ...pairHeader], r.encoded, header, s);
}
