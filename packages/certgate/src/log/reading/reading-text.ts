import { escapeControls } from '../../texts/safe-text.js';
import { type FailureKind, ToolFailure } from '#local/tool-failure.js';
import { countUnused, type SourceReading } from './log-record.js';

/** The counts in words, the most important ones first. */
const counts = {
  unreadable: 'cut short or damaged',
  unfinished: 'at the end that may still be written',
  tooLong: 'longer than 1 MiB',
  malformed: 'whose values have other types than Certgate writes',
  otherVersions: 'of another version of the format',
  otherEvents: 'about events that this version does not know',
  repeated: 'that were read before',
  replaced: 'of requests whose outcome another line tells',
  outside: 'of other times',
  uncompared: 'used that may be repetitions: there were too many lines before them to compare',
  admissionUnfound: 'used of refusals whose admission may be counted too: it is not near them',
  outOfOrder: 'used that are earlier than one before',
  others: 'not of Certgate',
} as const satisfies Partial<Record<keyof SourceReading, string>>;

const maximumSources = 10;

/**
 * Describes for people what became of the lines: one line for each file, and one for each gap. For many files, it is
 * one line for all of them, and lines for the first ten files that have unusable lines, unknown keys or gaps.
 */
export function formatReading(readings: readonly SourceReading[]): string {
  return listSources(readings).map(escapeControls).join('\n');
}

function listSources(readings: readonly SourceReading[]): readonly string[] {
  if (readings.length <= maximumSources) return readings.flatMap(describeSource);
  const faulty = readings.filter(hasFaults);
  const more = faulty.length - maximumSources;
  return [
    ...describeSource(addReadings(readings)),
    ...faulty.slice(0, maximumSources).flatMap(describeSource),
    ...(more > 0 ? [`${formatCount(more)} more files have lines that can't be used; --json has them.`] : []),
  ];
}

function hasFaults(reading: SourceReading): boolean {
  return countUnused(reading) + reading.withUnknownKeys + reading.gaps.length > 0;
}

/** Adds up the counts of all files. The gaps of the files are left out. */
function addReadings(readings: readonly SourceReading[]): SourceReading {
  const [first] = readings;
  const names = [...Object.keys(counts), 'lines', 'records', 'withUnknownKeys'] as (keyof typeof counts)[];
  const sums: Readonly<Record<string, number>> = Object.fromEntries(
    names.map((name) => [name, readings.reduce((sum, reading) => sum + reading[name], 0)]),
  );
  const times = (['first', 'last'] as const).map((key) => readings.flatMap((reading) => reading[key] ?? []));
  const [[earliest = null] = [], ends = []] = times.map((each) => each.sort(compareTimes));
  return {
    ...(first as SourceReading),
    ...sums,
    name: `${formatCount(readings.length)} files`,
    unknownKeys: [...new Set(readings.flatMap(({ unknownKeys }) => unknownKeys))].slice(0, 10),
    gaps: [],
    first: earliest,
    last: ends.at(-1) ?? null,
  };
}

function compareTimes(one: string, other: string): number {
  return Date.parse(one) - Date.parse(other);
}

function describeSource(reading: SourceReading): readonly string[] {
  const { name, lines, records, first, last, withUnknownKeys, unknownKeys, gaps } = reading;
  const span = first === null || last === null ? '' : `, ${first} to ${last}`;
  const parts = Object.entries(counts).flatMap(([key, words]) => {
    const count = reading[key as keyof typeof counts];
    return count === 0 ? [] : [`${formatCount(count)} ${words}`];
  });
  if (withUnknownKeys > 0) {
    parts.push(`${formatCount(withUnknownKeys)} used with keys that this version ignores (${unknownKeys.join(', ')})`);
  }
  const rest = parts.length === 0 ? '' : `; ${parts.join('; ')}`;
  return [
    `${name}: ${formatCount(records)} of ${formatCount(lines)} lines used${span}${rest}.`,
    ...gaps.map((gap) => `${name}: ${gap}`),
  ];
}

function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** Explains why there is nothing to report: no line that was read can be used. */
export function explainEmptyReading(readings: readonly SourceReading[], kind: FailureKind): ToolFailure {
  const isFiltered = readings.some(({ outside }) => outside > 0);
  const what = isFiltered
    ? 'The log has no line of Certgate in the requested time.'
    : 'The log has no line of Certgate that can be used: none contains {"certgate":1, …}.';
  const faulty = readings.filter(hasFaults).slice(0, 3);
  return new ToolFailure([what, ...faulty.flatMap(describeSource).map(escapeControls)].join(' '), {
    remedy: isFiltered
      ? 'Give an earlier --since, or a later --until.'
      : 'Pass the lines that the app wrote, as they are or as Application Insights exports them.',
    kind,
  });
}
