import type { TrustDocument, TrustDocumentPin } from '@certgate/core/internal';
import { describePin, isEnabled, readPinValue } from './edits/identity-edits.js';
import { maximumLogLineBytes, maximumLogSentencesBytes } from './location/trust-location.js';

/** One line of the log of changes: an intent, written before the document itself. Keys are never renamed: logs are kept. */
export interface ChangeLogEntry {
  readonly version: 1;
  readonly at: string;
  readonly verb: string;
  readonly by: string;
  readonly reason: string;
  readonly revision: number;
  /** SHA-256 of the document's bytes, lower-case hexadecimal. */
  readonly documentSha256: string;
  /** Of the document that this one replaced; null: it is the first. */
  readonly previousDocumentSha256: string | null;
  readonly signed: boolean;
  /** Who gains and who loses what, in sentences. */
  readonly changes: readonly string[];
  /** One character for each of `changes`: `+` gains, `-` loses, `.` neither. Absent in lines of earlier versions. */
  readonly marks?: string;
  /** How many sentences were left out to keep the line writable. */
  readonly changesLeftOut?: number;
  /** The identities that this change disabled, by name; absent where there are none. */
  readonly identities?: readonly string[];
  /** The pins that this change disabled: their hashes in upper-case hexadecimal; absent where there are none. */
  readonly pins?: readonly string[];
  /**
   * The identities that this change concerns, by name, or all of them. Absent in lines of earlier versions, where a
   * document that could not be read was replaced, and where there are too many names for a line.
   */
  readonly touches?: readonly string[] | 'all';
  /** It may concern others as well: documents don't show whose certificates else an entry matches that came or went. */
  readonly mayTouchOthers?: true;
  /** Which roles came and went, wherever `touches` is there. Absent: none. */
  readonly roles?: readonly RoleChange[];
  /** The SPIFFE bundle that an authority was brought in line with; absent in lines of other verbs. */
  readonly spiffeBundle?: LoggedBundle;
}

export interface RoleChange {
  readonly identity: string;
  readonly gained: readonly string[];
  readonly lost: readonly string[];
}

export interface LoggedBundle {
  readonly trustDomain: string;
  /** Its `spiffe_sequence`, in decimal digits; null: it had none. */
  readonly sequence: string | null;
  /** Of the certificates of its X.509 keys. */
  readonly keysSha256?: string;
  /** The operator accepted this number, whatever the lines before it say. */
  readonly isAccepted: boolean;
}

/** What was enabled in one of the documents and is disabled in the other: identities by name, pins by hash. */
export function listNewlyDisabled(
  before: TrustDocument,
  after: TrustDocument,
): { readonly identities: readonly string[]; readonly pins: readonly string[] } {
  const enabled = new Set(before.identities.filter(isEnabled).map(({ name }) => name.toLowerCase()));
  const enabledPins = new Set(listPins(before).filter(isEnabled).map(describePin));
  return {
    identities: after.identities
      .filter((each) => !isEnabled(each) && enabled.has(each.name.toLowerCase()))
      .map(({ name }) => name),
    pins: listPins(after)
      .filter((pin) => !isEnabled(pin) && enabledPins.has(describePin(pin)))
      .map((pin) => readPinValue(pin).value),
  };
}

function listPins({ identities }: TrustDocument): readonly TrustDocumentPin[] {
  return identities.flatMap(({ pins = [] }) => pins);
}

/** As one line, within what one append takes: sentences go first, they can be had again by comparing the documents. */
export function formatChangeLogEntry(entry: ChangeLogEntry): string {
  const { changes, marks, identities, pins, touches, mayTouchOthers, roles, ...rest } = entry;
  const disabled = { ...(identities && { identities }), ...(pins && { pins }) };
  const touched =
    touches === undefined ? {} : { touches, ...(mayTouchOthers && { mayTouchOthers }), ...(roles && { roles }) };
  const measureFrame = (named: object): number =>
    measure({ ...rest, changesLeftOut: changes.length, changes: [], marks: '', ...named });
  const named = [{ ...disabled, ...touched }, disabled].find((names) => measureFrame(names) <= maximumLogLineBytes);
  if (named === undefined) return JSON.stringify({ ...rest, changesLeftOut: changes.length, changes: [] });
  const frame = measureFrame(named);
  let room = Math.min(maximumLogSentencesBytes, maximumLogLineBytes - frame);
  const kept: string[] = [];
  for (const sentence of changes) {
    // With its comma and its mark.
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

/** Undefined: the line is none of this tool's, or was cut short. */
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
