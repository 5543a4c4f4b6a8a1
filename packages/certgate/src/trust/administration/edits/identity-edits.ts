// edits/: the changes that `certgate trust` makes, each from one trust document to the next.

import {
  findInstant,
  findThumbprint,
  formatInstant,
  type PinKind,
  pinKinds,
  type TrustDocument,
  type TrustDocumentIdentity,
  type TrustDocumentPin,
  type TrustDocumentName,
  type TrustPin,
} from '@certgate/core/internal';
import { formatToolCall, formatTrustCall, formatTrustChange } from '../../../texts/tool-call.js';
import { ToolFailure } from '#local/tool-failure.js';
import { withoutNames, withNames } from './name-edits.js';

// These functions are pure: they take a document and return a document. Their errors are written for the person at the
// command line.

/** A pin to add. If its certificate is at hand, `certificate` has all hashes by which it may be pinned already. */
export interface NewPin {
  readonly pin: TrustDocumentPin;
  readonly certificate?: CertificateHashes;
}

/** The hashes of one certificate in upper-case hexadecimal, by kind of pin. */
export type CertificateHashes = Readonly<Record<PinKind, string>>;

/** An identity to add, recognised by a pin, by names under authorities, or by both. */
export interface NewIdentity extends Partial<NewPin> {
  readonly name: string;
  readonly roles: readonly string[];
  readonly functions?: readonly string[];
  readonly owner?: string;
  readonly reason?: string;
  readonly expiresAt?: string;
  readonly names?: readonly TrustDocumentName[];
}

export function addIdentity(
  document: TrustDocument,
  { pin, certificate, names = [], ...identity }: NewIdentity,
): TrustDocument {
  expectNewName(document, identity.name);
  expectFunctionNames(identity.functions);
  if (pin !== undefined) expectNewPin(document, { pin, ...(certificate === undefined ? {} : { certificate }) });
  const made = { ...withNames(identity, names), ...(pin === undefined ? {} : { pins: [pin] }) };
  return { ...document, identities: [...document.identities, made] };
}

export function expectNewName(document: TrustDocument, name: string): void {
  const there = findIdentity(document, name);
  if (there === undefined) return;
  throw new ToolFailure(`There is already an identity ${quote(there.name)}.`, {
    remedy: `To add a role (or a certificate or function, or to change its end, by other options): ${formatTrustChange('add', [there.name], ['--to-existing', '--role', 'ROLE'])}\nTo replace its certificate: ${formatTrustChange('rotate', [there.name], ['--certificate', 'FILE', '--overlap', '14d'])}`,
  });
}

/** Whether a word means "all" or "none" elsewhere. As the name of a function, it would match no function. */
export function isPlaceholder(word: string): boolean {
  return /^(?:\*|[-–—]|none)$/i.test(word);
}

function expectFunctionNames(functions: readonly string[] = []): void {
  const placeholder = functions.find(isPlaceholder);
  if (placeholder === undefined) return;
  throw new ToolFailure(`${quote(placeholder)} can't be used as the name of a function.`, {
    remedy: 'Pass each function with --function. Without it, a new identity may call every function.',
  });
}

export interface IdentityAddition {
  readonly roles: readonly string[];
  readonly functions: readonly string[];
  readonly owner?: string;
  /** The new end of the identity; null to remove the end; absent to leave it unchanged. */
  readonly expiresAt?: string | null;
  readonly newPin?: NewPin;
  readonly names?: readonly TrustDocumentName[];
}

export function addToIdentity(document: TrustDocument, name: string, addition: IdentityAddition): TrustDocument {
  const identity = getIdentity(document, name);
  const { newPin, roles, functions, owner, expiresAt, names = [] } = addition;
  expectFunctionNames(functions);
  // One identity may have a SHA-1 pin and a SHA-256 pin of the same certificate, because a migration begins that way.
  if (newPin !== undefined) expectNewPin(document, newPin, identity);
  // An identity without a list may call every function. Adding a list would take functions away.
  if (functions.length > 0 && identity.functions === undefined) {
    throw new ToolFailure(
      `${quote(identity.name)} may already call every function; a list of functions would remove the others.`,
      {
        remedy: 'To restrict it, remove the identity and add it again with --function.',
      },
    );
  }
  const { expiresAt: oldEnd, ...rest } = withNames(identity, names);
  const end = expiresAt === undefined ? oldEnd : (expiresAt ?? undefined);
  return replaceIdentity(document, {
    ...rest,
    roles: union(identity.roles, roles),
    ...(identity.functions === undefined ? {} : { functions: union(identity.functions, functions, isSameFunction) }),
    ...(owner === undefined ? {} : { owner }),
    ...(end === undefined ? {} : { expiresAt: end }),
    ...(newPin === undefined ? {} : { pins: [...(identity.pins ?? []), newPin.pin] }),
  });
}

export interface IdentityRemoval {
  readonly names?: readonly TrustDocumentName[];
  readonly pins: readonly string[];
  readonly roles: readonly string[];
  readonly functions: readonly string[];
}

export function removeFromIdentity(document: TrustDocument, name: string, removal: IdentityRemoval): TrustDocument {
  const identity = getIdentity(document, name);
  const removed = new Set(removal.pins.map((text) => getPin(identity, text)));
  for (const role of removal.roles) {
    if (!identity.roles.includes(role))
      throw new ToolFailure(`${quote(identity.name)} doesn't have the role ${quote(role)}.`);
  }
  for (const each of removal.functions) expectListedFunction(identity, each);
  const { pins = [], functions } = identity;
  return replaceIdentity(document, {
    ...withoutNames(identity, removal.names ?? []),
    roles: identity.roles.filter((role) => !removal.roles.includes(role)),
    ...(functions === undefined
      ? {}
      : { functions: functions.filter((each) => !removal.functions.some((other) => isSameFunction(each, other))) }),
    ...(identity.pins === undefined ? {} : { pins: pins.filter((pin) => !removed.has(pin)) }),
  });
}

function expectListedFunction({ name, functions }: TrustDocumentIdentity, wanted: string): void {
  if (functions === undefined) {
    throw new ToolFailure(`${quote(name)} may call every function; there is no list to remove ${quote(wanted)} from.`, {
      remedy: 'Remove the identity and add it again with the functions that it may call.',
    });
  }
  if (functions.some((each) => isSameFunction(each, wanted))) return;
  throw new ToolFailure(`${quote(name)} doesn't have the function ${quote(wanted)}.`);
}

export function removeIdentity(document: TrustDocument, name: string): TrustDocument {
  const identity = getIdentity(document, name);
  return { ...document, identities: document.identities.filter((each) => each !== identity) };
}

export function setIdentityEnabled(document: TrustDocument, name: string, enabled: boolean): TrustDocument {
  return replaceIdentity(document, withEnabled(getIdentity(document, name), enabled));
}

export function setPinsEnabled(
  document: TrustDocument,
  name: string,
  pins: readonly string[],
  enabled: boolean,
): TrustDocument {
  return changePins(document, name, pins, (pin) => withEnabled(pin, enabled));
}

/** @param pins the first digits of the pins' hashes, at least eight of each */
export function changePins(
  document: TrustDocument,
  name: string,
  pins: readonly string[],
  change: (pin: TrustDocumentPin) => TrustDocumentPin,
): TrustDocument {
  const identity = getIdentity(document, name);
  const chosen = choosePins(identity, pins);
  return replaceIdentity(document, {
    ...identity,
    pins: (identity.pins ?? []).map((pin) => (chosen.has(pin) ? change(pin) : pin)),
  });
}

interface Rotation extends NewPin {
  /** The latest end of the old pins, in milliseconds since 1970-01-01T00:00:00Z. Undefined to disable them at once. */
  readonly oldEnd: number | undefined;
  /** The first digits of the hashes of the pins that end. Undefined to end all pins. */
  readonly pins?: readonly string[] | undefined;
  readonly now: number;
}

/**
 * Adds the new pin. The old pins (or only `pins`) end at `oldEnd`, or earlier if they would have ended earlier anyway.
 * They are disabled if `oldEnd` is undefined.
 */
export function rotateIdentity(document: TrustDocument, name: string, rotation: Rotation): TrustDocument {
  const identity = getIdentity(document, name);
  // A certificate that is pinned already is refused: its other pin would end with the old ones, and a pin that is over
  // refuses its certificate.
  expectNewPin(document, rotation);
  const ended = choosePins(identity, rotation.pins);
  const old = (identity.pins ?? []).map((pin) => (ended.has(pin) ? endPin(identity, pin, rotation) : pin));
  return replaceIdentity(document, { ...identity, pins: [...old, rotation.pin] });
}

function endPin(identity: TrustDocumentIdentity, pin: TrustDocumentPin, { oldEnd, now }: Rotation): TrustDocumentPin {
  const end = findTime(pin.notAfter);
  // A pin that is over or disabled stays as it is: a new window could only make it admit more.
  if (pin.enabled === false || (end !== undefined && end <= now)) return pin;
  if (oldEnd === undefined) return withEnabled(pin, false);
  if (end !== undefined && end <= oldEnd) return pin;
  const start = findTime(pin.notBefore);
  if (start !== undefined && start >= oldEnd) {
    throw new ToolFailure(
      `A pin of ${quote(identity.name)} begins at ${formatInstant(start)}, after the end of the overlap: ${nameWholePin(pin)}.`,
      {
        remedy: `Remove it first: ${formatTrustChange('remove', [identity.name], ['--pin', readPinValue(pin).value.slice(0, 16)])}`,
      },
    );
  }
  return { ...pin, notAfter: formatInstant(oldEnd) };
}

export function findIdentity(document: TrustDocument, name: string): TrustDocumentIdentity | undefined {
  const key = name.toLowerCase();
  return document.identities.find((identity) => identity.name.toLowerCase() === key);
}

export function getIdentity(document: TrustDocument, name: string): TrustDocumentIdentity {
  const identity = findIdentity(document, name);
  if (identity !== undefined) return identity;
  throw new ToolFailure(`There is no identity ${quote(name)} in the trust document.`, {
    remedy: `To list the identities: ${formatTrustCall('list')}`,
  });
}

/** The hash of a pin in upper-case hexadecimal, whatever notation the document has. */
export function readPinValue(pin: TrustDocumentPin): Pick<TrustPin, 'kind' | 'value'> {
  for (const kind of pinKinds) {
    const text = pin[kind];
    const value = text === undefined ? undefined : findThumbprint(text, kind === 'thumbprintSha1' ? 'sha1' : 'sha256');
    if (value !== undefined) return { kind, value };
  }
  // Reached only for a document that was not read strictly.
  throw new ToolFailure('A pin holds no thumbprint.');
}

export function nameWholePin(pin: TrustDocumentPin): string {
  const { kind, value } = readPinValue(pin);
  return `${kind} ${value}`;
}

/** The pins that `pins` names, or all pins if it is undefined. */
export function choosePins(
  identity: TrustDocumentIdentity,
  pins: readonly string[] | undefined,
): ReadonlySet<TrustDocumentPin> {
  return new Set(pins?.map((text) => getPin(identity, text)) ?? identity.pins);
}

/**
 * The only pin whose hash begins with the given digits. At least eight are needed, so that a typing error does not
 * choose a pin.
 */
export function getPin(identity: TrustDocumentIdentity, text: string): TrustDocumentPin {
  const digits = text.replaceAll(/[\s:]/g, '').toUpperCase();
  if (!/^[0-9A-F]{8,64}$/.test(digits)) {
    throw new ToolFailure(`${quote(text)} is not a hash of a pin.`, {
      remedy: 'Pass the hexadecimal digits of its thumbprint, or at least the first eight.',
    });
  }
  const found = (identity.pins ?? []).filter((pin) => readPinValue(pin).value.startsWith(digits));
  const [pin] = found;
  if (pin !== undefined && found.length === 1) return pin;
  throw new ToolFailure(
    found.length === 0
      ? `${quote(identity.name)} has no pin that begins with ${digits}.`
      : `${quote(identity.name)} has ${found.length} pins that begin with ${digits}; pass more digits.`,
    { remedy: `To see its pins: ${formatTrustCall('list', [identity.name])}` },
  );
}

/**
 * Refuses a pin whose certificate is pinned already, as far as the known hashes show it. Only `sharing` may have a pin
 * of the same certificate, by another kind of hash.
 */
function expectNewPin(document: TrustDocument, { pin, certificate }: NewPin, sharing?: TrustDocumentIdentity): void {
  const wanted = readPinValue(pin);
  const hashes: Partial<CertificateHashes> = { ...certificate, [wanted.kind]: wanted.value };
  for (const identity of document.identities) {
    for (const other of identity.pins ?? []) {
      const { kind, value } = readPinValue(other);
      if (hashes[kind] !== value || (identity === sharing && kind !== wanted.kind)) continue;
      throw new ToolFailure(
        `This certificate${kind === 'publicKeySha256' ? ' or its key' : ''} is already pinned for ${quote(identity.name)} (${kind} ${value}).`,
        {
          remedy: `A certificate belongs to one identity. To create another certificate: ${formatToolCall(['certificate', 'create', 'NAME'])}`,
        },
      );
    }
  }
}

export function replaceIdentity(document: TrustDocument, changed: TrustDocumentIdentity): TrustDocument {
  return {
    ...document,
    identities: document.identities.map((identity) => (identity.name === changed.name ? changed : identity)),
  };
}

/** Leaves the key out if `enabled` is true, because that is the default. */
function withEnabled<T extends { readonly enabled?: boolean }>(item: T, enabled: boolean): T {
  const changed: { enabled?: boolean } & T = { ...item };
  if (enabled) delete changed.enabled;
  else changed.enabled = false;
  return changed;
}

export function isEnabled({ enabled }: { readonly enabled?: boolean }): boolean {
  return enabled !== false;
}

function isSameFunction(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

function union(
  old: readonly string[],
  added: readonly string[],
  isSame: (one: string, other: string) => boolean = Object.is,
): readonly string[] {
  return added.reduce((all, item) => (all.some((each) => isSame(each, item)) ? all : [...all, item]), old);
}

function findTime(text: string | undefined): number | undefined {
  return text === undefined ? undefined : findInstant(text);
}

function quote(text: string): string {
  return JSON.stringify(text);
}
