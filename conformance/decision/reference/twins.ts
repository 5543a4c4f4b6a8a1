// A certificate's twin, whose other signature is valid as well (docs/trust-document.md, "Twins").
import { encodeTree, getNode, parseTree } from '@certgate/x509/test-support/der-editing.js';
import { integerContent } from '@certgate/x509/test-support/der-writing.js';

/** The content of the object identifier 1.2.840.10045.4.3, with which the algorithms of ECDSA begin. */
const ecdsa = '2a8648ce3d0403';

/** The orders of P-256, P-384 and P-521 (NIST SP 800-186, section 3.2.1). */
const orders = [
  0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
];

/** The certificate with (r, n − s) in place of the ECDSA signature (r, s), where n is the least order above both. */
export function listTwins(der: Uint8Array): readonly Uint8Array[] {
  try {
    const certificate = parseTree(der);
    const bits = getNode(certificate, 2);
    if (!getNode(certificate, 1, 0).content.toString('hex').startsWith(ecdsa)) return [];
    const pair = parseTree(bits.content.subarray(1));
    const [r, s] = [getNode(pair, 0), getNode(pair, 1)];
    const valueOf = ({ content }: typeof r): bigint => BigInt(`0x${content.toString('hex')}`);
    const order = orders.find((each) => valueOf(r) < each && valueOf(s) < each);
    if (order === undefined) return [];
    s.content = integerContent(order - valueOf(s));
    bits.content = Buffer.concat([Buffer.from([0]), encodeTree(pair)]);
    return [encodeTree(certificate)];
  } catch {
    // A certificate that can't be read has no twin.
    return [];
  }
}
