import {
  formatInstant,
  type DenialFacts,
  type FunctionRequirement,
  type PinEntry,
  type PresentedCertificate,
  type RevocationInformation,
  type TrustSnapshot,
} from '@certgate/core/internal';
import type { RemedyTemplate, TemplateValues } from './command-template.js';
import type { NearMatch } from './near-matches.js';

// What the choices of all remedies are made of, and those for the pins of an identity.

/** What a remedy depends on beside the denial. */
export interface RemedyContext {
  /** Whom the denial names. */
  readonly identityName: string | undefined;
  readonly trust: TrustSnapshot;
  readonly requirement: FunctionRequirement;
  /** Milliseconds: when the call is made. */
  readonly now: number;
  /** Milliseconds: when the app decided; undefined: a line doesn't tell. */
  readonly decidedAt: number | undefined;
  /** Undefined: nobody has the certificate, only a line of the log. */
  readonly presented: PresentedCertificate | undefined;
  /** The lists of the document's authorities; undefined: they were not read. */
  readonly revocation: RevocationInformation | undefined;
  readonly nearMatches: readonly NearMatch[];
  /** For `--reason`. */
  readonly reason: string;
  /** For `--store`. */
  readonly store: string;
  /** The document's signature is absent, or not by the keys of the gate. */
  readonly isSignatureRefused: boolean;
}

/** Commands that together end the denial, run in this order. */
export interface RemedyChoice {
  /** Where there is more than one choice: which is this for. */
  readonly when?: string;
  readonly commands: readonly Command[];
  /** What has to be got first, where a command names a file that is not there yet. */
  readonly needs?: string;
}

export type Choices = readonly RemedyChoice[];
export interface Command {
  readonly template: RemedyTemplate;
  readonly values: TemplateValues;
  /** Undefined: the document that the question is about. */
  readonly store?: string | undefined;
}

export function run(template: RemedyTemplate, values: TemplateValues, store?: string): Command {
  return { template, values, store };
}

/** Where one command is all there is to choose. */
export function choose(template: RemedyTemplate, values: TemplateValues): Choices {
  return [{ commands: [run(template, values)] }];
}

/** Anybody can send a certificate, so none that was sent says what a new pin holds. */
export const ofOwner = { instead: ['--thumbprint-sha256', 'THUMBPRINT-FROM-THE-OWNER'] } as const;

export const day = 86_400_000;

/** A quarter: long enough that the call counts, short enough that somebody looks again. */
export function chooseTime({ now }: RemedyContext): string {
  return formatInstant(Math.ceil((Math.max(now, Date.now()) + 90 * day) / 1000) * 1000);
}

/** Of roles that do equally well, the first. */
export function listFirst(groups: readonly (readonly string[])[]): readonly string[] {
  return [...new Set(groups.flatMap(([role]) => role ?? []))];
}

export function listValues(pins: readonly PinEntry[]): readonly string[] {
  return pins.map(({ value }) => value);
}

/** Where the certificate is known by a pin: a name under an authority goes over to the next one by itself. */
export function chooseNewCertificate({ identityName: NAME }: Pick<RemedyContext, 'identityName'>): Choices {
  const NEW_FILE = 'new.crt.pem';
  const needs = `${NEW_FILE}: the new certificate of the caller, without its key`;
  return NAME === undefined ? [] : [{ commands: [run('rotate', { NAME, NEW_FILE })], needs }];
}

/** A pin outside of its window beside one that counts is taken out, since it opens nothing; a lone one gets another bound. */
export function chooseForPinWindow(
  facts: DenialFacts['pin_expired' | 'pin_not_yet_valid'],
  context: RemedyContext,
): Choices {
  if ('isOfStore' in facts) return [];
  const { identity: NAME, pin, others } = facts;
  const { presented, now } = context;
  const told = 'certificateNotAfter' in facts ? facts.certificateNotAfter : undefined;
  const notAfter = presented?.decoding.ok === true ? presented.decoding.certificate.notAfter : told;
  if (notAfter !== undefined && now >= notAfter) return chooseNewCertificate({ identityName: NAME });
  const pins = [pin, ...others];
  const early = listValues(pins.filter(({ notBefore = now }) => now < notBefore));
  const ended = listValues(pins.filter((each) => now >= (each.notAfter ?? Infinity)));
  const outside = [...early, ...ended];
  if (outside.length < pins.length) return choose('removePin', { NAME, PIN: outside });
  // The pin of a certificate ends with it, as `trust add` has it too; the next one may have the same key.
  const isOfKey = pins.some(({ kind }) => kind === 'publicKeySha256');
  const TIME = isOfKey || notAfter === undefined ? chooseTime(context) : formatInstant(notAfter);
  const start = early.length === 0 ? [] : [run('clearPinStart', { NAME, PIN: early })];
  const end = ended.length === 0 ? [] : [run('movePinEnd', { NAME, PIN: ended, TIME })];
  return [{ commands: [...start, ...end] }];
}
