import type { RevocationMode, RevocationScope, ValidationProfile } from '@certgate/core/internal';
import { InvalidArgumentError } from 'commander';
import { extendedKeyUsageNames } from '../../../certificates/structure/certificate-choices.js';
import { ToolFailure } from '../../../faults/tool-failure.js';
import { type FolderFlags, folderOption } from '../../authority/authority-options.js';
import { atOption } from '../../command-line/option-values.js';
import { jsonOption, type Options } from '../../command-line/verb.js';
import { type PasswordFlags, passwordOptions } from '../password-options.js';

export interface VerifyFlags extends FolderFlags, PasswordFlags {
  readonly authority: readonly string[];
  readonly store?: string;
  readonly intermediate?: readonly string[];
  readonly crl?: readonly string[];
  readonly ocspResponse?: readonly string[];
  readonly revocation?: RevocationMode;
  readonly scope?: RevocationScope;
  readonly at?: number;
  readonly profile?: ValidationProfile;
  /** The name of an extended key usage, or an object identifier; `any`: not asked. */
  readonly purpose?: string;
  readonly policy?: readonly string[];
  readonly requirePolicy?: boolean;
  readonly maxIntermediates?: number;
}

/** What the document says itself, or what an app never asks otherwise. */
const saidByDocument = [
  ...['intermediate', 'crl', 'ocspResponse', 'revocation', 'scope', 'folder'],
  ...['profile', 'purpose', 'policy', 'requirePolicy', 'maxIntermediates'],
];

export const verifyOptions: Options = {
  '--authority <file|name>': [
    'the authority to trust: a file, each certificate of which is a trust anchor; the name of your own authority (certgate authority create); or with --store its name in the document (repeatable)',
    { isRequired: true },
  ],
  '--store <location>': [
    'use an authority of this trust document as an app does, with the lists that it names and its OCSP responder: a path, blob:https://… or https://…',
    { conflicts: saidByDocument },
  ],
  '--intermediate <file>': 'CA certificates that may be on the path, also a bundle (repeatable)',
  '--crl <file>': 'a revocation list, DER or PEM (repeatable)',
  '--ocsp-response <file>': 'an OCSP answer in DER; no responder is asked (repeatable)',
  '--revocation <mode>': [
    'required: refuse certificates whose revocation status is unknown (the default with lists or answers; otherwise off)',
    { choices: ['required', 'when-available', 'off'] },
  ],
  '--scope <scope>': [
    'which certificates to check for revocation (default: chain)',
    { choices: ['chain', 'end-entity'] },
  ],
  ...atOption,
  '--profile <profile>': [
    'strict, as in apps, or only what the standard requires (default: strict)',
    { choices: ['strict', 'rfc5280'] },
  ],
  '--purpose <usage>': [
    `${extendedKeyUsageNames.join(', ')}, any, or an object identifier (default: clientAuth; any in rfc5280)`,
    parsePurpose,
  ],
  '--policy <oid>': ['a certificate policy that is acceptable (repeatable; default: any)', collectPolicy],
  '--require-policy': 'require one of these policies; without this option, a path without policies is valid too',
  '--max-intermediates <number>': ['the maximum number of intermediate CA certificates (default: 10)', parseCount],
  ...jsonOption,
  ...passwordOptions,
  ...folderOption,
};

const objectIdentifier = /^[0-2](?:\.(?:0|[1-9]\d{0,38})){1,40}$/;

function parsePurpose(text: string): string {
  if (text === 'any' || objectIdentifier.test(text)) return text;
  const known: readonly string[] = extendedKeyUsageNames;
  if (known.includes(text)) return text;
  throw new InvalidArgumentError(`It must be one of ${known.join(', ')}, any, or an object identifier.`);
}

function collectPolicy(text: string, previous: readonly string[] = []): readonly string[] {
  if (objectIdentifier.test(text)) return [...previous, text];
  throw new InvalidArgumentError('It must be an object identifier, like 1.3.6.1.4.1.99999.1.');
}

function parseCount(text: string): number {
  const count = Number(text);
  if (/^\d{1,3}$/.test(text) && count <= 100) return count;
  throw new InvalidArgumentError('It must be a whole number from 0 to 100.');
}

/** Anything would be acceptable: whoever says --require-policy alone wants to be asked which. */
export function refuseIdlePolicyFlag({ policy, requirePolicy }: VerifyFlags): void {
  if (requirePolicy !== true || policy !== undefined) return;
  throw new ToolFailure('--require-policy requires acceptable policies.', {
    remedy: 'Pass them with --policy; 2.5.29.32.0 is any policy.',
  });
}
