import { createPublicKey } from 'node:crypto';
import { verifyDocumentSignature } from '@certgate/core';
import { CommandFailure } from '../command-line/command-failure.js';
import type { LoadedTrustDocument } from './load-trust-document.js';
import type { SigningKey } from './signing-key.js';

/** Who may have signed what is there: by default who signs now. PEM. */
export interface Signers {
  readonly signingKey: SigningKey;
  readonly signedBy?: readonly string[] | undefined;
}

/**
 * Who signs a change vouches for the whole document, and sees the change alone. So what it is made on must be signed
 * already: else whoever can write the storage would put himself in, and wait for the next honest change to be signed.
 *
 * The signature may also be that of the very document that is to be written: its writer was stopped between the two files.
 *
 * @throws {CommandFailure} when nothing of that is so.
 */
export async function expectOwnSignature(
  { bytes, signature }: LoadedTrustDocument,
  prepared: Uint8Array,
  { signingKey, signedBy }: Signers,
): Promise<void> {
  const keys = signedBy ?? [createPublicKey(signingKey.key).export({ type: 'spki', format: 'pem' }).toString()];
  for (const document of [bytes, prepared]) {
    if ((await verify(document, signature, keys)) === 'fits') return;
  }
  throw new CommandFailure(
    signature === undefined
      ? 'The document is not signed, so this change would make you vouch for all else that it says. Nothing was written.'
      : `The document's signature is not of ${signedBy === undefined ? 'this key' : 'these keys'}: it was changed by something other than this tool, or signed with another key. Nothing was written.`,
    {
      remedy: `Look at it (certgate trust log, certgate trust list), then vouch for it as it is: certgate trust sign.${signature === undefined ? '' : ' If another key of yours signed it, name that one by --signed-by.'}`,
    },
  );
}

async function verify(
  document: Uint8Array,
  signature: string | undefined,
  keys: readonly string[],
): ReturnType<typeof verifyDocumentSignature> {
  try {
    return await verifyDocumentSignature(document, signature, keys);
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    throw new CommandFailure(`--signed-by can't be used: ${cause.message}`, { cause });
  }
}
