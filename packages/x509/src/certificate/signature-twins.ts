import {
  decodeInteger,
  decodeOctetAlignedBitString,
  type DerElement,
  DerReader,
  derTags,
  encodeDerElement,
  readSingle,
  refuseDer,
  toText,
  tryDer,
} from '../encoding/der.js';
import { curves, decodeSignatureAlgorithm } from './signature-algorithm.js';

/** Of the curves whose keys are accepted, the smallest first. */
const orders: readonly bigint[] = Object.values(curves)
  .map(({ order }) => order)
  .sort((left, right) => (left < right ? -1 : 1));

/** Two INTEGERs of 66 octets and a sign, with their headers: the longest of P-521. */
const longestSignature = 144;

/**
 * The certificate that differs from this one in nothing but the signature, and is as good; none or one. Of an ECDSA
 * signature (r, s), (r, n − s) is one too (FIPS 186-5 §6.4.2), and anybody can work it out. So whoever holds a certificate
 * that is refused by its thumbprint has a second one that has another. Of the other algorithms there is one signature for
 * each, or only the signer can make another (ML-DSA: RFC 9881 §9).
 *
 * The signer's curve isn't asked for: it is the smallest whose order is above r and s, since they are spread evenly below
 * the order. Of a signature by P-384, one in 2^256 would be taken for one by P-256.
 */
export function listSignatureTwins(der: Uint8Array): readonly Uint8Array[] {
  const twins = tryDer(() => {
    const certificate = new DerReader(readSingle(der, derTags.sequence));
    const tbs = certificate.read(derTags.sequence);
    const algorithm = certificate.read(derTags.sequence);
    const signature = decodeOctetAlignedBitString(certificate.read(derTags.bitString));
    if (signature.length > longestSignature || decodeSignatureAlgorithm(algorithm).scheme !== 'ecdsa') return [];
    const pair = new DerReader(readSingle(signature, derTags.sequence));
    const first = pair.read(derTags.integer);
    const [r, s] = [first, pair.read(derTags.integer)].map(decodePositive) as [bigint, bigint];
    // OpenSSL verifies no signature that isn't DER: with whatever else is in it, this one admits nobody.
    pair.expectEnd();
    const order = orders.find((each) => r < each && s < each);
    if (order === undefined) return [];
    const other = encodeDerElement(derTags.sequence, first.encoded, encodeInteger(order - s));
    const bits = encodeDerElement(derTags.bitString, Buffer.from([0]), other);
    return [encodeDerElement(derTags.sequence, tbs.encoded, algorithm.encoded, bits)];
  });
  return twins ?? [];
}

function decodePositive(element: DerElement): bigint {
  const hex = toText(decodeInteger(element), 'hex');
  return hex < '8' && hex !== '00' ? BigInt(`0x${hex}`) : refuseDer('an INTEGER that is not positive');
}

/** Positive. */
function encodeInteger(value: bigint): Buffer {
  const hex = value.toString(16);
  const content = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  const sign = (content[0] ?? 0) >= 0x80 ? [Buffer.from([0])] : [];
  return encodeDerElement(derTags.integer, ...sign, content);
}
