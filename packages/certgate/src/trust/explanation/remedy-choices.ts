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

// The parts of the choices of all remedies, and the choices for the pins of an identity.

/** What a remedy depends on in addition to the denial. */
export interface RemedyContext {
  /** The identity that the denial names; undefined if it names none. */
  readonly identityName: string | undefined;
  readonly trust: TrustSnapshot;
  readonly requirement: FunctionRequirement;
  /** The moment of the question, in milliseconds since 1970-01-01T00:00:00Z. */
  readonly now: number;
  /** When the app decided, in milliseconds since 1970-01-01T00:00:00Z; undefined if a line doesn't say. */
  readonly decidedAt: number | undefined;
  /** The caller's certificate; undefined if it is not at hand. */
  readonly presented: PresentedCertificate | undefined;
  /** The revocation lists and OCSP answers of the document's authorities; undefined if they were not read. */
  readonly revocation: RevocationInformation | undefined;
  readonly nearMatches: readonly NearMatch[];
  /** The text for `--reason`. */
  readonly reason: string;
  /** The place of the document for `--store`. */
  readonly store: string;
  /** Whether the document has no signature by a key of `--signed-by`. False without that option. */
  readonly isSignatureRefused: boolean;
}

/** Commands that end the denial if all of them are run, in this order. */
export interface RemedyChoice {
  /** When to take this choice; absent if it has no condition. */
  readonly when?: string;
  readonly commands: readonly Command[];
  /** What a person must get first, if a command names a file that is not there yet. */
  readonly needs?: string;
}

export type Choices = readonly RemedyChoice[];
export interface Command {
  readonly template: RemedyTemplate;
  readonly values: TemplateValues;
  /** The place of the document to change; undefined for the document that the question is about. */
  readonly store?: string | undefined;
}

export function run(template: RemedyTemplate, values: TemplateValues, store?: string): Command {
  return { template, values, store };
}

/** The only choice, with one command. */
export function choose(template: RemedyTemplate, values: TemplateValues): Choices {
  return [{ commands: [run(template, values)] }];
}

/** Anybody can send a certificate, so a new pin is never copied from one that was sent. */
export const ofOwner = { instead: ['--thumbprint-sha256', 'THUMBPRINT-FROM-THE-OWNER'] } as const;

export const day = 86_400_000;

/** A time in 90 days: long enough for the call, short enough that somebody looks at the identity again. */
export function chooseTime({ now }: RemedyContext): string {
  return formatInstant(Math.ceil((Math.max(now, Date.now()) + 90 * day) / 1000) * 1000);
}

/** The first role of each group, because one role of a group is as good as another. */
export function listFirst(groups: readonly (readonly string[])[]): readonly string[] {
  return [...new Set(groups.flatMap(([role]) => role ?? []))];
}

export function listValues(pins: readonly PinEntry[]): readonly string[] {
  return pins.map(({ value }) => value);
}

/**
 * The command that replaces the pins of the identity. There is no choice if the denial names no identity, or if the
 * identity has only names: its next certificate needs no change.
 */
export function chooseNewCertificate({
  identityName: NAME,
  trust: { identities },
}: Pick<RemedyContext, 'identityName' | 'trust'>): Choices {
  const NEW_FILE = 'new.crt.pem';
  const needs = `${NEW_FILE}: the new certificate of the caller, without its key`;
  const hasOnlyNames = identities.some(({ name, pins }) => name === NAME && pins.length === 0);
  return NAME === undefined || hasOnlyNames ? [] : [{ commands: [run('rotate', { NAME, NEW_FILE })], needs }];
}

/**
 * If the certificate itself is over, it must be replaced. Otherwise, if another pin is valid, pins outside of their
 * window are removed, because they open nothing. If none is valid, their bounds are changed.
 */
export function chooseForPinWindow(
  facts: DenialFacts['pin_expired' | 'pin_not_yet_valid'],
  context: RemedyContext,
): Choices {
  if ('isOfStore' in facts) return [];
  const { identity: NAME, pin, others } = facts;
  const { presented, now } = context;
  const loggedEnd = 'certificateNotAfter' in facts ? facts.certificateNotAfter : undefined;
  const notAfter = presented?.decoding.ok === true ? presented.decoding.certificate.notAfter : loggedEnd;
  if (notAfter !== undefined && now >= notAfter) return chooseNewCertificate({ ...context, identityName: NAME });
  const pins = [pin, ...others];
  const early = listValues(pins.filter(({ notBefore = now }) => now < notBefore));
  const ended = listValues(pins.filter((each) => now >= (each.notAfter ?? Infinity)));
  const outside = [...early, ...ended];
  if (outside.length < pins.length) return choose('removePin', { NAME, PIN: outside });
  // A certificate's pin ends with the certificate, as with `trust add`. A key's pin may last longer, because the next
  // certificate may have the same key.
  const isOfKey = pins.some(({ kind }) => kind === 'publicKeySha256');
  const TIME = isOfKey || notAfter === undefined ? chooseTime(context) : formatInstant(notAfter);
  const start = early.length === 0 ? [] : [run('clearPinStart', { NAME, PIN: early })];
  const end = ended.length === 0 ? [] : [run('movePinEnd', { NAME, PIN: ended, TIME })];
  return [{ commands: [...start, ...end] }];
}
