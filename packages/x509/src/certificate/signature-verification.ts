import { constants, generateKeyPairSync, type KeyObject, sign, verify, type VerifyKeyObjectInput } from 'node:crypto';
import { DerReader, decodeObjectIdentifier, derTags, encodeDerElement, readSingle, tryDer } from '../encoding/der.js';
import { type ArgumentRule, decodedBy, expectArgument, hasMember, isObject } from '../encoding/own-members.js';
import { ecPublicKey, readPublicKey, rsaEncryption } from './certificate.js';
import { findMlDsaParameterSet, type MlDsaParameterSet } from './ml-dsa.js';
import { readRsaKey, rsaAlgorithm } from './rsa-key.js';
import { type DigestAlgorithm, rsassaPss, type SignatureAlgorithm } from './signature-algorithm.js';

/** Something signed: a certificate, a CRL, an OCSP response. */
export interface SignedData {
  /** The octets that the signature is over. */
  readonly data: Uint8Array;
  readonly algorithm: SignatureAlgorithm;
  readonly signature: Uint8Array;
}

/**
 * A subject public key info to verify with. The key object is made when first needed: for OpenSSL it is the most expensive part
 * of a verification, and an authority's key verifies again and again.
 */
export class VerificationKey {
  readonly subjectPublicKeyInfo: Uint8Array;
  /** Undefined: not tried yet; null: OpenSSL can't read it. */
  #key: KeyObject | null | undefined;

  constructor(subjectPublicKeyInfo: Uint8Array) {
    this.subjectPublicKeyInfo = subjectPublicKeyInfo;
  }

  get key(): KeyObject | null {
    const info = this.subjectPublicKeyInfo;
    if (this.#key === undefined) this.#key = readRsaKey(info) ?? readPublicKey(info);
    return this.#key;
  }
}

/** Never throws: a key or a signature that can't be read verifies nothing, nor does a runtime that gives wrong answers. */
export function isSignatureValid(signed: SignedData, key: VerificationKey): boolean {
  return isProven(signed, key) === true && isVerified(signed, key);
}

function isVerified(signed: SignedData, key: VerificationKey): boolean {
  const verification = prepareVerification(signed, key);
  if (verification === undefined) return false;
  try {
    return verify(verification.digest, signed.data, verification.key, signed.signature);
  } catch {
    return false;
  }
}

/** As `isSignatureValid`, on another thread: the hash of a CRL of many megabytes takes longer than a request may wait. */
export function isSignatureValidInBackground(signed: SignedData, key: VerificationKey): Promise<boolean> {
  const verification = isProven(signed, key) === true ? prepareVerification(signed, key) : undefined;
  if (verification === undefined) return Promise.resolve(false);
  return new Promise((resolve) => {
    try {
      verify(verification.digest, signed.data, verification.key, signed.signature, (error, isValid) => {
        resolve(error === null && isValid);
      });
    } catch {
      resolve(false);
    }
  });
}

interface Verification {
  readonly digest: string | null;
  readonly key: KeyObject | VerifyKeyObjectInput;
}

/** Undefined where the key is not for that algorithm. */
function prepareVerification({ algorithm }: SignedData, { key }: VerificationKey): Verification | undefined {
  if (key === null) return undefined;
  switch (algorithm.scheme) {
    case 'rsa-pkcs1':
      // A key that is bound to PSS (RFC 4055 §1.2) has a type of its own.
      if (key.asymmetricKeyType !== 'rsa') return undefined;
      return { digest: algorithm.digest, key: { key, padding: constants.RSA_PKCS1_PADDING } };
    case 'rsa-pss': {
      if (key.asymmetricKeyType !== 'rsa' && key.asymmetricKeyType !== 'rsa-pss') return undefined;
      const { digest, saltLength } = algorithm;
      return { digest, key: { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength } };
    }
    case 'ecdsa':
      return key.asymmetricKeyType === 'ec' ? { digest: algorithm.digest, key } : undefined;
    case 'ed25519':
    case 'ed448':
    case 'ml-dsa-44':
    case 'ml-dsa-65':
    case 'ml-dsa-87':
      // Pure ML-DSA with an empty context string (RFC 9881 §3), which is Node's default.
      return key.asymmetricKeyType === algorithm.scheme ? { digest: null, key } : undefined;
    case 'unknown':
      return undefined;
  }
}

/** Whether signatures by the key are not verified because of the runtime, so that nothing is known of this one. */
export function isBeyondRuntime(signed: SignedData, key: VerificationKey): boolean {
  return isProven(signed, key) === false;
}

/** By what `listKnownAnswers` calls them; there are as many as known keys have algorithms. */
const proofs = new Map<string, boolean>();

/**
 * Whether this runtime gives the right answers where they are known. Each algorithm of a kind of keys is tried once, before
 * the first signature: Bun reads no RSA-PSS key, and Deno says "false" for P-521 with SHA-256 and passes over what an RSA-PSS
 * key is bound to. Undefined if keys of this kind don't sign by the algorithm.
 */
function isProven({ algorithm }: SignedData, { subjectPublicKeyInfo }: VerificationKey): boolean | undefined {
  const kind = findKind(subjectPublicKeyInfo);
  const name = [kind, algorithm.scheme, 'digest' in algorithm ? algorithm.digest : ''].join(' ');
  const known = proofs.get(name);
  if (known !== undefined || kind === undefined) return known;
  const answers = listKnownAnswers(algorithm, kind);
  if (answers === undefined) return undefined;
  const isRight = answers.every(
    ({ isValid, key, ...signed }) => isVerified(signed, new VerificationKey(key)) === isValid,
  );
  proofs.set(name, isRight);
  return isRight;
}

/** The object identifier of the curve, or of the key's algorithm. Every curve without known answers is taken for P-256. */
function findKind(subjectPublicKeyInfo: Uint8Array): string | undefined {
  return tryDer(() => {
    const algorithm = new DerReader(readSingle(subjectPublicKeyInfo, derTags.sequence)).enter(derTags.sequence);
    const objectIdentifier = decodeObjectIdentifier(algorithm.read(derTags.objectIdentifier));
    if (objectIdentifier !== ecPublicKey) return objectIdentifier;
    const curve = algorithm.readOptional(derTags.objectIdentifier);
    const named = curve && decodeObjectIdentifier(curve);
    return named !== undefined && Object.hasOwn(ofCurves, named) ? named : p256;
  });
}

interface KnownAnswer extends SignedData {
  /** SubjectPublicKeyInfo. */
  readonly key: Uint8Array;
  readonly isValid: boolean;
}

const data = Buffer.from('abc');

function listKnownAnswers(algorithm: SignatureAlgorithm, kind: string): readonly KnownAnswer[] | undefined {
  switch (algorithm.scheme) {
    case 'rsa-pkcs1':
      if (kind !== rsaEncryption) return undefined;
      return listAnswers(algorithm, encodeRsaKey(rsaKeys.any), ofRsa['rsa-pkcs1'][algorithm.digest]);
    case 'rsa-pss':
      if (kind !== rsaEncryption && kind !== rsassaPss) return undefined;
      return listPssAnswers(algorithm.digest, kind === rsassaPss);
    case 'ecdsa': {
      if (!Object.hasOwn(ofCurves, kind) || algorithm.digest === 'md5') return undefined;
      const { key, [algorithm.digest]: signature } = ofCurves[kind as keyof typeof ofCurves];
      return listAnswers(algorithm, readBase64(key), signature);
    }
    case 'ed25519':
    case 'ed448': {
      const { objectIdentifier, key, signature } = ofEdwards[algorithm.scheme];
      return kind === objectIdentifier ? listAnswers(algorithm, readBase64(key), signature) : undefined;
    }
    case 'ml-dsa-44':
    case 'ml-dsa-65':
    case 'ml-dsa-87':
      return findMlDsaParameterSet(kind) === algorithm.scheme ? listOwnAnswers(algorithm.scheme) : undefined;
    case 'unknown':
      return undefined;
  }
}

/** One good and one bad: the signature is not that of other data. Undefined without a signature. */
function listAnswers(
  algorithm: SignatureAlgorithm,
  key: Uint8Array,
  signature: string | Uint8Array | undefined,
): readonly KnownAnswer[] | undefined {
  if (signature === undefined) return undefined;
  const good = { algorithm, key, data, signature: readBase64(signature), isValid: true };
  return [good, { ...good, data: Buffer.from('abd'), isValid: false }];
}

/** Bad are also a salt of another length and, by a key that is bound to its parameters (RFC 4055 §1.2), other parameters. */
function listPssAnswers(digest: DigestAlgorithm, isPssKey: boolean): readonly KnownAnswer[] | undefined {
  if (digest === 'md5') return undefined;
  const saltLength = digest === 'sha1' ? 20 : Number(digest.slice('sha'.length)) / 8;
  const key = encodeRsaKey(isPssKey ? rsaKeys.pss : rsaKeys.any);
  const answers = listAnswers({ scheme: 'rsa-pss', digest, saltLength }, key, ofRsa['rsa-pss'][digest]);
  if (answers === undefined) return undefined;
  const bad = (rest: Pick<KnownAnswer, 'key'> & { readonly saltLength: number }, signature: string): KnownAnswer => ({
    algorithm: { scheme: 'rsa-pss', digest: 'sha256', saltLength: rest.saltLength },
    key: rest.key,
    data,
    signature: readBase64(signature),
    isValid: false,
  });
  const ofSha256 = ofRsa['rsa-pss'].sha256;
  return [
    ...answers,
    bad({ key, saltLength: 33 }, ofSha256),
    ...(isPssKey
      ? [
          bad({ key: encodeRsaKey(rsaKeys.boundToSaltOf32), saltLength: 20 }, ofRsa.sha256WithSaltOf20),
          bad({ key: encodeRsaKey(rsaKeys.boundToMaskBySha512), saltLength: 32 }, ofSha256),
        ]
      : []),
  ];
}

/** Published ones are as long as all others together, so the runtime signs itself. */
function listOwnAnswers(scheme: MlDsaParameterSet): readonly KnownAnswer[] {
  const algorithm = { scheme };
  try {
    // Not in the types of Node 20.
    const { publicKey, privateKey } = generateKeyPairSync(scheme as 'ed25519');
    const key = publicKey.export({ type: 'spki', format: 'der' });
    return listAnswers(algorithm, key, sign(null, data, privateKey)) ?? [];
  } catch {
    return [{ algorithm, key: Buffer.alloc(0), data, signature: Buffer.alloc(0), isValid: true }];
  }
}

function readBase64(encoded: string | Uint8Array): Uint8Array {
  return typeof encoded === 'string' ? Buffer.from(encoded, 'base64') : encoded;
}

function encodeRsaKey(algorithmIdentifier: string): Uint8Array {
  return encodeDerElement(derTags.sequence, Buffer.from(algorithmIdentifier, 'hex'), readBase64(ofRsa.key));
}

/** The same key under several AlgorithmIdentifiers (RFC 4055 §1.2, §3.1), in hexadecimal. */
const rsaKeys = {
  any: rsaAlgorithm,
  pss: '300b06092a864886f70d01010a',
  boundToSaltOf32:
    '304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120',
  boundToMaskBySha512:
    '304106092a864886f70d01010a3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402030500a203020120',
} as const;

const p256 = '1.2.840.10045.3.1.7';

// What `openssl dgst -sign` and `openssl pkeyutl -sign -rawin` made of `data`, by keys that were thrown away; PSS with a salt as
// long as the digest.

const ofRsa = {
  key: 'A4IBDwAwggEKAoIBAQCsKR8CuzW/C247vlsbZYNLrHhG103kjNcXmL8dj2eip08+BkP3Wu3qB3yMkHa9PEaiQYNO2gkavM4LNo53aDrZVVdDmhWoioUOX0G2cv0WLwWLJJKv5/D72P42pFjGci/veVRvy9PidN9WRRlIc+bspeNRum1e4HnZ2ksY5b9Jg7Lql+tQQBZU/h/qD0gcX/qzMWlJ7vXcIBvZVed08AZEzylBhHanQxLROnz6exNOsmqu+cXbAi6n1N8THB7qiTDX1jWrqIKkL4ZTdV//qe/DBdCrts8pG5uLMka7jNl5YVMMZF45cJVzo5MLBEfDCo21uU6qISuYqzaHSQTdmtE9AgMBAAE=',
  'rsa-pkcs1': {
    md5: 'pcwJGYKcVY8w74VTUP5ooccR0TghkVCG6G96/Ja9BcIea7Jn6CTY2YkKaB7PkJ4adQtsFG9V5gm9/dMCZZNOPPWQE6acBALH+kcznUkNLW/bOOql08cekV+2/jdd4EyoULiGQPPrh8f2H4/o5h0uGpYMqIU/acr94Hng+feYUPLUspmWMDlXuY94X4UvF8SJrYwT/ReSUspLpIu/tj4zE2ul2U5GL8Sm4mU7Vz9Kp8bQENevDWKceQIBpnScN+oKhxvr1zYy54k2gdUx1kBMmI0yT3g/8bbMdW0JH6ULJb8oYYkRqJrHA7tNuMRkfUajiDq3fST0uxrybpuEFRcnLA==',
    sha1: 'SN5vD10z7ETK7UtMaYKNqR70U81Iv/FjMW2sQk5YFvKtkD1HqmxaP1F7Twq2e1fF9NBBtrOnbOYKYfeKwgfpvCY8kxkjKnbL35HA6h7OzBJAPFSvCg8YdiwbvbIiESljcNvgrpoNzu0/oymz99C70SruqjrqG66/g8+qzO6qFFvFSUVTfz5W1+aMUpzP2/iNvS0rJNVglaqclHfJMfOatPL6m1PFyEi1aCfjbAylncNF6pUqESNH0MOkc7oiIcIdg28lvSgoeQ6uXScCrTHFszHMnqfjUy3K0+pdsWyaMVjXRhNSxGo+5KgU2/SAtO5Fo1Jkfb0aEc+m70Wfd0tuKA==',
    sha224:
      'SMvrH/RBMozX9lrFnFZ2J1efFE3O491spiGIivLFIJaKiqxGs+zm8dvPLvovckqEAgJOGaBidGuAMDIOCpbOQr2Ckom3xs7Vfy4T/IS8k66ysxJB+koTr4wBHJxe+prmmEI1/IXXAI/+B0tgt9N5wWGACtBvg7ctjw80dGb2khFiVpySfAbAZXxfvSSVAB3L6r7zOgISPhrw+b7K+pE9ffvCRci7WPV+st0EoDGrhP9kjmRCkFfJNQQC56BtLZuU4v/cLNYMnRU2XxcLvFJ9ah7Dgl4Ynaw5jSppyZRdUd3yMk40f5O13H9mggiFDMKf5LEk/Flbj/2lUfxCXriOfg==',
    sha256:
      'FjnXZ3Bx3UjX/TK5ksIJ6fD6QmW5a1m3IXTSfSiIKry3QPHqIl/Da4NWa0brkUgzVY+ZAz8laSODiRW+Gr81VlU46taeQyEnnpahM1YQqlxs7V2aT9M9jOG2IS9NmD7um8nscTg9v2Qpc62rzMOP8Kj792b1FQG0cNeJzancdhCHIMBYXnIuAw+XGHMvV2wfeX9D0PNG/FV+aS7U50zoCfAj+eZh2rEWBoTWZNF+AdPwvpmqwkBXC9HiY0QblM+bDMOVINr2S67MpKK9KHBzWqjCTf1meTSQZDsDZadZoLPho3qFC+c1UlUj/Cgd6f6J4DZ/ZJ9lAr0P6x7ttWPW0Q==',
    sha384:
      'EspNqkQyfO4RW47HQwOxBpVOldeWMwtg1MPYPdL6TifB8M+a0rUFNxYH6ABgMg/T5XR5gHuL1/i1TieXOtTiDiU3JOCrXdGYy2wSSwJZR+sesF7y57eVtzFgtlVvPum/wYe0v6Df9iYAlh9aAwNWMWqdXA+tG4a+b/67QLu8BeyACbGEql73aj5syvTxC9rmqOlHN3IQInxPA4YNATtF476fwC7YlElb7BPIEqCR57rGPG9Ny+mZo8+gn9E8uk6MPkE4sW+VbmIV1RoQSauvWbZUzPsUTVSs34DtpcbBuciqE/RVPZs4DdrgfnQyICdJiHeknlcsNY9K6nA4mCK8gw==',
    sha512:
      'GQcT0tPfFY6po7yN3RbTlJvt1HUeuzpU+1cjNXJPwo71lTeE2SsRtEU3AgLxTCOqzg8EfKWlNdlMjpHqnW572knBRGfv3OUmODW4reegKXcnl1FFlJr6PY/QxFqb4DfuX6uGyvyCrY1LQMS1dBVQCq84gWAe/yubmgutaYgSZl4NSme5wLkoAzFKrciEwjTVcVvqkRBNn8m7U+F+MMaXFH2AMbAtT0D8lR5c0BhReLv/2aviKajuIoiUeOFWHP2G16ikfeTaZufCyUVklCykZGMvKkA+aZqkt9iDikbBnCcMi/7jAXKnMsWMXXPJTL6HdFY6TQqheDN0ehBlnKAPSA==',
  },
  'rsa-pss': {
    sha1: 'Fl0gK9ZrYwRCqGEzcIRkS3XTECmbS5iKvp0LstDC1qUyU76nglZw/8pujZSiNNRg4aY9QzmrMctVUyuJfuRn2lKAiJi4iIsnwUSRoIXaP1CIvshQkki44wdf1/AWBc/O633VcR1JE48jaGlHwAeOU9zu3HsOWAlpvfrIoGNHqUuZ5Ldt3RDq4SOPCRWwSxk+uAq8o4mJ1JRqXJh20HIfQmMoljJO2MV6RkjIxSRzv/2b/a4WGl8ll6SDnbWVJKVyp9Ain2yyZqtKzsbVpL2aKxnM50EJLWDEt1ItySvWcBRpjpDKLxHI4XAHozXy9AQ80frvTDOWNiW6nbPF49LjkQ==',
    sha224:
      'NVnpcSxzj6P1Yn//oudN9hbepmToyYPD3lGe0tg/gyg+RZfx1Qt+VZUAy+gh7dQhmHnalRX7UBrRWHCOJvAnuPIosP59z2gtkjuevLiEcx3N8PlrnhVSyWi5BVATH9PPtudcwxMsSJeGSXFN+uGoc4Aq4G4/tkq/RHj0qlemWmiWMwDAbmIVRxiDySvJkVBme59AMVGFRnKXExS+7ZBARpnDezFZBK6nCHwW/bOQ8U5eELoUOPfyOCTdC8Pf8bFaQwjYHP5GB3lg9+ttHx/6wL9kZNOiJqEcqmK6btynVmaHA3xhvIEfOJjec9xr8QWnM9qh8VrwW4/VO5Zzsrzy2w==',
    sha256:
      'hJ3XowL3+g2L+KhGojqCvzONMxRMdTSz77YT+JjgIYeKIHj1PJGjoRL4BUGEWQVk7sadCECRfXDU2H4LyCnq3jL+eQGf/GO5pbmlTqoJr1WC61jTpnqR4i4kmb9tclj9Tj3hrSf5ju9niLtfF0shDWgj9TiHSLNAgPjl5qlImk3Rn6EBxW+bUHSKo+KfvjHh0bdQ2RbXGBWAHlMX0ZUViCXKipvhbq79a2hmhh4yB3ZfPpNv5PGxzTmWl6jQyjVqjos3LTJPiSQf7bIHdMGJlcRA8iXz+SETVjSSoEK14PMtsCaPMrNZtN0CG5UZc3EzyhJxAVd1YmbPqboeDmZjIg==',
    sha384:
      'WLuhf4yA8X2vyGWpUm/Ks4nzv4zD0+PShg7xMTwQdcLraKK3ZTibSy/QKLwn4GwSB8q1HLWART3dQRO7c1umYoBGhN6cYJ3qxKWNVaQbmAWCmH/ceS2rcsp67cAsHZJpvNMShjJdUDjud2jN5yf8esgUkmOM/nLjVSEXa1WQNwQkwaWWeKu6MSqRNeHWHoXreTFqKW9l9qQSHq8D0MyKHtU0W218/FDBqji7zyHv7rvjuzet+ks7hCqyHdB01w36B9COp0UeAvO1qeKIzh+BLRaQDJxGTLeuzVQdoZRLe2S0iyiEreyCAjxUCO474DWnOunL2cN6Zu6nqznNeNx43Q==',
    sha512:
      'STA2NfV+m0k9Ib7bslO1rMWj9CfkafqRUdL2Q1UkzDByqr/jjWhfu+xeCn0AA1Bc/ZHt5Tq23oi7IHLVHa5eyj+euleQp6WUfi3BbipNEZips2NqRqT3l9k0lcd2b/cpg6ie+9VpsYLpuy+XDXY/GcoCJS6cmQSLjCzTv45h+XvksOWEqnahD4UYm5/PAI+dWFYbzFC6ITupZ026AwqrR8wvoo3G9RYs/X+Lfr0Ri8kZTPSQ7aDXRGMHLQm4O/nLwb09nJao2LALhcDJV40Or2X5jb3wpF82R2s3DzRCzfsV211nzVZog8TIy0MGCBY3LeSxfu8siwtZ9Z9+LytS1Q==',
  },
  sha256WithSaltOf20:
    'Q/8GVf9QY9/C6lW0GvJY2koQNIHEYr0QrDbBDxPO0mqqLARJrLSczhjG/v+dt9cDi5LDQ0PeLQmPhVyV5Tz7vY2bWo4NEmFnk2+PDBSFsHM2KHOsvhYo75sCYVSZEEdEjx1vVOCB+Z285JI6bWht5VMrbjdiVzLhAjM7d13nlAZdPRlEssxv7rwLaH1SvuRp+j5tzpwoaOM0DSrCP18Q8+uD+yDrS5nGo/DpK8hvVrtj0PyEGeQt/P6GvOz/1Vr/jTWhexZC7OGEdJyNIKci42XDVyf1oFfw2tSSTFXWBzA/hAvu4hjLkL2T7lQcQC+4wmdpXQkX7qJVe3Hxy4tI4Q==',
} as const;

const ofCurves = {
  [p256]: {
    key: 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAECSPMnpje7ftWDOA5k26IVgrNHFWhhzaoZCRZfkBbFP26+v2HnYu0HKkwLZWytS4QVVclQoh/tsfVpHD93or4vg==',
    sha1: 'MEQCIBk1PQK5rAtkLv0fFKU1r+sbiF4nU4Hz5++DOHUrarZ9AiA9B95l8g15maTMwiyHh0Wdu4EsBEFWWJHEMu+ZvG3SmQ==',
    sha224: 'MEUCIQDK8cJKNXGGHezF4vbXxhAW4bPbuQRUmEC5HN04VUYyEQIgUz4W08wsmhFvm2ULi6Kr9M+cM9GULr/YTn5OiQxjZ6U=',
    sha256: 'MEUCIEr5dzhAhQuQBn01YkeDT0VXAlabmTYRL6tVQQnI1ZWEAiEA7nR8MJtBC0XVK9Z2YUdeIgwRaALO1YyvnA/Ar191ppM=',
    sha384: 'MEQCICgjQ3txQ7kB4koz1VG4QJ5O1iqK+MluO4w/U1CdoW4EAiBybyy1Oepry62FAeU095O6Ob60XakCCx97AUmf7KFtpA==',
    sha512: 'MEQCIEvYeNyZYgcnXg3VgNOAEfNmIzrHiuEZ5AN0FKsCtL+OAiBJgmV2DyZs1UAAY08OZAxeyOkHzXAsDXVbSlJeps9zfw==',
  },
  '1.3.132.0.34': {
    key: 'MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEARpUPydzWrV+0a4uuFRvUZ5tdueGnI8kXHw6xV/eo3s4GGCqZQjwSfUwVF5nVXu08HTsvOZ5hpIDcoZwq0OZNwI3ItAl/yAm9qVJ+RZFsptawugDGEOkXXi9V9HaVJco',
    sha1: 'MGUCMQCDfVAPf06yNRrLg47T1DPJGpnE82mx2ivUmNORipQ6efs0CEg84BiO4RDK78/GfRICMFgy0gpbRwD92P5HTcUEXQgZ6iGKbEHc63uAkHWrO3+FGTw2IHYK8LRcIQP304SDOA==',
    sha224:
      'MGQCMDuJpMP4B3oBLz/H6ppohdP/ZBuQIJr/1azAvGmnvWWXnMKAAW7xdX1dRP/zVRN08AIwQFPdQENcz4E18tU2h7La8a5uV2v10mr+rjVfD49i1h+0asxUPr8CxMX6ggsySiLO',
    sha256:
      'MGUCMCK2BQ68fXmWdEUK5ntfEEYB28eo9BpVdctG4CPBkLqu8U+yPnA/uq6NC2sSCcfkNgIxAOo5Ks4ARRxLUd6T5N2WnZFoQo3pQ00X3efhXyt+TqbizDPsqze9TPRefu25/viQ8w==',
    sha384:
      'MGQCMHdlbSm+HVWdyzP9n4QjNLXmRAehg0HKXyWbieFIrsRkro6K08BalORfX7+9ZfxQkgIwaIO3c6d6Y4rAYMWfOtTUWXdDbT0NF3Urk55Dujypi5SmX0TIV3npy1f2c+P8TI3w',
    sha512:
      'MGYCMQD16Ja2IY3KxPW8Lhh7KR39RVeLKaU3kP8+Q8zMVj7mrgfCRQp1NFW0Y0fK7ComPPECMQC8YitCfzAhbTYBySd8atyPFfwHkQm+woL7PFum64su9qLKvucGqH6462RE5HaSszg=',
  },
  '1.3.132.0.35': {
    key: 'MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQA+qet6Ri1QoLCLQ7iD6AcTlPdvK2pqhaBqaEkcYJqtkCg0v96MNmjbAR/d1QWTkSJk8oSJz7Ose8CEoVFkAz0fQgBXxlNNNdVjwVCTov2A+7vPTzRx8ppWtk5zCaf1T8CWBMly+3aTRRnx23nkTivk2DrM2PztDXw7pNsZpIASuZHgrE=',
    sha1: 'MIGIAkIAgNbqIHRMHmIN3yEhLUoMHJyLaov2S2Gw50rpRbT00e4OcxgIMiedfndKmEEPFWAZIG6NoLf+Quo7Oo9ze+MAvScCQgDgJcSgiJBVuoSBFZKDs0tlq0C6xXOo0TVCjAq1GmdrP5QFuHa2Y1GDxmlRqMzMLzuzH9bdelsHOSPtSSboMCc1sw==',
    sha224:
      'MIGIAkIBG8WscXyj3YAPzrIlwEbKN45xE19WJotYyAdG6zcgnvBNbigSQ5bvzqpUZX5c9VI47itxylOjmgKhFYOWINhnm1QCQgE+GaQNRH89U+ZLqFeCn25PqO2nO7w2hocoheyZqcjyy0CC9JQDJuZqH6DUORam99hid5Y5PDe0Ev5BqFASz4MaiQ==',
    sha256:
      'MIGHAkIAjTv+Nk4dd6xx8Hw/DAJY7EBQfRVnn76Sr5dTA//yyC0rJUljas2C3x+eWAqWoYjVcsOkZFBNrEexEXXkXTX4zY0CQSMFMKpFZ9fDafRb+vU3i5mR4uMubHemeX8WtrzsWJOZyp9GTCIQp8neXXkdp1gmu59KOQ43/mXd9XYFXEHNzOzv',
    sha384:
      'MIGIAkIBOzbdQQ+1L+rSOPifOxVToiI0BH7NPQA4UnHPm5u786jCS3TNwXCw1aBHpytQ+HnWYJl5ckLNba2pYg/HQe/BL6UCQgCovR/pFz3EAy+DSuRB2H1v5j3tLC+iOatiaU7QU1mBF/oGespoZv1+3Zd3NdgLEtF+zFPOMxEm9BQlsF3FuS09Gg==',
    sha512:
      'MIGIAkIBl9PcduuEh1MglgmUw/l2jHt9MTZ2VkRi5ZseXyPXxVYwcqaOyDKX/IFvonxs+Kr4wFxrbvwlQIIiDJBBZP38gykCQgFFWkRP95UJL68IsYkpsLrcYelERNH6EVVJYCwoFxUSbb/UBeVcB6E4jch+UmidnfJKpRvOxHnYOSoLDGCxcKYAWA==',
  },
} as const;

const ofEdwards = {
  ed25519: {
    objectIdentifier: '1.3.101.112',
    key: 'MCowBQYDK2VwAyEADZelRZcZLn2tcDYA7OPCjkUTBLdCfsJSbYxDppKLPk8=',
    signature: 'R5l+2DN83AcvDT1g2TT/Bdp0gj5cD8tAgqlCK83lF6zVomcsiD9IokGzUhxGNZtciNRpHBZLddI/2uWr4keIDg==',
  },
  ed448: {
    objectIdentifier: '1.3.101.113',
    key: 'MEMwBQYDK2VxAzoAEuxNvQ+wxIwEaOeIVPXA+mvOJzZoymTafDK0AxH1wepQft5yJQQEyw30bvjWwCNG5iTfzuEF84cA',
    signature:
      'JM9p5vUBEW+whm1zuP7musGxENldpWccKoxyL6VfvC/AGSTI1wloubdh5k8AgAf4cXD22dDAz6WAP2Z60nz+74bZODglHP4/l1AYv/otc2UYCH3f0cuyMYy/1zb4juTM3pUUf7g8FjjlGXUuHQqjJREA',
  },
} as const;

/** What is decoded once and kept: a CRL, an OCSP response, a certificate. */
export interface Signed {
  readonly signed: SignedData;
}

const aSigned = decodedBy('a decoder', 'signed');
const aVerificationKey: ArgumentRule = {
  words: 'the verificationKey of a certificate',
  // Not by its class, of which a process may have two: a bundle's and an installed one.
  holds: (value) => isObject(value) && Object.hasOwn(value, 'subjectPublicKeyInfo') && hasMember(value, 'key'),
};

const verdicts = new WeakMap<Signed, WeakMap<VerificationKey, boolean>>();

/** Lists and authorities' keys are long-lived, and a list may have megabytes: one signature is verified once. */
export function isSignedBy(signed: Signed, key: VerificationKey): boolean {
  expectArgument(signed, aSigned, 'What isSignedBy verifies');
  expectArgument(key, aVerificationKey, 'The key for isSignedBy');
  return recallSignature(signed, key) ?? remember(signed, key, isSignatureValid(signed.signed, key));
}

/** Undefined: not verified yet. */
export function recallSignature(signed: Signed, key: VerificationKey): boolean | undefined {
  return verdicts.get(signed)?.get(key);
}

/** Verifies on another thread what `isSignedBy` will be asked for. */
export async function verifyAhead(signed: Signed, key: VerificationKey): Promise<void> {
  if (recallSignature(signed, key) === undefined) {
    remember(signed, key, await isSignatureValidInBackground(signed.signed, key));
  }
}

function remember(signed: Signed, key: VerificationKey, verdict: boolean): boolean {
  const ofSigned = verdicts.get(signed) ?? new WeakMap<VerificationKey, boolean>();
  verdicts.set(signed, ofSigned.set(key, verdict));
  return verdict;
}
