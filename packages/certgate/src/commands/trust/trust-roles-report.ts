import { listStandings } from '@certgate/core/internal';
import colors from 'picocolors';
import { escapeControls } from '../../texts/safe-text.js';
import type { ChangeLogEntry } from '../../trust/administration/change-log.js';
import { describeIdentityState } from '../../trust/administration/identity-state.js';
import type { LoadedTrustDocument } from '../../trust/administration/load-trust-document.js';
import { type RoleOrigin, listRoleOrigins, type RoleHistoryLimit } from '../../trust/administration/role-history.js';
import type { HistoryItem } from '../../trust/administration/trust-history.js';
import { formatCsv } from '../command-line/format-csv.js';
import { printJson, printLine } from '../command-line/output.js';

interface RolesReportInput {
  readonly store: string;
  readonly loaded: LoadedTrustDocument;
  readonly history: readonly HistoryItem[];
  /** The name of the only identity to report. Absent for all identities. */
  readonly name?: string;
}

interface RoleRow extends RoleOrigin {
  readonly state: string;
}

/** Prints who has which role since when, according to the log of changes. */
export function reportRoles(
  { store, loaded, history, name }: RolesReportInput,
  flags: { readonly json?: boolean; readonly export?: 'csv' },
): void {
  const { documentSha256, document, snapshot } = loaded;
  const identities = document.identities.filter((each) => name === undefined || each.name === name);
  const states = new Map(
    listStandings(snapshot, Date.now()).map((each) => [each.identity.name, describeIdentityState(each)]),
  );
  const rows = listRoleOrigins(identities, history).map((origin) => ({
    ...origin,
    state: states.get(origin.identity) ?? '',
  }));
  const withoutRoles = identities.filter(({ roles }) => roles.length === 0).map((each) => each.name);
  const { revision } = document;
  if (flags.json === true) {
    printJson({ store, revision, documentSha256, roles: rows.map(describeAsJson), withoutRoles });
  } else if (flags.export === 'csv') {
    printLine(formatCsv(columns, rows.map(listCells)));
  } else {
    printLine(`${store}, revision ${revision}`);
    for (const [index, row] of rows.entries()) printRow(row, rows[index - 1]);
    if (withoutRoles.length > 0) printLine(`\n${escapeControls(`no role: ${withoutRoles.join(', ')}`)}`);
    printLine(
      '\nAccording to the log of changes, which is not signed: anybody who can write to the storage can forge it.',
    );
  }
}

function printRow(row: RoleRow, previous: RoleRow | undefined): void {
  if (row.identity !== previous?.identity) printLine(`\n${escapeControls(row.identity)} (${row.state})`);
  printLine(`  ${escapeControls(row.role)}  ${describeSince(row)}`);
}

const limitSentences: Readonly<Record<RoleHistoryLimit, string>> = {
  log_begins: 'the log begins there',
  changed_outside: 'something other than this tool changed the document before',
  not_recorded: 'the line of that change does not record roles',
  contradiction: 'the log contradicts itself',
};

function describeSince({ since, orBy, limit, atLeastSince }: RoleRow): string {
  if (since !== undefined) {
    const others = orBy.map((each) => `, or ${describeChange(each)}`).join('');
    return escapeControls(`since ${describeChange(since)}${others}`);
  }
  const why = limit === undefined ? '' : limitSentences[limit];
  const known = atLeastSince === undefined ? '' : `, at least since ${describeChange(atLeastSince)}`;
  return colors.yellow(escapeControls(`cannot tell since when${known}: ${why}`));
}

function describeChange({ revision, at, by, reason, verb }: ChangeLogEntry): string {
  return `revision ${revision}, ${at}, by ${by}: ${reason} (${verb})`;
}

function describeAsJson({ identity, state, role, since, orBy, limit, atLeastSince }: RoleRow): object {
  return {
    identity,
    state,
    role,
    since: since === undefined ? null : pickChange(since),
    orBy: orBy.map(pickChange),
    cannotTell: limit ?? null,
    atLeastSince: atLeastSince === undefined ? null : pickChange(atLeastSince),
  };
}

function pickChange({ revision, at, by, reason, verb }: ChangeLogEntry): object {
  return { revision, at, by, reason, verb };
}

const columns = ['identity', 'state', 'role', 'known', 'revision', 'at', 'by', 'reason', 'verb', 'cannotTell'] as const;

function listCells({ identity, state, role, since, orBy, limit, atLeastSince }: RoleRow): readonly string[] {
  const known = since === undefined ? (atLeastSince === undefined ? 'cannot tell' : 'at least since') : 'since';
  const change = since ?? atLeastSince;
  const cells =
    change === undefined
      ? ['', '', '', '', '']
      : [String(change.revision), change.at, joinBy(change, orBy), change.reason, change.verb];
  return [identity, state, role, known, ...cells, limit ?? ''];
}

function joinBy(change: ChangeLogEntry, orBy: readonly ChangeLogEntry[]): string {
  return [change, ...orBy].map(({ by }) => by).join(' or ');
}
