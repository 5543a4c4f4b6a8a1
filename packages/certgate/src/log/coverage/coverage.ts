// coverage/: which part of a time the lines of gates cover, and each reason why they don't show everything
import { formatInstant } from '@certgate/core/internal';
import { countUnused, type LogRecord, mayHaveLostLines, type SourceReading } from '../reading/log-record.js';
import { AppTrack, endHour, hourMilliseconds, ProcessTrack } from './app-track.js';
import { type CoverageLimit, describeLimit, type LimitFacts } from './coverage-limit.js';
import { RevisionsSeen } from './revisions-seen.js';
import type { StatusChain } from './status-chains.js';
import { findGaps, measureSpans, type ReportedSpan, reportSpan, subtractSpans, type TimeSpan } from './time-span.js';
import { findUncoveredTime, type UncoveredTime, type UncoveredTimeOptions } from './uncovered-time.js';

/** What the lines of one app cover. `app` is the app's name in the lines. Times are in the form of RFC 3339. */
export interface AppCoverage {
  readonly app: string;
  readonly covered: CoveredTime;
  /**
   * The whole hours of the window in which status lines report every call to each instance that the lines show, in
   * order.
   */
  readonly spans: readonly ReportedSpan[];
  /**
   * `first` is the time of the app's first line, or the beginning of the window if that is later; `last` is that of its
   * last line, or the window's last millisecond if that is earlier. Both are null if the time between these lines is
   * outside the window.
   */
  readonly first: string | null;
  readonly last: string | null;
  /** The number of instances that the lines name. Null if any line names none. */
  readonly instances: number | null;
  readonly limits: readonly CoverageLimit[];
}

/**
 * What `trust usage --json` prints as `coverage`. The window `[from, until)` is the one that was asked for, or else it
 * reaches from the first line to the last. It is empty if no window was asked for and there are no lines.
 */
export interface Coverage extends ReportedSpan {
  /** In the order of the apps' names. */
  readonly apps: readonly AppCoverage[];
  /** The limits that don't belong to one of `apps`. */
  readonly limits: readonly CoverageLimit[];
}

export interface CoverageQuestion {
  readonly window?: TimeSpan | undefined;
  /** The names of the apps that should have lines. Undefined if the user did not list them. */
  readonly apps?: readonly string[] | undefined;
  /** What became of the lines that were read, for each file. */
  readonly readings?: readonly SourceReading[] | undefined;
}

/** Tracking more processes would take hundreds of megabytes of memory. */
const maximumProcesses = 100_000;

/** Takes the records of all lines in any order, and finds out what they cover. It does not keep the lines. */
export class CoverageTracker {
  readonly #apps = new Map<string, AppTrack>();
  readonly #revisions = new RevisionsSeen();
  #processes = 0;

  note(record: LogRecord): void {
    let app = this.#apps.get(record.app);
    if (app === undefined) this.#apps.set(record.app, (app = new AppTrack(record.app)));
    let instance = app.instances.get(record.instance);
    if (instance === undefined)
      app.instances.set(record.instance, (instance = new Map<string | undefined, ProcessTrack>()));
    let process = instance.get(record.line.process);
    if (process === undefined && this.#processes < maximumProcesses) {
      this.#processes += 1;
      instance.set(record.line.process, (process = new ProcessTrack()));
    }
    if (process === undefined) this.#processes = Number.POSITIVE_INFINITY;
    app.note(record, process);
    if (record.line.event === 'status') this.#revisions.note(record.line.trust ?? []);
  }

  finish({ window: asked, apps: expected, readings = [] }: CoverageQuestion = {}): Coverage {
    const tracks = [...this.#apps.values()].sort((one, other) => (one.app < other.app ? -1 : 1));
    const window = asked ?? findWindow(tracks);
    const isCut = this.#processes > maximumProcesses;
    const coversNothing = isCut || readings.some(({ gaps }) => gaps.length > 0);
    // Names are compared without regard to case, because Azure does that with the names of apps.
    const names = new Set(tracks.map(({ app }) => app.toLowerCase()));
    const unseen = expected?.filter((name) => !names.has(name.toLowerCase())) ?? [];
    const silence = findCommonSilence(tracks, window);
    const judged = tracks.map((track) => judgeApp(track, readings.some(mayHaveLostLines)));
    const outages = [...findOutages(tracks, judged), ...readings.flatMap(findUnfinished)];
    const limits: readonly (LimitFacts | undefined)[] = [
      expected === undefined ? { code: 'apps_not_listed' } : undefined,
      unseen.length > 0 ? { code: 'apps_without_lines', apps: unseen } : undefined,
      isCut ? { code: 'too_many_processes', maximum: maximumProcesses } : undefined,
      silence.length > 0 ? { code: 'apps_silent_together', spans: silence.map(reportSpan) } : undefined,
      ...this.#revisions.findUnseen(),
      ...readings.flatMap(findReadingLimits),
    ];
    return {
      ...reportSpan(window),
      apps: judged.map((app) => coverApp(app, window, { outages, coversNothing })),
      limits: limits.filter((limit) => limit !== undefined).map(describeLimit),
    };
  }
}

function findWindow(tracks: readonly AppTrack[]): TimeSpan {
  const from = tracks.reduce((least, { first }) => Math.min(least, first), Number.POSITIVE_INFINITY);
  const last = tracks.reduce((greatest, each) => Math.max(greatest, each.last), Number.NEGATIVE_INFINITY);
  return tracks.length === 0 ? { from: 0, until: 0 } : { from, until: last + 1 };
}

/** What the lines of one app cover and don't cover, before those of other apps are considered. */
interface JudgedApp {
  readonly track: AppTrack;
  readonly reported: readonly TimeSpan[];
  readonly uncovered: readonly UncoveredTime[];
  /** The number of missing lines for whose hour, the hour before it and the hour after it the app wrote other lines. */
  readonly breaks: number;
  /** The number of missing lines whose time is not before the app's first line. */
  readonly missing: number;
  readonly isLossy: boolean;
}

/** `mayLack` means that any status line may be among the lines that could not be used. */
function judgeApp(track: AppTrack, mayLack: boolean): JudgedApp {
  const processes = [...track.instances].flatMap(([instance, each]) => listProcesses(instance, each));
  const judge = (isAnyLost: boolean): readonly UncoveredTime[] =>
    processes.map((process) => findUncoveredTime(process.track, process.chains, { ...process, isLossy: isAnyLost }));
  const careless = judge(false);
  const lost = careless.flatMap((each) => each.lost);
  const breaks = lost.filter((time) => isAmongOthers(track, time)).length;
  const missing = lost.filter((time) => time >= track.first).length;
  const isLossy = mayLack || breaks > 0;
  const reported = processes.flatMap(({ chains }) => chains.map((chain) => chain.reported));
  return { track, reported, uncovered: isLossy ? judge(true) : careless, breaks, missing, isLossy };
}

interface JudgedProcess extends Pick<UncoveredTimeOptions, 'isNamed' | 'replacedAt'> {
  readonly track: ProcessTrack;
  readonly chains: readonly StatusChain[];
}

/**
 * Lists the processes of one instance. A process is taken as the replacement of the one before it if the lines name the
 * instance, if the times from first to last line of its processes do not overlap, and if the later one's start line was
 * read.
 */
function listProcesses(
  instance: string | undefined,
  processes: ReadonlyMap<string | undefined, ProcessTrack>,
): readonly JudgedProcess[] {
  const sorted = [...processes].sort(([, one], [, other]) => one.first - other.first);
  const isOneAtATime =
    instance !== undefined &&
    sorted.every(([, { last }], index) => last < (sorted[index + 1]?.[1].first ?? Number.POSITIVE_INFINITY));
  const listed = sorted.map(([process, track]) => {
    return { isNamed: instance !== undefined || process !== undefined, track, chains: track.chains.list() };
  });
  return listed.map((each, index) => {
    const next = isOneAtATime ? listed[index + 1]?.chains[0] : undefined;
    return { ...each, replacedAt: next?.isBegun === true ? next.from : undefined };
  });
}

function coverApp(
  app: JudgedApp,
  window: TimeSpan,
  { outages, coversNothing }: { readonly outages: readonly TimeSpan[]; readonly coversNothing: boolean },
): AppCoverage {
  const { track, reported, uncovered, breaks } = app;
  const lost = uncovered.flatMap((each) => each.lost).map((time) => spreadLoss(track, time));
  const outside = [
    { from: Number.NEGATIVE_INFINITY, until: Math.max(window.from, endHour(track.first)) },
    { from: window.until, until: Number.POSITIVE_INFINITY },
  ];
  const holes = [...uncovered.flatMap((each) => each.holes), ...lost, ...listSampled(track), ...outages, ...outside];
  const covered = subtractSpans(reported, holes)
    .map(takeWholeHours)
    .filter(({ from, until }) => from < until);
  const isIn = window.from <= track.last && track.first < window.until;
  const ends = uncovered.reduce((sum, each) => sum + each.ends, 0);
  const tracks = [...track.instances.values()].flatMap((processes) => [...processes.values()]);
  const parts = tracks.reduce((sum, { pending }) => sum + pending.size, 0);
  const limits: readonly (LimitFacts | undefined)[] = [
    ...findTimeLimits(track, window, covered),
    breaks > 0 && track.hourLines > 0 ? { code: 'lines_lost', breaks } : undefined,
    ends > 0 && !app.isLossy && covered.length > 0 ? { code: 'ends_assumed', ends, missing: app.missing } : undefined,
    parts > 0 ? { code: 'parts_missing', lines: parts } : undefined,
    ...findContentLimits(track),
  ];
  const spans = coversNothing ? [] : covered;
  return {
    app: track.app,
    covered: measureCovered(spans, window),
    spans: spans.map(reportSpan),
    first: isIn ? formatInstant(Math.max(track.first, window.from)) : null,
    last: isIn ? formatInstant(Math.min(track.last, window.until - 1)) : null,
    instances: track.instances.has(undefined) ? null : track.instances.size,
    limits: limits.filter((limit) => limit !== undefined).map(describeLimit),
  };
}

/**
 * Whether the app wrote lines in the hour before a missing line, in its hour and in the hour after. If so, not all
 * lines of that time were lost.
 */
function isAmongOthers({ hours }: AppTrack, time: number): boolean {
  const hour = Math.floor(time / hourMilliseconds);
  return [hour - 1, hour, hour + 1].every((each) => hours.has(each));
}

/**
 * Cuts a span to whole hours. Where lines begin again within an hour, another instance may have written its status line
 * of that hour before. If it has ended since, no line reports its later calls in that hour.
 */
function takeWholeHours({ from, until }: TimeSpan): TimeSpan {
  const begin = Math.ceil(from / hourMilliseconds) * hourMilliseconds;
  return { from: begin, until: Math.floor(until / hourMilliseconds) * hourMilliseconds };
}

/** The time from the beginning of the hour of a missing line to the end of the next hour that has a line, if any. */
function spreadLoss({ hours }: AppTrack, time: number): TimeSpan {
  const lostHour = Math.floor(time / hourMilliseconds);
  let next = Number.POSITIVE_INFINITY;
  for (const hour of hours) if (hour > lostHour && hour < next) next = hour;
  return { from: lostHour * hourMilliseconds, until: (next + 1) * hourMilliseconds };
}

/**
 * The time around sampled lines that can't be covered: at least the hour before and the hour after, and from there on
 * to the next hour that has a line, if any. Sampling removes lines that were written at about the same time, and may
 * have begun earlier or ended later than the sampled lines show.
 */
function listSampled({ hours, sampledHours }: AppTrack): readonly TimeSpan[] {
  if (sampledHours.size === 0) return [];
  const sorted = [...hours].sort((one, other) => one - other);
  return sorted.flatMap((hour, index) => {
    if (!sampledHours.has(hour)) return [];
    const before = Math.min(sorted[index - 1] ?? Number.NEGATIVE_INFINITY, hour - 2);
    const after = Math.max(sorted[index + 1] ?? Number.POSITIVE_INFINITY, hour + 2);
    return [{ from: (before + 1) * hourMilliseconds, until: after * hourMilliseconds }];
  });
}

/**
 * The hours in which no app has a line, although at least one line of that time is known to be missing: the log lost
 * the lines of all apps.
 */
function findOutages(tracks: readonly AppTrack[], judged: readonly JudgedApp[]): readonly TimeSpan[] {
  const lost = judged.flatMap(({ uncovered }) => uncovered.flatMap((each) => each.lost));
  return findSilence(tracks).filter(({ from, until }) => lost.some((time) => from <= time && time < until));
}

/** The hours without a line of any app, between hours with lines. */
function findSilence(tracks: readonly AppTrack[]): readonly TimeSpan[] {
  const hours = new Set(tracks.flatMap(({ hours: own }) => [...own]));
  const spans = [...hours].map((hour) => ({ from: hour * hourMilliseconds, until: (hour + 1) * hourMilliseconds }));
  return findGaps(spans).filter(({ until }) => until !== Number.POSITIVE_INFINITY);
}

/**
 * The time from the latest record of a file on, if the file ends in the middle of a line. Lines that another file has
 * of that time don't make it covered, because the cut line is missing.
 */
function findUnfinished({ unfinished, last }: SourceReading): readonly TimeSpan[] {
  if (unfinished === 0 || last === null) return [];
  return [{ from: Date.parse(last), until: Number.POSITIVE_INFINITY }];
}

function findTimeLimits(
  { startLines, hourLines, first }: AppTrack,
  window: TimeSpan,
  covered: readonly TimeSpan[],
): readonly (LimitFacts | undefined)[] {
  if (hourLines === 0)
    return [
      startLines === 0 ? { code: 'status_lines_missing' } : { code: 'status_lines_at_start_only', starts: startLines },
    ];
  const missing = subtractSpans([window], covered);
  return [
    first - window.from >= hourMilliseconds ? { code: 'lines_begin_late', first: formatInstant(first) } : undefined,
    missing.length > 0 ? { code: 'hours_missing', spans: missing.map(reportSpan) } : undefined,
  ];
}

function findContentLimits(track: AppTrack): readonly (LimitFacts | undefined)[] {
  const { sampledLines, leftOutLines, leftOutCalls, putBack, suppressed, ownStores } = track;
  return [
    sampledLines > 0 ? { code: 'lines_sampled', lines: sampledLines } : undefined,
    track.isSamplingKnown ? undefined : { code: 'sampling_unknown' },
    track.instances.get(undefined)?.has(undefined) === true ? { code: 'processes_not_named' } : undefined,
    leftOutLines > 0 ? { code: 'callers_left_out', lines: leftOutLines, calls: leftOutCalls } : undefined,
    putBack > 0 ? { code: 'clock_put_back', lines: putBack } : undefined,
    track.hasCaller && !track.hasAdmission ? { code: 'admissions_not_logged' } : undefined,
    suppressed > 0 ? { code: 'denials_suppressed', denials: suppressed } : undefined,
    ownStores.size > 0 ? { code: 'own_store', matchedBy: [...ownStores] } : undefined,
  ];
}

function findReadingLimits(reading: SourceReading): readonly LimitFacts[] {
  const { name: source, uncompared, gaps } = reading;
  const lines = countUnused(reading);
  return [
    ...(lines > 0
      ? [{ code: 'lines_not_used' as const, source, lines, mayBeStatusLines: mayHaveLostLines(reading) }]
      : []),
    ...gaps.map((gap) => ({ code: 'source_incomplete' as const, source, gap })),
    ...(uncompared > 0 ? [{ code: 'repetitions_possible' as const, lines: uncompared }] : []),
  ];
}

/**
 * The hours in the window in which no app wrote a line, if at least two apps did in the hour before and in the hour
 * after.
 */
function findCommonSilence(tracks: readonly AppTrack[], window: TimeSpan): readonly TimeSpan[] {
  if (tracks.length < 2) return [];
  const hasSeveral = (instant: number): boolean =>
    tracks.filter((track) => track.hours.has(Math.floor(instant / hourMilliseconds))).length > 1;
  return findSilence(tracks).filter(
    ({ from, until }) => window.from <= from && until <= window.until && hasSeveral(from - 1) && hasSeveral(until),
  );
}

const dayMilliseconds = 24 * hourMilliseconds;

/**
 * How much of a window is covered. It never claims too much: the covered time is rounded down, the window's length up.
 */
export interface CoveredTime {
  readonly unit: 'day' | 'hour';
  readonly covered: number;
  readonly of: number;
  /** Whether the whole window is covered, to the millisecond. */
  readonly isWhole: boolean;
}

/** Measures in days if the window is at least three days long, otherwise in hours. */
export function measureCovered(covered: readonly TimeSpan[], window: TimeSpan): CoveredTime {
  const length = window.until - window.from;
  const amount = measureSpans(covered);
  const unit = length < 3 * dayMilliseconds ? 'hour' : 'day';
  const one = unit === 'hour' ? hourMilliseconds : dayMilliseconds;
  return { unit, covered: Math.floor(amount / one), of: Math.ceil(length / one), isWhole: amount === length };
}

/** Formats the measure in words, for example `88 of 90 days`. */
export function describeCovered({ unit, covered, of }: CoveredTime): string {
  return `${covered} of ${of} ${unit}${of === 1 ? '' : 's'}`;
}
