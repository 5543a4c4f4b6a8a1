import { appendFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { formatInstant } from '@certgate/core/internal';
import { escapeControls } from '../faults/safe-text.js';
import { messageOf, ToolFailure } from '../faults/tool-failure.js';
import { describeSpan } from '../faults/time-words.js';
import { type Expectation, expectDocument } from '../fleet/expected-document.js';
import { describeFleet, listExpectationSentences } from '../fleet/fleet-report.js';
import { createFleet, type Fleet } from '../fleet/fleet-rows.js';
import { describeLines, formatFleet, formatFleetSummary } from '../fleet/fleet-table.js';
import { FleetTracker } from '../fleet/fleet-tracker.js';
import { type Coverage, CoverageTracker } from '../log/coverage/coverage.js';
import { describeLimit } from '../log/coverage/coverage-limit.js';
import { reportCoverage } from '../log/coverage/coverage-text.js';
import type { SourceReading } from '../log/reading/log-record.js';
import { formatReading, reportReading } from '../log/reading/reading-text.js';
import { type ExitCode, exitCodes } from './command-line/exit-codes.js';
import { printJson, printLine, printNotice } from './command-line/output.js';
import type { Attestation, AttestationFlags } from './fleet-attestation.js';
import { readAppNames } from './log/app-names.js';
import { findLogWindow, type LogFlags, readLogOptions } from './log/log-options.js';

interface FleetFlags extends LogFlags, AttestationFlags {
  readonly apps?: string;
  readonly silentAfter: number;
  readonly expectSha256?: string;
  readonly wait?: number;
  readonly summary?: string;
  readonly json?: boolean;
}

/** What one reading of the lines came to. */
interface Answer {
  readonly fleet: Fleet;
  readonly expectation: Expectation | undefined;
  readonly coverage: Coverage;
  readonly readings: readonly SourceReading[];
  readonly signers: ReadonlySet<string>;
  /** Lines of apps that found no room. */
  readonly leftOut: number;
  /** The time of the newest line, where the clock here has not reached it. */
  readonly aheadAt: number | undefined;
}

export async function runFleet(flags: FleetFlags): Promise<void> {
  checkFlags(flags);
  const apps = flags.apps === undefined ? undefined : await readAppNames(flags.apps);
  const { summary } = flags;
  // Now, and not when all is read.
  if (summary !== undefined) await appendTo(summary, '');
  const attestation = await findAttestation(flags);
  const answer = await readUntilExpected(flags, apps);
  const { fleet, expectation, coverage, readings, signers, leftOut, aheadAt } = answer;
  const sentences = [
    ...describeLines(fleet),
    // Those without lines have rows.
    ...coverage.limits.filter(({ code }) => code !== 'apps_without_lines').map(describeLimit),
    ...(leftOut > 0 ? [`There are too many apps: ${leftOut} lines of others were left out.`] : []),
    ...(aheadAt === undefined
      ? []
      : [
          `A line has the time ${formatInstant(aheadAt)}, which is in the future, so it is unknown which lines are the newest. To leave out such lines: --until.`,
        ]),
    ...(expectation === undefined ? [] : listExpectationSentences(expectation)),
    ...(expectation !== undefined && aheadAt === undefined && lacksLines(answer)
      ? ['Lines that were not used may say something else, so it is unknown whether every app runs it.']
      : []),
  ];
  if (summary !== undefined) await appendTo(summary, formatFleetSummary(fleet, sentences));
  const found = {
    ...describeFleet(fleet, expectation),
    expectedEverywhere: expectation === undefined ? null : everywhere[chooseExitCode(answer)],
    linesOfFurtherApps: leftOut,
    newestLineIsAheadAt: aheadAt === undefined ? null : formatInstant(aheadAt),
    coverage: reportCoverage(coverage),
    reading: reportReading(readings),
  };
  await attestation?.write(fleet, signers, found);
  if (flags.json === true) printJson({ version: 1, ...found });
  else {
    printLine(formatFleet(fleet));
    for (const sentence of sentences) printLine(escapeControls(sentence));
    printNotice(formatReading(readings));
  }
  process.exitCode = chooseExitCode(answer);
}

/** What it needs is loaded for a statement alone. */
async function findAttestation(flags: AttestationFlags): Promise<Attestation | undefined> {
  const { attest, attestKey, baseline } = flags;
  if (attest === undefined && attestKey === undefined && baseline === undefined) return undefined;
  const { prepareAttestation } = await import('./fleet-attestation.js');
  return prepareAttestation(flags);
}

function checkFlags({ wait, expectSha256, log = [] }: FleetFlags): void {
  if (wait === undefined) return;
  if (expectSha256 === undefined) throw new ToolFailure('--wait requires --expect-sha256, the document to wait for.');
  if (log.includes('-')) {
    throw new ToolFailure('--wait reads the lines again, and standard input is read once.', {
      remedy: 'Pass a file that grows, or --workspace.',
    });
  }
}

/** Between two readings, the machine and the workspace have at least as long a rest as the reading took. */
const shortestPause = 5_000;

async function readUntilExpected(flags: FleetFlags, apps: readonly string[] | undefined): Promise<Answer> {
  const begin = performance.now();
  // What was once read is known, though the file may have been rotated since.
  const tracker = new FleetTracker();
  for (;;) {
    const started = performance.now();
    const answer = await readOnce(flags, apps, tracker);
    const now = performance.now();
    const left = begin + (flags.wait ?? 0) - now;
    if (left <= 0 || chooseExitCode(answer) === exitCodes.ok) return answer;
    // The last time when the time is over.
    const rest = Math.min(left, Math.max(shortestPause, now - started));
    const counts = listExpectationSentences(answer.expectation ?? expectNothing)
      .slice(1, 2)
      .join('')
      .trim();
    printNotice(`${formatInstant(Date.now())} ${counts}; reading again in ${describeSpan(rest)}`);
    await pause(rest);
  }
}

/** Clocks of servers differ by less. */
const clockTolerance = 300_000;

const expectNothing: Expectation = { sha256: '', since: undefined, apps: [] };

async function readOnce(
  flags: FleetFlags,
  apps: readonly string[] | undefined,
  tracker: FleetTracker,
): Promise<Answer> {
  const coverageTracker = new CoverageTracker();
  const { from, until } = findLogWindow(flags);
  const readings = await readLogOptions(flags, (record) => {
    tracker.note(record);
    coverageTracker.note(record);
  });
  const fleet = createFleet(tracker, flags.silentAfter, apps);
  const { expectSha256 } = flags;
  const expectation = expectSha256 === undefined ? undefined : expectDocument(fleet, expectSha256);
  const coverage = coverageTracker.finish({
    window: from === undefined ? undefined : { from, until },
    apps: apps && [...tracker.apps.keys(), ...fleet.absent],
    readings,
  });
  const { signers, leftOut } = tracker;
  const aheadAt = fleet.asOf > until + clockTolerance ? fleet.asOf : undefined;
  return { fleet, expectation, coverage, readings, signers, leftOut, aheadAt };
}

function chooseExitCode(answer: Answer): ExitCode {
  const { expectation } = answer;
  if (expectation === undefined) return exitCodes.ok;
  const verdicts = expectation.apps.map(({ verdict }) => verdict);
  if (verdicts.includes('other')) return exitCodes.failed;
  return verdicts.includes('cannot_tell') || lacksLines(answer) ? exitCodes.unverified : exitCodes.ok;
}

/** As `--json` and a statement say it. */
const everywhere: Readonly<Record<number, string>> = {
  [exitCodes.ok]: 'has',
  [exitCodes.failed]: 'other',
  [exitCodes.unverified]: 'cannot_tell',
};

/** The newest line of an app may be among those that were not used, or look older than one of a clock that is ahead. */
function lacksLines({ coverage, leftOut, aheadAt }: Answer): boolean {
  return (
    leftOut > 0 ||
    aheadAt !== undefined ||
    coverage.limits.some(
      (limit) => limit.code === 'source_incomplete' || (limit.code === 'lines_not_used' && limit.mayBeStatusLines),
    )
  );
}

async function appendTo(file: string, text: string): Promise<void> {
  try {
    await appendFile(file, text);
  } catch (cause) {
    throw new ToolFailure(`${file} can't be written: ${messageOf(cause)}.`, { cause });
  }
}
