import { describeLock, isGraceRunning, listStandings, type Standing } from '@certgate/core/internal';
import colors from 'picocolors';
import { escapeControls } from '../../../texts/safe-text.js';
import { formatOptionalTime } from '../../../texts/time-words.js';
import { ToolFailure } from '#local/tool-failure.js';
import { describeIdentityState, findEarliestEnd } from '../../../trust/administration/identity-state.js';
import { type LoadedTrustDocument, loadTrustDocument } from '../../../trust/administration/load-trust-document.js';
import { openTrustLocation } from '../../../trust/administration/open-trust-location.js';
import { listDenials } from '../../../trust/administration/listed-denials.js';
import { printJson, printLine } from '../../command-line/output.js';
import { type Column, formatTable, listCells } from '../../command-line/table.js';
import type { StoreFlags } from '../options/store-options.js';
import { listIdentity } from './trust-list-identity.js';
import { listPin } from './trust-list-pin.js';

interface ListIdentitiesFlags extends StoreFlags {
  readonly pin?: string;
}

export async function list(name: string | undefined, flags: ListIdentitiesFlags): Promise<void> {
  if (name !== undefined && flags.pin !== undefined) {
    throw new ToolFailure('--pin finds the identity that has a pin, so none may be named.');
  }
  const location = await openTrustLocation(flags.store);
  const loaded = await loadTrustDocument(location);
  if (name !== undefined) await listIdentity(name, location, loaded, flags);
  else if (flags.pin !== undefined) listPin(flags.pin, loaded.snapshot, location.description, flags);
  else listIdentities(loaded, location.description, flags);
}

function listIdentities(
  { document, snapshot, signature }: LoadedTrustDocument,
  store: string,
  flags: ListIdentitiesFlags,
): void {
  const now = Date.now();
  const { revision, audience, locked } = snapshot;
  const report = {
    store,
    revision,
    audience: audience ?? null,
    signed: signature !== undefined,
    locked: document.locked ?? null,
    authorities: snapshot.authorities.map(({ name }) => name),
    denied: listDenials(snapshot),
    identities: listStandings(snapshot, now).map((standing) => describe(standing, now)),
  };
  if (flags.json === true) {
    printJson(report);
    return;
  }
  const { signed, authorities, identities } = report;
  printLine(`${store}, revision ${revision}${signed ? ', signed' : ''}`);
  if (locked !== undefined)
    printLine(colors.red(`LOCKED, so nobody is admitted: ${escapeControls(describeLock(locked))}`));
  if (audience !== undefined) printLine(`for ${audience.join(', ')}`);
  if (authorities.length > 0) printLine(escapeControls(`authorities: ${authorities.join(', ')}`));
  if (report.denied.length > 0) printLine(`certificates on the deny list: ${report.denied.length}`);
  if (identities.length === 0) printLine('It admits nobody.');
  // The library for tables is slow with very many rows, so these are printed without a frame.
  else if (identities.length <= maximumTableRows) printLine(formatTable(columns, identities));
  else {
    const rows = identities.map((identity) => listCells(columns, identity));
    printLine([columns.map(([head]) => head), ...rows].map((row) => row.join('\t')).join('\n'));
  }
}

const maximumTableRows = 1_000;

type ListedIdentity = ReturnType<typeof describe>;

const columns: readonly Column<ListedIdentity>[] = [
  ['identity', ({ name }) => name],
  ['state', ({ state }) => state],
  ['roles', ({ roles }) => roles.join(', ')],
  ['functions', ({ functions }) => (functions?.length === 0 ? 'none' : (functions?.join(', ') ?? 'all'))],
  ['names', ({ names }) => `${names}`],
  [
    'pins',
    ({ pins, usablePins, pinsWithoutClientAuth: graces }) =>
      `${usablePins} of ${pins}${graces === 0 ? '' : `, ${graces} without clientAuth`}`,
  ],
  ['earliest end', ({ earliestEnd }) => earliestEnd ?? ''],
  ['owner', ({ owner }) => owner ?? ''],
];

function describe(standing: Standing, now: number) {
  const { identity, entries } = standing;
  const { name, roles, functionsAsWritten: functions, enabled, owner, names, pins } = identity;
  const usable = entries.flatMap(({ entry, reasons }) => (reasons.length === 0 ? (entry.pin ?? []) : []));
  const graces = usable.flatMap(({ acceptWithoutClientAuth: grace }) => grace ?? []);
  return {
    name,
    state: describeIdentityState(standing),
    enabled,
    roles,
    functions: functions ?? null,
    owner: owner ?? null,
    names: names.length,
    pins: pins.length,
    usablePins: usable.length,
    pinsWithoutClientAuth: graces.filter((grace) => isGraceRunning(grace, now)).length,
    earliestEnd: formatOptionalTime(findEarliestEnd(standing, now)),
  };
}
