import type { RevocationMode, RevocationScope } from '@certgate/core/internal';
import { type FolderFlags, folderOption } from '../../authority/authority-options.js';
import { atOption } from '../../command-line/option-values.js';
import { jsonOption, type Options } from '../../command-line/verb.js';
import { type PasswordFlags, passwordOptions } from '../password-options.js';

export interface VerifyFlags extends FolderFlags, PasswordFlags {
  readonly authority: readonly string[];
  readonly store?: string;
  readonly intermediate?: readonly string[];
  readonly crl?: readonly string[];
  readonly revocation?: RevocationMode;
  readonly scope?: RevocationScope;
  readonly at?: number;
}

/** Options that cannot be combined with `--store`, because the document decides them, or an app has no such choice. */
const statedByDocument = ['intermediate', 'crl', 'revocation', 'scope', 'folder'];

export const verifyOptions: Options = {
  '--authority <file|name>': [
    'the authority to trust: a file, each certificate of which is a trust anchor; the name of your own authority (certgate authority create); or with --store its name in the document (repeatable)',
    { isRequired: true },
  ],
  '--store <location>': [
    'use an authority of this trust document as an app does, with the lists that it names and its OCSP responder: a path, blob:https://… or https://…',
    { conflicts: statedByDocument },
  ],
  '--intermediate <file>': 'CA certificates that may be on the path, also a bundle (repeatable)',
  '--crl <file>': 'a revocation list, DER or PEM (repeatable)',
  '--revocation <mode>': [
    'required: refuse certificates whose revocation status is unknown (the default with lists; otherwise off)',
    { choices: ['required', 'when-available', 'off'] },
  ],
  '--scope <scope>': [
    'which certificates to check for revocation (default: chain)',
    { choices: ['chain', 'end-entity'] },
  ],
  ...atOption,
  ...jsonOption,
  ...passwordOptions,
  ...folderOption,
};
