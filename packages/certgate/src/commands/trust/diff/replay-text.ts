import colors from 'picocolors';
import { escapeControls } from '../../../faults/safe-text.js';
import type { ReplayedCalls, ReplayReport, UntoldCalls, UntoldReason } from '../../../trust/replay/replay-report.js';

/** One sentence each, after "Cannot tell of N calls that were allowed:". */
const reasonSentences: Readonly<Record<UntoldReason, string>> = {
  firstOf: 'several trust documents decided, or one and a store of the app',
  otherDocument: 'a document other than the earlier one decided',
  noDocument: 'the lines name no document',
  audience: 'the later document is not for every app that the earlier one is for, and no line names its app',
  matched: 'the lines do not tell which entry of the document matched',
  authorities: 'they depend on an authority that is new or has changed, or on revocation',
  denyList: 'the deny list has new entries that may be of their certificates, or of CA certificates on their paths',
  entries:
    'entries of the later document that do not show the thumbprint (SHA-1, public keys, names) may match their certificates',
  twin: 'an entry of the later document is about the other ECDSA signature of a certificate of the caller',
  roles: 'no line names all roles that the function requires; pass --app',
  certificate:
    'they were refused before the gate checked that the certificate is suitable for a client, and no line says whether it is',
  reportOnly: 'the function was report-only, and may let the refusal through',
  observed: 'the function was observed, so it ran whatever the gate decided',
  statusOnly: 'only status lines, which name no function, count them',
  suppressed: 'their lines were counted, not written',
  unavailable: 'the gate had no document',
};

export function describeReason(reason: UntoldReason): string {
  return reasonSentences[reason];
}

export function formatCalls(calls: number, isSampled: boolean): string {
  const count = calls.toLocaleString('en-US', { maximumFractionDigits: 0 });
  return `${isSampled ? 'about ' : ''}${count} ${calls === 1 ? 'call' : 'calls'}`;
}

const maximumRows = 100;

/** For a terminal. */
export function formatReplay(replay: ReplayReport): readonly string[] {
  const { wouldBreak, wouldGetIn, asAnother, cannotTell, isSampled } = replay;
  const describe = (row: ReplayedCalls): string =>
    `${quote(row.identity)}${row.function === null ? '' : ` at ${row.function}`}: ${formatCalls(row.calls, isSampled)}, the last at ${row.last}`;
  return [
    formatSpan(replay),
    ...list(
      wouldBreak,
      (row) =>
        `${colors.red('- breaks   ')} ${escapeControls(`${describe(row)}. ${row.code === null ? '' : `${row.code}: `}${row.detail}`)}`,
    ),
    ...list(
      wouldGetIn,
      (row) => `${colors.green('+ gets in  ')} ${escapeControls(`${describe(row)}. It was refused: ${row.was}.`)}`,
    ),
    ...list(
      asAnother,
      (row) => `· renamed   ${escapeControls(`${describe(row)}. It would be recognized as ${quote(row.as)}.`)}`,
    ),
    ...cannotTell.map((row) => `${colors.yellow('? cannot tell')} ${escapeControls(describeUntold(row, isSampled))}`),
    ...formatRest(replay),
  ];
}

function list<Row>(rows: readonly Row[], format: (row: Row) => string): readonly string[] {
  const more = rows.length - maximumRows;
  return [
    ...rows.slice(0, maximumRows).map(format),
    ...(more > 0 ? [`  … and ${more} more; --json lists all of them`] : []),
  ];
}

function quote(name: string): string {
  return `"${name}"`;
}

export function formatSpan({ from, until }: ReplayReport): string {
  return from === null || until === null
    ? 'No line reports a call.'
    : `Replay of the calls from ${from} until ${until}:`;
}

function describeUntold(row: UntoldCalls, isSampled: boolean): string {
  const { reason, was, calls, identities, moreIdentities } = row;
  const names = identities.map(quote).join(', ');
  const more = moreIdentities === 0 ? '' : ` and ${moreIdentities} more`;
  const who = names === '' ? '' : ` (${names}${more})`;
  return `${formatCalls(calls, isSampled)} that ${calls === 1 ? 'was' : 'were'} ${was}${who}: ${describeReason(reason)}.`;
}

/** How many calls end as they did, and how far all of it can be trusted. */
export function formatRest(
  replay: ReplayReport,
  quoteForeign: (text: string) => string = escapeControls,
): readonly string[] {
  const { unaffected, notAboutDocument, decidedByAfter, isSampled, otherDocuments, assumptions } = replay;
  const parts = [
    `${formatCalls(unaffected, isSampled)} ${unaffected === 1 ? 'ends' : 'end'} as before`,
    ...(notAboutDocument === 0
      ? []
      : [`${formatCalls(notAboutDocument, isSampled)} refused for a reason that no document changes`]),
    ...(decidedByAfter === 0 ? [] : [`${formatCalls(decidedByAfter, isSampled)} decided by the later document itself`]),
  ];
  return [
    `${parts.join('; ')}.`,
    ...(isSampled ? ['The lines are sampled: numbers are estimates, and callers may be missing.'] : []),
    ...otherDocuments.map(
      ({ sha256, revision, calls }) =>
        `${formatCalls(calls, isSampled)} decided by another document: ${quoteForeign(`${sha256}…`)}, revision ${revision ?? 'unknown'}.`,
    ),
    ...assumptions.map((each) => `Assumed: ${each}`),
  ];
}
