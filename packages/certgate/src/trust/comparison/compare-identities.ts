import { formatInstant, type TrustedIdentity, type TrustPin } from '@certgate/core/internal';
import {
  type TrustAspect,
  type TrustChange,
  type TrustEffect,
  changeOf,
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
  return [changeOf(after, 'changes', 'name', sentence)];
}

function compareEnabled(before: TrustedIdentity, after: TrustedIdentity): readonly TrustChange[] {
  if (before.enabled === after.enabled) return [];
  const sentence = after.enabled
    ? `"${after.name}" is enabled.`
    : `"${after.name}" is disabled: whatever it presents is refused.`;
  return [changeOf(after, after.enabled ? 'gains' : 'loses', 'enabled', sentence)];
}

function compareExpiry(before: TrustedIdentity, after: TrustedIdentity): readonly TrustChange[] {
  if (before.expiresAt === after.expiresAt) return [];
  const isLater = (after.expiresAt ?? Number.POSITIVE_INFINITY) > (before.expiresAt ?? Number.POSITIVE_INFINITY);
  const sentence = `"${after.name}" ${describeEnd(after.expiresAt)} (expiresAt); before: ${describeEnd(before.expiresAt)}.`;
  return [changeOf(after, isLater ? gainsIf(after) : losesIf(before), 'expiresAt', sentence)];
}

function describeEnd(instant: number | undefined): string {
  return instant === undefined ? 'has no end of its own' : `ends at ${formatInstant(instant)}`;
}

function compareRoles(before: TrustedIdentity, after: TrustedIdentity): readonly TrustChange[] {
  const { added, removed } = compareLists(before.roles, after.roles);
  return [
    ...added.map((role) => changeOf(after, gainsIf(after), 'roles', `"${after.name}" has the role ${role}.`)),
    ...removed.map((role) =>
      changeOf(after, losesIf(before), 'roles', `"${after.name}" no longer has the role ${role}.`),
    ),
  ];
}

function compareFunctions(before: TrustedIdentity, after: TrustedIdentity): readonly TrustChange[] {
  const change = (effect: TrustEffect, sentence: string): TrustChange => changeOf(after, effect, 'functions', sentence);
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
    ...removed.map((functionName) => {
      const sentence = `"${after.name}" may no longer call the function ${spellFunction(before, functionName)}.`;
      return changeOf(after, losesIf(before), 'functions', sentence, { functionName });
    }),
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
  return [changeOf(after, 'changes', aspect, sentence)];
}

/** The same pin of the same identity, before and after. */
export function comparePins(
  before: TrustedIdentity,
  after: TrustedIdentity,
  earlier: TrustPin,
  later: TrustPin,
): readonly TrustChange[] {
  const isSameWindow = earlier.notBefore === later.notBefore && earlier.notAfter === later.notAfter;
  const isSameGrace = describeAcceptance(earlier) === describeAcceptance(later);
  if (earlier.enabled === later.enabled && isSameWindow && isSameGrace && isSameIssuer(earlier, later)) return [];
  const changes: TrustChange[] = [];
  const pin = { kind: later.kind, value: later.value };
  /** What moves (a window, a grace, another authority in the place of one) may both gain and lose; a reason does neither. */
  const report = (aspect: TrustAspect, gains: boolean, loses: boolean, what: string): void => {
    const sentence = `The pin ${describePin(later)} of "${after.name}" ${what}.`;
    const effects = [
      ...(gains ? [later.enabled ? gainsIf(after) : 'changes'] : []),
      ...(loses ? [earlier.enabled ? losesIf(before) : 'changes'] : []),
      ...(gains || loses ? [] : ['changes' as const]),
    ];
    changes.push(...effects.map((effect) => changeOf(after, effect, aspect, sentence, { pin })));
  };
  if (!isSameIssuer(earlier, later)) {
    const what = `is for ${describeIssuer(later)}, no longer for ${describeIssuer(earlier)}`;
    report('pinIssuer', earlier.issuedBy !== undefined, later.issuedBy !== undefined, what);
  }
  if (earlier.enabled !== later.enabled) {
    report('pinEnabled', later.enabled, earlier.enabled, `is ${later.enabled ? 'enabled' : 'disabled'}`);
  }
  if (!isSameWindow) {
    const what = `admits ${describeWindow(later)}, no longer ${describeWindow(earlier)}`;
    report('pinWindow', isWider(later, earlier), isWider(earlier, later), what);
  }
  if (!isSameGrace) {
    const [old, now] = [earlier.acceptWithoutClientAuth, later.acceptWithoutClientAuth];
    report('pinClientAuth', isGraceWider(now, old), isGraceWider(old, now), describeAcceptances(earlier, later));
  }
  return changes;
}

/** Letter case doesn't tell authorities apart. */
export function isSameIssuer(one: Pick<TrustPin, 'issuedBy'>, other: Pick<TrustPin, 'issuedBy'>): boolean {
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

/** Letter case doesn't tell names apart. */
export function indexByName<T extends { readonly name: string }>(items: readonly T[]): ReadonlyMap<string, T> {
  return new Map(items.map((item) => [item.name.toLowerCase(), item]));
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
