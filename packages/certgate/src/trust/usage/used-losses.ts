import { findEntryStanding, findPinSpan, type TrustedIdentity, type TrustSnapshot } from '@certgate/core/internal';
import { describeDays, formatMinute } from '../../texts/time-words.js';
import { type Coverage, describeCovered } from '../../log/coverage/coverage.js';
import { indexByName } from '../comparison/compare-identities.js';
import type { TrustComparison } from '../comparison/compare-documents.js';
import { changeOf, nameShortPin, type TrustChange } from '../comparison/trust-change.js';
import type { Admissions, EntryUsage, IdentityUsage, Usage } from './usage.js';
import { claimNothing, listSomeNames } from './usage-claim.js';
import { maximumFunctions } from './usage-tracker.js';

/**
 * The verdict about a loss:
 *
 * - `used`: calls needed what is lost;
 * - `cannot_tell`: the lines don't show whether calls needed it;
 * - `later`: calls needed it, but all of them were in a time that the later document still allows, and this time is not
 *   over;
 * - `unused`: no call needed it in the time that the lines cover, and they cover some of it for each app.
 */
export type LossVerdict = 'used' | 'cannot_tell' | 'later' | 'unused';
const order: readonly LossVerdict[] = ['used', 'cannot_tell', 'later', 'unused'];

/** What the lines show about one identity that a loss concerns. */
export interface LossUse {
  /** Null if the loss may concern anybody. */
  readonly identity: string | null;
  readonly verdict: LossVerdict;
  readonly sentence: string;
}

/**
 * The comparison with the added losses that only the lines show. `uses` has what the lines show about each loss, `used`
 * first.
 */
export interface UsedComparison {
  readonly comparison: TrustComparison;
  readonly uses: ReadonlyMap<TrustChange, readonly LossUse[]>;
  /** The first verdict in the order of `LossVerdict` that any use has; null if there is no use. */
  readonly verdict: LossVerdict | null;
}

export interface LossFacts {
  readonly before: TrustSnapshot;
  readonly after: TrustSnapshot;
  readonly usage: Usage;
  readonly coverage: Coverage;
  readonly now: number;
}

interface LossContext extends LossFacts {
  readonly identities: ReadonlyMap<string, IdentityUsage>;
  readonly later: ReadonlyMap<string, TrustedIdentity>;
}

/** The calls that needed what is lost: those of an entry, of an identity, or of some functions. */
type Needed = Pick<IdentityUsage, 'admissions' | 'withoutCall'> & Partial<Pick<EntryUsage, 'isAmbiguous'>>;

export function describeUsedLosses(comparison: TrustComparison, facts: LossFacts): UsedComparison {
  const [identities, later] = [indexByName(facts.usage.identities), indexByName(facts.after.identities)];
  const context = { ...facts, identities, later };
  const losses = comparison.changes.filter(({ effect }) => effect === 'loses');
  const collisions = listCollisions(context);
  const uses = new Map([...losses.map((change) => [change, listUses(change, context)] as const), ...collisions]);
  const changes = [...comparison.changes, ...collisions.map(([change]) => change)];
  const verdicts = new Set([...uses.values()].flatMap((each) => each.map(({ verdict }) => verdict)));
  const verdict = order.find((each) => verdicts.has(each)) ?? null;
  return { comparison: { ...comparison, changes, loses: uses.size > 0 }, uses, verdict };
}

function listUses(change: TrustChange, context: LossContext): readonly LossUse[] {
  const { aspect, pin, identityName, candidates } = change;
  if (aspect === 'audience') return [cannotTell('no line shows for which app of the audience a call was')];
  if (aspect === 'denied' && identityName === undefined) {
    const callers = pin === undefined ? [] : listCallersWith(pin.value, context);
    if (callers.length > 0) return callers.map(([, use]) => use);
    return [cannotTell('lines of admitted calls have no serial numbers and no CA certificates')];
  }
  const enabled = aspect === 'locked' ? context.before.identities.filter((each) => each.enabled) : [];
  const names = candidates ?? (identityName === undefined ? enabled.map(({ name }) => name) : [identityName]);
  const identities = names.flatMap((name) => context.identities.get(name.toLowerCase()) ?? []);
  return identities
    .map((identity) => describeUse(identity, change, context))
    .sort((one, other) => order.indexOf(one.verdict) - order.indexOf(other.verdict));
}

function cannotTell(why: string): LossUse {
  return { identity: null, verdict: 'cannot_tell', sentence: `cannot tell: ${why}` };
}

function findNeeded(identity: IdentityUsage, change: TrustChange, context: LossContext): readonly Needed[] {
  const { aspect, pin, trustName, authorityName } = change;
  const { entries } = identity;
  if (aspect === 'functions') return [selectFunctions(identity, change, context)];
  if (aspect === 'authority' || aspect === 'revocation')
    return entries.filter(({ issuedBy }) => issuedBy?.toLowerCase() === authorityName?.toLowerCase());
  const entry = entries.find(({ kind, value, issuedBy }) =>
    pin === undefined
      ? kind === trustName?.type && value === trustName.value && issuedBy === trustName.issuedBy
      : kind === pin.kind && value === pin.value,
  );
  return [entry ?? identity];
}

/** Selects the calls of the lost functions. Only decision lines name functions. */
function selectFunctions(identity: IdentityUsage, { functionName }: TrustChange, context: LossContext): Needed {
  if (!isCalled(identity)) return identity;
  const { admissions, withoutCall } = identity;
  const kept = context.later.get(identity.name.toLowerCase())?.functions ?? [];
  const isLost = (key: string): boolean => (functionName === undefined ? !kept.includes(key) : key === functionName);
  const functions = admissions.functions.filter((each) => isLost(each.name.toLowerCase()));
  const [latest] = functions;
  if (latest === undefined) return { admissions: null, withoutCall: claimNothing(context.coverage) };
  const callsAtLeast = functions.reduce((sum, each) => sum + each.calls, 0);
  return { admissions: { ...admissions, callsAtLeast, functions, last: { ...admissions.last, at: latest.last } }, withoutCall }; // prettier-ignore
}

const isCalled = (each: Needed): each is Needed & { readonly admissions: Admissions } =>
  each.withoutCall === null && each.admissions !== null;

function describeUse(caller: IdentityUsage, change: TrustChange, context: LossContext): LossUse {
  const identity = caller.name;
  const needed = findNeeded(caller, change, context);
  const called = needed.filter(isCalled);
  const [latest] = called.sort((one, two) => (one.admissions.last.at < two.admissions.last.at ? 1 : -1));
  if (latest !== undefined) {
    const doubt = '; cannot tell whether by this entry: others look the same in the lines';
    const isLater = isStillAdmitted(change, latest.admissions, context);
    const notes = `${latest.isAmbiguous === true ? doubt : ''}${isLater ? '; it ends later' : ''}`;
    const sentence = `${describeCalls(latest.admissions, context)}${notes}`;
    return { identity, verdict: isLater ? 'later' : 'used', sentence };
  }
  const quiet = needed[0]?.withoutCall ?? claimNothing(context.coverage);
  const isKnown = quiet.covered !== null && quiet.uncoveredApps.length === 0;
  const hidden = isCalled(caller) ? findHidden(caller.admissions, needed, change) : undefined;
  const parts = [
    quiet.sentence,
    ...(isCalled(caller) ? [`otherwise, ${describeCalls(caller.admissions, context)}`] : []),
    ...(hidden === undefined ? [] : [`cannot tell ${hidden}`]),
  ];
  const verdict = isKnown && hidden === undefined ? 'unused' : 'cannot_tell';
  return { identity, verdict, sentence: parts.join('; ') };
}

/** What other calls of the identity may have needed too although the lines don't show it; undefined if nothing. */
function findHidden(
  { callsAtLeast: calls, decisionCalls, functions }: Admissions,
  needed: readonly Needed[],
  { aspect }: TrustChange,
): string | undefined {
  if (aspect === 'functions')
    return calls > decisionCalls || functions.length >= maximumFunctions ? 'at which functions all were' : undefined;
  // If one entry is removed, the others admit as before. If several entries match, lines name the first one, and SHA-256
  // thumbprints come first.
  const isOther = (each: Needed): boolean => 'kind' in each && each.kind !== 'thumbprintSha256';
  const isHidden = aspect !== 'pin' && aspect !== 'trustName' && needed.some(isOther);
  return isHidden ? 'whether the certificate of these calls matches this entry too' : undefined;
}

/** Whether all calls were in a time that the later document still allows, and this time is not over. */
function isStillAdmitted(
  { aspect, pin, identityName = '' }: TrustChange,
  { first, last }: Admissions,
  { after, later, now }: LossContext,
): boolean {
  const isInTime = (from = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY): boolean =>
    from <= Date.parse(first) && until > Math.max(Date.parse(last.at), now, Date.now());
  if (aspect === 'expiresAt') return isInTime(undefined, later.get(identityName.toLowerCase())?.expiresAt);
  const left = aspect === 'pinWindow' && pin !== undefined ? after.pins[pin.kind].get(pin.value)?.pin : undefined;
  if (left === undefined) return false;
  const { validFrom, validUntil } = findPinSpan(left);
  return isInTime(validFrom, validUntil);
}

function describeCalls({ last, callsAtLeast: calls, functions }: Admissions, context: LossContext): string {
  const where = functions.length === 0 ? 'functions not known' : listSomeNames(functions.map(({ name }) => name), 1); // prettier-ignore
  const count = `at least ${calls.toLocaleString('en-US')} ${calls === 1 ? 'call' : 'calls'}`;
  return `last call by ${last.by} ${describeTime(last.at, context.now)}, ${count}, ${where}; ${describeCoverage(context)}`;
}

const describeTime = (at: string, now: number): string =>
  `${formatMinute(Date.parse(at))} (${describeDays(Date.parse(at) - now)})`;

function describeCoverage({ coverage }: LossContext): string {
  const { covered } = claimNothing(coverage);
  return covered === null ? 'no whole hour covered' : `${describeCovered(covered)} covered`;
}

function listCallersWith(
  thumbprintSha256: string,
  context: LossContext,
): readonly (readonly [IdentityUsage, LossUse])[] {
  return context.usage.identities.flatMap((caller) => {
    const { last = null } = caller.certificates.find((each) => each.thumbprintSha256 === thumbprintSha256) ?? {};
    if (last === null) return [];
    const sentence = `last call with it ${describeTime(last, context.now)}; ${describeCoverage(context)}`;
    return [[caller, { identity: caller.name, verdict: 'used', sentence }] as const];
  });
}

/**
 * Finds new pins of certificates with which callers are recognized by another entry. The documents don't show this,
 * because only lines have the thumbprint. All entries that match a certificate must be of one identity, and all must be
 * in force.
 */
function listCollisions(context: LossContext): readonly (readonly [TrustChange, readonly LossUse[]])[] {
  const { before, after } = context;
  const [known, now] = [before.pins.thumbprintSha256, Math.max(context.now, Date.now())];
  const added = [...after.pins.thumbprintSha256.values()].filter(({ pin }) => !known.has(pin.value));
  return added.flatMap(({ identity, pin }) =>
    listCallersWith(pin.value, context).flatMap(([caller, use]) => {
      const isOwn = caller.name.toLowerCase() === identity.name.toLowerCase();
      const { reasons } = findEntryStanding({ ...after, locked: undefined }, { identity, pin }, now);
      const isEarly = findPinSpan(pin).validFrom > Date.parse(caller.admissions?.first ?? '');
      if (isOwn && pin.issuedBy === undefined && reasons.length === 0 && !isEarly) return [];
      const why = isOwn ? 'the gate refuses it when the pin does' : 'if both match it, the gate refuses it';
      const sentence = `"${caller.name}" calls with the certificate of the new pin ${nameShortPin(pin)} of "${identity.name}": ${why}.`;
      return [[changeOf(caller, 'loses', 'pin', sentence, { pin }), [use]] as const];
    }),
  );
}
