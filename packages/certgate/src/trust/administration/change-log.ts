import type { TrustDocument, TrustDocumentPin } from '@certgate/core/internal';
import { nameWholePin, isEnabled, readPinValue } from './edits/identity-edits.js';
import { maximumLogLineBytes, maximumLogSentencesBytes } from './location/trust-location.js';

/**
 * One line of the log of changes. It is an intent, written before the document itself. Keys are never renamed, because
 * logs are kept.
 */
export interface ChangeLogEntry {
  readonly version: 1;
  readonly at: string;
  readonly verb: string;
  readonly by: string;
  readonly reason: string;
  readonly revision: number;
  /** SHA-256 of the document's bytes, lower-case hexadecimal. */
  readonly documentSha256: string;
  /** SHA-256 of the document that this one replaced, in lower-case hexadecimal; null if it replaced none. */
  readonly previousDocumentSha256: string | null;
  readonly signed: boolean;
  /** Sentences about what changes, for example who gains or loses what. */
  readonly changes: readonly string[];
  /**
   * One character for each sentence of `changes`: `+` for a gain, `-` for a loss, `.` for neither. Can be absent, for
   * example in lines of earlier versions of the tool.
   */
  readonly marks?: string;
  /** How many sentences were left out to keep the line short; absent if none were. */
  readonly changesLeftOut?: number;
  /**
   * The names of the identities that this change disabled. Absent if there are none, if the line would be too long, or
   * if the replaced document could not be used.
   */
  readonly identities?: readonly string[];
  /**
   * The hashes of the pins that this change disabled, in upper-case hexadecimal. Absent in the same cases as
   * `identities`.
   */
  readonly pins?: readonly string[];
  /**
   * The names of the identities that this change concerns, or `all`. Absent if the line does not record them: it is of
   * an earlier version of the tool, it would be too long, or the replaced document could not be used.
   */
  readonly touches?: readonly string[] | 'all';
  /**
   * The change may concern other identities too, because the documents don't show which certificates an authority, a
   * denial, or several entries together match.
   */
  readonly mayTouchOthers?: true;
  /** The roles that were given or taken away. Absent if there are none, or if `touches` is absent. */
  readonly roles?: readonly RoleChange[];
  /** The SPIFFE bundle from which `authority sync` made or updated an authority; absent in lines of other verbs. */
  readonly spiffeBundle?: LoggedBundle;
}

export interface RoleChange {
  readonly identity: string;
  readonly gained: readonly string[];
  readonly lost: readonly string[];
}

export interface LoggedBundle {
  readonly trustDomain: string;
  /** The bundle's `spiffe_sequence` in decimal digits; null if the bundle had none. */
  readonly sequence: string | null;
  /** SHA-256 of the certificates (`x5c`) of the bundle's X.509 keys, in upper-case hexadecimal. */
  readonly keysSha256?: string;
  /** Whether the operator accepted this number, regardless of the lines before it. */
  readonly isAccepted: boolean;
}

/** Lists what is enabled in `before` and disabled in `after`: identities by name, pins by hash. */
export function listNewlyDisabled(
  before: TrustDocument,
  after: TrustDocument,
): { readonly identities: readonly string[]; readonly pins: readonly string[] } {
  const enabled = new Set(before.identities.filter(isEnabled).map(({ name }) => name.toLowerCase()));
  const enabledPins = new Set(listPins(before).filter(isEnabled).map(nameWholePin));
  return {
    identities: after.identities
      .filter((each) => !isEnabled(each) && enabled.has(each.name.toLowerCase()))
      .map(({ name }) => name),
    pins: listPins(after)
      .filter((pin) => !isEnabled(pin) && enabledPins.has(nameWholePin(pin)))
      .map((pin) => readPinValue(pin).value),
  };
}

function listPins({ identities }: TrustDocument): readonly TrustDocumentPin[] {
  return identities.flatMap(({ pins = [] }) => pins);
}

/**
 * Formats the entry as one line that fits into one append. Sentences are left out first, because a comparison of the
 * documents can produce them again. The members that always remain are short: the command line limits `reason` and
 * `by`.
 */
export function formatChangeLogEntry(entry: ChangeLogEntry): string {
  const { changes, marks, identities, pins, touches, mayTouchOthers, roles, ...rest } = entry;
  const disabled = { ...(identities && { identities }), ...(pins && { pins }) };
  const touched =
    touches === undefined ? {} : { touches, ...(mayTouchOthers && { mayTouchOthers }), ...(roles && { roles }) };
  const measureFrame = (named: object): number =>
    measure({ ...rest, changesLeftOut: changes.length, changes: [], marks: '', ...named });
  const named = [{ ...disabled, ...touched }, disabled].find((names) => measureFrame(names) <= maximumLogLineBytes);
  if (named === undefined)
    return JSON.stringify({ ...rest, ...(changes.length > 0 && { changesLeftOut: changes.length }), changes: [] });
  const frame = measureFrame(named);
  let room = Math.min(maximumLogSentencesBytes, maximumLogLineBytes - frame);
  const kept: string[] = [];
  for (const sentence of changes) {
    // Room for the sentence, its comma and its mark.
    room -= measure(sentence) + 2;
    if (room < 0) break;
    kept.push(sentence);
  }
  const left = changes.length - kept.length;
  return JSON.stringify({
    ...rest,
    changes: kept,
    ...(marks === undefined ? {} : { marks: marks.slice(0, kept.length) }),
    ...(left === 0 ? {} : { changesLeftOut: left }),
    ...named,
  });
}

function measure(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}

/** Reads a line. Undefined if it is not JSON with the members of an entry, for example because it was cut short. */
export function parseChangeLogEntry(line: string): ChangeLogEntry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  return isEntry(value) ? value : undefined;
}

function isEntry(value: unknown): value is ChangeLogEntry {
  if (typeof value !== 'object' || value === null) return false;
  const entry = value as Readonly<Record<string, unknown>>;
  const previous = entry['previousDocumentSha256'];
  const { identities, pins, marks, touches, mayTouchOthers, roles, spiffeBundle } = entry;
  return (
    entry['version'] === 1 &&
    ['at', 'verb', 'by', 'reason', 'documentSha256'].every((key) => typeof entry[key] === 'string') &&
    typeof entry['revision'] === 'number' &&
    (previous === null || typeof previous === 'string') &&
    isTexts(entry['changes']) &&
    (marks === undefined || typeof marks === 'string') &&
    (identities === undefined || isTexts(identities)) &&
    (pins === undefined || isTexts(pins)) &&
    (touches === undefined || touches === 'all' || isTexts(touches)) &&
    (mayTouchOthers === undefined || mayTouchOthers === true) &&
    (roles === undefined || (Array.isArray(roles) && roles.every(isRoleChange))) &&
    (spiffeBundle === undefined || isLoggedBundle(spiffeBundle))
  );
}

function isRoleChange(value: unknown): value is RoleChange {
  if (typeof value !== 'object' || value === null) return false;
  const { identity, gained, lost } = value as Readonly<Record<string, unknown>>;
  return typeof identity === 'string' && isTexts(gained) && isTexts(lost);
}

function isLoggedBundle(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { trustDomain, sequence, keysSha256, isAccepted } = value as Readonly<Record<string, unknown>>;
  const isNumber = sequence === null || (typeof sequence === 'string' && /^\d{1,40}$/.test(sequence));
  const isHash = keysSha256 === undefined || typeof keysSha256 === 'string';
  return typeof trustDomain === 'string' && isNumber && isHash && typeof isAccepted === 'boolean';
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
