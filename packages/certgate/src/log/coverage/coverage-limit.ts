import { formatMinute } from '../../texts/time-words.js';
import { type ReportedSpan } from './time-span.js';

/** Why the lines don't show everything, each reason with its facts. Times are in the form of RFC 3339. */
export type LimitFacts =
  | { readonly code: 'apps_not_listed' }
  | { readonly code: 'apps_without_lines'; readonly apps: readonly string[] }
  | { readonly code: 'apps_silent_together'; readonly spans: readonly ReportedSpan[] }
  | {
      readonly code: 'lines_not_used';
      readonly source: string;
      readonly lines: number;
      readonly mayBeStatusLines: boolean;
    }
  | { readonly code: 'source_incomplete'; readonly source: string; readonly gap: string }
  | { readonly code: 'repetitions_possible'; readonly lines: number }
  | { readonly code: 'too_many_processes'; readonly maximum: number }
  | { readonly code: 'status_lines_missing' }
  | { readonly code: 'status_lines_at_start_only'; readonly starts: number }
  | { readonly code: 'lines_begin_late'; readonly first: string }
  | { readonly code: 'hours_missing'; readonly spans: readonly ReportedSpan[] }
  | { readonly code: 'lines_sampled'; readonly lines: number }
  | { readonly code: 'sampling_unknown' }
  | { readonly code: 'lines_lost'; readonly breaks: number }
  | { readonly code: 'ends_assumed'; readonly ends: number; readonly missing: number }
  | { readonly code: 'processes_not_named' }
  | { readonly code: 'parts_missing'; readonly lines: number }
  | { readonly code: 'callers_left_out'; readonly lines: number; readonly calls: number }
  | { readonly code: 'clock_put_back'; readonly lines: number }
  | { readonly code: 'admissions_not_logged' }
  | { readonly code: 'denials_suppressed'; readonly denials: number }
  | { readonly code: 'own_store'; readonly matchedBy: readonly string[] }
  | {
      readonly code: 'revisions_not_seen';
      readonly source: string;
      readonly revisions: readonly { readonly from: number; readonly through: number }[];
    };

export type CoverageLimitCode = LimitFacts['code'];

/** `sentence` describes the limit for people, in one to three sentences. It may contain names that others chose. */
export type CoverageLimit = LimitFacts & { readonly sentence: string };

const restUncovered = 'Others may be missing too, so what follows the last status line of an instance is not covered.';

type LimitDescriptions = {
  readonly [Code in CoverageLimitCode]: (limit: Extract<LimitFacts, { readonly code: Code }>) => string;
};

const describe: LimitDescriptions = {
  apps_not_listed: () =>
    'Apps without a line are not seen here. Name the expected apps with --apps, one on each line, to learn which of them are missing.',
  apps_without_lines: ({ apps }) => `No line of ${listWords(apps)}: its calls are not known.`,
  apps_silent_together: ({ spans }) =>
    `No app has a line ${listSpans(spans)}, though several have before and after: a daily cap, an outage of the log, or nobody called. Where a line of that time is missing, it is not covered.`,
  lines_not_used: ({ source, lines, mayBeStatusLines }) =>
    `${source} has ${count(lines, 'line')} of Certgate that can't be used: see what was read.${mayBeStatusLines ? ` ${restUncovered}` : ''}`,
  source_incomplete: ({ source, gap }) => `${source}: ${gap} No hour is treated as covered.`,
  repetitions_possible: ({ lines }) =>
    `${count(lines, 'line')} could not be compared with all lines before: calls may be counted twice.`,
  too_many_processes: ({ maximum }) =>
    `There are more than ${maximum} processes. No hour is treated as covered; choose a shorter time.`,
  status_lines_missing: () =>
    'No status line: the app has an older version, or host.json keeps lines of level information out of the log. No hour is covered.',
  status_lines_at_start_only: ({ starts }) =>
    `${count(starts, 'status line')} of a start, and none of an hour: host.json keeps lines of level information out of the log, or no instance was called in two different hours. No hour is covered.`,
  lines_begin_late: ({ first }) =>
    `The lines begin at ${formatMinute(first)}: earlier ones were not kept, not exported, or never written.`,
  hours_missing: ({ spans }) => `No status line covers all that was called ${listSpans(spans)}.`,
  lines_sampled: ({ lines }) =>
    `${count(lines, 'line')} stand for others, which sampling removed. The hours around them are not covered, up to those in which no line stands for others.`,
  sampling_unknown: () =>
    "The lines don't tell whether others were removed by sampling: export the column itemCount (ItemCount) too.",
  lines_lost: ({ breaks }) =>
    `Single status lines are missing, in ${count(breaks, 'place')}, at times when others were written. ${restUncovered}`,
  ends_assumed: ({ ends, missing }) =>
    `${count(ends, 'time', 'times')}, an instance wrote no further status line. It is taken as not called after that hour, since the first call of an hour writes one.${missing === 0 ? '' : ` It may have been, if that line was lost: ${count(missing, 'line is', 'lines are')} known to be missing.`}`,
  processes_not_named: () =>
    "Lines name neither instances nor processes: one that wrote no status line can't be told from the others.",
  parts_missing: ({ lines }) => `${count(lines, 'status line')} are incomplete, and cover nothing.`,
  callers_left_out: ({ lines, calls }) =>
    `${count(lines, 'status line')} leave out callers, with ${count(calls, 'call')}: too many were called in the time. They cover nothing.`,
  clock_put_back: ({ lines }) =>
    `A clock was set back ${count(lines, 'time', 'times')}; those lines cover nothing, and the lines before do not cover the time that it showed again.`,
  admissions_not_logged: () =>
    "Calls are known only from status lines, without functions and certificates: no line of an admitted call is there (decisionLog: 'denials', or a level in host.json).",
  denials_suppressed: ({ denials }) =>
    `${count(denials, 'refusal')} were counted without a separate line: their functions and certificates are not known.`,
  own_store: ({ matchedBy }) =>
    `Callers are also admitted by a trust store of the app's own (${listWords(matchedBy)}), which the document doesn't list.`,
  revisions_not_seen: ({ source, revisions }) =>
    `No line shows ${listRevisions(revisions)} of ${source}, between revisions that are seen.`,
};

export function describeLimit(limit: LimitFacts): CoverageLimit {
  return { ...limit, sentence: (describe[limit.code] as (limit: LimitFacts) => string)(limit) };
}

const maximumListed = 5;

function listWords(words: readonly string[]): string {
  const more = words.length - maximumListed;
  return `${words.slice(0, maximumListed).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function listSpans(spans: readonly ReportedSpan[]): string {
  return listWords(spans.map(({ from, until }) => `from ${formatMinute(from)} to ${formatMinute(until)}`));
}

function listRevisions(revisions: readonly { readonly from: number; readonly through: number }[]): string {
  return listWords(
    revisions.map(({ from, through }) => (from === through ? `revision ${from}` : `revisions ${from} to ${through}`)),
  );
}

function count(number: number, one: string, several = `${one}s`): string {
  return `${number.toLocaleString('en-US')} ${number === 1 ? one : several}`;
}
