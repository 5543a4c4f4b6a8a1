import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import { decodeBase64, invalidArgument } from '@certgate/x509/internal';
import {
  pause,
  TrustDocumentRefusal,
  type TrustReadRequest,
  type TrustSource,
  type TrustSourceReading,
} from './trust-source.js';

/** The result of checking a detached signature: it fits one of the keys, or the reason why it doesn't. */
export type DocumentSignatureState = 'fits' | 'absent' | 'malformed' | 'wrong';

interface SignerKey {
  readonly key: KeyObject;
  /** Undefined for Ed25519, which signs the bytes themselves and not a hash. */
  readonly hash: 'sha256' | 'sha384' | undefined;
}

/** In base64 characters: longer than any signature by a supported key. */
const maximumSignatureLength = 1024;

/**
 * Two files can't be replaced in one step. So a writer first puts the signatures of the new document and of the one it
 * replaces into the signature file, each on its own line, and then moves the new document into place. One of the two
 * lines fits, whichever of the two documents is there.
 */
const maximumSignatures = 2;

const usage = 'signedBy takes PEM public keys (-----BEGIN PUBLIC KEY-----): Ed25519, EC P-256 or EC P-384';

/**
 * Checks whether a detached signature over a document's exact bytes was made with one of a few keys. A signature is
 * base64 on one line. A second signature may be on a second line; one that fits is enough. The algorithm is Ed25519
 * (RFC 8032), or ECDSA in DER with SHA-256 for P-256 and SHA-384 for P-384, as `openssl dgst -sign` makes it.
 */
export class DocumentSignatureVerifier {
  /** For people: the first 16 hexadecimal digits of the SHA-256 of each key's SubjectPublicKeyInfo, in upper case. */
  readonly keyIds: readonly string[];
  readonly #keys: readonly SignerKey[];

  /**
   * @throws {CertgateError} if `signedBy` contains no such public key, or anything else, for example a private key or
   * an RSA key.
   */
  constructor(signedBy: unknown) {
    const pems: readonly unknown[] = Array.isArray(signedBy) ? signedBy : [signedBy];
    // An empty list must not mean that nothing is verified: perhaps an app setting with the key is missing.
    if (pems.length === 0) throw invalidArgument(`${usage}; it holds none.`);
    this.#keys = pems.map(readVerificationKey);
    this.keyIds = Object.freeze(this.#keys.map(({ key }) => nameKey(key)));
  }

  /** Identifies the keys: the SubjectPublicKeyInfo of each in base64, sorted. */
  get configuration(): readonly string[] {
    return this.#keys.map(({ key }) => key.export({ type: 'spki', format: 'der' }).toString('base64')).sort();
  }

  /** Never rejects. Verifies outside the event loop, because a document may be large. */
  async verify(document: Uint8Array, signature: string | undefined): Promise<DocumentSignatureState> {
    const text = signature?.trim() ?? '';
    if (text === '') return 'absent';
    const signatures = decodeSignatures(text);
    if (signatures === undefined) return 'malformed';
    for (const each of signatures) {
      for (const { key, hash } of this.#keys) {
        if (await verifyInBackground(document, each, key, hash)) return 'fits';
      }
    }
    return 'wrong';
  }
}

/**
 * Verifies one detached signature, as a store with `signedBy` does.
 *
 * @throws {CertgateError} (as a rejection) if `signedBy` contains no Ed25519, P-256 or P-384 public key in PEM, or
 * anything else.
 */
export async function verifyDocumentSignature(
  document: Uint8Array,
  signature: string | undefined,
  signedBy: string | readonly string[],
): Promise<DocumentSignatureState> {
  return new DocumentSignatureVerifier(signedBy).verify(document, signature);
}

/** Decodes one signature, or two on a line each. Undefined if the text is anything else. */
function decodeSignatures(text: string): readonly Uint8Array[] | undefined {
  if (text.length > maximumSignatures * maximumSignatureLength) return undefined;
  const lines = text.split(/\r?\n/);
  if (lines.length > maximumSignatures || lines.some((line) => line.length > maximumSignatureLength)) return undefined;
  const signatures = lines.flatMap((line) => {
    const decoding = decodeBase64(line);
    return decoding.ok ? [decoding.bytes] : [];
  });
  // If a tool broke one signature into two lines, the verdict should be "malformed", and not "wrong".
  const isWhole = lines.length === 1 || signatures.every(isSignatureShaped);
  return signatures.length === lines.length && isWhole ? signatures : undefined;
}

/**
 * Whether the bytes have the form of a signature: 64 bytes for Ed25519, or a DER SEQUENCE of the right length for
 * ECDSA.
 */
function isSignatureShaped(bytes: Uint8Array): boolean {
  return bytes.length === 64 || (bytes[0] === 0x30 && bytes[1] === bytes.length - 2);
}

function nameKey(key: KeyObject): string {
  const spki = key.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(spki).digest('hex').slice(0, 16).toUpperCase();
}

function verifyInBackground(
  document: Uint8Array,
  signature: Uint8Array,
  key: KeyObject,
  hash: string | undefined,
): Promise<boolean> {
  return new Promise((resolve) => {
    try {
      verify(hash, document, { key, dsaEncoding: 'der' }, signature, (error, isValid) => {
        resolve(error === null && isValid);
      });
    } catch {
      resolve(false);
    }
  });
}

function readVerificationKey(pem: unknown): SignerKey {
  if (typeof pem !== 'string' || pem.trim() === '') {
    throw invalidArgument(`${usage}; one of them is ${pem === '' ? 'empty' : `of type ${typeof pem}`}.`);
  }
  // The form is checked here, because createPublicKey also accepts private keys and certificates, and takes the first
  // of several blocks.
  const labels = [...pem.matchAll(/-----BEGIN ([^-]*)-----/g)].map(([, label]) => label ?? '');
  const [label] = labels;
  if (label?.includes('PRIVATE KEY') === true) {
    throw invalidArgument(`${usage}; one of them is a private key. It must not be where the app is: replace it.`);
  }
  if (label === 'CERTIFICATE') {
    throw invalidArgument(`${usage}; one of them is a certificate. Take its key: openssl x509 -in … -noout -pubkey`);
  }
  if (label !== 'PUBLIC KEY' || labels.length !== 1) {
    throw invalidArgument(`${usage}; one of them is not exactly one block of that kind.`);
  }
  return classifyKey(parsePublicKey(pem));
}

function parsePublicKey(pem: string): KeyObject {
  try {
    return createPublicKey({ key: pem, format: 'pem' });
  } catch {
    throw invalidArgument(`${usage}; one of them can't be read.`);
  }
}

function classifyKey(key: KeyObject): SignerKey {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  if (type === 'ed25519') return { key, hash: undefined };
  if (type === 'ec' && details?.namedCurve === 'prime256v1') return { key, hash: 'sha256' };
  if (type === 'ec' && details?.namedCurve === 'secp384r1') return { key, hash: 'sha384' };
  const kind = type === 'ec' ? `EC ${details?.namedCurve ?? 'of an unnamed curve'}` : (type ?? 'unknown');
  throw invalidArgument(`${usage}; one of them is ${kind.toUpperCase()}.`);
}

/**
 * Reads a source whose document must be signed, and does not parse the document. Document and signature are mostly two
 * files, and a writer may have replaced only one of them yet. So a pair that doesn't fit is read once more, a moment
 * later.
 *
 * Each pair that doesn't fit is added to `refusals` at once, since the second read may never end.
 *
 * @throws {TrustDocumentRefusal} (as a rejection) if none of the keys signed the document. Also rejects with what the
 * source throws.
 */
export async function readSigned(
  source: TrustSource,
  verifier: DocumentSignatureVerifier,
  { lastVersion, signal }: Omit<TrustReadRequest, 'withSignature'>,
  pauseMilliseconds: number,
  refusals: TrustDocumentRefusal[],
): Promise<TrustSourceReading> {
  let refusal = new TrustDocumentRefusal(describeVerdict('absent', describePlace(source)));
  for (const delay of [0, pauseMilliseconds]) {
    if (delay > 0) await pause(delay, signal);
    const reading = await source.read({ lastVersion, signal, withSignature: true });
    if (!reading.changed) return reading;
    const verdict = await verifier.verify(reading.bytes, reading.signature);
    if (verdict === 'fits') return reading;
    refusal = new TrustDocumentRefusal(describeVerdict(verdict, describePlace(source)));
    refusals.push(refusal);
  }
  throw refusal;
}

function describePlace({ signatureDescription }: TrustSource): string {
  return signatureDescription ?? 'beside the document';
}

function describeVerdict(verdict: Exclude<DocumentSignatureState, 'fits'>, place: string): string {
  switch (verdict) {
    case 'malformed':
      return `the document's signature (${place}) is not base64 in one line, or in two lines with one signature each; sign it again`;
    case 'wrong':
      return `the document's signature (${place}) was not made over these bytes with a key of signedBy; the document was changed since, or signed with a rotated key that signedBy lacks`;
    case 'absent':
      return `the document is not signed, but signedBy requires a signature; it is looked for in ${place}`;
  }
}
