import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { verifyDocumentSignature } from '@certgate/core/tools';
import type { PasswordSource } from '../certificates/password.js';
import { readPrivateKeyFile } from '../certificates/read-private-key.js';
import { CommandFailure } from '../command-line/command-failure.js';
import type { LoadedTrustDocument } from './load-trust-document.js';
import { splitSignatures } from './location/trust-location.js';

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
    `${path} contains a key of a type (${key.asymmetricKeyType ?? 'unknown'}) that can't sign documents.`,
    {
      remedy: 'Use Ed25519, EC P-256 or P-384: openssl genpkey -algorithm ed25519 -out signing.key.pem',
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

/** Who may have signed what is there: by default who signs now. PEM. */
interface Signers {
  readonly signingKey: SigningKey;
  readonly signedBy?: readonly string[] | undefined;
}

/**
 * Who signs a change vouches for the whole document, and sees the change alone. So what it is made on must be signed
 * already: else somebody who can write the storage could add an identity, and the next change would sign it too.
 *
 * Returns the signature that fits. @throws {CommandFailure} when none does.
 */
export async function expectOwnSignature(
  { bytes, signature }: LoadedTrustDocument,
  { signingKey, signedBy }: Signers,
): Promise<string> {
  const keys = signedBy ?? [createPublicKey(signingKey.key).export({ type: 'spki', format: 'pem' }).toString()];
  for (const each of splitSignatures(signature)) {
    if ((await verify(bytes, each, keys)) === 'fits') return each;
  }
  throw new CommandFailure(
    signature === undefined
      ? 'The document is not signed, so your signature would vouch for everything else in it too. Nothing was written.'
      : `The document's signature does not match ${signedBy === undefined ? 'this key' : 'these keys'}: the document was changed by something other than this tool, or signed with another key. Nothing was written.`,
    {
      remedy: `Look at it (certgate trust log, certgate trust list), then sign it as it is: certgate trust sign.${signature === undefined ? '' : ' If another key of yours signed it, pass that key with --signed-by.'}`,
    },
  );
}

async function verify(
  document: Uint8Array,
  signature: string,
  keys: readonly string[],
): ReturnType<typeof verifyDocumentSignature> {
  try {
    return await verifyDocumentSignature(document, signature, keys);
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new CommandFailure(`--signed-by can't be used: ${cause.message}`, { cause });
  }
}
