import { InvalidArgumentError } from 'commander';
import { trustVariable } from '../../../trust/administration/location/trust-location.js';
import { type HelpSections } from '../../command-line/help.js';
import { type Options } from '../../command-line/verb.js';

export interface StoreFlags {
  readonly store: string;
  readonly json?: boolean;
}

const storeWords =
  'where the trust document is: a path, file:PATH, https://… (read-only), or a blob: blob:https://….blob.core.windows.net/CONTAINER/NAME';

/**
 * The option for the place of the document. There is no option for the storage's key or token: see
 * trust-administration.md.
 */
export const storeOption: Options = { '--store <location>': [storeWords, { env: trustVariable, isRequired: true }] };

/** The option of a verb that reads several documents. */
export const storesOption: Options = {
  '--store <location>': [`${storeWords} (repeatable)`, { env: trustVariable, isRequired: true }],
};

/** The options of an app's trust store that decide which documents the app accepts. */
export interface GateFlags {
  readonly signedBy?: readonly string[];
  readonly audience?: string | undefined;
  readonly minimumRevision?: number | undefined;
}

export const gateOptions: Options = {
  '--signed-by <key>':
    "the app's option `signedBy`: a public key in PEM, or its file (repeatable: one of these must have signed)",
  '--audience <app>': "the app's option `audience`: a name that the document's audience must contain",
  '--minimum-revision <number>': ["the app's option `minimumRevision`", parseRevision],
};

export function parseRevision(text: string): number {
  const revision = Number(text);
  if (/^\d{1,16}$/.test(text) && Number.isSafeInteger(revision)) return revision;
  throw new InvalidArgumentError('It must be a whole number from 0.');
}

export interface LatencyFlags {
  readonly refreshInterval: number;
  readonly readTimeout: number;
}

export interface ChangeFlags extends StoreFlags, LatencyFlags {
  readonly reason?: string;
  readonly by?: string;
  readonly signingKey?: string;
  readonly signingKeyPasswordFile?: string;
  readonly keyVaultKey?: string;
  readonly signedBy?: readonly string[];
  readonly unsigned?: boolean;
  readonly dryRun?: boolean;
}

const reasonOption = '--reason <text>';
const reasonWords = 'why the document is changed, for the log of changes';

const keyOptions: Options = {
  ...storeOption,
  [reasonOption]: [reasonWords, { isRequired: true }],
  '--by <name>': [
    'who changes it, for the log of changes (default: this user, or who started the pipeline)',
    { env: 'CERTGATE_BY' },
  ],
  '--signing-key <file>': 'the private key in PEM that signs the document (Ed25519, EC P-256 or P-384)',
  '--signing-key-password-file <file>': 'a file that contains only the password of the signing key',
  '--key-vault-key <url>': [
    'sign with this key in Azure Key Vault (EC P-256 or P-384) instead: https://VAULT.vault.azure.net/keys/NAME, or with /VERSION',
    { conflicts: ['signingKey', 'signingKeyPasswordFile'] },
  ],
};

const reportOptions: Options = {
  // The tool doesn't know the apps' own settings, but it knows their defaults.
  '--refresh-interval <seconds>': [
    'the `refreshIntervalSeconds` of the apps, to say when the change takes effect',
    { parse: parseSeconds, default: 30 },
  ],
  '--read-timeout <seconds>': [
    'the `readTimeoutSeconds` of the apps, to say when the change takes effect',
    { parse: parseSeconds, default: 10 },
  ],
  '--dry-run': 'print what would change, and write nothing',
  '--json': 'print one JSON object',
};

/** The options of verbs that change the document: where it is, who changes it and why, and how the change is made. */
export const changeOptions: Options = {
  ...keyOptions,
  '--signed-by <file>':
    'a public key in PEM with which the present document is signed (repeatable; default: that of the signing key)',
  '--unsigned': ['drop the signature of a signed document deliberately', { conflicts: ['signingKey', 'keyVaultKey'] }],
  ...reportOptions,
};

/** The options of the verb that only signs. */
export const signOptions: Options = { ...keyOptions, ...reportOptions };

/** The option for a reason that may be left out. Only a change for which every second matters may have no reason. */
export const optionalReason: Options = { [reasonOption]: reasonWords };

function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (!/^\d{1,6}(?:\.\d{1,3})?$/.test(text) || seconds <= 0) {
    throw new InvalidArgumentError('It must be a number of seconds above 0.');
  }
  return seconds;
}

/** `fault` names what only this verb refuses. */
export function listChangeExitCodes(
  fault: string,
  done = 'the document is written, or is already as requested',
): HelpSections['exitCodes'] {
  return {
    0: done,
    1: 'others kept changing the document; nothing is written',
    2: `${fault}, or the store or an argument can't be used; nothing is written`,
  };
}

/**
 * The number of seconds after which every instance that can read the document uses it. An instance with few requests
 * uses the old one for up to two intervals after its latest read, and that read may have been under way when the change
 * was made (docs/trust-sources.md).
 */
export function computeLatency({ refreshInterval, readTimeout }: LatencyFlags): number {
  return 2 * refreshInterval + readTimeout;
}

export function describeLatency(flags: LatencyFlags): string {
  return `It takes effect within ${computeLatency(flags)} s in every instance that reads the document every ${flags.refreshInterval} s.`;
}
