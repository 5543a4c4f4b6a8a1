import colors from 'picocolors';
import { escapeControls } from '../../texts/safe-text.js';
import { formatTrustCall } from '../../texts/tool-call.js';
import { describeDays, formatMinute } from '../../texts/time-words.js';
import type { Coverage } from '../../log/coverage/coverage.js';
import { formatCoverage } from '../../log/coverage/coverage-text.js';
import type { SourceReading } from '../../log/reading/log-record.js';
import { formatReading } from '../../log/reading/reading-text.js';
import type { Admissions, EntryUsage, IdentityUsage, Usage } from '../../trust/usage/usage.js';
import { listSomeNames, type UsageClaim } from '../../trust/usage/usage-claim.js';
import { printLine, printNotice } from '../command-line/output.js';
import { type Column, formatTable } from '../command-line/table.js';

/** What `trust usage --json` prints, without the reading and the coverage of the log. */
export interface UsageReport extends Usage {
  readonly version: 1;
  readonly store: string;
  readonly revision: number;
  readonly documentSha256: string;
  /** What the lines don't show about the document's entries, one sentence each. */
  readonly remarks: readonly string[];
}

/** What the report was made from. */
export interface UsageSources {
  readonly readings: readonly SourceReading[];
  readonly coverage: Coverage;
  readonly now: number;
}

/**
 * Prints first what has no calls, then the rest by the time of the last call. Identities that end soon come before that
 * rest, and those that are not admitted now after it.
 */
export function printUsage(report: UsageReport, sources: UsageSources, by: 'identity' | 'pin'): void {
  const { store, revision, remarks, identities, unlisted } = report;
  const { readings, coverage, now } = sources;
  printNotice(formatReading(readings));
  const { from, until } = coverage;
  printLine(
    `${escapeControls(store)}, revision ${revision}; calls that were admitted from ${formatMinute(from)} to ${formatMinute(until)}.`,
  );
  if (by === 'identity') printIdentities(identities, now);
  else printEntries(identities);
  const byWhat: Column<{ readonly by: readonly string[] }> = ['by', (each) => listSomeNames(each.by, 2)];
  printTable('In the lines, and not in this document', [identity, lastCall, calls, byWhat, refused], unlisted);
  printLine();
  printLine(
    'Status lines and decision lines report the same calls: for each app, the larger number is taken. Functions, the latest first, and certificates are those of decision lines.',
  );
  for (const sentence of [...remarks, ...formatCoverage(coverage)]) printLine(`- ${escapeControls(sentence)}`);
}

interface Used {
  readonly admissions: Admissions | null;
}

/** An entry, and the name of its identity. */
type NamedEntry = EntryUsage & { readonly name: string };

const identity: Column<{ readonly name: string }> = ['identity', ({ name }) => name];
const calledBefore: Column<Used> = ['called before', ({ admissions }) => formatLast(admissions)];
const lastCall: Column<Used> = ['last call', ({ admissions }) => formatLast(admissions)];
const lastBy: Column<Used> = ['by', ({ admissions }) => admissions?.last.by ?? ''];
const calls: Column<Used> = [
  'calls, at least',
  ({ admissions }) => admissions?.callsAtLeast.toLocaleString('en-US') ?? '',
];
const functions: Column<Used> = [
  'functions',
  ({ admissions }) => listSomeNames(admissions?.functions.map(({ name }) => name) ?? []),
];
const refused: Column<Pick<IdentityUsage, 'refusals' | 'suppressed'>> = [
  'refused',
  ({ refusals, suppressed }) =>
    listSomeNames([
      ...refusals.map((each) => `${each.code} ${each.calls}`),
      ...(suppressed > 0 ? [`without a line ${suppressed}`] : []),
    ]),
];
const certificates: Column<Pick<EntryUsage, 'certificates'>> = [
  'certificates',
  (each) =>
    listSomeNames(
      each.certificates.map(
        ({ thumbprintSha256, endsAt }) =>
          `${thumbprintSha256.slice(0, 16)}${endsAt === null ? '' : ` until ${endsAt.slice(0, 10)}`}`,
      ),
      2,
    ),
];
const pinOrName: Column<EntryUsage> = [
  'pin or name',
  ({ kind, value, issuedBy }) =>
    `${kind} ${isPinKind(kind) ? value.slice(0, 16) : value}${issuedBy === null ? '' : ` issued by ${issuedBy}`}`,
];

function printIdentities(identities: readonly IdentityUsage[], now: number): void {
  const ends: Column<IdentityUsage> = [
    'ends',
    ({ endWarning }) =>
      endWarning === null ? '' : `${endWarning.at.slice(0, 10)} (${describeDays(Date.parse(endWarning.at) - now)})`,
  ];
  const active = identities.filter(({ state }) => state === 'active');
  const quiet = active.filter(({ withoutCall }) => withoutCall !== null);
  printQuiet(quiet, [identity, ['owner', ({ owner }) => owner ?? ''], calledBefore, refused, ends]);
  const idle = quiet.filter((each) => isKnown(each) && each.refusals.length + each.suppressed === 0);
  printCommands(idle.map(({ name, withoutCall }) => formatDisable(name, withoutCall)));
  const called = active.filter(({ withoutCall }) => withoutCall === null);
  const ending = called
    .filter(({ endWarning }) => endWarning !== null)
    .sort((one, other) => Date.parse(one.endWarning?.at ?? '') - Date.parse(other.endWarning?.at ?? ''));
  const columns = [identity, lastCall, lastBy, calls, refused, functions, certificates, ends];
  printTable('Ends soon', columns, ending);
  printTable('Called', columns, called.filter(({ endWarning }) => endWarning === null).sort(byLastCall));
  const off = identities.filter(({ state }) => state !== 'active');
  printTable('Not admitted now', [identity, ['state', ({ state }) => state], lastCall, lastBy, calls, refused], off);
}

function printEntries(identities: readonly IdentityUsage[]): void {
  const active = identities
    .flatMap(({ name, entries }) => entries.map((entry): NamedEntry => ({ ...entry, name })))
    .filter(({ state }) => state === 'active' || state === 'not yet');
  for (const [kind, ofKind] of groupBy(active, ({ kind, issuedBy }) =>
    issuedBy === null ? kind : `${kind} issued by ${issuedBy}`,
  )) {
    const used = ofKind.filter(({ withoutCall }) => withoutCall === null);
    const names = [...new Set(used.map(({ name }) => name))];
    const who = names.length === 0 ? '' : ` (${listSomeNames(names, 5)})`;
    printLine(
      escapeControls(
        `${kind}: ${ofKind.length} in the document, ${used.length} with calls, of ${names.length} ${names.length === 1 ? 'identity' : 'identities'}${who}.`,
      ),
    );
  }
  const quiet = active.filter(({ withoutCall }) => withoutCall !== null);
  printQuiet(quiet, [identity, pinOrName, calledBefore]);
  const pins = quiet.filter((each) => isPinKind(each.kind) && isKnown(each));
  printCommands(pins.map(({ name, withoutCall, value }) => formatDisable(name, withoutCall, value)));
  const named: Column<NamedEntry> = [
    'identity',
    ({ name, otherNames }) => [name, ...otherNames.map((other) => `(in lines: ${other})`)].join(' '),
  ];
  const last: Column<NamedEntry> = [
    'last call',
    ({ admissions, isAmbiguous }) =>
      isAmbiguous
        ? `${formatLast(admissions)}; cannot tell whether by this entry: others begin the same, or the lines don't name it`
        : formatLast(admissions),
  ];
  const called = active.filter(({ withoutCall }) => withoutCall === null).sort(byLastCall);
  printTable('Called', [named, pinOrName, last, calls, functions, certificates], called);
}

function groupBy<Item>(items: readonly Item[], nameOf: (item: Item) => string): ReadonlyMap<string, readonly Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) groups.set(nameOf(item), [...(groups.get(nameOf(item)) ?? []), item]);
  return groups;
}

/** Prints one table for each answer to the question how certain it is that there was no call. */
function printQuiet<Row extends { readonly withoutCall: UsageClaim | null }>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
): void {
  for (const [sentence, group] of groupBy(rows, ({ withoutCall }) => withoutCall?.sentence ?? ''))
    printTable(`${sentence.slice(0, 1).toUpperCase()}${sentence.slice(1)}`, columns, group);
}

/** The most rows of one table. */
const maximumRows = 500;

function printTable<Row>(title: string, columns: readonly Column<Row>[], rows: readonly Row[]): void {
  if (rows.length === 0) return;
  printLine();
  printLine(`${escapeControls(title)}: ${rows.length}`);
  printLine(formatTable(columns, rows.slice(0, maximumRows), { isCompact: true }));
  if (rows.length > maximumRows) printLine(`… and ${rows.length - maximumRows} more; --json lists all of them`);
}

function printCommands(commands: readonly string[]): void {
  if (commands.length === 0) return;
  printLine('If the owners agree:');
  for (const command of commands.slice(0, maximumRows)) printLine(colors.dim(`  ${escapeControls(command)}`));
}

function isKnown({ withoutCall }: Pick<EntryUsage, 'withoutCall'>): boolean {
  return (withoutCall?.covered ?? null) !== null;
}

/**
 * The command is never `remove`: an identity that was disabled by mistake can be enabled in seconds, with everything
 * that it had.
 */
function formatDisable(name: string, claim: UsageClaim | null, pin?: string): string {
  const ofPin = pin === undefined ? [] : ['--pin', pin];
  return formatTrustCall('disable', [name], [...ofPin, '--reason', claim?.sentence ?? '']);
}

function isPinKind(kind: string): boolean {
  return kind.endsWith('Sha256') || kind.endsWith('Sha1');
}

/** The time of the last call, to the minute. */
function formatLast(admissions: Admissions | null): string {
  return admissions === null ? '' : formatMinute(admissions.last.at);
}

function byLastCall(one: Used, other: Used): number {
  return Date.parse(one.admissions?.last.at ?? '') - Date.parse(other.admissions?.last.at ?? '');
}
