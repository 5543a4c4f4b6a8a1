import type { TrustPin } from '@certgate/core/internal';
import { formatCoverage } from '../../../log/coverage/coverage-text.js';
import { formatReading } from '../../../log/reading/reading-text.js';
import type { LoadedTrustDocument } from '../../../trust/administration/load-trust-document.js';
import type { TrustComparison } from '../../../trust/comparison/compare-documents.js';
import { describePossibleLosses } from '../../../trust/comparison/possible-effects.js';
import { readEntryAges } from '../../../trust/usage/entry-ages.js';
import { describeUsage, type EntryUsage } from '../../../trust/usage/usage.js';
import { maximumCertificates } from '../../../trust/usage/usage-tracker.js';
import { claimNothing, coverNothing } from '../../../trust/usage/usage-claim.js';
import { describeUsedLosses, type UsedComparison } from '../../../trust/usage/used-losses.js';
import { printNotice } from '../../command-line/output.js';
import type { LogFlags } from '../../log/log-options.js';
import { listRemarks, readTallies } from '../read-tallies.js';

/** What a log shows about the losses of a comparison. */
export interface ReportedLosses extends UsedComparison {
  /** What the lines cover, and what they don't show, one sentence each. */
  readonly remarks: readonly string[];
  readonly log: object;
}

/** @throws {ToolFailure} if the log has no line that can be used. */
export async function readLosses(
  compared: TrustComparison,
  before: LoadedTrustDocument,
  after: LoadedTrustDocument,
  flags: LogFlags & { json?: boolean },
): Promise<ReportedLosses> {
  const read = await readTallies(flags, 'no_line');
  const { tracker, readings, until: now } = read;
  if (flags.json !== true) printNotice(formatReading(readings));
  const isCut = tracker.leftOut > 0;
  const coverage = isCut ? coverNothing(read.coverage) : read.coverage;
  const [{ snapshot }, ages, tallies] = [before, readEntryAges([], 0), tracker.identities];
  const usage = describeUsage({ snapshot, tallies, coverage, ages, isCut, now });
  const losses = describeUsedLosses(compared, { before: snapshot, after: after.snapshot, usage, coverage, now });
  const isCovered = claimNothing(coverage).uncoveredApps.length === 0;
  const hasUnseen = usage.identities.some(({ entries }) => entries.some((each) => isUnseen(each, isCovered)));
  // The only whole hash of a certificate in a log line is the SHA-256 thumbprint, so other kinds of pins can't be found
  // in it.
  const isAsked = ({ kind }: Pick<TrustPin, 'kind'>): boolean => kind === 'thumbprintSha256' && !hasUnseen;
  const possibleLosses = describePossibleLosses(snapshot, after.snapshot, isAsked);
  const verdict = possibleLosses !== undefined && losses.verdict !== 'used' ? 'cannot_tell' : losses.verdict;
  const remarks = [...listRemarks(read, before), ...formatCoverage(read.coverage)];
  const log = { verdict, remarks, reading: readings, coverage: read.coverage };
  return { ...losses, comparison: { ...losses.comparison, possibleLosses }, verdict, remarks, log };
}

/** Whether certificates may have called by this entry without a line that has their thumbprint. */
function isUnseen({ kind, admissions: calls, certificates }: EntryUsage, isCovered: boolean): boolean {
  const isCounted = calls !== null && calls.callsAtLeast > calls.decisionCalls;
  return kind !== 'thumbprintSha256' && (!isCovered || isCounted || certificates.length >= maximumCertificates);
}
