import { dirname, resolve } from 'node:path';
import { shortenText } from '@certgate/core/internal';
import colors from 'picocolors';
import { decodeText, readBoundedFile, readBoundedStream } from '../../certificates/read-bounded-file.js';
import { escapeControls } from '../../texts/safe-text.js';
import { formatTrustChange } from '../../texts/tool-call.js';
import { ToolFailure } from '#local/tool-failure.js';
import { loadTrustDocument } from '../../trust/administration/load-trust-document.js';
import type { TrustLocation } from '../../trust/administration/location/trust-location.js';
import { openTrustLocation } from '../../trust/administration/open-trust-location.js';
import { type TrustUpdate, updateTrustDocument } from '../../trust/administration/update-trust-document.js';
import { type CertificateFolder, readCertificateFolder } from '../../trust/import/certificate-folder.js';
import type { ImportReading, ImportRefusal } from '../../trust/import/import-reading.js';
import { type ImportOptions, type ImportPlan, planImport, type PlannedPin } from '../../trust/import/plan-import.js';
import { findTableSeparator, readCallerTable, tableTemplate } from '../../trust/import/read-caller-table.js';
import { readThumbprintList } from '../../trust/import/read-thumbprint-list.js';
import { exitCodes } from '../command-line/exit-codes.js';
import { pick } from '../command-line/option-values.js';
import { printJson, printLine } from '../command-line/output.js';
import type { ChangeFlags } from './options/store-options.js';
import { readChange } from './options/read-change.js';
import { reportUpdate } from './report-update.js';

interface ImportFlags extends ChangeFlags {
  readonly from: string;
  readonly printTemplate?: boolean;
  readonly as?: string;
  readonly role?: readonly string[];
  readonly function?: readonly string[];
  readonly owner?: string;
  readonly toExisting?: boolean;
  readonly certificateFolder?: string;
}

export async function importTrust(flags: ImportFlags): Promise<void> {
  if (flags.printTemplate === true) {
    printLine(tableTemplate.trimEnd());
    return;
  }
  const source = flags.from === '-' ? 'standard input' : flags.from;
  const reading = await readImport(source, flags);
  const certificates =
    flags.certificateFolder === undefined
      ? undefined
      : await readCertificateFolder(flags.certificateFolder, Date.now());
  const options = toOptions(flags, certificates);
  const location = await openTrustLocation(flags.store);
  const faults = [...reading.faults, ...(await listRefusedRows(location, reading, options))];
  if (faults.length > 0) {
    reportFaults(source, { ...reading, faults: sortByRow(faults) }, flags.json);
    process.exitCode = exitCodes.unusableInput;
    return;
  }
  if (reading.entries.length === 0 && reading.refusals.length === 0) {
    throw new ToolFailure(
      reading.format === 'csv'
        ? `There is no row below the header of ${source}.`
        : `There is no thumbprint in ${source}.`,
    );
  }
  const change = await readChange('import', flags);
  const { plan, update } = await importEntries(location, change, reading, { ...options, reason: change.reason });
  const report: ImportReport = {
    source,
    format: reading.format,
    added: plan.added,
    present: plan.present,
    repeated: plan.repeated,
    refused: [...reading.refusals, ...plan.refusals],
    unreadableCertificates: certificates?.unreadable ?? [],
  };
  reportImport(location.description, update, report, flags);
  if (report.refused.length > 0) process.exitCode = exitCodes.failed;
}

/**
 * The rows that can't be imported. All rows of a table are imported or none: a row that a list would only leave out
 * stops the import of the whole table.
 */
async function listRefusedRows(
  location: TrustLocation,
  { format, entries }: ImportReading,
  options: ImportOptions,
): Promise<readonly ImportRefusal[]> {
  if (format !== 'csv') return [];
  return planImport((await loadTrustDocument(location)).document, entries, options).refusals;
}

function sortByRow(faults: readonly ImportRefusal[]): readonly ImportRefusal[] {
  const readRow = ({ origin }: ImportRefusal): number => Number(/^row (\d+)/.exec(origin)?.[1] ?? 0);
  return [...faults].sort((one, other) => readRow(one) - readRow(other));
}

async function importEntries(
  location: TrustLocation,
  change: Awaited<ReturnType<typeof readChange>>,
  { entries, format }: ImportReading,
  options: ImportOptions,
): Promise<{ readonly plan: ImportPlan; readonly update: TrustUpdate | undefined }> {
  // If there is nothing to add, the document does not change: no key is needed, and no revision is used up.
  const first = planImport((await loadTrustDocument(location)).document, entries, options);
  if (first.added.length === 0) return { plan: first, update: undefined };
  let plan = first;
  const update = await updateTrustDocument(location, change, (document) => {
    plan = planImport(document, entries, options);
    if (format === 'csv' && plan.refusals.length > 0) {
      throw new ToolFailure('The document was changed in the meantime, and not every row fits it any more.', {
        remedy: 'Nothing was written. Run it again: it names the rows.',
      });
    }
    return plan.document;
  });
  return { plan, update };
}

function toOptions(flags: ImportFlags, certificates: CertificateFolder | undefined): ImportOptions {
  return {
    roles: flags.role ?? [],
    ...(flags.function === undefined ? {} : { functions: flags.function }),
    ...pick(flags, 'as', 'owner'),
    toExisting: flags.toExisting ?? false,
    ...(certificates === undefined ? {} : { certificates }),
  };
}

async function readImport(source: string, flags: ImportFlags): Promise<ImportReading> {
  const text = decodeText(await readBytes(source, flags.from));
  const separator = findTableSeparator(text);
  if (separator !== undefined) {
    expectNoOptionOfLists(flags);
    const folder = flags.from === '-' ? process.cwd() : dirname(resolve(flags.from));
    return readCallerTable(text, { separator, folder, now: Date.now() });
  }
  if (!/^\s*</.test(text)) return readThumbprintList(text);
  throw new ToolFailure(`${source} is XML, and Certgate imports a list of thumbprints or a CSV.`, {
    remedy: 'docs/from-pins-to-a-ca.md has a line that finds the thumbprints of an API Management policy.',
  });
}

/**
 * Refuses the options that only lists have. A table says in its columns who gets what, and an option would leave open
 * which of the two applies.
 */
function expectNoOptionOfLists(flags: ImportFlags): void {
  const given = Object.entries({
    '--role': flags.role,
    '--function': flags.function,
    '--owner': flags.owner,
    '--as': flags.as,
  }).find(([, value]) => value !== undefined);
  if (given === undefined) return;
  throw new ToolFailure(`${given[0]} can't be used with a CSV, which says that in its columns.`, {
    remedy: 'Write it into the rows: name, owner, roles, functions.',
  });
}

async function readBytes(source: string, from: string): Promise<Buffer> {
  try {
    return from === '-' ? await readBoundedStream(process.stdin, source) : await readBoundedFile(from);
  } catch (fault) {
    if (!(fault instanceof ToolFailure) || !fault.message.includes('larger than')) throw fault;
    throw new ToolFailure(fault.message, { remedy: 'Import it in parts.', cause: fault });
  }
}

/** What `--json` prints in addition to the change. */
interface ImportReport extends Pick<ImportPlan, 'added' | 'present' | 'repeated'> {
  readonly source: string;
  readonly format: ImportReading['format'];
  readonly refused: readonly ImportRefusal[];
  readonly unreadableCertificates: readonly string[];
}

/** Reports everything that can't be read, so that the user can correct all of it at once. */
function reportFaults(source: string, { format, faults }: ImportReading, isJson: boolean | undefined): void {
  if (isJson === true) {
    printJson({ source, format, outcome: 'refused', added: [], present: [], refused: [], unreadable: faults });
    return;
  }
  const what = format === 'csv' ? "rows can't be imported" : "entries can't be read";
  printLine(`${colors.red('Nothing was imported')} from ${source}, because these ${what}:`);
  printRefusals(faults);
}

/** Prints one line for each refusal: where the item is, what it is, and why it can't be imported. */
function printRefusals(refusals: readonly ImportRefusal[]): void {
  for (const { origin, item, reason } of refusals) {
    const words = [origin, ...(item === '' ? [] : [shortenText(item)]), reason];
    printLine(`  ${escapeControls(words.join(': ').replaceAll('\n', ' '))}`);
  }
}

/** `update` is undefined if there was nothing to add. */
function reportImport(store: string, update: TrustUpdate | undefined, json: ImportReport, flags: ImportFlags): void {
  if (update !== undefined) reportUpdate(store, update, { done: describeDone(json), json }, flags);
  else if (flags.json === true) printJson({ store, outcome: 'unchanged', changes: [], ...json });
  else printLine(`Nothing to add to ${store}.`);
  if (flags.json !== true) printLists(json);
}

function describeDone({ source, added }: ImportReport): string {
  const identities = new Set(added.map(({ identity }) => identity.toLowerCase())).size;
  return `Imported ${count(added.length, 'certificate')} for ${count(identities, 'identity', 'identities')} from ${source}.`;
}

function printLists({ added, present, repeated, refused, unreadableCertificates }: ImportReport): void {
  if (refused.length > 0) {
    printLine();
    printLine(colors.red(`Not imported, ${refused.length}:`));
    printRefusals(refused);
  }
  printSection('Already in the document:', present.map(({ origin, item, identity, isDisabled }) =>
    `${origin}: ${item} is ${JSON.stringify(identity)}${isDisabled ? ', which stays disabled' : ''}`)); // prettier-ignore
  printSection(
    'Repeated:',
    repeated.map(({ origin, item, reason }) => `${origin}: ${item}: ${reason}`),
  );
  printSection('Note:', [...unreadableCertificates, ...explainSha1(added)]);
}

/** Explains pins by SHA-1, which API Management uses. They are imported, and the sentences say how to replace them. */
function explainSha1(added: readonly PlannedPin[]): readonly string[] {
  const sha1 = added.filter(({ pin }) => pin.thumbprintSha1 !== undefined);
  const [first] = sha1;
  if (first === undefined) return [];
  return [
    `${count(sha1.length, 'pin')} by SHA-1, for migration. If you have the certificates, import with --certificate-folder instead.`,
    `Or replace each pin later: ${formatTrustChange('add', [first.identity], ['--to-existing', '--certificate', 'FILE'])}`,
    `Then: ${formatTrustChange('remove', [first.identity], ['--pin', first.pin.thumbprintSha1?.slice(0, 16) ?? ''])}`,
  ];
}

function printSection(title: string, lines: readonly string[]): void {
  if (lines.length === 0) return;
  printLine();
  printLine(title);
  for (const line of lines) printLine(`  ${escapeControls(line.replaceAll('\n', ' '))}`);
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
