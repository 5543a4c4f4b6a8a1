import { createPrivateKey, sign, type KeyObject } from 'node:crypto';
import { CommandFailure } from '../command-line/command-failure.js';
import type { PasswordSource } from '../certificates/open-with-password.js';
import { readPrivateKeyFile } from '../certificates/read-private-key.js';

/** A private key of a kind that `signedBy` takes the public half of. */
export interface SigningKey {
  readonly key: KeyObject;
  /** Undefined where the algorithm brings its own (Ed25519). */
  readonly digest: 'sha256' | 'sha384' | undefined;
}

/**
 * PEM, also encrypted; `passwordRemedy` says how the password is given. @throws {CommandFailure} for any other kind of key,
 * a wrong password, or no key.
 */
export async function readSigningKey(
  path: string,
  password?: PasswordSource,
  passwordRemedy?: string,
): Promise<SigningKey> {
  const key = createPrivateKey(await readPem(path, password, passwordRemedy));
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (key.asymmetricKeyType === 'ed25519') return { key, digest: undefined };
  if (key.asymmetricKeyType === 'ec' && curve === 'prime256v1') return { key, digest: 'sha256' };
  if (key.asymmetricKeyType === 'ec' && curve === 'secp384r1') return { key, digest: 'sha384' };
  throw new CommandFailure(
    `${path} holds a key (${key.asymmetricKeyType ?? 'unknown'}) that documents aren't signed by.`,
    {
      remedy: 'Ed25519, EC P-256 and P-384 are: openssl genpkey -algorithm ed25519 -out signing.key.pem',
    },
  );
}

async function readPem(path: string, password?: PasswordSource, passwordRemedy?: string): Promise<string> {
  try {
    return await readPrivateKeyFile(path, password);
  } catch (fault) {
    const isPassword = fault instanceof CommandFailure && fault.remedy?.includes('--password-file') === true;
    if (!isPassword || passwordRemedy === undefined) throw fault;
    throw new CommandFailure(fault.message, { remedy: passwordRemedy, cause: fault });
  }
}

/** The detached signature of a document: base64, one line. EC signatures are in DER, as openssl makes them. */
export function signDocument(bytes: Uint8Array, { key, digest }: SigningKey): string {
  return sign(digest ?? null, bytes, { key, dsaEncoding: 'der' }).toString('base64');
}
