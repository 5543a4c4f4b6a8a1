import { type TrustChange, describeCandidates, describePin } from './trust-change.js';
import { isSameIssuer } from './trust-identity-comparison.js';
import {
  type NamedIdentity,
  type PinKind,
  type PinnedIdentity,
  type TrustPin,
  type TrustSnapshot,
  pinKinds,
} from './trust-snapshot.js';
import { describeSubject, subjectKey } from './trust-subject.js';

/**
 * A certificate has one hash of each kind, and every pin that matches it has a say: one that is disabled or outside its
 * window refuses, and two of two identities make the certificate ambiguous. So a pin that goes can let its certificate in
 * by a pin of another kind, which was there all the time, and a pin that comes can shut it out. Which pins belong to one
 * certificate, the hashes don't tell: whoever holds a pin of another kind may be concerned, and is reported. So do
 * subjects: a certificate may bear several names, and be pinned besides.
 */
export function compareRefusals(before: TrustSnapshot, after: TrustSnapshot): readonly TrustChange[] {
  return [
    ...listRefusals(before, after, {
      effect: 'gains',
      own: (pin, name) =>
        `The pin ${pin} of "${name}" is gone, and with it the times at which it refused: a certificate that "${name}" has by another hash or a name as well may now be admitted.`,
      others: (gone, ways) =>
        `Gone: ${gone}. A certificate that was refused as ambiguous, since another identity has it by ${ways}, may now be admitted as that identity.`,
    }),
    ...listRefusals(after, before, {
      effect: 'loses',
      own: (pin, name) =>
        `The pin ${pin} of "${name}" is new, and there are times at which it refuses: also a certificate that "${name}" has by another hash or a name as well.`,
      others: (added, ways) =>
        `New: ${added}. If another identity has the same certificate by ${ways}, it is ambiguous and refused from now on.`,
    }),
  ];
}

interface Wording {
  readonly effect: 'gains' | 'loses';
  readonly own: (pin: string, name: string) => string;
  readonly others: (what: string, ways: string) => string;
}

/** What the pins that `one` has and `other` has nowhere mean for what `other` admits by pins that both have. */
function listRefusals(one: TrustSnapshot, other: TrustSnapshot, wording: Wording): readonly TrustChange[] {
  const changes: TrustChange[] = [];
  const keepers = findKeepers(one, other);
  for (const kind of pinKinds) {
    const lone = [...one.pins[kind].values()].filter(({ pin }) => !hasPin(other, pin));
    for (const { identity, pin } of lone) {
      const keeper = keepers.get(identity.name.toLowerCase());
      // At one time at least it refuses.
      const isRefusing = !pin.enabled || pin.notBefore !== undefined || pin.notAfter !== undefined;
      if (!isRefusing || keeper === undefined || listOtherWays(keeper, kind).length === 0) continue;
      changes.push({
        effect: wording.effect,
        aspect: 'refusal',
        identityName: keeper.name,
        pin: { kind, value: pin.value },
        sentence: wording.own(describePin(pin), keeper.name),
      });
    }
    const [first] = lone;
    if (first === undefined) continue;
    const pins = `${describePin(first.pin)} of "${first.identity.name}"${lone.length > 1 ? ` and ${lone.length - 1} more pins by ${kind}` : ''}`;
    const change = describeAmbiguity({ way: kind, what: pins, lone }, keepers, wording);
    if (change === undefined) continue;
    changes.push(lone.length === 1 ? { ...change, pin: { kind, value: first.pin.value } } : change);
  }
  return [...changes, ...listNameRefusals(one, other, keepers, wording)];
}

function listNameRefusals(
  one: TrustSnapshot,
  other: TrustSnapshot,
  keepers: ReadonlyMap<string, Keeper>,
  wording: Wording,
): readonly TrustChange[] {
  const lone: NamedIdentity[] = [];
  for (const [key, named] of one.subjects) if (!other.subjects.has(key)) lone.push(named);
  const [first] = lone;
  if (first === undefined) return [];
  const what = `the subject ${describeSubject(first.subject)} of "${first.identity.name}"${lone.length > 1 ? ` and ${lone.length - 1} more` : ''}`;
  const change = describeAmbiguity({ way: undefined, what, lone }, keepers, wording);
  return change === undefined ? [] : [lone.length === 1 ? { ...change, subject: first.subject } : change];
}

/** An identity that has pins or subjects in both documents, and that `other` admits by them. */
interface Keeper {
  /** As `other` writes it. */
  readonly name: string;
  readonly kinds: readonly PinKind[];
  readonly hasNames: boolean;
}

/** A certificate has one hash of each kind, and any number of names. */
function listOtherWays({ kinds, hasNames }: Keeper, way: PinKind | undefined): readonly string[] {
  return [...kinds.filter((kind) => kind !== way), ...(hasNames ? ['a name'] : [])];
}

/** By lower-case name. */
function findKeepers(one: TrustSnapshot, other: TrustSnapshot): ReadonlyMap<string, Keeper> {
  const keepers = new Map<string, Keeper>();
  for (const { name, enabled, pins, subjects } of other.identities) {
    if (!enabled) continue;
    const key = name.toLowerCase();
    const kept = pins.filter((pin) => pin.enabled && isPinOf(one, pin, key));
    const kinds = pinKinds.filter((kind) => kept.some((pin) => pin.kind === kind));
    const hasNames = subjects.some(
      ({ issuedBy, type, value }) =>
        one.subjects.get(subjectKey(issuedBy, type, value))?.identity.name.toLowerCase() === key,
    );
    if (kinds.length > 0 || hasNames) keepers.set(key, { name, kinds, hasNames });
  }
  return keepers;
}

/** For other certificates than before it is another pin. */
function hasPin(snapshot: TrustSnapshot, pin: TrustPin): boolean {
  const there = snapshot.pins[pin.kind].get(pin.value);
  return there !== undefined && isSameIssuer(there.pin, pin);
}

function isPinOf(snapshot: TrustSnapshot, pin: TrustPin, key: string): boolean {
  return snapshot.pins[pin.kind].get(pin.value)?.identity.name.toLowerCase() === key;
}

interface Lone {
  /** How they match a certificate: a kind of hash, or by name. */
  readonly way: PinKind | undefined;
  readonly what: string;
  readonly lone: readonly Pick<PinnedIdentity, 'identity'>[];
}

function describeAmbiguity(
  { way, what, lone }: Lone,
  keepers: ReadonlyMap<string, Keeper>,
  { effect, others }: Wording,
): TrustChange | undefined {
  const holders = new Set(lone.map(({ identity }) => identity.name.toLowerCase()));
  const candidates: string[] = [];
  const ways = new Set<string>();
  for (const [key, keeper] of keepers) {
    const different = listOtherWays(keeper, way);
    // Its own pins and names make nothing ambiguous for an identity.
    if (different.length === 0 || (holders.size === 1 && holders.has(key))) continue;
    candidates.push(keeper.name);
    for (const each of different) ways.add(each);
  }
  if (candidates.length === 0) return undefined;
  return {
    effect,
    aspect: 'refusal',
    identityName: undefined,
    candidates: Object.freeze(candidates),
    sentence: `${others(what, [...ways].join(' or '))} Such identities: ${describeCandidates(candidates)}.`,
  };
}
