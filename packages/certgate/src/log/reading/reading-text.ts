import { escapeControls } from '../../faults/safe-text.js';
import { ToolFailure } from '../../faults/tool-failure.js';
import type { SourceReading } from './log-record.js';

/** In words, in the order in which people should know of them. */
const counts = {
  unreadable: 'cut short or damaged',
  tooLong: 'longer than 1 MiB',
  malformed: 'whose values have other types than Certgate writes',
  otherVersions: 'of another version of the format',
  otherEvents: 'about events that this version does not know',
  repeated: 'that were read before',
  outside: 'of other times',
  uncompared: 'used that may be repetitions: there were too many lines before them to compare',
  outOfOrder: 'used that are earlier than one before',
  others: 'not of Certgate',
} as const satisfies Partial<Record<keyof SourceReading, string>>;

/** What became of the lines of each file, for people: a line for each file, and one for each gap. */
export function formatReading(readings: readonly SourceReading[]): string {
  return escapeLinesOf(readings.flatMap(describeSource)).join('\n');
}

function escapeLinesOf(lines: readonly string[]): readonly string[] {
  return lines.map(escapeControls);
}

function describeSource(reading: SourceReading): readonly string[] {
  const { name, lines, records, first, last, withUnknownKeys, unknownKeys, gaps } = reading;
  const span = first === undefined || last === undefined ? '' : `, ${formatTime(first)} to ${formatTime(last)}`;
  const parts = Object.entries(counts).flatMap(([key, words]) => {
    const count = reading[key as keyof typeof counts];
    return count === 0 ? [] : [`${formatCount(count)} ${words}`];
  });
  if (withUnknownKeys > 0) {
    parts.push(
      `${formatCount(withUnknownKeys)} used with keys that this version passes over (${unknownKeys.join(', ')})`,
    );
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

function formatTime(instant: number): string {
  return new Date(instant).toISOString().replace('.000', '');
}

/** As `--json` prints it: times in RFC 3339; null: there is no line. */
export interface ReportedReading extends Omit<SourceReading, 'first' | 'last'> {
  readonly first: string | null;
  readonly last: string | null;
}

export function reportReading(readings: readonly SourceReading[]): readonly ReportedReading[] {
  const report = (instant: number | undefined): string | null => (instant === undefined ? null : formatTime(instant));
  return readings.map((reading) => ({ ...reading, first: report(reading.first), last: report(reading.last) }));
}

/** No line of what was read can be used. */
export function explainEmptyReading(readings: readonly SourceReading[]): ToolFailure {
  const isFiltered = readings.some(({ outside }) => outside > 0);
  const what = isFiltered
    ? 'The log has no line of Certgate of the time that is asked for.'
    : 'The log has no line of Certgate that can be used: none contains {"certgate":1, …}.';
  const isRead = readings.some(({ lines, others }) => lines > others);
  return new ToolFailure(isRead ? `${what} ${formatReading(readings).replaceAll('\n', ' ')}` : what, {
    remedy: isFiltered
      ? 'Give an earlier --since, or a later --until.'
      : 'Pass the lines that the app wrote, as they are or as Application Insights exports them.',
  });
}
