import colors from 'picocolors';
import { formatTrustChange } from '../../../faults/tool-call.js';
import { escapeControls } from '../../../faults/safe-text.js';
import { printJson, printLine } from '../../command-line/output.js';
import type { TrustUpdate } from '../../../trust/administration/update-trust-document.js';
import type { CertificateFolder } from '../../../trust/import/certificate-folder.js';
import type { ImportReading, ImportRefusal } from '../../../trust/import/import-reading.js';
import type { ImportPlan, PlannedPin } from '../../../trust/import/plan-import.js';
import { reportUpdate, type ReportFlags } from '../report-update.js';

export interface FinishedImport {
  readonly store: string;
  readonly source: string;
  readonly reading: ImportReading;
  readonly plan: ImportPlan;
  /** Undefined: there was nothing to add. */
  readonly update: TrustUpdate | undefined;
  readonly refusals: readonly ImportRefusal[];
  readonly certificates: CertificateFolder | undefined;
}

/** Everything that can't be read, so that all of it can be mended at once. */
export function reportFaults(source: string, { format, faults }: ImportReading, isJson: boolean | undefined): void {
  if (isJson === true) {
    printJson({ source, format, outcome: 'refused', added: [], present: [], refused: [], unreadable: faults });
    return;
  }
  printLine(`${colors.red('Nothing was imported')}, because these entries of ${source} can't be read:`);
  printRefusals(faults);
}

export function reportImport(finished: FinishedImport, flags: ReportFlags): void {
  const { store, update } = finished;
  const json = describeAsJson(finished);
  if (flags.json === true) {
    if (update === undefined) printJson({ store, outcome: 'unchanged', changes: [], ...json });
    else reportUpdate(store, update, { done: '', json }, flags);
    return;
  }
  if (update === undefined) printLine(`Nothing to add to ${store}.`);
  else reportUpdate(store, update, { done: describeDone(finished) }, flags);
  printLists(finished);
}

function describeDone({ source, plan: { added } }: FinishedImport): string {
  const identities = new Set(added.map(({ identity }) => identity.toLowerCase())).size;
  return `Imported ${count(added.length, 'certificate')} for ${count(identities, 'identity', 'identities')} from ${source}.`;
}

function describeAsJson({ source, reading, plan, refusals, certificates }: FinishedImport): object {
  return {
    source,
    format: reading.format,
    added: plan.added,
    present: plan.present,
    repeated: plan.repeated,
    refused: refusals,
    notes: reading.notes,
    unreadableCertificates: certificates?.unreadable ?? [],
  };
}

function printLists({ reading, plan, refusals, certificates }: FinishedImport): void {
  if (refusals.length > 0) {
    printLine();
    printLine(colors.red(`Not imported, ${refusals.length}:`));
    printRefusals(refusals);
  }
  printSection('Already in the document:', plan.present.map(({ origin, item, identity, isDisabled }) =>
    `${origin}: ${item} is ${JSON.stringify(identity)}${isDisabled ? ', which stays disabled' : ''}`)); // prettier-ignore
  printSection(
    'Repeated:',
    plan.repeated.map(({ origin, item, reason }) => `${origin}: ${item}: ${reason}`),
  );
  const notes = plan.added.flatMap(({ origin, notes: each }) => each.map((note) => `${origin}: ${note}`));
  const unreadable = (certificates?.unreadable ?? []).map(
    (file) => `${file} contains no certificate that can be read.`,
  );
  printSection('Note:', [...reading.notes, ...notes, ...unreadable, ...explainSha1(plan.added)]);
}

/** SHA-1 is what lists and API Management have. It is taken over, and told how to leave. */
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

function printRefusals(refusals: readonly ImportRefusal[]): void {
  for (const { origin, item, reason } of refusals) {
    printLine(`  ${escapeControls(`${origin}: ${shorten(item)}: ${reason}`.replaceAll('\n', ' '))}`);
  }
}

function shorten(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}
