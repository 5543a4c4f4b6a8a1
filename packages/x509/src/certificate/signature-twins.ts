import {
  decodeInteger,
  decodeOctetAlignedBitString,
  DerReader,
  derTags,
  encodeDerElement,
  readDer,
  readSingle,
} from '../encoding/der.js';
import { curves, decodeSignatureAlgorithm } from './signature-algorithm.js';

/** Which of the curves signed, only a path tells. */
const orders: readonly bigint[] = Object.values(curves).map(({ order }) => order);

/** Two INTEGERs of 66 octets and a sign, with their headers: the longest of P-521. */
const longestSignature = 144;

/**
 * The certificates that differ from this one in nothing but the signature, and are as good: of an ECDSA signature (r, s),
 * (r, n − s) is one too (FIPS 186-5 §6.4.2), and anybody can work it out. So whoever holds a certificate that is refused by
 * its thumbprint has a second one that has another. Of the other algorithms there is one signature for each, or only the signer
 * can make another (ML-DSA: RFC 9881 §9). A few more are
 * given than exist, since the curve isn't asked for.
 */
export function listSignatureTwins(der: Uint8Array): readonly Uint8Array[] {
  const twins = readDer(() => {
    const certificate = new DerReader(readSingle(der, derTags.sequence).content);
    const tbs = certificate.read(derTags.sequence);
    const algorithm = certificate.read(derTags.sequence);
    const signature = decodeOctetAlignedBitString(certificate.read(derTags.bitString));
    if (signature.length > longestSignature || decodeSignatureAlgorithm(algorithm).scheme !== 'ecdsa') return [];
    const pair = new DerReader(readSingle(signature, derTags.sequence).content);
    const r = pair.read(derTags.integer);
    const s = BigInt(`0x${Buffer.from(decodeInteger(pair.read(derTags.integer))).toString('hex')}`);
    return orders
      .filter((order) => s < order)
      .map((order) => {
        const other = encodeDerElement(derTags.sequence, r.encoded, encodeInteger(order - s));
        const bits = encodeDerElement(derTags.bitString, Buffer.from([0]), other);
        return encodeDerElement(derTags.sequence, tbs.encoded, algorithm.encoded, bits);
      });
  });
  return twins.ok ? twins.value : [];
}

/** Positive. */
function encodeInteger(value: bigint): Buffer {
  const hex = value.toString(16);
  const content = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  const sign = (content[0] ?? 0) >= 0x80 ? [Buffer.from([0])] : [];
  return encodeDerElement(derTags.integer, ...sign, content);
}
