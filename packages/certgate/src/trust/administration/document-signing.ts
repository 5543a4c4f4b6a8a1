import { CertgateError, verifyDocumentSignature } from '@certgate/core/internal';
import { formatToolCall, formatTrustCall, formatTrustChange } from '../../texts/tool-call.js';
import { ToolFailure } from '#local/tool-failure.js';
import type { LoadedTrustDocument } from './load-trust-document.js';
import { splitSignatures } from './location/trust-location.js';
import type { SigningKey } from './signing/signing-key.js';

/**
 * The keys whose signature on the stored document is accepted: those of `signedBy`, or that of `signingKey` if
 * `signedBy` is undefined.
 */
interface Signers {
  readonly signingKey: SigningKey;
  readonly signedBy?: readonly string[] | undefined;
}

/**
 * Checks that the stored document is signed already. A person who signs a change vouches for the whole document, but
 * reviews only the change. Without this check, somebody who can write to the storage could add an identity, and the
 * next change would sign it too.
 *
 * Returns the signature that fits.
 *
 * @throws {ToolFailure} if no signature fits, or if `signedBy` can't be used.
 */
export async function expectOwnSignature(
  { bytes, signature }: LoadedTrustDocument,
  { signingKey, signedBy }: Signers,
): Promise<string> {
  const fitting = await findSignature({ bytes, signature }, { signingKey, signedBy });
  if (fitting !== undefined) return fitting;
  throw new ToolFailure(
    signature === undefined
      ? 'The document is not signed, so your signature would vouch for everything else in it too. Nothing was written.'
      : `The document's signature does not match ${signedBy === undefined ? 'this key' : 'these keys'}: the document was changed by something other than this tool, or signed with another key. Nothing was written.`,
    {
      remedy: [
        `See who changed it: ${formatTrustCall('log')}`,
        `Look at it: ${formatTrustCall('list')}`,
        `Then sign it as it is: ${formatTrustChange('sign', [], ['--signing-key', 'KEY_FILE'])}`,
        ...(signature === undefined
          ? []
          : [
              'If another key of yours signed it, or another version of the key in Key Vault, pass the public key of that one with --signed-by.',
            ]),
      ].join('\n'),
    },
  );
}

/**
 * Makes the same check of an earlier document that is about to be signed again.
 *
 * @throws {ToolFailure} if no accepted key signed it, or if `signedBy` can't be used.
 */
export async function expectSignature(
  earlier: LoadedTrustDocument,
  description: string,
  signers: Signers,
): Promise<void> {
  if ((await findSignature(earlier, signers)) !== undefined) return;
  throw new ToolFailure(
    earlier.signature === undefined
      ? `${description} is not signed, so your signature would vouch for everything in it. Nothing was written.`
      : `The signature of ${description} does not match ${signers.signedBy === undefined ? 'this key' : 'these keys'}. Nothing was written.`,
    {
      remedy: `Put its signature into a file of the same name with .sig behind it, or pass the key that signed it with --signed-by. Or look at it, then sign it: ${formatToolCall(['trust', 'sign', '--signing-key', 'KEY_FILE', '--reason', 'REASON', '--store', 'EARLIER_DOCUMENT'])}`,
    },
  );
}

/** Finds the signature that one of the signers made over these bytes; undefined if there is none. */
async function findSignature(
  { bytes, signature }: Pick<LoadedTrustDocument, 'bytes' | 'signature'>,
  { signingKey, signedBy }: Signers,
): Promise<string | undefined> {
  const keys = signedBy ?? [signingKey.publicKey];
  for (const each of splitSignatures(signature)) {
    if ((await verify(bytes, each, keys)) === 'fits') return each;
  }
  return undefined;
}

async function verify(
  document: Uint8Array,
  signature: string,
  keys: readonly string[],
): ReturnType<typeof verifyDocumentSignature> {
  try {
    return await verifyDocumentSignature(document, signature, keys);
  } catch (cause) {
    if (!(cause instanceof CertgateError) || cause.code !== 'CERTGATE_ARGUMENT_INVALID') throw cause;
    throw new ToolFailure(`--signed-by can't be used: ${cause.message}`, { cause });
  }
}
