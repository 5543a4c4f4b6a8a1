import type { FailureKind } from '#local/tool-failure.js';
import { type Coverage, CoverageTracker } from '../../log/coverage/coverage.js';
import type { SourceReading } from '../../log/reading/log-record.js';
import type { LoadedTrustDocument } from '../../trust/administration/load-trust-document.js';
import { UsageTracker } from '../../trust/usage/usage-tracker.js';
import { findLogWindow, type LogFlags, readAppNames, readLogOptions } from '../log/log-options.js';

/** The calls in a log, and the time that its lines cover. */
export interface LogTallies {
  readonly tracker: UsageTracker;
  readonly coverage: Coverage;
  readonly readings: readonly SourceReading[];
  /** The end of the requested time, in milliseconds since 1970-01-01T00:00:00Z. */
  readonly until: number;
}

/** @throws {ToolFailure} of the kind `emptyKind` if the log has no line that can be used. */
export async function readTallies(flags: LogFlags, emptyKind?: FailureKind): Promise<LogTallies> {
  const apps = flags.apps === undefined ? undefined : await readAppNames(flags.apps);
  const { from, until } = findLogWindow(flags);
  const [tracker, coverageTracker] = [new UsageTracker(from), new CoverageTracker()];
  const note = (...[record]: Parameters<UsageTracker['note']>): void => {
    tracker.note(record);
    coverageTracker.note(record);
  };
  const readings = await readLogOptions(flags, note, emptyKind);
  const coverage = coverageTracker.finish({ window: from === undefined ? undefined : { from, until }, apps, readings });
  return { tracker, coverage, readings, until };
}

/** What the lines don't show about the document, one sentence each. */
export function listRemarks({ tracker }: LogTallies, loaded: LoadedTrustDocument): readonly string[] {
  const { documentSha256, snapshot } = loaded;
  return [
    ...(tracker.leftOut > 0
      ? [`There are too many callers to count: ${tracker.leftOut} lines about callers were left out.`]
      : []),
    ...(tracker.hasDocument(documentSha256)
      ? []
      : [`No line shows revision ${snapshot.revision} of this document in use: the lines may be of apps with another one, or of an earlier time.`]), // prettier-ignore
  ];
}
