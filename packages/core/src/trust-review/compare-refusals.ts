import { shortenThumbprint } from '@certgate/x509';
import type { DeniedCertificate } from '../trust-snapshot/deny-list.js';
import {
  type NamedIdentity,
  type PinKind,
  pinKinds,
  type PinnedIdentity,
  type TrustPin,
  type TrustSnapshot,
} from '../trust-snapshot/trust-snapshot.js';
import { describeSubject, subjectKey } from '../trust-snapshot/trust-subject.js';
import { listAdmissible } from './compare-authorities.js';
import { isSameIssuer } from './compare-identities.js';
import { describeCandidates, describePin, describeText, type TrustChange } from './trust-change.js';

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
        `New: ${added}. That takes nothing from who gets it. But a certificate that it matches, and that another identity has by ${ways}, is ambiguous and refused from now on.`,
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
    sentence: `${others(what, [...ways].join(' or '))} Identities that this may concern: ${describeCandidates(candidates)}.`,
  };
}

/** What came to the deny list loses, what went from it gains: for whoever might have had the certificate. */
export function* compareDenied(before: TrustSnapshot, after: TrustSnapshot): Generator<TrustChange, void, undefined> {
  for (const index of ['thumbprintsSha256', 'serialNumbers'] as const) {
    const [earlier, later] = [before.denied[index], after.denied[index]];
    for (const [key, entry] of later) {
      const former = earlier.get(key);
      if (former === undefined) {
        yield describe(
          'loses',
          entry,
          before,
          `is denied${entry.reason === undefined ? '' : `: ${describeText(entry.reason)}`}`,
        );
      } else if (former.reason !== entry.reason) {
        const said = `is denied because of ${describeText(entry.reason)}, no longer of ${describeText(former.reason)}`;
        yield { ...describe('loses', entry, before, said), effect: 'changes' };
      }
    }
    for (const [key, entry] of earlier) {
      if (!later.has(key)) yield describe('gains', entry, after, 'is no longer denied');
    }
  }
}

/** `snapshot` is where the certificate could be admitted, were it not denied. */
function describe(
  effect: 'gains' | 'loses',
  entry: DeniedCertificate,
  snapshot: TrustSnapshot,
  what: string,
): TrustChange {
  const candidates = listCandidates(entry, snapshot);
  const certificate =
    entry.thumbprintSha256 === undefined
      ? `with the serial number ${entry.serialNumber ?? ''} of the authority ${entry.issuedBy ?? ''}`
      : `thumbprintSha256 ${shortenThumbprint(entry.thumbprintSha256)}`;
  const concerned = candidates.length === 0 ? '' : ` It may be of ${describeCandidates(candidates)}.`;
  return {
    effect: candidates.length === 0 ? 'changes' : effect,
    aspect: 'denied',
    identityName: undefined,
    candidates: Object.freeze(candidates),
    ...(entry.issuedBy === undefined ? {} : { authorityName: entry.issuedBy }),
    sentence: `The certificate ${certificate} ${what}.${concerned}`,
  };
}

function listCandidates({ thumbprintSha256, issuedBy }: DeniedCertificate, snapshot: TrustSnapshot): readonly string[] {
  // A serial number is refused before anything else is asked, whatever else would let its certificate in.
  if (issuedBy !== undefined) return listAdmissible(snapshot).map(({ name }) => name);
  const pinned = snapshot.pins.thumbprintSha256.get(thumbprintSha256 ?? '');
  // Whoever else has it besides makes it ambiguous.
  if (pinned !== undefined && pinned.pin.issuedBy === undefined)
    return pinned.identity.enabled ? [pinned.identity.name] : [];
  return snapshot.identities
    .filter(
      ({ enabled, subjects, pins }) =>
        enabled &&
        (subjects.length > 0 ||
          pins.some(({ kind, value }) => kind !== 'thumbprintSha256' || value === thumbprintSha256)),
    )
    .map(({ name }) => name);
}
