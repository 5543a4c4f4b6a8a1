import { constants, type KeyObject, verify, type VerifyKeyObjectInput } from 'node:crypto';
import { decodeObjectIdentifier, derTags, tryDer, enterSequence } from '../encoding/der.js';
import { type ArgumentRule, decodedBy, expectArgument, hasMember, isObject } from '../encoding/own-members.js';
import { ecPublicKey, readPublicKey } from './certificate.js';
import { findAnsweredCurve, listKnownAnswers } from './known-answers.js';
import { findMlDsaParameterSet, isVerifiedByRuntime } from './ml-dsa.js';
import { readRsaKey } from './rsa-key.js';
import { findParameterSet, type SignatureAlgorithm } from './signature-algorithm.js';

/** Something signed: a certificate, a CRL, an OCSP response. */
export interface SignedData {
  /** The octets that the signature is over. */
  readonly data: Uint8Array;
  readonly algorithm: SignatureAlgorithm;
  readonly signature: Uint8Array;
}

/**
 * A subject public key info to verify signatures with. The key object is made when it is first needed, and kept: making
 * it takes time, and an authority's key is used again and again.
 */
export class VerificationKey {
  readonly subjectPublicKeyInfo: Uint8Array;
  /** Undefined if it has not been read yet, null if OpenSSL can't read it. */
  #key: KeyObject | null | undefined;

  constructor(subjectPublicKeyInfo: Uint8Array) {
    this.subjectPublicKeyInfo = subjectPublicKeyInfo;
  }

  get key(): KeyObject | null {
    const info = this.subjectPublicKeyInfo;
    if (this.#key === undefined) this.#key = readRsaKey(info) ?? readPublicKey(info) ?? null;
    return this.#key;
  }
}

/**
 * Whether the signature is valid. The answer is false for a key or a signature that can't be read, for an algorithm and
 * key that can't be tried (see `isProven`), and on a runtime that gives wrong answers.
 */
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

/** Like `isSignatureValid`, on another thread: hashing a CRL of many megabytes takes longer than a request may wait. */
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

interface PreparedVerification {
  readonly digest: string | null;
  readonly key: KeyObject | VerifyKeyObjectInput;
}

/** Undefined if the key can't verify a signature of this algorithm. */
function prepareVerification({ algorithm }: SignedData, { key }: VerificationKey): PreparedVerification | undefined {
  if (key === null) return undefined;
  switch (algorithm.scheme) {
    case 'rsa-pkcs1':
      // Node gives a key that is restricted to PSS (RFC 4055 §1.2) another type.
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

/** Whether the runtime is why such signatures can't be verified, so that this signature may be good or bad. */
export function isBeyondRuntime(signed: SignedData, key: VerificationKey): boolean {
  return isProven(signed, key) === false;
}

/**
 * The results by algorithm and kind of key, as `listKnownAnswers` names them. Known keys and algorithms bound its size.
 */
const proofs = new Map<string, boolean>();

/**
 * Whether this runtime gives the right answers if they are known. Each algorithm is tried once for each kind of key,
 * before its first signature: Bun reads no RSA-PSS key, and Deno says "false" for P-521 with SHA-256 and ignores what
 * an RSA-PSS key is restricted to. For ML-DSA, `isVerifiedByRuntime` decides. Undefined if there is no answer
 * and no such check for this algorithm and key.
 */
function isProven({ algorithm }: SignedData, { subjectPublicKeyInfo }: VerificationKey): boolean | undefined {
  const kind = findKind(subjectPublicKeyInfo);
  const parameterSet = findParameterSet(algorithm);
  if (parameterSet !== undefined) {
    const isOfKey = kind !== undefined && findMlDsaParameterSet(kind) === parameterSet;
    return isOfKey ? isVerifiedByRuntime(parameterSet) : undefined;
  }
  const name = [kind, algorithm.scheme, 'digest' in algorithm ? algorithm.digest : ''].join(' ');
  const known = proofs.get(name);
  if (known !== undefined || kind === undefined) return known;
  let isRight: boolean | undefined;
  try {
    isRight = listKnownAnswers(algorithm, kind)?.every(
      ({ isValid, key, ...answer }) => isVerified(answer, new VerificationKey(key)) === isValid,
    );
  } catch {
    // The runtime has no such digest: in FIPS mode, Node refuses MD5.
    isRight = false;
  }
  if (isRight !== undefined) proofs.set(name, isRight);
  return isRight;
}

/**
 * The object identifier of the curve, or of the key's algorithm. Every curve without known answers is treated like
 * P-256. Undefined if the key can't be read.
 */
function findKind(subjectPublicKeyInfo: Uint8Array): string | undefined {
  return tryDer(() => {
    const algorithm = enterSequence(subjectPublicKeyInfo).enter(derTags.sequence);
    const objectIdentifier = decodeObjectIdentifier(algorithm.read(derTags.objectIdentifier));
    if (objectIdentifier !== ecPublicKey) return objectIdentifier;
    const curve = algorithm.readOptional(derTags.objectIdentifier);
    return findAnsweredCurve(curve && decodeObjectIdentifier(curve));
  });
}

/** Something signed that is decoded once and kept: a CRL, an OCSP response or a certificate. */
export interface Signed {
  readonly signed: SignedData;
}

const aSigned = decodedBy('a decoder', 'signed');
const aVerificationKey: ArgumentRule = {
  words: 'the verificationKey of a certificate',
  // Not `instanceof`: a process may have two copies of the class, one in a bundle and one installed.
  holds: (value) => isObject(value) && Object.hasOwn(value, 'subjectPublicKeyInfo') && hasMember(value, 'key'),
};

const verdicts = new WeakMap<Signed, WeakMap<VerificationKey, boolean>>();

/**
 * Whether the key made the signature. Remembers the result for these two objects, because lists and authorities' keys
 * live long, and a list may have megabytes.
 */
export function isSignedBy(signed: Signed, key: VerificationKey): boolean {
  expectArgument(signed, aSigned, 'What isSignedBy verifies');
  expectArgument(key, aVerificationKey, 'The key for isSignedBy');
  return recallSignature(signed, key) ?? remember(signed, key, isSignatureValid(signed.signed, key));
}

/** Undefined if the signature has not been verified with this key yet. */
export function recallSignature(signed: Signed, key: VerificationKey): boolean | undefined {
  return verdicts.get(signed)?.get(key);
}

/** Verifies in advance, on another thread, the signature that `isSignedBy` will be asked about. */
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
