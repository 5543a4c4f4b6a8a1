import { anyAudience, CertgateError, type DocumentAdmissionOptions } from '@certgate/core/internal';
import { decodeText, readBoundedFile } from '../../../certificates/read-bounded-file.js';
import { ToolFailure } from '../../../faults/tool-failure.js';
import type { GateFlags } from './store-options.js';

/** @throws {ToolFailure} for a file that can't be read. What is in it is the verifier's to judge. */
export async function readSigners({ signedBy }: Pick<GateFlags, 'signedBy'>): Promise<readonly string[] | undefined> {
  return signedBy && Promise.all(signedBy.map(readKey));
}

/** For `admitDocument`. What the command line leaves out is not compared; `listUnverified` says what that leaves open. */
export async function readAdmissionOptions(flags: GateFlags): Promise<DocumentAdmissionOptions> {
  const signedBy = await readSigners(flags);
  const { audience = anyAudience, minimumRevision } = flags;
  return {
    audience,
    ...(signedBy === undefined ? {} : { signedBy }),
    ...(minimumRevision === undefined ? {} : { minimumRevision }),
  };
}

/** Rewrites a key's fault as one of the command line. */
export function explainKeyFault(fault: unknown): unknown {
  if (!(fault instanceof CertgateError) || fault.code !== 'CERTGATE_ARGUMENT_INVALID') return fault;
  return new ToolFailure(`--signed-by can't be used: ${fault.message}`, {
    remedy: 'To get the public key of a private key: openssl pkey -in private.pem -pubout',
    cause: fault,
  });
}

async function readKey(text: string): Promise<string> {
  return text.trimStart().startsWith('-----BEGIN') ? text : decodeText(await readBoundedFile(text));
}
