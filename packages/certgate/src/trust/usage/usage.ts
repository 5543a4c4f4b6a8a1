import {
  describeName,
  findStanding,
  formatInstant,
  type PinKind,
  type NameType,
  type TrustedIdentity,
  type TrustSnapshot,
} from '@certgate/core/internal';
import { formatOptionalTime } from '../../texts/time-words.js';
import type { Coverage } from '../../log/coverage/coverage.js';
import {
  describeEntryState,
  describeIdentityState,
  type EntryState,
  type IdentityState,
} from '../administration/identity-state.js';
import { type CheckFinding } from '../check/check-finding.js';
import { listFindings } from '../check/check-document.js';
import { nameShortPin } from '../comparison/trust-change.js';
import type { EntryAges } from './entry-ages.js';
import { EntryMatches, type EntryKey, isSame, listKeys } from './entry-matches.js';
import { claimNothing, coverNothing, type UsageClaim } from './usage-claim.js';
import type { CertificateTally, IdentityTally, MatchTally } from './usage-tracker.js';

// These types are what `trust usage --json` prints. Times are RFC 3339.

/** The admissions by some pins and names together. */
export interface Admissions {
  readonly last: {
    readonly at: string;
    readonly app: string;
    /** Null if a status line shows the admission, because it names no function. */
    readonly function: string | null;
    readonly by: string;
  };
  readonly first: string;
  /**
   * At least this many calls. Status lines and decision lines report the same calls, so they are not added: for each
   * process, the larger number is taken.
   */
  readonly callsAtLeast: number;
  readonly statusCalls: number;
  readonly decisionCalls: number;
  readonly apps: readonly string[];
  /** The functions that decision lines name, the latest first. */
  readonly functions: readonly { readonly name: string; readonly calls: number; readonly last: string }[];
}

export interface UsedCertificate {
  readonly thumbprintSha256: string;
  /** The last admission; null if the lines only warn of the certificate's end. */
  readonly last: string | null;
  /** When the access ends; null if no line warns of it, so that it is unknown. */
  readonly endsAt: string | null;
}

/** A pin or a name of the document. */
export interface EntryUsage {
  readonly kind: PinKind | NameType;
  readonly value: string;
  readonly issuedBy: string | null;
  readonly state: EntryState;
  /** The pin's own end (`notAfter`); null if it has none, and for names. */
  readonly endsAt: string | null;
  /**
   * Whether the lines don't show which entry admitted, because another entry looks the same in the lines, or because
   * they don't give the entry's value.
   */
  readonly isAmbiguous: boolean;
  /** Names in the lines under which an older document admitted by this entry. */
  readonly otherNames: readonly string[];
  readonly admissions: Admissions | null;
  readonly certificates: readonly UsedCertificate[];
  /** How certain it is that there was no admission in the window; null if there was one. */
  readonly withoutCall: UsageClaim | null;
}

export interface IdentityUsage {
  readonly name: string;
  readonly owner: string | null;
  readonly state: IdentityState;
  /** Admissions by any of its entries, or under its name by entries that it doesn't have in the document. */
  readonly admissions: Admissions | null;
  /**
   * Entries that admitted under this name, but that the identity doesn't have in the document: for example those of an
   * older document or of a custom trust store.
   */
  readonly byOthers: readonly string[];
  readonly refusals: readonly { readonly code: string; readonly calls: number; readonly last: string }[];
  readonly suppressed: number;
  readonly certificates: readonly UsedCertificate[];
  /** The earliest end that `trust check` finds, or that warnings in the lines report; null if there is none. */
  readonly endWarning: { readonly at: string; readonly message: string } | null;
  /** How certain it is that there was no admission in the window; null if there was one. */
  readonly withoutCall: UsageClaim | null;
  readonly entries: readonly EntryUsage[];
}

/** A caller in the lines whom the document doesn't list. */
export interface UnlistedUsage {
  readonly name: string;
  readonly admissions: Admissions | null;
  readonly refusals: IdentityUsage['refusals'];
  readonly suppressed: number;
  readonly by: readonly string[];
}

export interface Usage {
  readonly identities: readonly IdentityUsage[];
  readonly unlisted: readonly UnlistedUsage[];
}

export interface UsageFacts {
  readonly snapshot: TrustSnapshot;
  readonly tallies: readonly IdentityTally[];
  readonly coverage: Coverage;
  readonly ages: EntryAges;
  /** Whether there were too many callers to count them all. Then it is never certain that there was no call. */
  readonly isCut: boolean;
  readonly now: number;
  /** Reports what ends within this many days, like `trust check`. */
  readonly withinDays?: number | undefined;
}

/** Describes what the lines show about each identity of a document, and about each of its pins and names. */
export function describeUsage(facts: UsageFacts): Usage {
  const { snapshot, tallies, now, withinDays } = facts;
  const entryMatches = new EntryMatches(snapshot, tallies);
  const findings = listFindings(snapshot, { now, withinDays });
  const byName = new Map(tallies.map((tally) => [tally.name.toLowerCase(), tally]));
  // The lines show who uses what, even while the document is locked.
  const unlocked: TrustSnapshot = { ...snapshot, locked: undefined };
  const context: UsageContext = { ...facts, snapshot: unlocked, entryMatches };
  return {
    identities: snapshot.identities.map((identity) =>
      describeIdentity(identity, byName.get(identity.name.toLowerCase()), findings, context),
    ),
    unlisted: tallies
      .filter(({ name, matches, refusals }) => !entryMatches.isListed(name) && matches.length + refusals.size > 0)
      .map(({ name, matches, refusals, suppressed }) => ({
        name,
        admissions: sumAdmissions(matches),
        refusals: listRefusals(refusals),
        suppressed,
        by: matches.map(describeMatch),
      })),
  };
}

interface UsageContext extends UsageFacts {
  readonly entryMatches: EntryMatches;
}

function describeIdentity(
  identity: TrustedIdentity,
  tally: IdentityTally | undefined,
  findings: readonly CheckFinding[],
  context: UsageContext,
): IdentityUsage {
  const { name, owner } = identity;
  const { ages, entryMatches, snapshot, now } = context;
  const standing = findStanding(snapshot, identity, now);
  const own = new Set(listKeys(identity).flatMap((key) => entryMatches.find(key, identity).map(({ match }) => match)));
  const others = (tally?.matches ?? []).filter((match) => !own.has(match));
  const matches = [...own, ...others];
  const certificates = mergeCertificates([...matches.map((match) => match.certificates), tally?.certificates]);
  return {
    name,
    owner: owner ?? null,
    state: describeIdentityState(standing),
    admissions: sumAdmissions(matches),
    byOthers: others.map(describeMatch),
    refusals: listRefusals(tally?.refusals ?? new Map<string, never>()),
    suppressed: tally?.suppressed ?? 0,
    certificates: certificates.map(describeCertificate),
    endWarning: findEnd(name, findings, certificates, now),
    withoutCall: isCalled(matches, context) ? null : claim(context, ages.find(identity)),
    entries: listKeys(identity).map((key, index) => ({
      ...describeEntry(key, identity, context),
      // Both lists have the pins first, then the names.
      state: describeEntryState(standing.entries[index] ?? { reasons: [] }),
    })),
  };
}

/** Whether there was a call in the window. A status line in the window may report only calls before it. */
function isCalled(matches: readonly MatchTally[], { coverage: { from } }: UsageContext): boolean {
  return matches.some(({ last }) => last >= Date.parse(from));
}

function claim({ coverage, isCut }: UsageContext, since: number | undefined): UsageClaim {
  return claimNothing(isCut ? coverNothing(coverage) : coverage, since);
}

function describeEntry(given: EntryKey, identity: TrustedIdentity, context: UsageContext): Omit<EntryUsage, 'state'> {
  const { key, entry } = given;
  const { ages, entryMatches } = context;
  const found = entryMatches.find(given, identity);
  const isPin = 'kind' in entry;
  const since = ages.find(identity, isPin ? nameShortPin(entry) : describeName(entry));
  const matches = found.map(({ match }) => match);
  const otherNames = found.map(({ name }) => name).filter((name) => !isSame(name, identity.name));
  const ownCount = listKeys(identity).filter((each) => each.key === key).length;
  const isShared =
    found.some(({ match }) => match.matched === undefined) ||
    ownCount > 1 ||
    (entryMatches.isRepeated(key) && otherNames.length > 0);
  return {
    kind: isPin ? entry.kind : entry.type,
    value: entry.value,
    issuedBy: entry.issuedBy ?? null,
    endsAt: formatOptionalTime(isPin ? entry.notAfter : undefined),
    isAmbiguous: found.length > 0 && isShared,
    otherNames,
    admissions: sumAdmissions(matches),
    certificates: mergeCertificates(matches.map(({ certificates }) => certificates)).map(describeCertificate),
    withoutCall: isCalled(matches, context) ? null : claim(context, since),
  };
}

function describeMatch({ matchedBy, matched }: MatchTally): string {
  return matched === undefined ? matchedBy : `${matchedBy} ${matched}`;
}

function sumAdmissions(matches: readonly MatchTally[]): Admissions | null {
  const [latest] = [...matches].sort((one, other) => other.last - one.last);
  if (latest === undefined) return null;
  const apps = new Map<string, { status: number; decisions: number }>();
  for (const [key, { status, decisions }] of matches.flatMap((match) => [...match.apps])) {
    const known = apps.get(key) ?? { status: 0, decisions: 0 };
    apps.set(key, { status: known.status + status, decisions: known.decisions + decisions });
  }
  const counts = [...apps.values()];
  return {
    last: {
      at: formatInstant(latest.last),
      app: latest.lastApp,
      function: latest.lastFunction ?? null,
      by: describeMatch(latest),
    },
    first: formatInstant(Math.min(...matches.map(({ first }) => first))),
    callsAtLeast: counts.reduce((sum, { status, decisions }) => sum + Math.max(status, decisions), 0),
    statusCalls: counts.reduce((sum, { status }) => sum + status, 0),
    decisionCalls: counts.reduce((sum, { decisions }) => sum + decisions, 0),
    apps: [...new Set([...apps.keys()].map((key) => key.slice(key.indexOf('/') + 1)))].sort(),
    functions: sumFunctions(matches),
  };
}

function sumFunctions(matches: readonly MatchTally[]): Admissions['functions'] {
  const sums = new Map<string, { name: string; calls: number; last: number }>();
  for (const [name, { calls, last }] of matches.flatMap(({ functions }) => [...functions])) {
    const known = sums.get(name);
    sums.set(name, { name, calls: calls + (known?.calls ?? 0), last: Math.max(last, known?.last ?? last) });
  }
  return describeCounts([...sums.values()]);
}

/** The certificates of all groups, the latest used first. */
function mergeCertificates(
  groups: readonly (ReadonlyMap<string, CertificateTally> | undefined)[],
): readonly CertificateTally[] {
  const merged = new Map<string, CertificateTally>();
  for (const { thumbprintSha256, last, endsAt } of groups.flatMap((group) => [...(group?.values() ?? [])])) {
    const known = merged.get(thumbprintSha256);
    merged.set(thumbprintSha256, {
      thumbprintSha256,
      last: Math.max(last ?? 0, known?.last ?? 0) || undefined,
      endsAt: endsAt ?? known?.endsAt,
    });
  }
  return [...merged.values()].sort((one, other) => (other.last ?? 0) - (one.last ?? 0));
}

function listRefusals(refusals: IdentityTally['refusals']): IdentityUsage['refusals'] {
  return describeCounts([...refusals].map(([code, each]) => ({ code, ...each })));
}

/** Sorts the latest first. */
function describeCounts<Count extends { readonly last: number }>(
  counts: readonly Count[],
): readonly (Omit<Count, 'last'> & { readonly last: string })[] {
  const sorted = [...counts].sort((one, other) => other.last - one.last);
  return sorted.map((each) => ({ ...each, last: formatInstant(each.last) }));
}

function describeCertificate({ thumbprintSha256, last, endsAt }: CertificateTally): UsedCertificate {
  return { thumbprintSha256, last: formatOptionalTime(last), endsAt: formatOptionalTime(endsAt) };
}

function findEnd(
  name: string,
  findings: readonly CheckFinding[],
  certificates: readonly CertificateTally[],
  now: number,
): IdentityUsage['endWarning'] {
  const found = findings.flatMap(({ identityName, endsAt, message }) =>
    identityName === name && endsAt !== undefined ? [{ at: endsAt, message }] : [],
  );
  const fromCertificates = certificates.flatMap((certificate) => {
    const { thumbprintSha256, endsAt } = certificate;
    if (endsAt === undefined || endsAt <= now || isReplaced(certificate, certificates)) return [];
    return [{ at: endsAt, message: `A line warns that the access with the certificate ${thumbprintSha256.slice(0, 16)} ends.` }]; // prettier-ignore
  });
  const [first] = [...found, ...fromCertificates].sort((one, other) => one.at - other.at);
  return first === undefined ? null : { ...first, at: formatInstant(first.at) };
}

const weekMilliseconds = 7 * 24 * 3_600_000;

/** Whether another certificate was in use more than a week after the last call with this one. */
function isReplaced({ last }: CertificateTally, certificates: readonly CertificateTally[]): boolean {
  return last !== undefined && certificates.some((other) => (other.last ?? 0) > last + weekMilliseconds);
}
