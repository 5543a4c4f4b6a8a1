import { formatInstant, type TrustedIdentity, type TrustPin } from '@certgate/core/internal';
import {
  type TrustChange,
  type TrustEffect,
  describeFunctions,
  describePin,
  describeText,
  describeWindow,
} from './trust-change.js';

/**
 * What is said of one identity itself, before and after; its pins are compared elsewhere. While it is disabled it can't
 * gain, and one that was disabled had nothing to lose.
 */
export function compareIdentities(before: TrustedIdentity, after: TrustedIdentity): readonly TrustChange[] {
  return [
    ...compareNames(before, after),
    ...compareEnabled(before, after),
    ...compareExpiry(before, after),
    ...compareRoles(before, after),
    ...compareFunctions(before, after),
    ...compareText(before, after, 'owner'),
    ...compareText(before, after, 'reason'),
  ];
}

/** The effect of more (and of less) for an identity, given whether it could call before and can call after. */
export function gainsIf(after: Pick<TrustedIdentity, 'enabled'>): TrustEffect {
  return after.enabled ? 'gains' : 'changes';
}

export function losesIf(before: Pick<TrustedIdentity, 'enabled'>): TrustEffect {
  return before.enabled ? 'loses' : 'changes';
}

function compareNames(before: TrustedIdentity, after: TrustedIdentity): readonly TrustChange[] {
  if (before.name === after.name) return [];
  const sentence = `"${before.name}" is now written "${after.name}", which is the name that functions and logs see.`;
  return [{ effect: 'changes', aspect: 'name', identityName: after.name, sentence }];
}

function compareEnabled(before: TrustedIdentity, after: TrustedIdentity): readonly TrustChange[] {
  if (before.enabled === after.enabled) return [];
  const sentence = after.enabled
    ? `"${after.name}" is enabled.`
    : `"${after.name}" is disabled: whatever it presents is refused.`;
  return [{ effect: after.enabled ? 'gains' : 'loses', aspect: 'enabled', identityName: after.name, sentence }];
}

function compareExpiry(before: TrustedIdentity, after: TrustedIdentity): readonly TrustChange[] {
  if (before.expiresAt === after.expiresAt) return [];
  const isLater = (after.expiresAt ?? Number.POSITIVE_INFINITY) > (before.expiresAt ?? Number.POSITIVE_INFINITY);
  const sentence = `"${after.name}" ${describeEnd(after.expiresAt)} (expiresAt); before: ${describeEnd(before.expiresAt)}.`;
  const effect = isLater ? gainsIf(after) : losesIf(before);
  return [{ effect, aspect: 'expiresAt', identityName: after.name, sentence }];
}

function describeEnd(instant: number | undefined): string {
  return instant === undefined ? 'has no end of its own' : `ends at ${formatInstant(instant)}`;
}

function compareRoles(before: TrustedIdentity, after: TrustedIdentity): readonly TrustChange[] {
  const { added, removed } = compareLists(before.roles, after.roles);
  return [
    ...added.map((role) => change(gainsIf(after), `"${after.name}" has the role ${role}.`)),
    ...removed.map((role) => change(losesIf(before), `"${after.name}" no longer has the role ${role}.`)),
  ];

  function change(effect: TrustEffect, sentence: string): TrustChange {
    return { effect, aspect: 'roles', identityName: after.name, sentence };
  }
}

function compareFunctions(before: TrustedIdentity, after: TrustedIdentity): readonly TrustChange[] {
  const change = (effect: TrustEffect, sentence: string): TrustChange => {
    return { effect, aspect: 'functions', identityName: after.name, sentence };
  };
  if (before.functions === undefined && after.functions === undefined) return [];
  if (after.functions === undefined) {
    const sentence = `"${after.name}" may call every function, no longer only ${describeFunctions(before.functionsAsWritten)}.`;
    return [change(gainsIf(after), sentence)];
  }
  if (before.functions === undefined) {
    const sentence = `"${after.name}" may call ${describeFunctions(after.functionsAsWritten)}, no longer every function.`;
    return [change(losesIf(before), sentence)];
  }
  const { added, removed } = compareLists(before.functions, after.functions);
  return [
    ...added.map((name) =>
      change(gainsIf(after), `"${after.name}" may call the function ${spellFunction(after, name)}.`),
    ),
    ...removed.map((name) =>
      change(losesIf(before), `"${after.name}" may no longer call the function ${spellFunction(before, name)}.`),
    ),
  ];
}

/** Compared without regard to letter case, as Azure does; shown as the document has it. */
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
  return [{ effect: 'changes', aspect, identityName: after.name, sentence }];
}

/** The same pin of the same identity, before and after. */
export function comparePins(
  before: TrustedIdentity,
  after: TrustedIdentity,
  earlier: TrustPin,
  later: TrustPin,
): readonly TrustChange[] {
  const { enabled, notBefore, notAfter } = later;
  const isSameWindow = earlier.notBefore === notBefore && earlier.notAfter === notAfter;
  const isSameGrace = describeAcceptance(earlier) === describeAcceptance(later);
  if (earlier.enabled === enabled && isSameWindow && isSameGrace && isSameIssuer(earlier, later)) return [];
  const known = { identityName: after.name, pin: { kind: later.kind, value: later.value } };
  const changes: TrustChange[] = compareIssuers(before, after, earlier, later).map((change) => ({
    ...change,
    ...known,
  }));
  if (earlier.enabled !== later.enabled) {
    const effect = later.enabled ? gainsIf(after) : losesIf(before);
    const verb = later.enabled ? 'enabled' : 'disabled';
    const sentence = `The pin ${describePin(later)} of "${after.name}" is ${verb}.`;
    changes.push({ effect, aspect: 'pinEnabled', ...known, sentence });
  }
  const others = [...compareWindows(before, after, earlier, later), ...compareGraces(before, after, earlier, later)];
  return [...changes, ...others.map((change) => ({ ...change, ...known }))];
}

/** Letter case doesn't tell authorities apart. */
export function isSameIssuer(one: Pick<TrustPin, 'issuedBy'>, other: Pick<TrustPin, 'issuedBy'>): boolean {
  return one.issuedBy?.toLowerCase() === other.issuedBy?.toLowerCase();
}

/** Another authority in the place of one both gains and loses. */
function compareIssuers(
  before: TrustedIdentity,
  after: TrustedIdentity,
  earlier: TrustPin,
  later: TrustPin,
): readonly Omit<TrustChange, 'identityName'>[] {
  if (isSameIssuer(earlier, later)) return [];
  const effects: TrustEffect[] = [];
  if (earlier.issuedBy !== undefined) effects.push(later.enabled ? gainsIf(after) : 'changes');
  if (later.issuedBy !== undefined) effects.push(earlier.enabled ? losesIf(before) : 'changes');
  const sentence = `The pin ${describePin(later)} of "${after.name}" is for ${describeIssuer(later)}, no longer for ${describeIssuer(earlier)}.`;
  return effects.map((effect) => ({ effect, aspect: 'pinIssuer', sentence }));
}

function describeIssuer({ issuedBy }: TrustPin): string {
  return issuedBy === undefined ? 'a certificate of any issuer' : `a certificate that the authority ${issuedBy} issued`;
}

/** A window that moves both gains and loses. */
function compareWindows(
  before: TrustedIdentity,
  after: TrustedIdentity,
  earlier: TrustPin,
  later: TrustPin,
): readonly Omit<TrustChange, 'identityName'>[] {
  const effects: TrustEffect[] = [];
  if (isWider(later, earlier)) effects.push(later.enabled ? gainsIf(after) : 'changes');
  if (isWider(earlier, later)) effects.push(earlier.enabled ? losesIf(before) : 'changes');
  if (effects.length === 0) return [];
  const sentence = `The pin ${describePin(later)} of "${after.name}" admits ${describeWindow(later)}, no longer ${describeWindow(earlier)}.`;
  return effects.map((effect) => ({ effect, aspect: 'pinWindow', sentence }));
}

/** One that moves both gains and loses. */
function compareGraces(
  before: TrustedIdentity,
  after: TrustedIdentity,
  earlier: TrustPin,
  later: TrustPin,
): readonly Omit<TrustChange, 'identityName'>[] {
  const { acceptWithoutClientAuth: old } = earlier;
  const { acceptWithoutClientAuth: now } = later;
  if (describeAcceptance(earlier) === describeAcceptance(later)) return [];
  const sentence = `The pin ${describePin(later)} of "${after.name}" ${describeAcceptances(earlier, later)}.`;
  const effects: TrustEffect[] = [];
  if (isGraceWider(now, old)) effects.push(later.enabled ? gainsIf(after) : 'changes');
  if (isGraceWider(old, now)) effects.push(earlier.enabled ? losesIf(before) : 'changes');
  // The reason alone.
  if (effects.length === 0) effects.push('changes');
  return effects.map((effect) => ({ effect, aspect: 'pinClientAuth', sentence }));
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

/** `a certificate without clientAuth from X until Y: "reason"`. */
export function describeAcceptance({ acceptWithoutClientAuth: grace }: TrustPin): string {
  if (grace === undefined) return 'no certificate without clientAuth';
  const { since: notBefore, until: notAfter, reason } = grace;
  return `a certificate without clientAuth ${describeWindow({ notBefore, notAfter })}: ${describeText(reason)}`;
}

type Window = Pick<TrustPin, 'notBefore' | 'notAfter'>;

/** Is there a moment in `one` that is not in `other`? */
export function isWider(one: Window, other: Window): boolean {
  return (
    (one.notBefore ?? Number.NEGATIVE_INFINITY) < (other.notBefore ?? Number.NEGATIVE_INFINITY) ||
    (one.notAfter ?? Number.POSITIVE_INFINITY) > (other.notAfter ?? Number.POSITIVE_INFINITY)
  );
}

const noDifference = { added: [], removed: [] };

export function compareLists(
  before: readonly string[],
  after: readonly string[],
): { readonly added: readonly string[]; readonly removed: readonly string[] } {
  // The usual case, in documents of many identities.
  if (before.length === after.length && before.every((text, index) => text === after[index])) return noDifference;
  const earlier = new Set(before);
  const later = new Set(after);
  return {
    added: [...later].filter((text) => !earlier.has(text)),
    removed: [...earlier].filter((text) => !later.has(text)),
  };
}
