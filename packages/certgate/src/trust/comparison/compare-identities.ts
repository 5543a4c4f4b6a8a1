import { findPinSpan, formatInstant, type TrustedIdentity, type TrustPin } from '@certgate/core/internal';
import { admitsMore, canAdmit, canCall, type HeldIdentity, isWider } from './in-force.js';
import {
  type TrustAspect,
  type TrustChange,
  type TrustEffect,
  changeOf,
  describeFunctionNames,
  nameShortPin,
  describeText,
  describeEntryWindow,
} from './trust-change.js';

/**
 * Compares what the documents say about one identity itself; its pins and its names under authorities are compared
 * elsewhere. An identity that couldn't call before loses nothing, and one that can't call afterwards gains nothing.
 */
export function compareIdentities(held: HeldIdentity, heldAfter: HeldIdentity): readonly TrustChange[] {
  const [{ identity: before }, { identity: after }] = [held, heldAfter];
  const effects = { more: effectIf('gains', canCall(heldAfter)), less: effectIf('loses', canCall(held)) };
  return [
    ...compareNames(before, after),
    ...compareEnabled(held, heldAfter),
    ...compareExpiry(held, heldAfter),
    ...compareRoles(before, after, effects),
    ...compareFunctions(before, after, effects),
    ...compareText(before, after, 'owner'),
    ...compareText(before, after, 'reason'),
  ];
}

export function effectIf(effect: TrustEffect, isReal: boolean): TrustEffect {
  return isReal ? effect : 'changes';
}

/** The effect of more rights and the effect of fewer rights, depending on whether the identity can call. */
interface Effects {
  readonly more: TrustEffect;
  readonly less: TrustEffect;
}

function compareNames(before: TrustedIdentity, after: TrustedIdentity): readonly TrustChange[] {
  if (before.name === after.name) return [];
  const sentence = `"${before.name}" is now written "${after.name}", which is the name that functions and logs see.`;
  return [changeOf(after, 'changes', 'name', sentence)];
}

function compareEnabled(held: HeldIdentity, heldAfter: HeldIdentity): readonly TrustChange[] {
  const [{ enabled }, after] = [held.identity, heldAfter.identity];
  if (enabled === after.enabled) return [];
  const sentence = after.enabled
    ? `"${after.name}" is enabled.`
    : `"${after.name}" is disabled: whatever it presents is refused.`;
  const isLoss = admitsMore(held, { enabled: after.enabled });
  const effect = isLoss ? 'loses' : effectIf('gains', admitsMore(heldAfter, { enabled }));
  return [changeOf(after, effect, 'enabled', sentence)];
}

function compareExpiry(held: HeldIdentity, heldAfter: HeldIdentity): readonly TrustChange[] {
  const [{ expiresAt }, after] = [held.identity, heldAfter.identity];
  if (expiresAt === after.expiresAt) return [];
  const sentence = `"${after.name}" ${describeEnd(after.expiresAt)} (expiresAt); before: ${describeEnd(expiresAt)}.`;
  const isLoss = admitsMore(held, { expiresAt: after.expiresAt });
  const effect = isLoss ? 'loses' : effectIf('gains', admitsMore(heldAfter, { expiresAt }));
  return [changeOf(after, effect, 'expiresAt', sentence)];
}

function describeEnd(instant: number | undefined): string {
  return instant === undefined ? 'has no end of its own' : `ends at ${formatInstant(instant)}`;
}

function compareRoles(
  before: TrustedIdentity,
  after: TrustedIdentity,
  { more, less }: Effects,
): readonly TrustChange[] {
  const { added, removed } = compareLists(before.roles, after.roles);
  return [
    ...added.map((role) => changeOf(after, more, 'roles', `"${after.name}" has the role ${role}.`)),
    ...removed.map((role) => changeOf(after, less, 'roles', `"${after.name}" no longer has the role ${role}.`)),
  ];
}

function compareFunctions(
  before: TrustedIdentity,
  after: TrustedIdentity,
  { more, less }: Effects,
): readonly TrustChange[] {
  const change = (effect: TrustEffect, sentence: string): TrustChange => changeOf(after, effect, 'functions', sentence);
  if (before.functions === undefined && after.functions === undefined) return [];
  if (after.functions === undefined) {
    const sentence = `"${after.name}" may call every function, no longer only ${describeFunctionNames(before.functionsAsWritten)}.`;
    return [change(more, sentence)];
  }
  if (before.functions === undefined) {
    const sentence = `"${after.name}" may call ${describeFunctionNames(after.functionsAsWritten)}, no longer every function.`;
    return [change(less, sentence)];
  }
  const { added, removed } = compareLists(before.functions, after.functions);
  return [
    ...added.map((name) => change(more, `"${after.name}" may call the function ${spellFunction(after, name)}.`)),
    ...removed.map((functionName) => {
      const sentence = `"${after.name}" may no longer call the function ${spellFunction(before, functionName)}.`;
      return changeOf(after, less, 'functions', sentence, { functionName });
    }),
  ];
}

/** The function's name as the document writes it. The comparison itself ignores letter case, as Azure does. */
function spellFunction({ functions = [], functionsAsWritten = [] }: TrustedIdentity, name: string): string {
  return functionsAsWritten[functions.indexOf(name)] ?? name;
}

function compareText(
  before: TrustedIdentity,
  after: TrustedIdentity,
  aspect: 'owner' | 'reason',
): readonly TrustChange[] {
  if (before[aspect] === after[aspect]) return [];
  const sentence = `The ${aspect} of "${after.name}" is ${describeText(after[aspect])}, no longer ${describeText(before[aspect])}.`;
  return [changeOf(after, 'changes', aspect, sentence)];
}

/** Compares a pin that an identity has in both documents. */
export function comparePins(
  { snapshot: before, identity: former }: HeldIdentity,
  { snapshot: after, identity }: HeldIdentity,
  earlier: TrustPin,
  later: TrustPin,
): readonly TrustChange[] {
  const [formerSpan, span] = [findPinSpan(earlier), findPinSpan(later)];
  const isSameWindow = span.validFrom === formerSpan.validFrom && span.validUntil === formerSpan.validUntil;
  const isSameGrace = describeAcceptance(earlier) === describeAcceptance(later);
  if (earlier.enabled === later.enabled && isSameWindow && isSameGrace && isSameIssuer(earlier, later)) return [];
  const changes: TrustChange[] = [];
  const pin = { kind: later.kind, value: later.value };
  /**
   * Reports a difference. A replaced value (a window, a grace, an authority) may both gain and lose; a changed reason
   * does neither.
   */
  const report = (aspect: TrustAspect, gains: boolean, loses: boolean, what: string): void => {
    const sentence = `The pin ${nameShortPin(later)} of "${identity.name}" ${what}.`;
    const effects = [
      ...(gains ? ['gains' as const] : []),
      ...(loses ? ['loses' as const] : []),
      ...(gains || loses ? [] : ['changes' as const]),
    ];
    changes.push(...effects.map((effect) => changeOf(identity, effect, aspect, sentence, { pin })));
  };
  const [could, can] = [
    canAdmit(before, { identity: former, pin: earlier }),
    canAdmit(after, { identity, pin: later }),
  ];
  const isLess = (other: Partial<TrustPin>): boolean =>
    isWider(before, { identity: former, pin: earlier }, { identity: former, pin: { ...earlier, ...other } });
  const isMore = (other: Partial<TrustPin>): boolean =>
    isWider(after, { identity, pin: later }, { identity, pin: { ...later, ...other } });
  if (!isSameIssuer(earlier, later)) {
    const what = `is for ${describeIssuer(later)}, no longer for ${describeIssuer(earlier)}`;
    report('pinIssuer', can && earlier.issuedBy !== undefined, could && later.issuedBy !== undefined, what);
  }
  if (earlier.enabled !== later.enabled) {
    const [gains, loses] = [isMore({ enabled: earlier.enabled }), isLess({ enabled: later.enabled })];
    report('pinEnabled', gains, loses, `is ${later.enabled ? 'enabled' : 'disabled'}`);
  }
  if (!isSameWindow) {
    const what = `admits ${describeEntryWindow(span)}, no longer ${describeEntryWindow(formerSpan)}`;
    const [gains, loses] = [isMore({ ...earlier, ...pickOthers(later) }), isLess({ ...later, ...pickOthers(earlier) })];
    report('pinWindow', gains, loses, what);
  }
  if (!isSameGrace) {
    const [old, now] = [earlier.acceptWithoutClientAuth, later.acceptWithoutClientAuth];
    const [gains, loses] = [can && isGraceWider(now, old), could && isGraceWider(old, now)];
    report('pinClientAuth', gains, loses, describeAcceptances(earlier, later));
  }
  return changes;
}

/** Compares authorities by their names, without letter case. */
function isSameIssuer(one: Pick<TrustPin, 'issuedBy'>, other: Pick<TrustPin, 'issuedBy'>): boolean {
  return one.issuedBy?.toLowerCase() === other.issuedBy?.toLowerCase();
}

function describeIssuer({ issuedBy }: TrustPin): string {
  return issuedBy === undefined ? 'a certificate of any issuer' : `a certificate that the authority ${issuedBy} issued`;
}

function describeAcceptances(earlier: TrustPin, later: TrustPin): string {
  if (later.acceptWithoutClientAuth === undefined) return `no longer accepts ${describeAcceptance(earlier)}`;
  const replaced = earlier.acceptWithoutClientAuth === undefined ? '' : `, no longer ${describeAcceptance(earlier)}`;
  return `accepts ${describeAcceptance(later)}${replaced}`;
}

export function isGraceWider(
  one: TrustPin['acceptWithoutClientAuth'],
  other: TrustPin['acceptWithoutClientAuth'],
): boolean {
  if (one === undefined || other === undefined) return one !== undefined;
  return one.since < other.since || one.until > other.until;
}

/** Words like `a certificate without clientAuth from X until Y: "reason"`. */
export function describeAcceptance({ acceptWithoutClientAuth: grace }: TrustPin): string {
  if (grace === undefined) return 'no certificate without clientAuth';
  const { since: validFrom, until: validUntil, reason } = grace;
  return `a certificate without clientAuth ${describeEntryWindow({ validFrom, validUntil })}: ${describeText(reason)}`;
}

/** The members of a pin that decide in addition to its own times. */
function pickOthers({ enabled, issuedBy }: TrustPin): Pick<TrustPin, 'enabled' | 'issuedBy'> {
  return { enabled, issuedBy };
}

/** Ignores letter case, because two names that differ only in it are the same name. */
export function indexByName<T extends { readonly name: string }>(items: readonly T[]): ReadonlyMap<string, T> {
  return new Map(items.map((item) => [item.name.toLowerCase(), item]));
}

const noDifference = { added: [], removed: [] };

export function compareLists(
  before: readonly string[],
  after: readonly string[],
): { readonly added: readonly string[]; readonly removed: readonly string[] } {
  // The usual case in documents with many identities.
  if (before.length === after.length && before.every((text, index) => text === after[index])) return noDifference;
  const earlier = new Set(before);
  const later = new Set(after);
  return {
    added: [...later].filter((text) => !earlier.has(text)),
    removed: [...earlier].filter((text) => !later.has(text)),
  };
}
