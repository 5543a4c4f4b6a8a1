import { userInfo } from 'node:os';
import { decodeText, readBoundedFile } from '../../../certificates/read-bounded-file.js';
import { ToolFailure } from '#local/tool-failure.js';
import { expectWritable } from '../../../trust/administration/open-trust-location.js';
import type { SigningKey } from '../../../trust/administration/signing/signing-key.js';
import type { ChangeRequest } from '../../../trust/administration/update-trust-document.js';
import type { ChangeFlags } from './store-options.js';

/**
 * Turns the flags of `changeOptions` into what `updateTrustDocument` takes. It opens the signing key, so it may ask for
 * a password, or call Key Vault. Before that, it throws ToolFailure if the place is a URL, which can't be written.
 */
export async function readChange(verb: string, flags: ChangeFlags): Promise<ChangeRequest> {
  expectWritable(flags.store);
  const signingKey = await findSigningKey(flags);
  const signedBy = await readSigners(flags);
  return {
    verb,
    by: checkText(flags.by ?? findUser(), '--by'),
    reason: checkText(flags.reason ?? '(no reason given)', '--reason'),
    ...(signingKey === undefined ? {} : { signingKey }),
    ...(signedBy === undefined ? {} : { signedBy }),
    unsigned: flags.unsigned ?? false,
    dryRun: flags.dryRun ?? false,
  };
}

async function readSigners({ signedBy, signingKey, keyVaultKey }: ChangeFlags): Promise<readonly string[] | undefined> {
  if (signedBy === undefined) return undefined;
  if (signingKey === undefined && keyVaultKey === undefined) {
    throw new ToolFailure('--signed-by requires --signing-key or --key-vault-key.');
  }
  return Promise.all(signedBy.map(async (file) => decodeText(await readBoundedFile(file))));
}

async function findSigningKey({
  signingKey,
  signingKeyPasswordFile,
  keyVaultKey,
}: ChangeFlags): Promise<SigningKey | undefined> {
  if (keyVaultKey !== undefined) {
    const { openKeyVaultKey } = await import('../../../trust/administration/signing/key-vault-key.js');
    return openKeyVaultKey(keyVaultKey);
  }
  if (signingKey === undefined) return undefined;
  const { findPasswordSource } = await import('../../certificate/find-password.js');
  const { readSigningKey } = await import('../../../trust/administration/signing/signing-key.js');
  const password = await findPasswordSource({ passwordFile: signingKeyPasswordFile }, signingKey);
  return readSigningKey(signingKey, password, 'Pass its password with --signing-key-password-file.');
}

function checkText(text: string, option: string): string {
  const trimmed = text.trim();
  if (trimmed === '') throw new ToolFailure(`${option} is empty.`);
  if (Array.from(trimmed).length > 256) throw new ToolFailure(`${option} has more than 256 characters.`);
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(trimmed)) throw new ToolFailure(`${option} has more than one line.`);
  return trimmed;
}

/**
 * The name of the user who makes the change: of the person whom the pipeline names, or of this machine's user. Nobody
 * verifies it; the storage's own log is more reliable.
 */
function findUser(): string {
  const { env } = process;
  if (env['GITHUB_ACTIONS'] === 'true' && isSaid(env['GITHUB_ACTOR'])) return env['GITHUB_ACTOR'];
  if (isSaid(env['TF_BUILD']) && isSaid(env['BUILD_REQUESTEDFOR'])) return env['BUILD_REQUESTEDFOR'];
  try {
    return userInfo().username;
  } catch (cause) {
    // The user of a container may have no name.
    throw new ToolFailure('The name of the user who makes this change is unknown.', {
      remedy: 'Pass it with --by.',
      cause,
    });
  }
}

function isSaid(value: string | undefined): value is string {
  return value !== undefined && value.trim() !== '';
}
