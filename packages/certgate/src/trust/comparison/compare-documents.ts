// comparison/: who gains and who loses what from one trust document to the next.

import {
  describeName,
  findPinSpan,
  type TrustedIdentity,
  type TrustPin,
  type TrustSnapshot,
} from '@certgate/core/internal';
import { askGate, type AskedCertificates } from './ask-gate.js';
import { compareAuthorities } from './compare-authorities.js';
import { compareIdentities, comparePins, describeAcceptance, effectIf, indexByName } from './compare-identities.js';
import { canAdmit, canCall, type HeldIdentity } from './in-force.js';
import { describePossibleGains, describePossibleLosses } from './possible-effects.js';
import { compareRestrictions } from './compare-restrictions.js';
import { compareSharedNames, findNameHolder, isSameIdentity } from './shared-names.js';
import {
  changeOf,
  nameShortPin,
  describeRights,
  describeEntryWindow,
  type TrustChange,
  type TrustEffect,
} from './trust-change.js';

/** Who gains and who loses what when one document takes the place of another. */
export interface TrustComparison {
  /**
   * First in the order of the later document, then the removed identities, then shared names, authorities and what
   * concerns the document as a whole, then what the gate answered about `asked`.
   */
  readonly changes: readonly TrustChange[];
  /** Whether a change has the effect `gains`. */
  readonly gains: boolean;
  /** Whether a change has the effect `loses`. */
  readonly loses: boolean;
  /** A text about who may gain although the documents don't show it; undefined if the comparison finds nobody. */
  readonly possibleGains: string | undefined;
  /** A text about who may lose although the documents don't show it; undefined if the comparison finds nobody. */
  readonly possibleLosses: string | undefined;
  readonly revision: { readonly before: number; readonly after: number };
}

/**
 * Compares two documents for all functions and times. Several entries that match one certificate may contradict each
 * other, so that adding or removing one entry changes what the others decide. The documents show this for a name and
 * the wildcard over it. For other entries, `possibleGains` and `possibleLosses` say where it could be so. The
 * comparison may report a gain that no caller has (for example, a pin whose window begins after its certificate has
 * ended). Changes with the effect `changes` are for people.
 */
export function compareTrustDocuments(
  before: TrustSnapshot,
  after: TrustSnapshot,
  asked: AskedCertificates = noCertificates,
): TrustComparison {
  const answers = askGate(before, after, asked);
  // A generator lists the changes, because a hundred thousand of them, as arguments of a call, would overflow the
  // stack.
  const changes = [...listChanges(before, after), ...answers.changes];
  return {
    changes,
    gains: changes.some(({ effect }) => effect === 'gains'),
    loses: changes.some(({ effect }) => effect === 'loses'),
    possibleGains: describePossibleGains(before, after),
    possibleLosses: describePossibleLosses(before, after, answers.isAsked),
    revision: { before: before.revision, after: after.revision },
  };
}

const noCertificates: AskedCertificates = { certificates: [], now: 0 };

function* listChanges(before: TrustSnapshot, after: TrustSnapshot): Generator<TrustChange, void, undefined> {
  const earlier = indexByName(before.identities);
  const later = indexByName(after.identities);
  for (const [key, identity] of later) {
    const former = earlier.get(key);
    const held = { snapshot: after, identity };
    if (former === undefined) yield describeAddedIdentity(held);
    // A snapshot's parts are frozen, so the same object has the same content.
    else if (former !== identity) yield* compareIdentities({ snapshot: before, identity: former }, held);
    for (const pin of identity.pins) yield* compareWithFormerPin(before, former, held, pin);
    yield* listAddedNames(before, held);
    if (former === undefined) continue;
    yield* listRemovedPins(after, { snapshot: before, identity: former }, key);
    yield* listRemovedNames(after, { snapshot: before, identity: former });
  }
  for (const [key, identity] of earlier) {
    if (later.has(key)) continue;
    const held = { snapshot: before, identity };
    yield describeRemovedIdentity(held);
    yield* listRemovedPins(after, held, key);
    yield* listRemovedNames(after, held);
  }
  yield* compareSharedNames(before, after);
  yield* compareAuthorities(before, after);
  yield* compareRestrictions(before, after);
}

function listRemovedPins(after: TrustSnapshot, former: HeldIdentity, key: string): readonly TrustChange[] {
  return former.identity.pins.filter((pin) => !isPinOf(after, pin, key)).map((pin) => describeRemovedPin(former, pin));
}

function isPinOf(snapshot: TrustSnapshot, { kind, value }: TrustPin, key: string): boolean {
  return snapshot.pins[kind].get(value)?.identity.name.toLowerCase() === key;
}

function compareWithFormerPin(
  before: TrustSnapshot,
  former: TrustedIdentity | undefined,
  held: HeldIdentity,
  pin: TrustPin,
): readonly TrustChange[] {
  const { snapshot, identity } = held;
  const holder = before.pins[pin.kind].get(pin.value);
  if (former !== undefined && holder?.identity === former)
    return comparePins({ snapshot: before, identity: former }, held, holder.pin, pin);
  const taken = holder === undefined ? '' : ` It was a pin of "${holder.identity.name}".`;
  const issuer = pin.issuedBy === undefined ? '' : ` if the authority ${pin.issuedBy} issued the certificate`;
  const acceptance = pin.acceptWithoutClientAuth === undefined ? '' : `, and accepts ${describeAcceptance(pin)}`;
  const isUsable = canAdmit(snapshot, { identity, pin });
  const other = pin.enabled ? 'admits nobody' : 'is disabled';
  const state = isUsable ? `admits ${describeEntryWindow(findPinSpan(pin))}${issuer}${acceptance}` : other;
  const sentence = `"${identity.name}" has the pin ${nameShortPin(pin)}, which ${state}.${taken}`;
  return [changePin(identity, pin, effectIf('gains', isUsable), sentence)];
}

function describeRemovedPin({ snapshot, identity }: HeldIdentity, pin: TrustPin): TrustChange {
  const state = pin.enabled ? '' : ', which was disabled';
  const sentence = `"${identity.name}" no longer has the pin ${nameShortPin(pin)}${state}.`;
  return changePin(identity, pin, effectIf('loses', canAdmit(snapshot, { identity, pin })), sentence);
}

/** A pin that was added or removed. */
function changePin(
  identity: TrustedIdentity,
  { kind, value }: TrustPin,
  effect: TrustEffect,
  sentence: string,
): TrustChange {
  return changeOf(identity, effect, 'pin', sentence, { pin: { kind, value } });
}

function describeAddedIdentity(held: HeldIdentity): TrustChange {
  const { identity } = held;
  const sentence = `"${identity.name}" is new, with ${describeRights(identity)}${identity.enabled ? '' : '; it is disabled'}.`;
  return changeOf(identity, effectIf('gains', canCall(held)), 'identity', sentence);
}

function describeRemovedIdentity(held: HeldIdentity): TrustChange {
  const { identity } = held;
  const sentence = `"${identity.name}" is gone; it had ${describeRights(identity)}${identity.enabled ? '' : ' and was disabled'}.`;
  return changeOf(identity, effectIf('loses', canCall(held)), 'identity', sentence);
}

/** The names that `identity` has in the later document, and didn't have in the earlier one. */
function* listAddedNames(
  before: TrustSnapshot,
  { snapshot, identity }: HeldIdentity,
): Generator<TrustChange, void, undefined> {
  for (const trustName of identity.names) {
    const holder = findNameHolder(before, trustName);
    if (holder !== undefined && isSameIdentity(holder, identity)) continue;
    const taken = holder === undefined ? '' : ` Before, it was recognized as "${holder.name}".`;
    const sentence = `A certificate with ${describeName(trustName)} is now recognized as "${identity.name}".${taken}`;
    const effect = effectIf('gains', canAdmit(snapshot, { identity, trustName }));
    yield changeOf(identity, effect, 'trustName', sentence, { trustName });
  }
}

/** The names that `identity` had in the earlier document, and doesn't have in the later one. */
function* listRemovedNames(
  after: TrustSnapshot,
  { snapshot, identity }: HeldIdentity,
): Generator<TrustChange, void, undefined> {
  for (const trustName of identity.names) {
    const holder = findNameHolder(after, trustName);
    if (holder !== undefined && isSameIdentity(holder, identity)) continue;
    const sentence = `A certificate with ${describeName(trustName)} is no longer recognized as "${identity.name}".`;
    const effect = effectIf('loses', canAdmit(snapshot, { identity, trustName }));
    yield changeOf(identity, effect, 'trustName', sentence, { trustName });
  }
}
