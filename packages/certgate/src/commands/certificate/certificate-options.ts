import { InvalidArgumentError } from 'commander';
import type { KeyAlgorithm } from '../../certificates/structure/key-pair.js';
import type { AlternativeNames } from '../../certificates/structure/subject-alternative-name.js';
import { maximumDays } from '../../certificates/structure/certificate-choices.js';
import { ToolFailure } from '#local/tool-failure.js';
import { jsonOption, type Options } from '../command-line/verb.js';
import { passwordOptions, type PasswordFlags } from './password-options.js';

/**
 * The flags that `certificate create` and `certificate issue` share: the certificate's names, its key, and the files
 * that are written.
 */
export interface CertificateFlags extends PasswordFlags, AlternativeNames {
  readonly rsa?: '2048' | '3072' | '4096';
  readonly out: string;
  readonly pfx: boolean;
  readonly pem?: boolean;
  readonly compatible?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
}

export const certificateOptions: Options = {
  '--dns <name>': 'a DNS name of the certificate (repeatable)',
  '--uri <uri>': 'a URI of the certificate, e.g. a SPIFFE ID (repeatable)',
  '--email <mailbox>': 'a mailbox of the certificate (repeatable)',
  '--rsa [bits]': [
    "an RSA key, for callers that don't support EC P-256",
    { choices: ['2048', '3072', '4096'], preset: '3072' },
  ],
  '--out <folder>': ['the folder for the files', { default: '.' }],
  '--no-pfx': 'no PFX, so no password; requires --pem',
  '--pem': 'also write <name>.key.pem: the private key, NOT encrypted',
  '--compatible': 'a PFX with 3DES and SHA-1, for Windows before 10 and the macOS Keychain',
  '--force': 'replace existing files',
  ...jsonOption,
  ...passwordOptions,
};

export function getKeyAlgorithm({ rsa }: CertificateFlags): KeyAlgorithm {
  return rsa === undefined ? 'ec-p256' : `rsa-${rsa}`;
}

/**
 * Throws ToolFailure if there is no PFX, and the key would be lost, or a password or an encryption would be used for
 * nothing.
 */
export function checkFileFlags({ pfx, pem, passwordFile, passwordStdin, compatible }: CertificateFlags): void {
  if (pfx) return;
  if (pem !== true) {
    throw new ToolFailure('Without a PFX and without --pem, the private key would be lost.', {
      remedy: 'Add --pem, or omit --no-pfx.',
    });
  }
  if (passwordFile !== undefined || passwordStdin === true || compatible === true) {
    const option =
      passwordFile !== undefined ? '--password-file' : passwordStdin === true ? '--password-stdin' : '--compatible';
    throw new ToolFailure(
      `${option} applies to the PFX, and with --no-pfx there is none: the key of --pem is not encrypted.`,
      {
        remedy: 'Use only one of them.',
      },
    );
  }
}

export function parseDays(text: string): number {
  const days = Number(text);
  if (!/^\d{1,4}$/.test(text) || days < 1 || days > maximumDays) {
    throw new InvalidArgumentError(`It must be a whole number from 1 to ${maximumDays}.`);
  }
  return days;
}
