import { formatInstant } from '@certgate/core/internal';
import Table from 'cli-table3';
import colors from 'picocolors';
import { escapeControls } from '../../faults/safe-text.js';
import { formatTrustCall } from '../../faults/tool-call.js';
import { describeDays, formatMinute } from '../../faults/time-words.js';
import type { Coverage } from '../../log/coverage/coverage.js';
import { formatCoverage } from '../../log/coverage/coverage-text.js';
import type { SourceReading } from '../../log/reading/log-record.js';
import { formatReading } from '../../log/reading/reading-text.js';
import type { LoadedTrustDocument } from '../../trust/administration/load-trust-document.js';
import type { Admissions, EntryUsage, IdentityUsage, UnlistedUsage, Usage } from '../../trust/usage/usage.js';
import { describeClaim, listNames, type UsageClaim } from '../../trust/usage/usage-claim.js';
import type { CertificateTally } from '../../trust/usage/usage-tracker.js';
import { printLine, printNotice } from '../command-line/output.js';

/** What `trust usage` answers from. */
export interface UsageAnswer {
  readonly store: string;
  readonly loaded: LoadedTrustDocument;
  readonly usage: Usage;
  readonly coverage: Coverage;
  readonly readings: readonly SourceReading[];
  /** What the lines don't tell of the document's entries: one sentence each. */
  readonly remarks: readonly string[];
  readonly now: number;
}

/** Of each table. */
const maximumRows = 500;

type Row = readonly string[];

/** Without calls first, then what ends soon, then the rest by the time of the last call. */
export function printUsage(answer: UsageAnswer, by: 'identity' | 'pin'): void {
  const { store, loaded, coverage, readings, usage, remarks, now } = answer;
  printNotice(formatReading(readings));
  const { from, until } = coverage.window;
  printLine(
    `${escapeControls(store)}, revision ${loaded.snapshot.revision}; calls that were admitted from ${formatMinute(from)} to ${formatMinute(until)}.`,
  );
  if (by === 'identity') printIdentities(usage.identities, now);
  else printEntries(usage.identities);
  printUnlisted(usage.unlisted);
  printLine();
  printLine(
    'Status lines and decision lines report the same calls: for each app, the larger number is taken. Functions, the latest first, and certificates are those of decision lines.',
  );
  for (const sentence of [...remarks, ...formatCoverage(coverage)]) printLine(`- ${escapeControls(sentence)}`);
}

function printIdentities(identities: readonly IdentityUsage[], now: number): void {
  const active = identities.filter(({ state }) => state === 'active');
  const quiet = active.filter(({ claim }) => claim !== undefined);
  const called = active.filter(({ claim }) => claim === undefined);
  printQuiet(quiet, ['identity', 'owner', 'called before', 'refused', 'ends'], (each) => [
    ...[each.name, each.owner ?? '', describeLast(each.admissions), describeRefusals(each), describeEnd(each, now)],
  ]);
  const idle = quiet.filter((each) => isKnown(each.claim) && each.refusals.length + each.suppressed === 0);
  printCommands(idle.map(({ name, claim }) => formatDisable(name, claim)));
  const columns = ['identity', 'last call', 'by', 'calls, at least', 'refused', 'functions', 'certificates', 'ends'];
  const describe = (each: IdentityUsage): Row => [
    each.name,
    ...describeAdmissions(each.admissions),
    describeRefusals(each),
    describeFunctions(each.admissions),
    describeCertificates(each.certificates),
    describeEnd(each, now),
  ];
  const ending = called
    .filter(({ ends }) => ends !== undefined)
    .sort((one, other) => (one.ends?.at ?? 0) - (other.ends?.at ?? 0));
  printTable('Ends soon', columns, ending.map(describe));
  const rest = called.filter(({ ends }) => ends === undefined).sort(byLastCall);
  printTable('Called', columns, rest.map(describe));
  const off = identities.filter(({ state }) => state !== 'active');
  printTable(
    'Not admitted now',
    ['identity', 'state', 'last call', 'by', 'calls, at least', 'refused'],
    off.map((each) => [each.name, each.state, ...describeAdmissions(each.admissions), describeRefusals(each)]),
  );
}

function printEntries(identities: readonly IdentityUsage[]): void {
  const entries = identities
    .filter(({ state }) => state !== 'disabled' && state !== 'ended')
    .flatMap(({ name, entries: own }) => own.map((entry) => ({ name, entry })));
  const active = entries.filter(({ entry }) => entry.state === 'active' || entry.state === 'not yet');
  const quiet = active.filter(({ entry }) => entry.claim !== undefined);
  const called = active.filter(({ entry }) => entry.claim === undefined);
  for (const [kind, ofKind] of groupByKind(active)) {
    const used = ofKind.filter(({ entry }) => entry.claim === undefined);
    const names = new Set(used.map(({ name }) => name));
    printLine(
      `${escapeControls(kind)}: ${ofKind.length} in the document, ${used.length} with calls, of ${names.size} ${names.size === 1 ? 'identity' : 'identities'}${names.size === 0 ? '' : ` (${escapeControls(listNames([...names], 5))})`}.`,
    );
  }
  printQuiet(
    quiet.map(({ name, entry }) => ({ name, entry, claim: entry.claim })),
    ['identity', 'pin or name', 'called before'],
    ({ name, entry }) => [name, describeEntry(entry), describeLast(entry.admissions)],
  );
  const pins = quiet.filter(({ entry: { kind, claim } }) => isPinKind(kind) && isKnown(claim));
  printCommands(pins.map(({ name, entry }) => formatDisable(name, entry.claim, entry.value)));
  printTable(
    'Called',
    ['identity', 'pin or name', 'last call', 'calls, at least', 'functions', 'certificates'],
    called
      .sort((one, other) => byLastCall(one.entry, other.entry))
      .map(({ name, entry }) => {
        const [last, , calls] = describeAdmissions(entry.admissions);
        return [
          [name, ...entry.otherNames.map((other) => `(in lines: ${other})`)].join(' '),
          describeEntry(entry),
          entry.isAmbiguous
            ? `${last}; cannot tell whether by this entry: others begin the same, or the lines don't name it`
            : last,
          calls,
          describeFunctions(entry.admissions),
          describeCertificates(entry.certificates),
        ];
      }),
  );
}

function groupByKind<Item extends { readonly entry: EntryUsage }>(items: readonly Item[]): ReadonlyMap<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const { kind, issuedBy } = item.entry;
    const name = issuedBy === undefined ? kind : `${kind} issued by ${issuedBy}`;
    groups.set(name, [...(groups.get(name) ?? []), item]);
  }
  return groups;
}

function printUnlisted(unlisted: readonly UnlistedUsage[]): void {
  printTable(
    'In the lines, and not in this document',
    ['identity', 'last call', 'calls, at least', 'by', 'refused'],
    unlisted.map((each) => {
      const [last, , calls] = describeAdmissions(each.admissions);
      return [each.name, last, calls, listNames(each.by, 2), describeRefusals(each)];
    }),
  );
}

/** A table for each answer to how far it is known that there was no call. */
function printQuiet<Item extends { readonly claim: UsageClaim | undefined }>(
  items: readonly Item[],
  columns: readonly string[],
  describe: (item: Item) => Row,
): void {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const sentence = item.claim === undefined ? '' : describeClaim(item.claim);
    groups.set(sentence, [...(groups.get(sentence) ?? []), item]);
  }
  for (const [sentence, group] of groups)
    printTable(`${sentence.slice(0, 1).toUpperCase()}${sentence.slice(1)}`, columns, group.map(describe));
}

function printTable(title: string, columns: readonly string[], rows: readonly Row[]): void {
  if (rows.length === 0) return;
  printLine();
  printLine(`${escapeControls(title)}: ${rows.length}`);
  // A line for each row: hundreds of callers are one table.
  const chars = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' };
  const table = new Table({ head: [...columns], chars, style: { head: [], border: [], compact: true } });
  for (const row of rows.slice(0, maximumRows)) table.push(row.map(escapeControls));
  printLine(table.toString());
  if (rows.length > maximumRows) printLine(`… and ${rows.length - maximumRows} more; --json lists all of them`);
}

function printCommands(commands: readonly string[]): void {
  if (commands.length === 0) return;
  printLine('If the owners agree:');
  for (const command of commands.slice(0, maximumRows)) printLine(colors.dim(`  ${escapeControls(command)}`));
}

function isKnown(claim: UsageClaim | undefined): boolean {
  return claim?.covered !== undefined;
}

/** Never `remove`: who is disabled by mistake is enabled in seconds, with all that it had. */
function formatDisable(name: string, claim: UsageClaim | undefined, pin?: string): string {
  const reason = claim === undefined ? '' : describeClaim(claim);
  return formatTrustCall('disable', [name], [...(pin === undefined ? [] : ['--pin', pin]), '--reason', reason]);
}

function isPinKind(kind: string): boolean {
  return kind.endsWith('Sha256') || kind.endsWith('Sha1');
}

function describeLast(admissions: Admissions | undefined): string {
  return admissions === undefined ? '' : formatMinute(admissions.last.at);
}

/** When, by what, how often. */
function describeAdmissions(admissions: Admissions | undefined): readonly [string, string, string] {
  if (admissions === undefined) return ['', '', ''];
  const { last, calls } = admissions;
  return [formatMinute(last.at), last.by, calls.toLocaleString('en-US')];
}

function describeRefusals({ refusals, suppressed }: Pick<IdentityUsage, 'refusals' | 'suppressed'>): string {
  const codes = refusals.map(({ code, calls }) => `${code} ${calls}`);
  return listNames([...codes, ...(suppressed > 0 ? [`without a line ${suppressed}`] : [])]);
}

function describeFunctions(admissions: Admissions | undefined): string {
  return listNames(admissions?.functions.map(({ name }) => name) ?? []);
}

function describeCertificates(certificates: readonly CertificateTally[]): string {
  return listNames(
    certificates.map(({ thumbprintSha256, endsAt }) => {
      const end = endsAt === undefined ? '' : ` until ${formatMinute(endsAt).slice(0, 10)}`;
      return `${thumbprintSha256.slice(0, 16)}${end}`;
    }),
    2,
  );
}

function describeEntry({ kind, value, issuedBy }: EntryUsage): string {
  const shown = isPinKind(kind) ? value.slice(0, 16) : value;
  return `${kind} ${shown}${issuedBy === undefined ? '' : ` issued by ${issuedBy}`}`;
}

function describeEnd({ ends }: IdentityUsage, now: number): string {
  return ends === undefined ? '' : `${formatInstant(ends.at).slice(0, 10)} (${describeDays(ends.at - now)})`;
}

function byLastCall(
  one: { readonly admissions: Admissions | undefined },
  other: { readonly admissions: Admissions | undefined },
): number {
  return (one.admissions?.last.at ?? 0) - (other.admissions?.last.at ?? 0);
}

/** For `--json`. Times in RFC 3339; null: not known, or there is none. */
export function reportUsage({ store, loaded, usage, remarks }: UsageAnswer): object {
  return {
    version: 1,
    store,
    revision: loaded.snapshot.revision,
    documentSha256: loaded.documentSha256,
    remarks,
    identities: usage.identities.map((each) => ({
      name: each.name,
      owner: each.owner ?? null,
      state: each.state,
      admissions: reportAdmissions(each.admissions),
      byOthers: each.byOthers,
      refusals: reportRefusals(each.refusals),
      suppressed: each.suppressed,
      certificates: reportCertificates(each.certificates),
      endWarning: each.ends === undefined ? null : { at: formatInstant(each.ends.at), message: each.ends.message },
      withoutCall: reportClaim(each.claim),
      entries: each.entries.map((entry) => ({
        kind: entry.kind,
        value: entry.value,
        issuedBy: entry.issuedBy ?? null,
        state: entry.state,
        endsAt: entry.endsAt === undefined ? null : formatInstant(entry.endsAt),
        isAmbiguous: entry.isAmbiguous,
        otherNames: entry.otherNames,
        admissions: reportAdmissions(entry.admissions),
        certificates: reportCertificates(entry.certificates),
        withoutCall: reportClaim(entry.claim),
      })),
    })),
    unlisted: usage.unlisted.map(({ name, admissions, refusals, suppressed, by }) => ({
      ...{ name, admissions: reportAdmissions(admissions), refusals: reportRefusals(refusals), suppressed, by },
    })),
  };
}

function reportAdmissions(admissions: Admissions | undefined): object | null {
  if (admissions === undefined) return null;
  const { last, first, functions, calls, ...rest } = admissions;
  return {
    last: { ...last, at: formatInstant(last.at), function: last.function ?? null },
    first: formatInstant(first),
    callsAtLeast: calls,
    ...rest,
    functions: functions.map((each) => ({ ...each, last: formatInstant(each.last) })),
  };
}

function reportRefusals(refusals: IdentityUsage['refusals']): readonly object[] {
  return refusals.map((each) => ({ ...each, last: formatInstant(each.last) }));
}

function reportCertificates(certificates: readonly CertificateTally[]): readonly object[] {
  return certificates.map(({ thumbprintSha256, last, endsAt }) => ({
    thumbprintSha256,
    last: last === undefined ? null : formatInstant(last),
    endsAt: endsAt === undefined ? null : formatInstant(endsAt),
  }));
}

function reportClaim(claim: UsageClaim | undefined): object | null {
  if (claim === undefined) return null;
  const { covered, leastApp, apps, uncoveredApps, since } = claim;
  return {
    covered: covered ?? null,
    leastApp: leastApp ?? null,
    apps,
    uncoveredApps,
    since: since === undefined ? null : formatInstant(since),
    sentence: describeClaim(claim),
  };
}
