import Table from 'cli-table3';
import colors from 'picocolors';
import { escapeControls, escapeMarkdown } from '../faults/safe-text.js';
import { describeSpan } from '../faults/time-words.js';
import { describeFinding, formatSecond } from './fleet-finding.js';
import type { Fleet, FleetRow } from './fleet-rows.js';
import type { RunningDocument } from './instance-view.js';

const columns = ['app', 'instances', 'version', 'document', 'age', 'front end', 'functions', 'last seen', 'to look at'];
/** Of a column, with its margins; names of apps and front ends may be long. */
const maximumWidths = [32, 20, 14, 34, 9, 20, 24, 12, 62];

/** The table's library takes minutes for a hundred thousand rows, and nobody looks at those in a frame. */
const maximumTableRows = 1_000;

export function formatFleet(fleet: Fleet): string {
  const rows = fleet.rows.map((row) => listCells(row, fleet).map((lines) => lines.map(escapeControls)));
  if (rows.length > maximumTableRows) {
    return [columns, ...rows.map((row) => row.map((lines) => lines.join(', ')))]
      .map((row) => row.join('\t'))
      .join('\n');
  }
  const colWidths = columns.map((column, index) => {
    const lengths = rows.flatMap((row) => row[index]?.map(({ length }) => length) ?? []);
    return Math.min(2 + Math.max(column.length, ...lengths), maximumWidths[index] ?? 0);
  });
  const chars = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' };
  const table = new Table({ head: columns, colWidths, wordWrap: true, chars, style: { head: [], border: [] } });
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

/** What the rows stand on, and the places of the documents in them. */
export function describeLines(fleet: Fleet): readonly string[] {
  const { apps, absent, first, asOf } = fleet;
  const replaced = apps.reduce((sum, app) => sum + app.replaced, 0);
  return [
    ...listDocuments(fleet),
    `Apps with lines: ${apps.length}, from ${formatSecond(first)} to ${formatSecond(asOf)}; each row says what its newest lines said.`,
    ...(absent.length > 0 ? [`Apps without a line: ${absent.length}.`] : []),
    ...(replaced > 0 ? [`Instances that are left out, since others of their app wrote later: ${replaced}.`] : []),
  ];
}

const maximumDocuments = 100;

/** The newest first. */
function listDocuments({ rows }: Fleet): readonly string[] {
  const apps = new Map<string, Set<string>>();
  const documents = rows
    .flatMap(({ app, view }) => (view?.documents ?? []).map((document) => ({ app, document })))
    .sort(({ document: one }, { document: other }) => (other.revision ?? 0) - (one.revision ?? 0));
  for (const { app, document } of documents) {
    const { source, mirror, signedBy } = document;
    const place =
      source === undefined ? '' : ` in ${source}${mirror === undefined ? '' : `, from its mirror ${mirror}`}`;
    const signers = signedBy === undefined ? '' : `, signed by one of ${signedBy.join(', ')}`;
    const text = `${nameDocument(document)}${place}${signers}`;
    apps.set(text, (apps.get(text) ?? new Set()).add(app));
  }
  const texts = [...apps].map(([text, { size }]) => `${text}: ${size === 1 ? '1 app' : `${size} apps`}.`);
  const more = texts.length - maximumDocuments;
  return more > 0 ? [...texts.slice(0, maximumDocuments), `… and ${more} more documents; --json has all.`] : texts;
}

function listCells({ app, instances, quiet, view, findings }: FleetRow, fleet: Fleet): readonly (readonly string[])[] {
  const sentences = findings.map((finding) => describeFinding(finding, fleet.silentAfter));
  if (view === undefined) return [[app], ['0'], [], [], [], [], [], [], sentences];
  const { version, frontEnd, frontEndProof, frontEndFault, locked } = view.status?.facts ?? {};
  const { documents } = view;
  const ages = documents?.flatMap(({ ageSeconds }) => ageSeconds ?? []) ?? [];
  return [
    [app],
    [instances === undefined ? 'cannot tell' : `${instances.length}${quiet > 0 ? `, ${quiet} quiet` : ''}`],
    [version ?? 'not known'],
    documents?.flatMap(describeDocument) ?? ['not known'],
    ages.length === 0 ? [] : [describeSpan(Math.max(...ages) * 1000)],
    [
      frontEnd ?? (view.status === undefined ? 'not known' : 'none'),
      ...[frontEndProof ?? [], frontEndFault ?? []].flat(),
      ...(locked === true ? ['LOCKED'] : []),
    ],
    describeFunctions(view.status?.facts),
    [fleet.asOf === view.last ? 'newest' : `${describeSpan(fleet.asOf - view.last)} ago`],
    sentences,
  ];
}

/** Its place stands below the table. */
function describeDocument(document: RunningDocument): readonly string[] {
  const { mirror, knownBy, signedBy, locked } = document;
  return [
    nameDocument(document),
    ...(locked === true ? ['LOCKED'] : []),
    ...(mirror === undefined ? [] : ['from its mirror']),
    ...(knownBy !== 'status' ? ['signers, lock not known'] : signedBy === undefined ? ['no signature required'] : []),
  ];
}

function nameDocument({ revision, sha256 }: RunningDocument): string {
  const name = [revision === undefined ? [] : `revision ${revision}`, sha256?.slice(0, 16) ?? []].flat();
  return name.length === 0 ? 'revision not known' : name.join(', ');
}

interface Functions {
  readonly closed: readonly string[] | undefined;
  readonly open: readonly string[] | undefined;
  readonly moreClosed: number | undefined;
  readonly moreOpen: number | undefined;
}

function describeFunctions(functions: Functions | undefined): readonly string[] {
  const { closed, open, moreClosed = 0, moreOpen = 0 } = functions ?? {};
  if (closed === undefined || open === undefined) return ['not known'];
  return [`${closed.length + moreClosed} closed, ${open.length + moreOpen} open`];
}
