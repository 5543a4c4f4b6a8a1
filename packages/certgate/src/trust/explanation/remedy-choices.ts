import {
  formatInstant,
  type DenialFacts,
  type FunctionRequirement,
  type PinEntry,
  type PresentedCertificate,
  type TrustSnapshot,
} from '@certgate/core/internal';
import type { RemedyTemplate, TemplateValues } from './command-template.js';
import type { NearMatch } from './near-matches.js';

// Choices for an identity that the document knows: its state, its pins, what it may call.

/** What a remedy depends on beside the facts of the denial. */
export interface RemedyContext {
  /** Whom the denial names. */
  readonly identityName: string | undefined;
  readonly trust: TrustSnapshot;
  readonly requirement: FunctionRequirement;
  /** Milliseconds: when the call is made. */
  readonly now: number;
  /** Milliseconds: when the app decided; undefined: a line doesn't tell. */
  readonly decidedAt: number | undefined;
  /** Milliseconds: from when on a time that is chosen has to lie ahead. */
  readonly runAt: number;
  /** Undefined: nobody has the certificate, only a line of the log. */
  readonly presented: PresentedCertificate | undefined;
  /** When the first of the authority's lists ended that are over; undefined: none, or it is not known. */
  readonly listEnd: number | undefined;
  /** By CERTGATE_LOCKED, which no change of the document ends. */
  readonly isLockedBySetting: boolean;
  readonly nearMatches: readonly NearMatch[];
  /** For `--reason`; absent: what is denied at which function. */
  readonly reason?: string;
  /** For `--store`. */
  readonly store: string;
  /** The document's signature is absent, or not by the keys of the gate. */
  readonly isSignatureRefused: boolean;
}

/** Commands that together end the denial, run in this order. */
export interface RemedyChoice {
  /** Where there is more than one choice: which is this for. */
  readonly when?: string;
  readonly commands: readonly { readonly template: RemedyTemplate; readonly values: TemplateValues }[];
  /** What has to be got first, where a command names a file that is not there yet. */
  readonly needs?: string;
}

export type Choices = readonly RemedyChoice[];
type Command = RemedyChoice['commands'][number];

export const day = 86_400_000;

/** Anybody can send a certificate, so none that was sent says what a new pin holds. */
export const ofOwner = { instead: ['--thumbprint-sha256', 'THUMBPRINT-FROM-THE-OWNER'] } as const;

export function run(template: RemedyTemplate, values: TemplateValues): Command {
  return { template, values };
}

/** A quarter: long enough that the call counts, short enough that somebody looks again. */
function chooseTime({ now, runAt }: RemedyContext): string {
  return formatInstant(Math.ceil((Math.max(now, runAt) + 90 * day) / 1000) * 1000);
}

export function chooseToEnable({ identity }: DenialFacts['identity_disabled']): Choices {
  return [{ commands: [run('enable', { NAME: identity })] }];
}

export function chooseToExtend({ identity }: DenialFacts['identity_expired'], context: RemedyContext): Choices {
  return [{ commands: [run('extend', { NAME: identity, TIME: chooseTime(context) })] }];
}

export function chooseToEnablePins({ identity, pin, others }: DenialFacts['pin_disabled']): Choices {
  const disabled = [pin, ...others].filter(({ isDisabled }) => isDisabled === true);
  return [{ commands: [run('enablePin', { NAME: identity, PIN: listValues(disabled) })] }];
}

export function chooseToGrantFunction(
  { identity }: DenialFacts['function_not_allowed'],
  { requirement }: RemedyContext,
): Choices {
  return [{ commands: [run('addFunction', { NAME: identity, FUNCTION: requirement.functionName })] }];
}

/** Of roles that do equally well, the first. */
export function chooseToGrantRoles(
  { identity, roles }: DenialFacts['role_missing'],
  { requirement }: RemedyContext,
): Choices {
  const missing = requirement.roles.filter((anyOf) => !anyOf.some((role) => roles.includes(role)));
  return [{ commands: [run('addRole', { NAME: identity, ROLE: listFirst(missing) })] }];
}

export function listFirst(groups: readonly (readonly string[])[]): readonly string[] {
  return [...new Set(groups.flatMap(([role]) => role ?? []))];
}

function listValues(pins: readonly PinEntry[]): readonly string[] {
  return pins.map(({ value }) => value);
}

/** Where the certificate is known by a pin: a name under an authority goes over to the next one by itself. */
export function chooseNewCertificate(identityName: string | undefined): Choices {
  if (identityName === undefined) return [];
  const file = 'new.crt.pem';
  return [
    {
      commands: [run('rotate', { NAME: identityName, NEW_FILE: file })],
      needs: `${file}: the new certificate of the caller, without its key`,
    },
  ];
}

/** A pin outside of its window beside one that counts is taken out, since it opens nothing; a lone one gets another bound. */
export function chooseForPinWindow(
  facts: DenialFacts['pin_expired' | 'pin_not_yet_valid'],
  context: RemedyContext,
): Choices {
  if ('isOfStore' in facts) return [];
  const { identity: NAME, pin, others } = facts;
  const { presented, now } = context;
  const isOver = presented?.decoding.ok === true && now >= presented.decoding.certificate.notAfter;
  if (isOver) return chooseNewCertificate(NAME);
  const pins = [pin, ...others];
  const early = listValues(pins.filter(({ notBefore = now }) => now < notBefore));
  const ended = listValues(pins.filter(({ notAfter = Infinity }) => now >= notAfter));
  const outside = [...early, ...ended];
  if (outside.length < pins.length) return [{ commands: [run('removePin', { NAME, PIN: outside })] }];
  return [
    {
      commands: [
        ...(early.length === 0 ? [] : [run('clearPinStart', { NAME, PIN: early })]),
        ...(ended.length === 0 ? [] : [run('movePinEnd', { NAME, PIN: ended, TIME: choosePinEnd(pins, context) })]),
      ],
    },
  ];
}

/** The pin of a certificate ends with it, as `trust add` has it too; the next one may have the same key. */
function choosePinEnd(pins: readonly PinEntry[], context: RemedyContext): string {
  const decoding = context.presented?.decoding;
  const isOfKey = pins.some(({ kind }) => kind === 'publicKeySha256');
  return isOfKey || decoding?.ok !== true ? chooseTime(context) : formatInstant(decoding.certificate.notAfter);
}

/** For a pin whose authority did not issue the certificate. */
export function chooseForPinIssuer(
  { pin }: DenialFacts['path_not_found'],
  { identityName: NAME }: RemedyContext,
): Choices {
  if (pin === undefined || NAME === undefined) return [];
  return [
    {
      when: 'If this certificate should be valid whoever issued it, and its owner says that it is the right one',
      commands: [
        run('removePin', { NAME, PIN: pin.value }),
        run('addCertificate', { NAME, FILE: repeatPin(pin), AUTHORITY: [] }),
      ],
    },
  ];
}

/** As the document has it, but for `issuedBy`. By SHA-1, no new pin is added. */
function repeatPin({ kind, value, notAfter }: PinEntry): typeof ofOwner | { readonly instead: readonly string[] } {
  if (kind === 'thumbprintSha1') return ofOwner;
  const option = kind === 'publicKeySha256' ? '--public-key-sha256' : '--thumbprint-sha256';
  return { instead: [option, value, ...(notAfter === undefined ? [] : ['--not-after', formatInstant(notAfter)])] };
}

export function chooseToSign({ isSignatureRefused }: RemedyContext): Choices {
  if (!isSignatureRefused) return [];
  return [
    {
      when: 'If you vouch for every change since the last good signature',
      commands: [run('sign', { KEY_FILE: 'signing.key.pem' })],
      needs: 'signing.key.pem: the private key of one of the public keys in --signed-by',
    },
  ];
}
