// signing/: the keys that sign trust documents: in a PEM file, or in Azure Key Vault.

import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { promisify } from 'node:util';
import type { PasswordSource } from '../../../certificates/password.js';
import { readPrivateKeyFile } from '../../../certificates/read-private-key.js';
import { ToolFailure } from '#local/tool-failure.js';

/** A private key of a kind whose public half `signedBy` accepts: Ed25519, EC P-256 or P-384. */
export interface SigningKey {
  /** The key's name for people: its file, or its identifier in Key Vault with the version. */
  readonly name: string;
  /** The public key: SubjectPublicKeyInfo in PEM, the form that `signedBy` accepts. */
  readonly publicKey: string;
  /**
   * Returns the detached signature over a document's exact bytes: base64, one line. ECDSA signatures are in DER, as
   * openssl makes them, with SHA-256 for P-256 and SHA-384 for P-384.
   */
  sign(document: Uint8Array): Promise<string>;
}

const withoutKey =
  'Pass the private key that signs documents, not its public key. To make one: openssl genpkey -algorithm ed25519 -out signing.key.pem';

/**
 * Reads a private key in PEM, which may be encrypted. `passwordRemedy` explains how to give the password.
 *
 * @throws {ToolFailure} if the key is of another kind, if the password is missing or wrong, or if the file contains no
 * private key that can be read.
 */
export async function readSigningKey(
  path: string,
  password?: PasswordSource,
  passwordRemedy?: string,
): Promise<SigningKey> {
  return createSigningKey(createPrivateKey(await readPem(path, password, passwordRemedy)), path);
}

/** @throws {ToolFailure} if the private key is of another kind. */
export function createSigningKey(key: KeyObject, name: string): SigningKey {
  const digest = getDigest(key, name);
  return {
    name,
    publicKey: createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString(),
    sign: async (document) => (await signBytes(digest, document, { key, dsaEncoding: 'der' })).toString('base64'),
  };
}

const signBytes = promisify<string | undefined, Uint8Array, { key: KeyObject; dsaEncoding: 'der' }, Buffer>(sign);

/** The digest to sign with; undefined if the algorithm has its own (Ed25519). */
function getDigest(key: KeyObject, name: string): string | undefined {
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (key.asymmetricKeyType === 'ed25519') return undefined;
  if (key.asymmetricKeyType === 'ec' && curve === 'prime256v1') return 'sha256';
  if (key.asymmetricKeyType === 'ec' && curve === 'secp384r1') return 'sha384';
  throw new ToolFailure(
    `${name} contains a key of a type (${key.asymmetricKeyType ?? 'unknown'}) that can't sign documents.`,
    {
      remedy: 'Use Ed25519, EC P-256 or P-384: openssl genpkey -algorithm ed25519 -out signing.key.pem',
    },
  );
}

async function readPem(path: string, password?: PasswordSource, passwordRemedy?: string): Promise<string> {
  try {
    return await readPrivateKeyFile(path, password, withoutKey);
  } catch (fault) {
    const isPassword = fault instanceof ToolFailure && fault.remedy?.includes('--password-file') === true;
    if (!isPassword || passwordRemedy === undefined) throw fault;
    throw new ToolFailure(fault.message, { remedy: passwordRemedy, cause: fault });
  }
}
