import { formatInstant } from '@certgate/core/internal';
import Table from 'cli-table3';
import colors from 'picocolors';
import { escapeControls, escapeMarkdown } from '../faults/safe-text.js';
import { describeSpan } from '../faults/time-words.js';
import { describeFinding } from './fleet-finding.js';
import type { Fleet, FleetRow } from './fleet-rows.js';
import type { RunningDocument } from './instance-view.js';

const columns = ['app', 'instances', 'version', 'document', 'front end', 'functions', 'last seen', 'to look at'];
const widths = [18, 11, 9, 30, 16, 19, 11, 46];

/** The table's library takes minutes for a hundred thousand rows, and nobody looks at those in a frame. */
const maximumTableRows = 1_000;

export function formatFleet(fleet: Fleet): string {
  const rows = fleet.rows.map((row) => listCells(row, fleet).map((lines) => lines.map(escapeControls)));
  if (rows.length > maximumTableRows) {
    return [columns, ...rows.map((row) => row.map((lines) => lines.join(', ')))]
      .map((row) => row.join('\t'))
      .join('\n');
  }
  const table = new Table({ head: columns, colWidths: widths, wordWrap: true, style: { head: [], border: [] } });
  for (const [index, row] of rows.entries()) {
    const [worst] = fleet.rows[index]?.findings ?? [];
    const paint = worst === undefined || worst.code === 'idle' ? colors.green : colors.yellow;
    table.push(row.map((lines, column) => (column === 0 ? paint(lines.join('\n')) : lines.join('\n'))));
  }
  return table.toString();
}

/** For a job summary: GitHub shows at most 1 MiB of it. */
export function formatFleetSummary(fleet: Fleet, sentences: readonly string[]): string {
  const rows = fleet.rows.slice(0, maximumTableRows).map(
    (row) =>
      `| ${listCells(row, fleet)
        .map((lines) => lines.map(escapeMarkdown).join('<br>'))
        .join(' | ')} |`,
  );
  const more = fleet.rows.length - rows.length;
  return [
    '## certgate fleet',
    '',
    `| ${columns.join(' | ')} |`,
    `|${'---|'.repeat(columns.length)}`,
    ...rows,
    '',
    ...(more > 0 ? [`… and ${more} more rows`, ''] : []),
    ...sentences.map((sentence) => `- ${escapeMarkdown(sentence.trim())}`),
    '',
  ].join('\n');
}

/** One sentence on what the rows stand on. */
export function describeLines({ apps, absent, first, asOf }: Fleet): readonly string[] {
  const replaced = apps.reduce((sum, app) => sum + app.replaced, 0);
  return [
    `${apps.length} apps wrote lines from ${formatInstant(first)} to ${formatInstant(asOf)}; each row says what its newest line said.`,
    ...(absent.length > 0 ? [`${absent.length} apps have no line.`] : []),
    ...(replaced > 0 ? [`Left out, since newer ones took their place: ${replaced} instances.`] : []),
  ];
}

function listCells({ app, instances, view, findings }: FleetRow, fleet: Fleet): readonly (readonly string[])[] {
  const sentences = findings.map((finding) => describeFinding(finding, fleet.silentAfter));
  if (view === undefined) return [[app], ['0'], [], [], [], [], [], sentences];
  const { version, frontEnd, frontEndProof, frontEndFault, locked } = view.status?.facts ?? {};
  const lastSeen = fleet.asOf === view.last ? 'newest' : `${describeSpan(fleet.asOf - view.last)} ago`;
  return [
    [app],
    [instances === undefined ? 'cannot tell' : String(instances.length)],
    [version ?? 'not known'],
    view.documents?.flatMap(describeDocument) ?? ['not known'],
    [
      frontEnd ?? (view.status === undefined ? 'not known' : 'none'),
      ...[frontEndProof ?? [], frontEndFault ?? []].flat(),
      ...(locked === true ? ['LOCKED by the app setting'] : []),
    ],
    describeFunctions(view.status?.facts),
    [lastSeen],
    sentences,
  ];
}

function describeDocument(document: RunningDocument): readonly string[] {
  const { source, mirror, revision, sha256, knownBy, signedBy, locked, ageSeconds } = document;
  const name = [revision === undefined ? [] : `revision ${revision}`, sha256?.slice(0, 16) ?? []].flat();
  return [
    source ?? 'source not known',
    ...(mirror === undefined ? [] : [`from the mirror ${mirror}`]),
    name.length === 0 ? 'revision not known' : name.join(', '),
    ...(locked === true ? ['LOCKED'] : []),
    knownBy !== 'status'
      ? 'signers and lock not known'
      : signedBy === undefined
        ? 'unsigned'
        : `signers ${signedBy.join(', ')}`,
    ...(ageSeconds === undefined ? [] : [`read ${describeSpan(ageSeconds * 1000)} before`]),
  ];
}

function describeFunctions(
  facts: { readonly closed?: readonly string[] | undefined; readonly open?: readonly string[] | undefined } & {
    readonly moreClosed?: number | undefined;
    readonly moreOpen?: number | undefined;
  } = {},
): readonly string[] {
  const { closed, open, moreClosed = 0, moreOpen = 0 } = facts;
  if (closed === undefined || open === undefined) return ['not known'];
  return [`${closed.length + moreClosed} closed, ${open.length + moreOpen} open`];
}
