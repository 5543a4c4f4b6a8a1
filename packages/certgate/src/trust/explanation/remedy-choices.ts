import {
  formatInstant,
  type DenialCode,
  type FunctionRequirement,
  type PresentedCertificate,
  type TrustSnapshot,
  type TrustedIdentity,
} from '@certgate/core/internal';
import type { TracedPath } from '../../certificates/path-report/path-trace.js';
import type { RemedyTemplate, TemplateValues } from './command-template.js';
import type { PinMatch } from './explain-decision.js';
import type { NearMatch } from './near-matches.js';

// Choices for an identity that the document knows: its state, its pins, what it may call.

/** A denial and all that its remedy depends on. */
export interface RemedyFacts {
  readonly code: DenialCode;
  /** Whom the denial is about, where it names somebody. */
  readonly identity: TrustedIdentity | undefined;
  readonly trust: TrustSnapshot;
  readonly requirement: FunctionRequirement;
  /** Milliseconds: when the call is made. */
  readonly now: number;
  /** Milliseconds: from when on a time that is chosen has to lie ahead. */
  readonly runAt: number;
  readonly presented: PresentedCertificate;
  /** The words that name this certificate to `trust add`. */
  readonly certificateOptions: readonly string[];
  readonly matches: readonly PinMatch[];
  readonly paths: readonly TracedPath[];
  readonly nearMatches: readonly NearMatch[];
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

const day = 86_400_000;

export function run(template: RemedyTemplate, values: TemplateValues): Command {
  return { template, values };
}

/** A quarter: long enough that the call counts, short enough that somebody looks again. */
function chooseTime({ now, runAt }: RemedyFacts): string {
  return formatInstant(Math.ceil((Math.max(now, runAt) + 90 * day) / 1000) * 1000);
}

export function chooseToEnable({ identity }: RemedyFacts): Choices {
  return identity === undefined ? [] : [{ commands: [run('enable', { NAME: identity.name })] }];
}

export function chooseToExtend(facts: RemedyFacts): Choices {
  const { identity } = facts;
  return identity === undefined
    ? []
    : [{ commands: [run('extend', { NAME: identity.name, TIME: chooseTime(facts) })] }];
}

export function chooseToEnablePins({ identity, matches }: RemedyFacts): Choices {
  const values = matches.filter(({ pin }) => !pin.enabled).map(({ pin }) => pin.value);
  return identity === undefined || values.length === 0
    ? []
    : [{ commands: [run('enablePin', { NAME: identity.name, PIN: values })] }];
}

export function chooseToGrantFunction({ identity, requirement }: RemedyFacts): Choices {
  if (identity === undefined) return [];
  return [{ commands: [run('addFunction', { NAME: identity.name, FUNCTION: requirement.functionName })] }];
}

/** Of roles that do equally well, the first. */
export function chooseToGrantRoles({ identity, requirement }: RemedyFacts): Choices {
  if (identity === undefined) return [];
  const missing = requirement.roles.filter((anyOf) => !anyOf.some((role) => identity.roles.includes(role)));
  return [{ commands: [run('addRole', { NAME: identity.name, ROLE: listFirst(missing) })] }];
}

export function listFirst(groups: readonly (readonly string[])[]): readonly string[] {
  return [...new Set(groups.flatMap(([role]) => role ?? []))];
}

export function chooseNewCertificate({ identity, matches }: RemedyFacts): Choices {
  if (identity === undefined || matches.length === 0) return [];
  const file = 'new.crt.pem';
  return [
    {
      commands: [run('rotate', { NAME: identity.name, NEW_FILE: file })],
      needs: `${file}: the new certificate of the caller, without its key`,
    },
  ];
}

/** A pin outside of its window beside one that counts is taken out, since it opens nothing; a lone one gets another bound. */
export function chooseForPinWindow(facts: RemedyFacts): Choices {
  const { identity, matches, presented, now } = facts;
  const isOver = presented.decoding.ok && now >= presented.decoding.certificate.notAfter;
  if (isOver) return chooseNewCertificate(facts);
  const early = matches.filter(({ pin }) => now < (pin.notBefore ?? now)).map(({ pin }) => pin.value);
  const ended = matches.filter(({ pin }) => now >= (pin.notAfter ?? Infinity)).map(({ pin }) => pin.value);
  const outside = [...early, ...ended];
  if (identity === undefined || outside.length === 0) return [];
  const NAME = identity.name;
  if (outside.length < matches.length) return [{ commands: [run('removePin', { NAME, PIN: outside })] }];
  return [
    {
      commands: [
        ...(early.length === 0 ? [] : [run('clearPinStart', { NAME, PIN: early })]),
        ...(ended.length === 0 ? [] : [run('movePinEnd', { NAME, PIN: ended, TIME: choosePinEnd(facts) })]),
      ],
    },
  ];
}

/** The pin of a certificate ends with it, as `trust add` has it too; the next one may have the same key. */
function choosePinEnd(facts: RemedyFacts): string {
  const { matches, presented } = facts;
  const isOfKey = matches.some(({ pin }) => pin.kind === 'publicKeySha256');
  return isOfKey || !presented.decoding.ok ? chooseTime(facts) : formatInstant(presented.decoding.certificate.notAfter);
}

/** For a pin whose authority did not issue the certificate. */
export function chooseForPinIssuer({ identity, matches, certificateOptions }: RemedyFacts): Choices {
  const pins = matches.flatMap(({ pin }) => (pin.issuedBy === undefined ? [] : [pin.value]));
  if (identity === undefined || pins.length === 0) return [];
  const NAME = identity.name;
  return [
    {
      when: 'If this certificate should be valid whoever issued it, and its owner says that it is the right one',
      commands: [
        run('removePin', { NAME, PIN: pins }),
        run('addCertificate', { NAME, FILE: { instead: certificateOptions }, AUTHORITY: [] }),
      ],
    },
  ];
}

export function chooseToSign({ isSignatureRefused }: RemedyFacts): Choices {
  if (!isSignatureRefused) return [];
  return [
    {
      when: 'If you vouch for every change since the last good signature',
      commands: [run('sign', { KEY_FILE: 'signing.key.pem' })],
      needs: 'signing.key.pem: the private key of one of the public keys in --signed-by',
    },
  ];
}
