import { type TrustChange, describePin } from './trust-change.js';
import { type PinKind, type PinnedIdentity, type TrustPin, type TrustSnapshot, pinKinds } from './trust-snapshot.js';

/**
 * A certificate has one hash of each kind, and every pin that matches it has a say: one that is disabled or outside its
 * window refuses, and two of two identities make the certificate ambiguous. So a pin that goes can let its certificate in
 * by a pin of another kind, which was there all the time, and a pin that comes can shut it out. Which pins belong to one
 * certificate, the hashes don't tell: whoever holds a pin of another kind may be concerned, and is reported.
 */
export function compareRefusals(before: TrustSnapshot, after: TrustSnapshot): readonly TrustChange[] {
  return [
    ...listRefusals(before, after, {
      effect: 'gains',
      own: (pin, name) =>
        `The pin ${pin} of "${name}" is gone, and with it the times at which it refused: a certificate that "${name}" pins by another hash as well may now be admitted.`,
      others: (pins, kinds) =>
        `Gone: ${pins}. A certificate that was refused as ambiguous, since another identity pins it by ${kinds}, may now be admitted as that identity.`,
    }),
    ...listRefusals(after, before, {
      effect: 'loses',
      own: (pin, name) =>
        `The pin ${pin} of "${name}" is new, and there are times at which it refuses: also a certificate that "${name}" pins by another hash as well.`,
      others: (pins, kinds) =>
        `New: ${pins}. If another identity pins the same certificate by ${kinds}, it is ambiguous and refused from now on.`,
    }),
  ];
}

interface Wording {
  readonly effect: 'gains' | 'loses';
  readonly own: (pin: string, name: string) => string;
  readonly others: (pins: string, kinds: string) => string;
}

/** What the pins that `one` has and `other` has nowhere mean for what `other` admits by pins that both have. */
function listRefusals(one: TrustSnapshot, other: TrustSnapshot, wording: Wording): readonly TrustChange[] {
  const changes: TrustChange[] = [];
  const keepers = findKeepers(one, other);
  for (const kind of pinKinds) {
    const lone = [...one.pins[kind].values()].filter(({ pin }) => !other.pins[kind].has(pin.value));
    for (const { identity, pin } of lone) {
      const keeper = keepers.get(identity.name.toLowerCase());
      // At one time at least it refuses.
      const isRefusing = !pin.enabled || pin.notBefore !== undefined || pin.notAfter !== undefined;
      if (!isRefusing || !keeper?.kinds.some((each) => each !== kind)) continue;
      changes.push({
        effect: wording.effect,
        aspect: 'refusal',
        identityName: keeper.name,
        pin: { kind, value: pin.value },
        sentence: wording.own(describePin(pin), keeper.name),
      });
    }
    const change = describeAmbiguity(kind, lone, keepers, wording);
    if (change !== undefined) changes.push(change);
  }
  return changes;
}

/** An identity that has pins in both documents, and that `other` admits by them. */
interface Keeper {
  /** As `other` writes it. */
  readonly name: string;
  readonly kinds: readonly PinKind[];
}

/** By lower-case name. */
function findKeepers(one: TrustSnapshot, other: TrustSnapshot): ReadonlyMap<string, Keeper> {
  const keepers = new Map<string, Keeper>();
  for (const { name, enabled, pins } of other.identities) {
    const key = name.toLowerCase();
    const kept = enabled ? pins.filter((pin) => pin.enabled && isPinOf(one, pin, key)) : [];
    const kinds = pinKinds.filter((kind) => kept.some((pin) => pin.kind === kind));
    if (kinds.length > 0) keepers.set(key, { name, kinds });
  }
  return keepers;
}

function isPinOf(snapshot: TrustSnapshot, { kind, value }: TrustPin, key: string): boolean {
  return snapshot.pins[kind].get(value)?.identity.name.toLowerCase() === key;
}

function describeAmbiguity(
  kind: PinKind,
  lone: readonly PinnedIdentity[],
  keepers: ReadonlyMap<string, Keeper>,
  { effect, others }: Wording,
): TrustChange | undefined {
  const [first] = lone;
  if (first === undefined) return undefined;
  const holders = new Set(lone.map(({ identity }) => identity.name.toLowerCase()));
  const candidates: string[] = [];
  const otherKinds = new Set<PinKind>();
  for (const [key, { name, kinds }] of keepers) {
    const different = kinds.filter((each) => each !== kind);
    // Its own pins make nothing ambiguous for an identity.
    if (different.length === 0 || (holders.size === 1 && holders.has(key))) continue;
    candidates.push(name);
    for (const each of different) otherKinds.add(each);
  }
  if (candidates.length === 0) return undefined;
  const pins = `${describePin(first.pin)} of "${first.identity.name}"${lone.length > 1 ? ` and ${lone.length - 1} more pins by ${kind}` : ''}`;
  return {
    effect,
    aspect: 'refusal',
    identityName: undefined,
    candidates: Object.freeze(candidates),
    ...(lone.length === 1 ? { pin: { kind, value: first.pin.value } } : {}),
    sentence: `${others(pins, [...otherKinds].join(' or '))} Such pins: ${describeCandidates(candidates)}.`,
  };
}

function describeCandidates(candidates: readonly string[]): string {
  const named = candidates.slice(0, 3).map((name) => `"${name}"`);
  const more = candidates.length - named.length;
  return `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
