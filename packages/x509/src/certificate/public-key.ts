import {
  type DerElement,
  DerReader,
  contextConstructed,
  decodeInteger,
  decodeObjectIdentifier,
  decodeOctetAlignedBitString,
  derTags,
  readDer,
  readSingle,
  refuseDer,
} from '../encoding/der.js';

/** What a subject public key info says of the key (RFC 3279, RFC 5480, RFC 8410); `other` for what is not known here. */
export type CertificatePublicKey =
  | { readonly algorithm: 'rsa'; readonly bits: number }
  | { readonly algorithm: 'ec'; readonly curve: string }
  | { readonly algorithm: 'ed25519' }
  | { readonly algorithm: 'ed448' }
  | { readonly algorithm: 'other'; readonly objectIdentifier: string };

const curveNames: Readonly<Record<string, string>> = {
  '1.2.840.10045.3.1.1': 'P-192',
  '1.3.132.0.33': 'P-224',
  '1.2.840.10045.3.1.7': 'P-256',
  '1.3.132.0.34': 'P-384',
  '1.3.132.0.35': 'P-521',
};

/** Algorithms of keys and signatures that are not verified here, so that a denial can call them by their names. */
const unsupportedAlgorithmNames: Readonly<Record<string, string>> = {
  '1.2.840.10040.4.1': 'DSA',
  '1.2.840.10040.4.3': 'DSA with SHA-1',
  '2.16.840.1.101.3.4.3.1': 'DSA with SHA-224',
  '2.16.840.1.101.3.4.3.2': 'DSA with SHA-256',
  '1.3.101.110': 'X25519',
  '1.3.101.111': 'X448',
  // RFC 9881 §2 (FIPS 204)
  '2.16.840.1.101.3.4.3.17': 'ML-DSA-44',
  '2.16.840.1.101.3.4.3.18': 'ML-DSA-65',
  '2.16.840.1.101.3.4.3.19': 'ML-DSA-87',
  // RFC 9909 §3 (FIPS 205)
  '2.16.840.1.101.3.4.3.20': 'SLH-DSA-SHA2-128s',
  '2.16.840.1.101.3.4.3.21': 'SLH-DSA-SHA2-128f',
  '2.16.840.1.101.3.4.3.22': 'SLH-DSA-SHA2-192s',
  '2.16.840.1.101.3.4.3.23': 'SLH-DSA-SHA2-192f',
  '2.16.840.1.101.3.4.3.24': 'SLH-DSA-SHA2-256s',
  '2.16.840.1.101.3.4.3.25': 'SLH-DSA-SHA2-256f',
  '2.16.840.1.101.3.4.3.26': 'SLH-DSA-SHAKE-128s',
  '2.16.840.1.101.3.4.3.27': 'SLH-DSA-SHAKE-128f',
  '2.16.840.1.101.3.4.3.28': 'SLH-DSA-SHAKE-192s',
  '2.16.840.1.101.3.4.3.29': 'SLH-DSA-SHAKE-192f',
  '2.16.840.1.101.3.4.3.30': 'SLH-DSA-SHAKE-256s',
  '2.16.840.1.101.3.4.3.31': 'SLH-DSA-SHAKE-256f',
};

/** Its name where it has one here; always its object identifier, which is what people search for. */
export function describeUnsupportedAlgorithm(objectIdentifier: string): string {
  const name = unsupportedAlgorithmNames[objectIdentifier];
  return name === undefined ? `algorithm ${objectIdentifier}` : `${name} (${objectIdentifier})`;
}

const rsaEncryption = '1.2.840.113549.1.1.1';
const rsassaPss = '1.2.840.113549.1.1.10';
const ecPublicKey = '1.2.840.10045.2.1';

export function decodePublicKey(subjectPublicKeyInfo: DerElement): CertificatePublicKey {
  const info = new DerReader(subjectPublicKeyInfo.content);
  const algorithm = info.enter(derTags.sequence);
  const objectIdentifier = decodeObjectIdentifier(algorithm.read(derTags.objectIdentifier));
  const key = decodeOctetAlignedBitString(info.read(derTags.bitString));
  info.expectEnd();
  switch (objectIdentifier) {
    case rsaEncryption:
    case rsassaPss:
      return { algorithm: 'rsa', bits: countModulusBits(key) };
    case ecPublicKey:
      return { algorithm: 'ec', curve: decodeCurve(algorithm) };
    case '1.3.101.112':
      return { algorithm: 'ed25519' };
    case '1.3.101.113':
      return { algorithm: 'ed448' };
    default:
      return { algorithm: 'other', objectIdentifier };
  }
}

/**
 * The DER of a certificate's subject public key info, found without looking into the fields before it: a stranger's
 * certificate costs the same few steps, however many names it has. Undefined where the bytes have no such field; that
 * they are a certificate, only decoding tells.
 */
export function findPublicKeyInfo(der: Uint8Array): Uint8Array | undefined {
  const decoding = readDer(() => {
    const tbs = new DerReader(readSingle(der, derTags.sequence).content).enter(derTags.sequence);
    tbs.readOptional(contextConstructed(0)); // version
    tbs.read(derTags.integer); // serialNumber
    // signature, issuer, validity, subject
    for (let field = 0; field < 4; field += 1) tbs.read(derTags.sequence);
    return tbs.read(derTags.sequence).encoded;
  });
  return decoding.ok ? decoding.value : undefined;
}

/** RSAPublicKey (RFC 8017 §A.1.1): the modulus' length in bits. */
function countModulusBits(key: Uint8Array): number {
  const reader = new DerReader(readSingle(key, derTags.sequence).content);
  const modulus = decodeInteger(reader.read(derTags.integer));
  const exponent = decodeInteger(reader.read(derTags.integer));
  reader.expectEnd();
  const first = modulus[0] ?? 0;
  if (first >= 0x80) return refuseDer('a negative RSA modulus');
  // RFC 8017 §3.1: odd, and 3 at least. By a key whose exponent is 1, anybody signs, and OpenSSL takes it.
  const last = exponent.at(-1) ?? 0;
  if ((exponent[0] ?? 0x80) >= 0x80 || last % 2 === 0 || (exponent.length === 1 && last < 3)) {
    return refuseDer('an RSA exponent that is none');
  }
  const significant = first === 0 ? modulus.subarray(1) : modulus;
  return significant.length === 0 ? 0 : significant.length * 8 - Math.clz32(significant[0] ?? 0) + 24;
}

/** Only named curves (RFC 5480 §2.1.1): explicit parameters let the caller choose the mathematics (CVE-2020-0601). */
function decodeCurve(algorithm: DerReader): string {
  if (algorithm.isAtEnd) return refuseDer('an EC key without its curve');
  if (algorithm.peekTag() !== derTags.objectIdentifier) return 'explicit parameters';
  const objectIdentifier = decodeObjectIdentifier(algorithm.read(derTags.objectIdentifier));
  algorithm.expectEnd();
  return curveNames[objectIdentifier] ?? objectIdentifier;
}
