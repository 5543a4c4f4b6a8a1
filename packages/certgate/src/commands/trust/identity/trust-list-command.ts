import {
  type DeniedCertificate,
  describeLock,
  formatInstant,
  formatSerialNumber,
  type TrustedIdentity,
  type TrustPin,
  type TrustSnapshot,
} from '@certgate/core/internal';
import Table from 'cli-table3';
import colors from 'picocolors';
import { escapeControls } from '../../../faults/safe-text.js';
import { ToolFailure } from '../../../faults/tool-failure.js';
import {
  describeIdentityState,
  findEarliestEnd,
  listUsablePins,
} from '../../../trust/administration/identity-state.js';
import { type LoadedTrustDocument, loadTrustDocument } from '../../../trust/administration/load-trust-document.js';
import { openTrustLocation } from '../../../trust/administration/open-trust-location.js';
import { findWhosePin } from '../../../trust/explanation/whose-pin.js';
import { exitCodes } from '../../command-line/exit-codes.js';
import { printJson, printLine } from '../../command-line/output.js';
import type { StoreFlags } from '../options/store-options.js';
import { listIdentity } from './trust-list-identity.js';

interface ListFlags extends StoreFlags {
  readonly pin?: string;
}

export async function list(name: string | undefined, flags: ListFlags): Promise<void> {
  if (name !== undefined && flags.pin !== undefined) {
    throw new ToolFailure('--pin finds the identity that has a pin, so none may be named.');
  }
  const location = await openTrustLocation(flags.store);
  const loaded = await loadTrustDocument(location);
  if (name !== undefined) await listIdentity(name, location, loaded, flags);
  else if (flags.pin !== undefined) listPin(flags.pin, loaded.snapshot, location.description, flags);
  else listIdentities(loaded, location.description, flags);
}

function listPin(pin: string, trust: TrustSnapshot, store: string, { json }: ListFlags): void {
  const search = findWhosePin(trust, store, pin);
  const { matches, denied, revision } = search;
  process.exitCode = matches.some(({ isExact }) => isExact) ? exitCodes.ok : exitCodes.failed;
  if (json === true) {
    printJson(search);
    return;
  }
  printLine(`${store}, revision ${revision}`);
  for (const { identity, owner, likeness } of matches)
    printLine(escapeControls(`"${identity}"${owner === null ? '' : ` (owner ${owner})`} ${likeness}.`));
  if (denied !== null) printLine(`The deny list has it (${denied}).`);
  if (matches.length === 0) printLine('No pin of the document has these digits, or is near.');
}

function listIdentities({ document, snapshot, signature }: LoadedTrustDocument, store: string, flags: ListFlags): void {
  const now = Date.now();
  const { revision, identities, audience, locked, authorities, denied } = snapshot;
  const deniedCount = denied.thumbprintsSha256.size + denied.serialNumbers.size;
  if (flags.json === true) {
    printJson({
      store,
      revision,
      audience: audience ?? null,
      signed: signature !== undefined,
      locked: document.locked ?? null,
      authorities: authorities.map(({ name }) => name),
      denied: [...denied.thumbprintsSha256.values(), ...denied.serialNumbers.values()].map(describeDenied),
      identities: identities.map((identity) => describe(identity, now)),
    });
    return;
  }
  printLine(`${store}, revision ${revision}${signature === undefined ? '' : ', signed'}`);
  if (locked !== undefined)
    printLine(colors.red(`LOCKED, so nobody is admitted: ${escapeControls(describeLock(locked))}`));
  if (audience !== undefined) printLine(`for ${audience.join(', ')}`);
  if (authorities.length > 0)
    printLine(escapeControls(`authorities: ${authorities.map(({ name }) => name).join(', ')}`));
  if (deniedCount > 0) printLine(`certificates on the deny list: ${deniedCount}`);
  if (identities.length === 0) printLine('It admits nobody.');
  else printLine(formatTable(identities, now));
}

const columns = ['identity', 'state', 'roles', 'functions', 'names', 'pins', 'earliest end', 'owner'];

/** The table's library takes minutes for a hundred thousand rows, and nobody looks at those in a frame. */
const maximumTableRows = 1_000;

function formatTable(identities: readonly TrustedIdentity[], now: number): string {
  const rows = identities.map((identity) => listCells(identity, now));
  if (rows.length > maximumTableRows) return [columns, ...rows].map((row) => row.join('\t')).join('\n');
  const table = new Table({ head: columns, style: { head: [], border: [] } });
  for (const row of rows) table.push(row);
  return table.toString();
}

function listCells(identity: TrustedIdentity, now: number): string[] {
  const { name, roles, functionsAsWritten: functions, owner } = identity;
  const end = findEarliestEnd(identity, now);
  return [
    escapeControls(name),
    describeIdentityState(identity, now),
    escapeControls(roles.join(', ')),
    functions === undefined ? 'all' : functions.length === 0 ? 'none' : functions.join(', '),
    String(identity.names.length),
    `${listUsablePins(identity, now).length} of ${identity.pins.length}${describeGraces(identity, now)}`,
    end === undefined ? '' : formatInstant(end),
    escapeControls(owner ?? ''),
  ];
}

/** Not over yet. */
function listGraces(identity: TrustedIdentity, now: number): readonly TrustPin[] {
  return identity.pins.filter(
    ({ acceptWithoutClientAuth: grace, enabled }) => enabled && grace !== undefined && now < grace.until,
  );
}

function describeGraces(identity: TrustedIdentity, now: number): string {
  const { length } = listGraces(identity, now);
  return length === 0 ? '' : `, ${length} without clientAuth`;
}

function describe(identity: TrustedIdentity, now: number): object {
  const { name, roles, functionsAsWritten: functions, enabled, owner, names, pins } = identity;
  const end = findEarliestEnd(identity, now);
  return {
    name,
    state: describeIdentityState(identity, now),
    enabled,
    roles,
    functions: functions ?? null,
    owner: owner ?? null,
    names: names.length,
    pins: pins.length,
    usablePins: listUsablePins(identity, now).length,
    pinsWithoutClientAuth: listGraces(identity, now).length,
    earliestEnd: end === undefined ? null : formatInstant(end),
  };
}

function describeDenied({ thumbprintSha256, issuedBy, serialNumber, reason }: DeniedCertificate): object {
  const which =
    thumbprintSha256 === undefined
      ? { issuedBy, serialNumber: formatSerialNumber(serialNumber ?? '') }
      : { thumbprintSha256 };
  return { ...which, reason: reason ?? null };
}
