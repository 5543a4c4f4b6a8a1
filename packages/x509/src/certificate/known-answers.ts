import { hash } from 'node:crypto';
import { derTags, encodeDerElement } from '../encoding/der.js';
import { rsaEncryption } from './certificate.js';
import { rsaAlgorithm } from './rsa-key.js';
import { type Curve, curves, type DigestAlgorithm, rsassaPss, type SignatureAlgorithm } from './signature-algorithm.js';

// Signatures that are known to be good or bad, by keys that protect nothing. They follow from the standards.

export interface KnownAnswer {
  readonly algorithm: SignatureAlgorithm;
  /** The DER of a SubjectPublicKeyInfo. */
  readonly key: Uint8Array;
  readonly data: Uint8Array;
  readonly signature: Uint8Array;
  readonly isValid: boolean;
}

/** With this text no sum in `signByOne` reaches the order of its curve, so none needs to be reduced. */
const data = Buffer.from('s');
const otherData = Buffer.from('t');
const { sequence, integer, bitString, octetString, objectIdentifier: identifierTag } = derTags;
const p256 = '1.2.840.10045.3.1.7';

/** The curve whose known answers are used for keys on this curve: the curve itself, or P-256 if it has none. */
export function findAnsweredCurve(curve: string | undefined): string {
  return curve !== undefined && Object.hasOwn(publicOnes, curve) ? curve : p256;
}

/**
 * The known answers for an algorithm with one kind of key: the object identifier of a curve, or of the key's algorithm.
 * Undefined if there are none, for example because such keys don't sign with the algorithm.
 */
export function listKnownAnswers(algorithm: SignatureAlgorithm, kind: string): readonly KnownAnswer[] | undefined {
  switch (algorithm.scheme) {
    case 'rsa-pkcs1':
      if (kind !== rsaEncryption || !Object.hasOwn(digestIdentifiers, algorithm.digest)) return undefined;
      return listAnswers(algorithm, signByCube(encodePkcs1(algorithm.digest), rsaKeys.any));
    case 'rsa-pss':
      if ((kind !== rsaEncryption && kind !== rsassaPss) || !isSha(algorithm.digest)) return undefined;
      return listPssAnswers(algorithm.digest, kind === rsassaPss);
    case 'ecdsa': {
      const [curve, key] = [curves[kind], publicOnes[kind]];
      if (curve === undefined || key === undefined || !isSha(algorithm.digest)) return undefined;
      return listAnswers(algorithm, signByOne(curve, Buffer.from(key, 'base64'), algorithm.digest));
    }
    case 'ed25519':
    case 'ed448': {
      const { objectIdentifier, key, s } = edwardsOnes[algorithm.scheme];
      if (kind !== objectIdentifier) return undefined;
      const info = Buffer.from(key, 'base64');
      // The first half of the signature is the base point too, which follows 12 octets of the key.
      return listAnswers(algorithm, {
        key: info,
        signature: Buffer.concat([info.subarray(12), Buffer.from(s, 'base64')]),
      });
    }
    case 'ml-dsa-44':
    case 'ml-dsa-65':
    case 'ml-dsa-87':
    case 'unknown':
      return undefined;
  }
}

type Signing = Pick<KnownAnswer, 'key' | 'signature'>;

/** Returns one good answer and a bad one: the same signature over other data. */
function listAnswers(algorithm: SignatureAlgorithm, signing: Signing): readonly KnownAnswer[] {
  const good = { ...signing, algorithm, data, isValid: true };
  return [good, { ...good, data: otherData, isValid: false }];
}

/** The contents of the OBJECT IDENTIFIERs, in hexadecimal. */
const digestIdentifiers: Readonly<Record<DigestAlgorithm, string>> = {
  md5: '2a864886f70d0205',
  sha1: '2b0e03021a',
  sha224: '608648016503040204',
  sha256: '608648016503040201',
  sha384: '608648016503040202',
  sha512: '608648016503040203',
};

const isSha = (digest: DigestAlgorithm): boolean => digest !== 'md5' && Object.hasOwn(digestIdentifiers, digest);
const digestOf = (digest: DigestAlgorithm, ...parts: readonly Uint8Array[]): Buffer =>
  hash(digest, Buffer.concat(parts), 'buffer');
const fromHex = (hex: string): Buffer => Buffer.from(hex, 'hex');
const toNumber = (bytes: Buffer): bigint => BigInt(`0x${bytes.toString('hex')}`);

/** The length of the RSA keys' modulus, in octets. */
const modulusLength = 256;

/** AlgorithmIdentifiers of an RSA key (RFC 4055 §1.2, §3.1), in hexadecimal. */
const rsaKeys = {
  any: rsaAlgorithm,
  pss: '300b06092a864886f70d01010a',
  boundToSaltOf32:
    '304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120',
  boundToMaskBySha512:
    '304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402030500a203020120',
} as const;

/**
 * Makes a key for which a chosen number is a good signature. With the exponent 3, s signs the encoded message m if s³
 * mod n = m. So the modulus n = s³ − m, which is greater than m here, makes the signature good.
 */
function signByCube(encoded: Buffer, algorithmIdentifier: string): Signing {
  const message = toNumber(encoded);
  // Just below the cube root of 2^2048, so that the modulus has 2048 bits.
  const root = (15_874n << 682n) / 10_000n;
  // Makes the modulus odd.
  const signature = root + ((root ^ message ^ 1n) & 1n);
  const [modulus, exponent] = [signature ** 3n - message, 3n].map(encodeInteger);
  const numbers = encodeDerElement(sequence, modulus ?? [], exponent ?? []);
  return {
    key: encodeDerElement(sequence, fromHex(algorithmIdentifier), encodeDerElement(bitString, [0], numbers)),
    signature: fromHex(signature.toString(16).padStart(2 * modulusLength, '0')),
  };
}

/** RFC 8017 §9.2. */
function encodePkcs1(digest: DigestAlgorithm): Buffer {
  const identifier = encodeDerElement(identifierTag, fromHex(digestIdentifiers[digest]));
  const algorithm = encodeDerElement(sequence, identifier, encodeDerElement(derTags.null));
  const info = encodeDerElement(sequence, algorithm, encodeDerElement(octetString, digestOf(digest, data)));
  return Buffer.concat([Buffer.of(0, 1), Buffer.alloc(modulusLength - 3 - info.length, 0xff), Buffer.of(0), info]);
}

/** RFC 8017 §9.1.1, with a salt of zeros. */
function encodePss(digest: DigestAlgorithm, saltLength: number): Buffer {
  const inner = digestOf(digest, Buffer.alloc(8), digestOf(digest, data), Buffer.alloc(saltLength));
  const block = Buffer.alloc(modulusLength - inner.length - 1);
  block[block.length - saltLength - 1] = 1;
  // MGF1, appendix B.2.1.
  const masks = Array.from({ length: Math.ceil(block.length / inner.length) }, (_, counter) =>
    digestOf(digest, inner, Buffer.of(0, 0, 0, counter)),
  );
  const mask = Buffer.concat(masks);
  const masked = block.map((octet, index) => octet ^ (mask[index] ?? 0));
  masked[0] = (masked[0] ?? 0) & 0x7f;
  return Buffer.concat([masked, inner, Buffer.of(0xbc)]);
}

/**
 * Bad answers are also a salt of another length and, if the key is restricted to its parameters (RFC 4055 §1.2), a
 * signature with other parameters.
 */
function listPssAnswers(digest: DigestAlgorithm, isPssKey: boolean): readonly KnownAnswer[] {
  const saltLength = digestOf(digest).length;
  const key = isPssKey ? rsaKeys.pss : rsaKeys.any;
  const bad = (keyAlgorithm: string, made: number, taken = made): KnownAnswer => {
    const algorithm = { scheme: 'rsa-pss', digest: 'sha256', saltLength: taken } as const;
    return { ...signByCube(encodePss('sha256', made), keyAlgorithm), algorithm, data, isValid: false };
  };
  return [
    ...listAnswers({ scheme: 'rsa-pss', digest, saltLength }, signByCube(encodePss(digest, saltLength), key)),
    bad(key, 32, 33),
    ...(isPssKey ? [bad(rsaKeys.boundToSaltOf32, 20), bad(rsaKeys.boundToMaskBySha512, 32)] : []),
  ];
}

/**
 * The SubjectPublicKeyInfo of the private key 1 on each curve, in base64. Its point is the base point of the curve (SP
 * 800-186 §3.2.1), compressed.
 */
const publicOnes: Readonly<Record<string, string>> = {
  [p256]: 'MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgADaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY=',
  '1.3.132.0.34': 'MEYwEAYHKoZIzj0CAQYFK4EEACIDMgADqofKIr6LBTeOscce8yCtdG4dO2KLp5uYWfdB4IJUKjhVAvJdv1UpbDpUXjhydgq3',
  '1.3.132.0.35':
    'MFgwEAYHKoZIzj0CAQYFK4EEACMDRAACAMaFjga3BATpzZ4+y2YjlbRCnGSBOQU/tSH4KK9ga009uqFLXnfv51ko/h3BJ6L/qN4zSLPBhWpCm/l+fjHC5b1m',
};

/**
 * Signs with the private key 1 and the nonce 1: r is the x coordinate of the base point, and s is r plus the digest
 * (FIPS 186-5 §6.4.1).
 */
function signByOne({ octets }: Curve, key: Buffer, digest: DigestAlgorithm): Signing {
  const r = toNumber(key.subarray(-octets));
  const s = r + toNumber(digestOf(digest, data).subarray(0, octets));
  return { key, signature: encodeDerElement(sequence, encodeInteger(r), encodeInteger(s)) };
}

/** Encodes a number that is not negative as an INTEGER. */
function encodeInteger(value: bigint): Buffer {
  const octets = Math.floor(value.toString(2).length / 8) + 1;
  return encodeDerElement(integer, fromHex(value.toString(16).padStart(2 * octets, '0')));
}

/**
 * The SubjectPublicKeyInfo of the secret scalar 1, in base64. Its point is the base point of the curve (RFC 8032 §5.1
 * and §5.2). `s` is the second half of a signature with the nonce 1: it is 1 plus the hash of the point, the point and
 * the data, modulo the order.
 */
const edwardsOnes = {
  ed25519: {
    objectIdentifier: '1.3.101.112',
    key: 'MCowBQYDK2VwAyEAWGZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmZmY=',
    s: 'FmEtnH8XGqFbam8D6m04R2KN700G9mncuVfjQP2Pxwo=',
  },
  ed448: {
    objectIdentifier: '1.3.101.113',
    key: 'MEMwBQYDK2VxAzoAFPow8lt5CJityNdOLBO9/cQ5fOYc/9M618KgBR6ceIdAmKNsc3PqS2LHyVY3IHaIJLy2bnFGP2kA',
    s: 'O9+5oShmYqUSlv4lUvIj9C1aZjradm5w6T4bOgQAO6sIRrNARA+gvf+0yB+j6SEcXs5964RrrQcA',
  },
} as const;
