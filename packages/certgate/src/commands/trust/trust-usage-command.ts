import { ToolFailure } from '#local/tool-failure.js';
import { withStore } from '../../texts/tool-call.js';
import { type LoadedTrustDocument, loadTrustDocument } from '../../trust/administration/load-trust-document.js';
import type { TrustLocation } from '../../trust/administration/location/trust-location.js';
import { openTrustLocation } from '../../trust/administration/open-trust-location.js';
import { type HistoryItem, readTrustHistory } from '../../trust/administration/trust-history.js';
import { readEntryAges } from '../../trust/usage/entry-ages.js';
import { describeUsage } from '../../trust/usage/usage.js';
import { exitCodes } from '../command-line/exit-codes.js';
import { printJson } from '../command-line/output.js';
import type { LogFlags } from '../log/log-options.js';
import type { StoreFlags } from './options/store-options.js';
import { listRemarks, readTallies } from './read-tallies.js';
import { printUsage, type UsageReport, type UsageSources } from './usage-report.js';

interface UsageFlags extends StoreFlags, LogFlags {
  readonly by: 'identity' | 'pin';
  readonly identity?: string;
  readonly within?: number;
}

export async function showUsage(flags: UsageFlags): Promise<void> {
  const location = await openTrustLocation(flags.store);
  await withStore(location.description, async () => {
    const { report, sources } = await findUsage(location, flags);
    const { readings, coverage } = sources;
    if (flags.json === true) printJson({ ...report, reading: readings, coverage });
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
  const tallies = await readTallies(flags);
  const { tracker, coverage, readings, until } = tallies;
  const history = await readHistory(location, loaded);
  const ages = readEntryAges(history, Date.parse(coverage.from));
  const usage = describeUsage({
    snapshot,
    tallies: tracker.identities,
    coverage,
    ages,
    isCut: tracker.leftOut > 0,
    now: until,
    withinDays: flags.within,
  });
  const remarks = [
    ...listRemarks(tallies, loaded),
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

/** Reads the log of changes. If it can't be read, only the ages of the entries stay unknown. */
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
