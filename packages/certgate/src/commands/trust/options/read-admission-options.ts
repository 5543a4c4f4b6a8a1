import {
  admitDocument,
  anyAudience,
  CertgateError,
  type DocumentAdmission,
  type DocumentSignatureState,
  verifyDocumentSignature,
} from '@certgate/core/internal';
import { decodeText, readBoundedFile } from '../../../certificates/read-bounded-file.js';
import { ToolFailure } from '#local/tool-failure.js';
import type { StoredDocument } from '../../../trust/administration/location/trust-location.js';
import type { GateFlags } from './store-options.js';

type BytesToVerify = Pick<StoredDocument, 'bytes' | 'signature'>;

/**
 * Decides whether an app accepts the document, as the app's store does at its start. What the command line leaves out
 * is not compared; `listUnverified` says what that leaves open.
 *
 * @throws {ToolFailure} if a key can't be used.
 */
export async function admitByOptions(
  { bytes, signature }: BytesToVerify,
  flags: GateFlags,
): Promise<DocumentAdmission> {
  const { audience = anyAudience, minimumRevision } = flags;
  return withSigners(flags, (signedBy) =>
    admitDocument(
      { bytes, signature },
      { audience, ...(signedBy && { signedBy }), ...(minimumRevision === undefined ? {} : { minimumRevision }) },
    ),
  );
}

/**
 * Verifies the signature with the keys of `--signed-by`. Undefined if there are none. @throws {ToolFailure} if a key
 * can't be used.
 */
export async function verifyBySigners(
  { bytes, signature }: BytesToVerify,
  flags: GateFlags,
): Promise<DocumentSignatureState | undefined> {
  return withSigners(flags, async (keys) => keys && verifyDocumentSignature(bytes, signature, keys));
}

/**
 * Reads the keys from their files. The verifier decides whether a key can be used. If it can't, that is a mistake on
 * the command line.
 */
async function withSigners<Result>(
  { signedBy }: GateFlags,
  verify: (keys: readonly string[] | undefined) => Promise<Result>,
): Promise<Result> {
  const keys = signedBy && (await Promise.all(signedBy.map(readKey)));
  try {
    return await verify(keys);
  } catch (fault) {
    if (!(fault instanceof CertgateError) || fault.code !== 'CERTGATE_ARGUMENT_INVALID') throw fault;
    throw new ToolFailure(`--signed-by can't be used: ${fault.message}`, {
      remedy: 'To get the public key of a private key: openssl pkey -in private.pem -pubout',
      cause: fault,
    });
  }
}

async function readKey(text: string): Promise<string> {
  return text.trimStart().startsWith('-----BEGIN') ? text : decodeText(await readBoundedFile(text));
}
