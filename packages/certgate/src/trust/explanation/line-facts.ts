import {
  type Denial,
  type DenialCode,
  describePinEntry,
  type EntryStanding,
  findInstant,
  findStanding,
  type FunctionRequirement,
  lockSetting,
  type MatchedIdentity,
  type PinEntry,
  type TrustedAuthority,
  type TrustedIdentity,
  type TrustPin,
  type TrustSnapshot,
} from '@certgate/core/internal';
import { isLockedBySetting } from '../../log/reading/log-record.js';
import { findNearPins, type NearMatch } from './near-matches.js';

/** What a line shows about a denial. Entries come only from the document, never from the line. */
export interface LineFacts {
  /**
   * The denial, with facts in the gate's own form as far as remedies need them. The facts are absent if no command
   * could be right. `untold` then says why.
   */
  readonly denial: Pick<Denial, 'code' | 'facts' | 'identityName'>;
  readonly nearMatches: readonly NearMatch[];
  /** Why the line alone does not explain the denial, and how to find out more: a text of one or two sentences each. */
  readonly untold: readonly string[];
}

interface Reading extends Partial<Pick<LineFacts, 'nearMatches' | 'untold'>> {
  readonly facts?: object;
}

/** A document, with the place where it is stored. */
export interface KnownDocument {
  readonly store: string;
  readonly trust: TrustSnapshot;
}

/**
 * The entries of the certificate in one document of the app. `store` and `roles` are absent if the app has only one
 * document.
 */
export interface PlacedIdentity extends MatchedIdentity, Pick<Partial<KnownDocument>, 'store'> {
  readonly roles?: readonly string[];
}

/** What a line is compared with. */
interface LineContext {
  readonly trust: TrustSnapshot;
  /** The place where the document is stored. */
  readonly store: string;
  /** The other documents of the app, if it has several trust stores. */
  readonly others: readonly KnownDocument[];
  /** Whether the line names the content of this very document, so that a place in it means the same. */
  readonly isSameDocument: boolean;
  readonly requirement: FunctionRequirement;
  /**
   * The present time by the clock here, in milliseconds since 1970-01-01T00:00:00Z. A command must end the fault from
   * now on.
   */
  readonly now: number;
}

export function readLineFacts(code: DenialCode, line: LogLine, context: LineContext): LineFacts {
  const name = (findLineText(line, 'identity') ?? findLineText(line, 'claimedIdentity'))?.toLowerCase();
  const identity = context.trust.identities.find((each) => each.name.toLowerCase() === name);
  const missing = identity === undefined ? explainMissingIdentity(code, name) : [];
  const { facts, nearMatches = [], untold = [] } = read(code, { ...context, line, identity });
  const denial = { code, ...(facts && { facts }), ...(identity && { identityName: identity.name }) };
  return { denial, nearMatches, untold: [...missing, ...untold] };
}

const noLonger: Reading = {
  untold: ['The document here does not refuse for this now: compare the time of the line with when the app read it.'],
};

interface CodeQuestion extends LineContext {
  readonly line: LogLine;
  readonly identity: TrustedIdentity | undefined;
}

function read(code: DenialCode, question: CodeQuestion): Reading {
  const { line, trust, identity, requirement, now } = question;
  const detail = findLineText(line, 'detail') ?? '';
  if (code === 'certificate_not_trusted') return readUnknownCaller(question);
  if (code === 'certificate_on_deny_list') return readDenied(question, detail);
  if (code === 'identity_ambiguous') return readAmbiguity(question, detail);
  if (code === 'trust_locked') {
    // The app setting locks, whatever the document says.
    if (isLockedBySetting(detail)) return { facts: { setting: lockSetting } };
    return trust.locked === undefined ? noLonger : { facts: trust.locked };
  }
  if (code.startsWith('path_') || code === 'certificate_revoked' || code === 'revocation_unavailable')
    return readPath(question, detail);
  if (code === 'trust_unavailable') return { facts: { fault: detail } };
  if (identity === undefined) return needsIdentity(code) ? {} : { facts: {} };
  const { name, roles, functions } = identity;
  const { entries, reasons } = findStanding(trust, identity, now);
  const has = (entry: Pick<EntryStanding, 'reasons'>): boolean => entry.reasons.some((each) => each === code);
  if (code.startsWith('pin_'))
    return readPins(identity, line, (pin) => entries.some((each) => each.entry.pin === pin && has(each)));
  const called = requirement.functionName.toLowerCase();
  // Checks the document as it is now: a command about anything that it does not refuse would change what is in order.
  const isRefused =
    code === 'function_not_allowed'
      ? functions?.includes(called) === false
      : code === 'role_missing'
        ? !requirement.roles.every((anyOf) => anyOf.some((role) => roles.includes(role)))
        : !code.startsWith('identity_') || has({ reasons });
  return isRefused ? { facts: { identity: name, roles } } : noLonger;
}

function explainMissingIdentity(code: DenialCode, name: string | undefined): readonly string[] {
  if (name !== undefined) return ['The line names an identity that the document does not list now.'];
  return needsIdentity(code) ? ['The line names no identity.'] : [];
}

function needsIdentity(code: DenialCode): boolean {
  return /^(?:identity_(?!ambiguous)|pin_|function_|role_)/.test(code);
}

/** Finds the pins that the line names, by their first digits or by the certificate's thumbprint. */
function findPins({ pins }: TrustedIdentity, line: LogLine): readonly TrustPin[] {
  const matched = findLineText(line, 'matched')?.split(',') ?? [];
  const thumbprint = findLineText(line, 'thumbprintSha256');
  return pins.filter(
    ({ value }) => value === thumbprint || matched.some((digits) => digits.length >= 16 && value.startsWith(digits)),
  );
}

function findPinEntries(identity: TrustedIdentity, line: LogLine): readonly PinEntry[] {
  return findPins(identity, line).map((pin) => describePinEntry({ pin, isOfTwin: false }));
}

function readPins(identity: TrustedIdentity, line: LogLine, isAtFault: (pin: TrustPin) => boolean): Reading {
  const [pin, ...others] = findPinEntries(identity, line);
  if (pin === undefined) return { untold: [`The line can't tell which pin of "${identity.name}" matched.`] };
  // If none of these pins is at fault now, a command would name no pin, and so concern the whole identity.
  if (!findPins(identity, line).some(isAtFault)) return noLonger;
  const end = /The certificate itself (?:is valid until|has expired too, at) (\S+Z)/.exec(
    findLineText(line, 'detail') ?? '',
  );
  const certificateNotAfter = findInstant(end?.[1] ?? '');
  return { facts: { identity: identity.name, pin, others, certificateNotAfter } };
}

function readDenied({ line, trust: { denied }, isSameDocument }: CodeQuestion, detail: string): Reading {
  // In another document, this place may have the entry of another certificate, which nobody asked to admit again.
  const path = isSameDocument ? /\((denied\[\d+\])\)/.exec(detail)?.[1] : undefined;
  const entry =
    denied.thumbprintsSha256.get(findLineText(line, 'thumbprintSha256') ?? '') ??
    [...denied.serialNumbers.values(), ...denied.thumbprintsSha256.values()].find((each) => each.path === path);
  if (entry !== undefined) return { facts: { entry } };
  const untold = isSameDocument
    ? "The line can't tell which entry of the deny list it is."
    : 'The deny list of the document here does not have the thumbprint of the line. A serial number or a CA certificate may be denied: explain --certificate can tell.';
  return { untold: [untold] };
}

function readAmbiguity({ line, store, trust, others }: CodeQuestion, detail: string): Reading {
  const identities = [{ store, trust }, ...others].flatMap(({ store, trust }) =>
    trust.identities
      .filter(({ name }) => detail.includes(`"${name}"`))
      .map((identity): PlacedIdentity => {
        const pins = findPinEntries(identity, line);
        const names = pins.length === 0 && identity.names.length === 1 ? identity.names : [];
        const place = others.length === 0 ? {} : { store, roles: identity.roles };
        return { identity: identity.name, pins, names, ...place };
      }),
  );
  const isWhole = identities.length > 1 && identities.every(({ pins, names }) => pins.length + names.length > 0);
  if (isWhole) return { facts: { identities } };
  if (detail.includes('trust stores') && others.length === 0)
    return {
      untold: [
        'The line is about two trust stores of the app. To see the entries of both, repeat --store with the document of each.',
      ],
    };
  return { untold: ["The line can't tell which entries of the identities matched: ask with the certificate."] };
}

/**
 * Finds the authority by its name in the sentence, by the issuer of the list, or as the only one of the identity or of
 * the document.
 */
function findAuthority({ line, trust, identity }: CodeQuestion, detail: string): TrustedAuthority | undefined {
  const { list } = line;
  const issuer = typeof list === 'object' && list !== null ? findLineText(list as LogLine, 'issuer') : undefined;
  const quoted = trust.authorities.filter(({ name }) => detail.includes(`authority "${name}"`));
  const asked = new Set(
    [...(identity?.names ?? []), ...(identity?.pins ?? [])].flatMap(({ issuedBy }) => issuedBy ?? []),
  );
  const ofIdentity = trust.authorities.filter(({ name }) => asked.has(name));
  const ofIssuer = trust.authorities.filter((authority) => hasCa(authority, issuer));
  return [quoted, ofIssuer, ofIdentity, trust.authorities].find(({ length }) => length === 1)?.[0];
}

function hasCa({ trustAnchors, intermediates }: TrustedAuthority, subject: string | undefined): boolean {
  return [...trustAnchors, ...intermediates].some(({ subjectText }) => subjectText === subject);
}

function readPath(question: CodeQuestion, detail: string): Reading {
  const { line, identity } = question;
  const authority = findAuthority(question, detail);
  if (authority === undefined) return { untold: ["The line can't tell which authority was asked."] };
  const pin = identity && findPinEntries(identity, line).find(({ issuedBy }) => issuedBy !== undefined);
  return {
    facts: { authority: authority.name, fault: detail, ...(pin && { pin }) },
    untold: [
      "The line can't tell which certificate of the path is missing or wrong beyond its detail: explain --certificate can.",
    ],
  };
}

function readUnknownCaller({ line, trust, identity }: CodeQuestion): Reading {
  const thumbprintSha256 = findLineText(line, 'thumbprintSha256');
  if (thumbprintSha256 !== undefined && trust.pins.thumbprintSha256.has(thumbprintSha256)) return noLonger;
  const near = thumbprintSha256 === undefined ? [] : findNearPins(trust, { thumbprintSha256 });
  // The gate has verified that an authority of the document issued the certificate.
  const isIssued = findLineText(line, 'claimedBy') === 'path';
  const trustName = identity?.pins.length === 0 ? identity.names[0] : undefined;
  const likeness = isIssued
    ? 'has a name of this identity, and an authority of the document issued it'
    : 'points to this identity by a name, which anybody can write into a certificate';
  const isNear = near.some((match) => match.identity === identity);
  const more = isIssued ? { isIssued } : trustName && { trustName };
  const claimed = identity === undefined || isNear ? [] : [{ identity, likeness, ...more }];
  const issuer = findLineText(line, 'issuer');
  const detail = findLineText(line, 'detail') ?? '';
  const authorities = trust.authorities
    .filter((authority) => hasCa(authority, issuer) || detail.includes(`"${authority.name}"`))
    .map(({ name }) => name);
  return {
    facts: authorities.length === 0 ? {} : { authorities },
    nearMatches: [...near, ...claimed],
    untold: [
      "The line has only the start of the caller's names, and no hash of its key: explain --certificate compares all.",
    ],
  };
}

/** A line of Certgate's log: an object with whatever its author put into it. */
export type LogLine = Readonly<Record<string, unknown>>;

/** The maximum length of a text, in characters. What follows is cut off. */
const maximumTextLength = 2048;

/** A text of the line. Undefined if the key is absent, or if its value is empty or not a text. */
export function findLineText(line: LogLine, key: string): string | undefined {
  const value = Object.hasOwn(line, key) ? line[key] : undefined;
  return typeof value === 'string' && value !== '' ? value.slice(0, maximumTextLength) : undefined;
}
