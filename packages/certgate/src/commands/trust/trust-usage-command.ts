import { ToolFailure } from '../../faults/tool-failure.js';
import { withStore } from '../../faults/tool-call.js';
import { CoverageTracker } from '../../log/coverage/coverage.js';
import { reportCoverage } from '../../log/coverage/coverage-text.js';
import { reportReading } from '../../log/reading/reading-text.js';
import { type LoadedTrustDocument, loadTrustDocument } from '../../trust/administration/load-trust-document.js';
import type { TrustLocation } from '../../trust/administration/location/trust-location.js';
import { openTrustLocation } from '../../trust/administration/open-trust-location.js';
import { type HistoryItem, readTrustHistory } from '../../trust/administration/trust-history.js';
import { readEntryAges } from '../../trust/usage/entry-ages.js';
import { describeUsage } from '../../trust/usage/usage.js';
import { UsageTracker } from '../../trust/usage/usage-tracker.js';
import { exitCodes } from '../command-line/exit-codes.js';
import { printJson } from '../command-line/output.js';
import { readAppNames } from '../log/app-names.js';
import { findLogWindow, type LogFlags, readLogOptions } from '../log/log-options.js';
import type { StoreFlags } from './options/store-options.js';
import { printUsage, type UsageReport, type UsageSources } from './usage-report.js';

interface UsageFlags extends StoreFlags, LogFlags {
  readonly by: 'identity' | 'pin';
  readonly identity?: string;
  readonly apps?: string;
  readonly within?: number;
}

export async function showUsage(flags: UsageFlags): Promise<void> {
  const location = await openTrustLocation(flags.store);
  await withStore(location.description, async () => {
    const { report, sources } = await findUsage(location, flags);
    const { readings, coverage } = sources;
    if (flags.json === true)
      printJson({ ...report, reading: reportReading(readings), coverage: reportCoverage(coverage) });
    else printUsage(report, sources, flags.by);
    if (readings.some(({ gaps }) => gaps.length > 0)) process.exitCode = exitCodes.unverified;
  });
}

async function findUsage(
  location: TrustLocation,
  flags: UsageFlags,
): Promise<{ readonly report: UsageReport; readonly sources: UsageSources }> {
  const loaded = await loadTrustDocument(location);
  const { snapshot, documentSha256 } = loaded;
  if (flags.identity !== undefined && !snapshot.identities.some(isNamed(flags.identity))) {
    throw new ToolFailure(`The document has no identity ${flags.identity}.`, {
      remedy: 'Leave out --identity: callers that the document does not have are listed too.',
    });
  }
  const apps = flags.apps === undefined ? undefined : await readAppNames(flags.apps);
  const window = findLogWindow(flags);
  const [usageTracker, coverageTracker] = [new UsageTracker(window.from), new CoverageTracker()];
  const readings = await readLogOptions(flags, (record) => {
    usageTracker.note(record);
    coverageTracker.note(record);
  });
  const { from, until } = window;
  const coverage = coverageTracker.finish({ window: from === undefined ? undefined : { from, until }, apps, readings });
  const history = await readHistory(location, loaded);
  const ages = readEntryAges(history, coverage.window.from);
  const usage = describeUsage({
    snapshot,
    tallies: usageTracker.identities,
    coverage,
    ages,
    isCut: usageTracker.leftOut > 0,
    now: until,
    withinDays: flags.within,
  });
  const remarks = [
    ...(usageTracker.leftOut > 0
      ? [`There are too many callers to count: ${usageTracker.leftOut} lines about callers were left out.`]
      : []),
    ...(usageTracker.hasDocument(documentSha256)
      ? []
      : [`No line shows revision ${snapshot.revision} of this document in use: the lines may be of apps with another one, or of an earlier time.`]), // prettier-ignore
    ...(ages.isUncertain
      ? ["Entries may be younger than the lines: the document's log of changes doesn't cover the whole time."]
      : []),
  ];
  const shown =
    flags.identity === undefined
      ? usage
      : { identities: usage.identities.filter(isNamed(flags.identity)), unlisted: [] };
  const { revision } = snapshot;
  const report = { version: 1 as const, store: location.description, revision, documentSha256, remarks, ...shown };
  return { report, sources: { readings, coverage, now: until } };
}

function isNamed(name: string): (each: { readonly name: string }) => boolean {
  return (each) => each.name.toLowerCase() === name.toLowerCase();
}

/** A log that can't be read leaves the ages of entries unknown, and nothing else. */
async function readHistory(
  location: TrustLocation,
  { documentSha256, document: { revision } }: LoadedTrustDocument,
): Promise<readonly HistoryItem[]> {
  try {
    return readTrustHistory(await location.readLog(), { documentSha256, revision });
  } catch (failure) {
    if (failure instanceof ToolFailure) return [];
    throw failure;
  }
}
